"""What the frames of several pages share: how results are remembered, what numbers depend on, the figures all show."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import polars as pl

from retail_platform.dashboard.data.measures import by_period, summed
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.page import View

T = TypeVar("T")


def remembered(view: View, key: Hashable, compute: Callable[[], T], tables: Sequence[str] = ()) -> T:
    """What is computed of the facts of a look, kept by their version: a commit since then is not this look's to answer.

    Args:
        view: the look.
        key: what else it depends on.
        compute: gives a value that nobody changes.
        tables: those it reads beside the facts.
    """
    return view.data.tables.result(tables, (key, view.facts.key), compute)


def numbers_key(view: View) -> Filters:
    """The filters that numbers depend on: a look at them in another order, language or theme need not ask again."""
    return view.filters.but(window=view.filters.window, options=(), grain="day", language="en", theme="light")


def key_figures(view: View) -> dict[str, Any]:
    """`summed` of the chosen stores and days."""
    return remembered(view, ("key figures", numbers_key(view)), lambda: summed(view.rows))


def history(view: View) -> pl.DataFrame:
    """`by_period` of the chosen stores and days by the chosen grain."""
    grain = view.filters.grain
    return remembered(view, ("history", numbers_key(view), grain), lambda: by_period(view.rows, grain))
