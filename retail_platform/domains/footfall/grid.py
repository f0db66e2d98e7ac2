"""Readings as arrays: counters by days by hours, where each hour is known to be open, closed or faulty.

Only laying out belongs here: which counters there are, which took another's place, which hours should have been
counted. What is usual is `usual`'s business, what is believed `health`'s.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retail_platform.domains.stores.contract import ONLINE
from retail_platform.domains.stores.transform import day_openings, open_hours
from retail_platform.windows import Window

HISTORY_DAYS = 56
"""Days before a day that are looked at: eight of each weekday."""

RETIRED_AFTER = 28
"""Days without a delivery, while the counters beside it deliver, after which a counter is taken for removed."""

_HANDED_OVER = 3  # days within which a counter that appears takes the place of one that went silent
_ALIKE = 2.0  # and counts at most so many times more or less

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Counters of a range of days and of the `HISTORY_DAYS` before it.

    Attributes:
        days: of the arrays' second axis.
        stores: ids, sorted; `store` is each counter's index among them.
        sensors: ids, sorted within their store.
        counts: persons (sensor, day, hour); NaN where no working counter says.
        delivered: the counter delivered anything (sensor, day).
        closed: the source calls the hour closed (sensor, day, hour).
        absurd: the count is implausible (sensor, day, hour).
        broken: the counter says that it does not work, or says no count (sensor, day, hour).
        opened: the store is known to be open in the hour (store, day, hour).
        hours_known: whether `opened` says all of a store's day (store, day).
        trading: the store is not known to be closed all day (store, day).
        holiday: a public holiday of the store (store, day).
        skipped: the hour does not exist, as clocks go forward (store, day, hour).
        sold: what the store sold, in units (store, day); NaN where nobody says.
        running: the day that is not over, if it is among them.
    """

    days: list[date]
    stores: list[str]
    sensors: list[str]
    store: Ints
    counts: Floats
    delivered: Mask
    closed: Mask
    absurd: Mask
    broken: Mask
    opened: Mask
    hours_known: Mask
    trading: Mask
    holiday: Mask
    skipped: Mask
    sold: Floats
    running: date | None = None

    def hours_to_count(self) -> Mask:
        """Hours of the last day in which a counter should count (sensor, hour).

        Where a store's hours are unknown these are the hours that the counter reports on the day, and those in which
        it counted on the same weekday before, unless the source calls them closed, now or then. On a day that is not
        over they end with the last hour that a counter of the store reports, or of any store.
        """
        counted: Mask = np.isfinite(self.counts)
        before = np.logical_or.reduce(counted[:, -8::-7], axis=1)
        counting = counted[:, -1] | self.absurd[:, -1]
        anybody = self.any_of_store(counting)
        shut = self.any_of_store(self.closed[:, -1]) & ~anybody
        closed_before = self.any_of_store(np.logical_or.reduce(self.closed[:, -8::-7], axis=1))
        shut |= closed_before & ~self.any_of_store(before | counting)
        guessed = (before | counting | self.broken[:, -1]) & self.trading[self.store, -1, None]
        allowed = ~shut & ~self.skipped[:, -1]
        if self.days[-1] == self.running:
            allowed &= _upto_last(anybody | shut)
        hours = np.where(self.hours_known[self.store, -1, None], self.opened[self.store, -1], guessed)
        wanted: Mask = hours & allowed[self.store] & ~self.closed[:, -1]
        return wanted

    def any_of_store(self, marked: Mask) -> Mask:
        """Whether any counter of a store is marked (store, hour)."""
        found = np.zeros((len(self.stores), marked.shape[1]), bool)
        np.logical_or.at(found, self.store, marked)
        return found

    def upto(self, day: date) -> "Grid":
        """The part that a day may look at: itself and the days before; its last day is `day`."""
        end = (day - self.days[0]).days + 1
        part = slice(end - HISTORY_DAYS - 1, end)
        names = (
            "counts",
            "delivered",
            "closed",
            "absurd",
            "broken",
            "opened",
            "hours_known",
            "trading",
            "holiday",
            "skipped",
            "sold",
        )
        return replace(self, days=self.days[part], **{name: getattr(self, name)[:, part] for name in names})


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
    rows = readings.filter(within).select("date", "hour", "store_id", "sensor_id", "visitors", "status").collect()
    names = rows["sensor_id"].unique().sort()
    cells = (
        rows.lazy()
        .select(
            "hour",
            "visitors",
            "status",
            store=pl.col("store_id").cast(pl.Enum(ids), strict=False).to_physical().cast(pl.Int64),
            name=pl.col("sensor_id").cast(pl.Enum(names)).to_physical().cast(pl.Int64),
            day=(pl.col("date") - first).dt.total_days(),
        )
        .filter(pl.col("store").is_not_null())
        .with_columns(place=pl.col("store") * len(names) + pl.col("name"))
        .collect()
    )
    places = cells["place"].unique().sort().to_numpy()
    sensor = cells["place"].rank("dense").cast(pl.Int64).to_numpy() - 1
    owner = places // max(len(names), 1)
    shape = (len(places), len(days), 24)
    day, hour = (cells[name].cast(pl.Int64).to_numpy() for name in ("day", "hour"))
    status = cells["status"].cast(pl.String)
    counts = np.full(shape, np.nan)
    said = {word: np.zeros(shape, bool) for word in ("closed", "implausible", "broken")}
    counts[sensor, day, hour] = (
        cells.select(pl.when(status == "ok").then("visitors").cast(pl.Float64)).to_series().fill_null(np.nan).to_numpy()
    )
    for word, mask in said.items():
        mask[sensor, day, hour] = (status == word).to_numpy()
    delivered = np.zeros(shape[:2], bool)
    delivered[sensor, day] = True

    grid_of = (number.lazy(), first, len(days))
    opened = _marked(open_hours(hours.filter(within)), *grid_of, hourly=True)
    opening = day_openings(hours.filter(within))
    is_closed = _marked(opening.filter(~pl.col("is_open")), *grid_of)
    exists = _marked(_existing(stores, days), *grid_of)
    return Grid(
        days=days,
        stores=ids.to_list(),
        sensors=names.gather(places % max(len(names), 1)).to_list(),
        store=owner.astype(np.int64),
        counts=counts,
        delivered=delivered,
        closed=said["closed"],
        absurd=said["implausible"],
        broken=said["broken"],
        opened=opened,
        hours_known=_marked(opening.filter("hours_known"), *grid_of),
        trading=exists & ~is_closed,
        holiday=_marked(special.filter(within & pl.col("public_holiday").is_not_null()), *grid_of),
        skipped=_skipped(stores, number, days),
        sold=_sold(around.sold, *grid_of),
        running=around.today,
    )


