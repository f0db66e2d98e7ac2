"""From frames to a grid: readings, opening hours, calendars and sales laid out as arrays.

Only laying out belongs here; what is read off the arrays is the others' business.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from retail_platform.domains.footfall.contract import STATUSES
from retail_platform.domains.footfall.grid import HISTORY_DAYS, Floats, Grid, Ints, Mask
from retail_platform.domains.stores.contract import ONLINE
from retail_platform.domains.stores.transform import day_openings, skipped_hours, stated_hours
from retail_platform.windows import Window

_OK, _CLOSED, _BROKEN, _IMPLAUSIBLE = range(len(STATUSES))
_TABLE = 50_000_000  # stores x names of counters up to which they are numbered by a table


@dataclass(frozen=True)
class Surroundings:
    """What is known of the stores beside the readings.

    Attributes:
        stores: `Store` rows.
        hours: `OpeningHours` rows.
        special: `StoreDay` rows of the store calendar: `store_id`, `date`, `public_holiday`.
        sold: `store_id`, `date`, `units`; None where the source has no sale lines.
        today: the day that is not over.
    """

    stores: pl.LazyFrame
    hours: pl.LazyFrame
    special: pl.LazyFrame
    sold: pl.LazyFrame | None = None
    today: date | None = None


def lay_out(readings: pl.LazyFrame, around: Surroundings, window: Window) -> Grid:
    """Lay `FootfallReading` rows of a window and of the days before it out as arrays."""
    stores, hours, special = around.stores, around.hours, around.special
    first = window.first - timedelta(days=HISTORY_DAYS)
    days = [first + timedelta(days=number) for number in range((window.last - first).days + 1)]
    within = pl.col("date").is_between(first, window.last)
    ids = stores.filter(pl.col("format") != ONLINE).select("store_id").sort("store_id").collect()["store_id"]
    number = pl.DataFrame({"store_id": ids, "store": np.arange(len(ids))})
    cells = _cells(readings.filter(within), ids, first, len(days))
    grid_of = (number.lazy(), first, len(days))
    opening = day_openings(hours.filter(within))
    is_closed = _marked(opening.filter(~pl.col("is_open")), *grid_of)
    exists = _marked(_existing(stores, days), *grid_of)
    return Grid(
        days=days,
        stores=ids.to_list(),
        sensors=cells.sensors,
        store=cells.store,
        counts=cells.counts(),
        delivered=cells.days(),
        closed=cells.said(_CLOSED),
        absurd=cells.said(_IMPLAUSIBLE),
        broken=cells.said(_BROKEN),
        opened=_marked(stated_hours(hours.filter(within)), *grid_of, hourly=True),
        hours_known=_marked(opening.filter("hours_known"), *grid_of),
        trading=exists & ~is_closed,
        holiday=_marked(special.filter(within & pl.col("public_holiday").is_not_null()), *grid_of),
        skipped=_marked(skipped_hours(stores, pl.LazyFrame({"date": days})), *grid_of, hourly=True),
        sold=_sold(around.sold, *grid_of),
        running=around.today,
    )


@dataclass(frozen=True)
class _Cells:
    """Readings, each with its place in an array of counters x days x hours.

    Attributes:
        sensors: ids of the counters, sorted within their store.
        store: of each counter.
        shape: of the array.
        place: of each reading in it, counted through.
        visitors: of each reading; NaN where it has none.
        status: of each reading, as its number among `STATUSES`.
    """

    sensors: list[str]
    store: Ints
    shape: tuple[int, int, int]
    place: Ints
    visitors: Floats
    status: Ints

    def counts(self) -> Floats:
        """Persons where the reading is good, else NaN."""
        counts = np.full(self.shape, np.nan)
        counts.ravel()[self.place] = np.where(self.status == _OK, self.visitors, np.nan)
        return counts

    def said(self, status: int) -> Mask:
        """Where a reading has a status."""
        marked = np.zeros(self.shape, bool)
        marked.ravel()[self.place[self.status == status]] = True
        return marked

    def days(self) -> Mask:
        """Days of which a counter delivered anything (sensor, day)."""
        delivered = np.zeros(self.shape[:2], bool)
        delivered.ravel()[self.place // self.shape[2]] = True
        return delivered


def _cells(readings: pl.LazyFrame, ids: pl.Series, first: date, days: int) -> _Cells:
    rows = readings.select("date", "hour", "store_id", "sensor_id", "visitors", "status").collect()
    names = rows["sensor_id"].unique().sort()
    cells = (
        rows.lazy()
        .select(
            pl.col("hour").cast(pl.Int64),
            pl.col("visitors").cast(pl.Float64),
            status=pl.col("status").cast(pl.Enum(STATUSES)).to_physical(),
            store=pl.col("store_id").cast(pl.Enum(ids), strict=False).to_physical().cast(pl.Int64),
            name=pl.col("sensor_id").cast(pl.Enum(names)).to_physical().cast(pl.Int64),
            day=(pl.col("date") - first).dt.total_days(),
        )
        .filter(pl.col("store").is_not_null())
        .select(
            "visitors",
            "status",
            counter=pl.col("store") * len(names) + pl.col("name"),
            within=pl.col("day") * 24 + pl.col("hour"),
        )
        .collect()
    )
    counters, sensor = _numbered(cells["counter"].to_numpy(), len(ids) * len(names))
    return _Cells(
        sensors=names.gather(counters % max(len(names), 1)).to_list(),
        store=counters // max(len(names), 1),
        shape=(len(counters), days, 24),
        place=sensor * (days * 24) + cells["within"].to_numpy(),
        visitors=cells["visitors"].to_numpy(),
        status=cells["status"].to_numpy(),
    )


def _numbered(values: Ints, size: int) -> tuple[Ints, Ints]:
    """The distinct values below `size`, in order, and the number of each value among them."""
    if size > _TABLE:
        distinct, number = np.unique(values, return_inverse=True)
        return distinct, number
    there = np.zeros(size, bool)
    there[values] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[values]


def _sold(sold: pl.LazyFrame | None, number: pl.LazyFrame, first: date, days: int) -> Floats:
    units = np.full((number.select(pl.len()).collect().item(), days), np.nan)
    if sold is not None:
        day = (pl.col("date") - first).dt.total_days()
        rows = sold.join(number, on="store_id").with_columns(day=day).filter(pl.col("day").is_between(0, days - 1))
        found = rows.group_by("store", "day").agg(pl.col("units").sum()).collect()
        units[found["store"].to_numpy(), found["day"].to_numpy()] = found["units"].to_numpy()
    return units


def _existing(stores: pl.LazyFrame, days: list[date]) -> pl.LazyFrame:
    day = pl.col("date")
    return (
        stores.join(pl.LazyFrame({"date": days}), how="cross")
        .filter(day >= pl.col("opened_on").fill_null(date.min), day <= pl.col("closed_on").fill_null(date.max))
        .select("store_id", "date")
    )


def _marked(rows: pl.LazyFrame, number: pl.LazyFrame, first: date, days: int, *, hourly: bool = False) -> Mask:
    """True at each row's store and date (and hour)."""
    columns = ["store", "day", *(["hour"] if hourly else [])]
    placed = rows.join(number, on="store_id").with_columns(day=(pl.col("date") - first).dt.total_days())
    found = placed.select(pl.col(columns).cast(pl.Int64)).collect()
    stores = number.select(pl.len()).collect().item()
    marked = np.zeros((stores, days, 24) if hourly else (stores, days), bool)
    marked[tuple(found[name].to_numpy() for name in columns)] = True
    return marked
