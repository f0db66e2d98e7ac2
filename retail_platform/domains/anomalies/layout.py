"""Footfall and the calendar as arrays: stores by days by hours.

Only laying out belongs here. What was to be expected is `expected`'s business.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from retail_platform.domains.footfall.grid import HISTORY_DAYS, Floats, Mask
from retail_platform.domains.footfall.transform import maybe_open
from retail_platform.windows import Window

_MOSTLY_IMPUTED = 0.5  # share of a day's visitors from which it is no guide


@dataclass(frozen=True)
class Counts:
    """Stores over a range of days.

    Attributes:
        days: of the arrays' second axis.
        stores: ids, sorted.
        visitors: persons (store, day, hour); 0 in a closed hour, NaN where unknown or the store did not trade.
        opened: the store was open in the hour (store, day, hour).
        holiday: a public holiday of the store (store, day).
        guide: a day that tells what is usual: known, no holiday, no event, mostly counted (store, day).
    """

    days: list[date]
    stores: list[str]
    visitors: Floats
    opened: Mask
    holiday: Mask
    guide: Mask

    def upto(self, day: date) -> "Counts":
        """The part that a day may look at: itself, last, and the `HISTORY_DAYS` before."""
        end = (day - self.days[0]).days + 1
        part = slice(end - HISTORY_DAYS - 1, end)
        return Counts(
            self.days[part],
            self.stores,
            np.ascontiguousarray(self.visitors[:, part]),
            self.opened[:, part],
            self.holiday[:, part],
            self.guide[:, part],
        )


def lay_out(footfall: pl.LazyFrame, special: pl.LazyFrame, window: Window) -> Counts:
    """Lay `Footfall` rows of a window and of the days before it out, with the `StoreCalendarDay` rows of these days."""
    first = window.first - timedelta(days=HISTORY_DAYS)
    within = pl.col("date").is_between(first, window.last)
    rows = (
        footfall.filter(within)
        .select("date", "store_id", "hour", "visitors", "imputed_share", opened=maybe_open())
        .with_columns(pl.when("opened").then("visitors").otherwise(0))
        .collect()
    )
    stores = rows.select("store_id").unique().sort("store_id").with_row_index("store")
    cells = rows.join(stores, on="store_id").with_columns(day=(pl.col("date") - first).dt.total_days())
    days = (window.last - first).days + 1
    shape = (stores.height, days, 24)
    place = tuple(cells[name].cast(pl.Int64).to_numpy() for name in ("store", "day", "hour"))
    visitors, estimated = np.zeros(shape), np.zeros(shape)
    visitors[place] = cells["visitors"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    estimated[place] = (cells["visitors"] * cells["imputed_share"]).fill_null(0.0).to_numpy()
    opened = np.zeros(shape, bool)
    opened[place] = cells["opened"].to_numpy()
    visitors[~opened.any(axis=2)] = np.nan
    dates = special.filter(within).collect().join(stores, on="store_id")
    dates = dates.with_columns(day=(pl.col("date") - first).dt.total_days())
    holiday = _marked(dates.filter(pl.col("public_holiday").is_not_null()), shape)
    event = _marked(dates.filter(pl.col("event").is_not_null()), shape)
    counted = estimated.sum(axis=2) < _MOSTLY_IMPUTED * np.maximum(np.nansum(visitors, axis=2), 1.0)
    return Counts(
        [first + timedelta(days=number) for number in range(days)],
        stores["store_id"].to_list(),
        visitors,
        opened,
        holiday,
        ~holiday & ~event & counted & np.isfinite(visitors).any(axis=2),
    )


def _marked(dates: pl.DataFrame, shape: tuple[int, int, int]) -> Mask:
    marked = np.zeros(shape[:2], bool)
    marked[dates["store"].cast(pl.Int64).to_numpy(), dates["day"].cast(pl.Int64).to_numpy()] = True
    return marked
