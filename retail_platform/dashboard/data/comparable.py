"""Comparable-store growth: days on which a store was open against the same weekday 364 days earlier, open too.

The definition is that of `period_metrics`, over any days and stores. Pure: frames in, frames out.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from retail_platform.dashboard.data.facts import MONEY, Facts
from retail_platform.dashboard.data.measures import ADDITIVE, YEAR, of_stores, shifted
from retail_platform.windows import Window


def comparable_days(facts: Facts, stores: pl.Series, window: Window) -> pl.DataFrame:
    """Sums of each store over its comparable days.

    Args:
        facts: the store days.
        stores: numbers of the stores.
        window: the days; those without a year before are left out.

    Returns:
        `store`, `comparable_days` and for each of `ADDITIVE` `<m>` and `<m>_year_ago`, over the comparable days on
        which both are known; money in hundredths. No row for a store without a comparable day.
    """
    before = shifted(window, YEAR)
    now = of_stores(facts.between(window), stores).filter("is_open")
    then = of_stores(facts.between(before), stores).filter("is_open")
    width = facts.stores.height
    row_of = np.full(len(window) * width, -1)
    row_of[_places(then, before.first, width)] = np.arange(then.height)
    rows = row_of[_places(now, window.first, width)]
    pairs = now.filter(rows >= 0).select("store", *ADDITIVE)
    paired = then.select(pl.col(ADDITIVE).name.suffix("_year_ago"))[rows[rows >= 0]]
    sums = [_both(name, side) for name in ADDITIVE for side in (name, f"{name}_year_ago")]
    return (
        pl.concat([pairs, paired], how="horizontal")
        .lazy()
        .group_by("store")
        .agg(*sums, comparable_days=pl.len().cast(pl.Int64))
        .sort("store")
        .collect()
    )


def growth_by_store(days: pl.DataFrame) -> pl.DataFrame:
    """Per cent of revenue above the year before: `store`, `comparable_growth`; of `comparable_days`' rows."""
    return days.select("store", comparable_growth=_growth("revenue"))


def growth(days: pl.DataFrame, measures: Sequence[str] = ADDITIVE) -> pl.DataFrame:
    """All stores together, a row for each measure, of `comparable_days`' rows.

    Returns:
        `measure`, `now`, `year_ago` (money in units of the currency), `growth` in per cent; null where not known.
    """
    rows = []
    for name in measures:
        scale = 100 if name in MONEY else 1
        now, then = (_total(days[side], scale) for side in (name, f"{name}_year_ago"))
        rows.append((name, now, then, 100 * (now / then - 1) if now is not None and then else None))
    kinds = {"measure": pl.String, "now": pl.Float64, "year_ago": pl.Float64, "growth": pl.Float64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _places(rows: pl.DataFrame, first: date, width: int) -> npt.NDArray[np.int64]:
    """Where each row lies in a grid of days and stores: joining rows takes twice as long over a year."""
    days = (rows["date"] - first).dt.total_days()
    return (days * width + rows["store"].cast(pl.Int64)).to_numpy()


def _both(name: str, side: str) -> pl.Expr:
    known = pl.col(name).is_not_null() & pl.col(f"{name}_year_ago").is_not_null()
    total = pl.when(known).then(pl.col(side)).cast(pl.Int64).sum()
    return pl.when(known.any()).then(total).alias(side)


def _growth(measure: str) -> pl.Expr:
    return 100 * (pl.col(measure) / pl.col(f"{measure}_year_ago").replace(0, None) - 1)


def _total(values: pl.Series, scale: int) -> float | None:
    return float(values.sum()) / scale if values.count() else None
