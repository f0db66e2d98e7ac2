"""School holidays and events from a user's file; how they lie in the calendar is the transform's business."""

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
    rows = pl.read_csv(path, infer_schema=False).with_row_index("line", offset=2)
    if missing := [name for name in _COLUMNS if name not in rows.columns]:
        raise CalendarEventsError(f"{path} lacks the column {missing[0]}: expected are {', '.join(_COLUMNS)}")
    days = rows.with_columns(pl.col("first_day", "last_day").str.to_date("%Y-%m-%d", strict=False))
    wrong = (
        ~pl.col("kind").is_in(_KINDS).fill_null(value=False)
        | pl.col("first_day").is_null()
        | pl.col("last_day").is_null()
        | (pl.col("last_day") < pl.col("first_day"))
    )
    if not (bad := rows.join(days.filter(wrong).select("line"), on="line", how="semi")).is_empty():
        raise CalendarEventsError(
            f"{path} line {bad['line'][0]}: {bad.select(_COLUMNS).rows()[0]}: expected are kind "
            f"({' or '.join(_KINDS)}), name, and two days YYYY-MM-DD in order"
        )
    return days.select(_COLUMNS).lazy()
