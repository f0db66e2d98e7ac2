"""Which days lack their store days, and which have none because every store was closed.

Empty is not absent: only this is told apart here; what a page says of it is the page's business.
"""

from datetime import date

import polars as pl

from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.frames.common import remembered
from retail_platform.dashboard.page import View
from retail_platform.domains.stores.transform import expected_stores
from retail_platform.windows import Window

HOURS, HOURS_COLUMNS = "opening_hours", ("store_id", "date", "open", "opens", "closes")
_DELIVERED = ("sales", "store_totals", "footfall_readings")
"""Tables whose rows of a day make store days of it, whatever the opening hours say."""


def missing(view: View, window: Window) -> set[date]:
    """The days of a window that have no store day of any store, but should."""
    return _without_rows(view, window) - closed(view, window)


def closed(view: View, window: Window) -> set[date]:
    """The days of a window that have no store day, and need none: every store is known to be closed, nothing came.

    A store of which the opening hours say nothing on a day may be open.
    """
    if not (lacking := _without_rows(view, window)) or not view.data.tables.exists(HOURS):
        return set()
    found = remembered(view, ("days closed", window), lambda: _all_closed(view, sorted(lacking)), (HOURS,))
    return found - _delivered(view) if found else set()


def _without_rows(view: View, window: Window) -> set[date]:
    return set(window.days()) - set(view.facts.between(window).dates)


def _all_closed(view: View, days: list[date]) -> set[date]:
    def of_days(rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.filter(pl.col("date").is_in(days))

    hours = collected(view.data, HOURS, HOURS_COLUMNS, of_days)
    stores = view.data.tables.frame("stores", ("store_id", "format"))
    dates = pl.LazyFrame({"date": days}, schema={"date": pl.Date})
    may_be_open = expected_stores(stores.lazy(), hours.lazy(), dates, with_doors_only=False)
    return set(days) - set(may_be_open.select("date").unique().collect()["date"])


def _delivered(view: View) -> set[date]:
    tables = view.data.tables
    there = [tables.version(table) for table in _DELIVERED if tables.exists(table)]
    return {day for version in there for _, day in version.files if day is not None}
