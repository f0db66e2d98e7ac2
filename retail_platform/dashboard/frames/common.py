"""What the frames of several pages share: the tables they rest on, what numbers depend on, the figures all show."""

from typing import Any

import polars as pl

from retail_platform.dashboard.data.measures import by_period, summed
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.page import View

TABLES = ("store_days", "stores")


def numbers_key(view: View) -> Filters:
    """The filters that numbers depend on: a look at them in another order, language or theme need not ask again."""
    return view.filters.but(window=view.filters.window, options=(), grain="day", language="en", theme="light")


def key_figures(view: View) -> dict[str, Any]:
    """`summed` of the chosen stores and days."""
    return view.data.tables.result(TABLES, ("key figures", numbers_key(view)), lambda: summed(view.rows))


def history(view: View) -> pl.DataFrame:
    """`by_period` of the chosen stores and days by the chosen grain."""
    grain = view.filters.grain
    return view.data.tables.result(TABLES, ("history", numbers_key(view), grain), lambda: by_period(view.rows, grain))
