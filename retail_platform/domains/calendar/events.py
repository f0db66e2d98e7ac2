"""Days that are unlike others, from a user's file; how they lie in the calendar is the transform's business."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from retail_platform.domains.calendar.contract import KINDS, CalendarEventDelivery

_SCHEMA = pl.Schema(CalendarEventDelivery)
_NEEDED = ["kind", "name", "first_day", "last_day"]
_OPTIONAL = [name for name in _SCHEMA if name not in _NEEDED]
_REST = "\0"  # key of the values beyond the columns
_Event = tuple[str, str, date, date, str | None, str | None]


class CalendarEventsError(ValueError):
    """The file of school holidays and events is not there or has a wrong value; names the line."""


def read_events(path: Path | None) -> pl.LazyFrame | None:
    """Read a CSV with the columns kind, name, first_day, last_day (both inclusive, YYYY-MM-DD), store_id, region.

    The last two may lack or be empty: the days are then those of all stores. Further columns are not looked at.

    Args:
        path: the file named by RETAIL_CALENDAR_EVENTS; None: there are no events.

    Returns:
        The columns of `CalendarEventDelivery`, typed.

    Raises:
        CalendarEventsError: naming file, line, value and what is expected.
    """
    if path is None:
        return None
    if not path.is_file():
        raise CalendarEventsError(f"RETAIL_CALENDAR_EVENTS names {path}, which is not there: correct or unset it")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restkey=_REST)
            _require_columns(path, reader.fieldnames or [])
            events = [_event(f"{path} line {reader.line_num}", row) for row in reader]
    except UnicodeDecodeError as error:
        raise CalendarEventsError(f"{path} is not UTF-8: {error}. Save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise CalendarEventsError(f"{path} is no CSV: {error}. Save it as CSV in UTF-8") from error
    return pl.LazyFrame(events, schema=_SCHEMA, orient="row")


def _require_columns(path: Path, found: Sequence[str]) -> None:
    """A misspelt optional column would make a store's strike one of all stores, so that it is refused."""
    if missing := [name for name in _NEEDED if name not in found]:
        raise CalendarEventsError(f"{path} lacks the column {missing[0]}: expected are {', '.join(_NEEDED)}")
    for name in found:
        near = get_close_matches(name.strip().lower(), _OPTIONAL, n=1)
        if near and name not in _OPTIONAL and near[0] not in found:
            raise CalendarEventsError(f"{path} has a column {name!r}: did you mean {near[0]}? Rename or drop it")


def _event(place: str, row: Mapping[str, Any]) -> _Event:
    if _REST in row:
        raise CalendarEventsError(f"{place} has more values than the first line has columns: {','.join(row[_REST])!r}")
    kind, name, first, last, store_id, region = ((row.get(column) or "").strip() for column in _SCHEMA)
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1)
        mean = f"; did you mean {near[0]}?" if near else ""
        raise CalendarEventsError(f"{place}: kind is {kind!r}, expected is one of {', '.join(KINDS)}{mean}")
    if not name:
        raise CalendarEventsError(f"{place}: name is empty, expected is what the days are called")
    first_day, last_day = _day(place, "first_day", first), _day(place, "last_day", last)
    if last_day < first_day:
        raise CalendarEventsError(f"{place}: last_day is {last!r}, expected is {first_day} (first_day) or a later day")
    return kind, name, first_day, last_day, store_id or None, region or None


def _day(place: str, column: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or text != day.isoformat():
        raise CalendarEventsError(f"{place}: {column} is {text!r}, expected is a day YYYY-MM-DD")
    return day
