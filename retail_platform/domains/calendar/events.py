"""School holidays and events from a user's file; how they lie in the calendar is the transform's business."""

import csv
from datetime import date
from pathlib import Path

import polars as pl

_COLUMNS = ["kind", "name", "first_day", "last_day"]
_KINDS = ["school_holiday", "event"]


class CalendarEventsError(ValueError):
    """The file of school holidays and events is not there or has a wrong value; names the line."""


def read_events(path: Path | None) -> pl.LazyFrame | None:
    """Read a CSV with the columns kind, name, first_day, last_day (both inclusive, YYYY-MM-DD).

    Args:
        path: the file named by RETAIL_CALENDAR_EVENTS; None: there are no events.

    Raises:
        CalendarEventsError: naming file, line, value and what is expected.
    """
    if path is None:
        return None
    if not path.is_file():
        raise CalendarEventsError(f"RETAIL_CALENDAR_EVENTS names {path}, which is not there: correct or unset it")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or [])]:
                raise CalendarEventsError(f"{path} lacks the column {missing[0]}: expected are {', '.join(_COLUMNS)}")
            events = [_event(path, reader.line_num, row) for row in reader]
    except UnicodeDecodeError as error:
        raise CalendarEventsError(f"{path} is not UTF-8: {error}. Save it as CSV in UTF-8") from error
    schema = {"kind": pl.String, "name": pl.String, "first_day": pl.Date, "last_day": pl.Date}
    return pl.LazyFrame(events, schema=schema, orient="row")


def _event(path: Path, line: int, row: dict[str, str]) -> tuple[str, str, date, date]:
    kind, name, *days = (row[column] or "" for column in _COLUMNS)
    try:
        first_day, last_day = (date.fromisoformat(day) for day in days)
        if kind not in _KINDS or not name or None in row or last_day < first_day:
            raise ValueError
    except ValueError:
        raise CalendarEventsError(
            f"{path} line {line}: {','.join([kind, name, *days])}: expected are kind ({' or '.join(_KINDS)}), "
            "name, and two days YYYY-MM-DD in order"
        ) from None
    return kind, name, first_day, last_day
