"""Lazy queries over tables, in memory if they are small enough.

Only the asking and its reasons belong here; what is asked is the modules' business that know the table.
"""

import logging
from collections.abc import Callable, Sequence

import polars as pl
from polars.exceptions import PolarsError

from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.data.versions import Version
from retail_platform.storage.lake import LakeError
from retail_platform.windows import Window

_LOGGER = logging.getLogger("retail_platform.dashboard")


def collected(
    data: Data,
    table: str,
    columns: Sequence[str],
    query: Callable[[pl.LazyFrame], pl.LazyFrame],
    window: Window | None = None,
) -> pl.DataFrame:
    """What a query gives; of a table too large for memory only the files and columns asked for are read.

    Args:
        data: the lake.
        table: its name; never anything a user wrote.
        columns: those the query uses.
        query: made of expressions; values of a user are literals in it.
        window: the days wanted, of a table by day.

    Raises:
        Unavailable: the table or a column is not there, or it cannot be read.
    """
    version = data.tables.version(table)
    lost = [name for name in columns if name not in version.columns]
    if lost:
        raise Unavailable("column_missing", {"table": table, "column": ", ".join(lost)})
    try:
        held = data.tables.held(version, _wanted(version, columns))
        if held is None:
            return query(data.lake.scan(table, window).select(columns)).collect()
        return query(_within(held, window).lazy().select(columns)).collect()
    except (LakeError, PolarsError, OSError) as error:
        _LOGGER.warning("table %s cannot be read: %s", table, error)
        raise Unavailable("table_unreadable", {"table": table}, str(error)) from error


def _wanted(version: Version, columns: Sequence[str]) -> Sequence[str]:
    return columns if "date" in columns or not version.by_day else ("date", *columns)


def _within(rows: pl.DataFrame, window: Window | None) -> pl.DataFrame:
    if window is None:
        return rows
    begin = int(rows["date"].search_sorted(window.first, side="left"))
    end = int(rows["date"].search_sorted(window.last, side="right"))
    return rows.slice(begin, end - begin)
