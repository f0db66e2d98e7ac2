"""Comparable-store growth: days on which a store was open against the same weekday 364 days earlier, open too.

The definition is that of `period_metrics`, over any days and stores. Pure: rows of the grids in, frames out.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from retail_platform.dashboard.data.grids import MONEY
from retail_platform.dashboard.data.measures import ADDITIVE
from retail_platform.dashboard.data.totals import Rows, any_of
from retail_platform.domains.metrics.compare import change, change_of, compared_as
from retail_platform.reports.figures import YEAR


def comparable_days(rows: Rows) -> pl.DataFrame:
    """Sums of each store over its comparable days; days without a year before are left out.

    Returns:
        `store`, `comparable_days` and for each of `ADDITIVE` `<m>` and `<m>_year_ago`, over the comparable days on
        which both are known, visitors counted in whole, and amounts in one currency; money in hundredths. No row for a
        store without a comparable day.
    """
    now = slice(max(rows.columns.start, YEAR), max(rows.columns.stop, YEAR))
    then = slice(now.start - YEAR, now.stop - YEAR)
    grids = rows.facts.grids
    is_open = grids.flags["is_open"]
    both = rows.at(is_open, now) & rows.at(is_open, then)
    days = both.sum(axis=1)
    found: dict[str, pl.Series] = {"store": rows.stores, "comparable_days": pl.Series(days)}
    alike = np.logical_or.reduce([rows.at(grid, now) & rows.at(grid, then) for grid in grids.currencies.values()])
    for name in ADDITIVE:
        values, ever = grids.values[compared_as(name)], grids.known[compared_as(name)]
        known = both & rows.at(ever, now) & rows.at(ever, then)
        if name in MONEY:
            known &= alike
        unknown = pl.Series(~any_of(known, 1))
        for side, columns in ((name, now), (f"{name}_year_ago", then)):
            total = np.sum(rows.at(values, columns) * known, axis=1, dtype=np.int64)
            found[side] = pl.Series(total).set(unknown, None)
    return pl.DataFrame(found).filter(pl.Series(days > 0))


def growth_by_store(days: pl.DataFrame) -> pl.DataFrame:
    """Per cent of revenue above the year before: `store`, `comparable_growth`; of `comparable_days`' rows."""
    return days.select("store", comparable_growth=change(pl.col("revenue"), pl.col("revenue_year_ago")))


def growth(days: pl.DataFrame, measures: Sequence[str] = ADDITIVE) -> pl.DataFrame:
    """All stores together, a row for each measure, of `comparable_days`' rows.

    Returns:
        `measure`, `now`, `year_ago` (money in units of the currency), `growth` in per cent; null where not known.
    """
    rows = []
    for name in measures:
        scale = 100 if name in MONEY else 1
        now, then = (_total(days[side], scale) for side in (name, f"{name}_year_ago"))
        rows.append((name, now, then, change_of(now, then)))
    kinds = {"measure": pl.String, "now": pl.Float64, "year_ago": pl.Float64, "growth": pl.Float64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _total(values: pl.Series, scale: int) -> float | None:
    return float(values.sum()) / scale if values.count() else None