def _skipped(stores: pl.LazyFrame, number: pl.DataFrame, days: list[date]) -> Mask:
    """Hours that do not exist at a store, as its clocks go forward (store, day, hour)."""
    skipped = np.zeros((number.height, len(days), 24), bool)
    for (name,), of_zone in number.join(stores.select("store_id", "timezone").collect(), on="store_id").group_by(
        "timezone"
    ):
        zone = ZoneInfo(str(name))
        for index, day in enumerate(days):
            noons = [datetime(of.year, of.month, of.day, 12, tzinfo=zone) for of in (day - timedelta(days=1), day)]
            if noons[0].utcoffset() != noons[1].utcoffset():
                for hour in range(24):
                    there = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
                    back = there.astimezone(UTC).astimezone(zone)
                    skipped[of_zone["store"].to_numpy(), index, hour] = back.hour != hour
    return skipped


def _sold(sold: pl.LazyFrame | None, number: pl.LazyFrame, first: date, days: int) -> Floats:
    units = np.full((number.select(pl.len()).collect().item(), days), np.nan)
    if sold is not None:
        day = (pl.col("date") - first).dt.total_days()
        rows = sold.join(number, on="store_id").with_columns(day=day).filter(pl.col("day").is_between(0, days - 1))
        found = rows.group_by("store", "day").agg(pl.col("units").sum()).collect()
        units[found["store"].to_numpy(), found["day"].to_numpy()] = found["units"].to_numpy()
    return units


def _upto_last(reported: Mask) -> Mask:
    """Hours up to the last that is marked in a store; where none is, in any (store, hour)."""
    passed = np.where(reported.any(axis=1, keepdims=True), reported, np.logical_or.reduce(reported, axis=0)[None, :])
    upto: Mask = np.cumsum(passed[:, ::-1], axis=1)[:, ::-1] > 0
    return upto


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


def succeeded(grid: Grid) -> Grid:
    """A grid of a day in which a counter that took another's place has its history, and the other is gone.

    A counter that went silent and one that first delivers within three days, counting alike, in the same store, are
    one door under a new name: else the silent one would be estimated beside it, and visitors counted twice.
    """
    seen = np.cumsum(grid.delivered, axis=1) > 0
    begins = seen.argmax(axis=1)
    ends = grid.delivered.shape[1] - 1 - grid.delivered[:, ::-1].argmax(axis=1)
    known = np.isfinite(grid.counts)
    persons = np.where(known, grid.counts, 0.0).sum(axis=(1, 2))
    level = persons / np.maximum(known.sum(axis=(1, 2)), 1)
    counts, gone = grid.counts.copy(), np.zeros(len(ends), bool)
    fresh = np.flatnonzero(begins > 0)
    for new in fresh[np.argsort(begins[fresh], kind="stable")]:
        gap = begins[new] - ends
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.maximum(level / level[new], level[new] / level)
        old = (grid.store == grid.store[new]) & ~gone & (gap > 0) & (gap <= _HANDED_OVER) & (ratio <= _ALIKE)
        if old.any():
            taken = int(np.flatnonzero(old)[np.argmin(ratio[old])])
            counts[new, : begins[new]] = counts[taken, : begins[new]]
            gone[taken] = True
    return _without(replace(grid, counts=counts), gone) if gone.any() else grid


def present(grid: Grid) -> Grid:
    """A grid of a day without the counters that were removed.

    Removed is a counter that has been silent for `RETIRED_AFTER` days, while another of its store delivered.
    """
    recent = grid.delivered[:, -RETIRED_AFTER:].any(axis=1)
    lively = np.zeros(len(grid.stores), bool)
    lively[grid.store[recent]] = True
    never = ~grid.delivered.any(axis=1)  # known from days after, or too long ago
    return _without(grid, never | (~recent & lively[grid.store]))


def _without(grid: Grid, gone: Mask) -> Grid:
    kept = ~gone
    return replace(
        grid,
        sensors=[name for name, keep in zip(grid.sensors, kept, strict=True) if keep],
        store=grid.store[kept],
        counts=grid.counts[kept],
        delivered=grid.delivered[kept],
        closed=grid.closed[kept],
        absurd=grid.absurd[kept],
        broken=grid.broken[kept],
    )
