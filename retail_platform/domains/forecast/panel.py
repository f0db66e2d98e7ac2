"""Footfall as arrays of stores by days, and the signals read off them. Pure NumPy and Polars.

What is known of a store and day belongs here, and what was usual before it; how a forecast is made does not.
Arrays reach `HORIZON` days beyond the last observed day, where counts are NaN. NaN stands for unknown.
"""

import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retail_platform.domains.forecast.contract import HORIZON

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

HOURS = 24
_FRESH = 56  # days after which a store without any count is taken for one without history
_RECURS = 60  # days between two occasions of one name; fewer: the same occasion
_AROUND = (3, -3, 2, -2, 1, -1, 0)  # days around an occasion that are alike each time; the last wins

SPECIAL_SCHEMA = {
    "store_id": pl.String,
    "date": pl.Date,
    "public_holiday": pl.String,
    "school_holiday": pl.String,
    "event": pl.String,
}


@dataclass(frozen=True)
class Panel:
    """Counts and calendars of stores.

    Attributes:
        stores: ids, sorted.
        first: the day of column 0.
        days: number of observed days.
        hourly: stores x days x 24, visitors; NaN where unknown.
        daily: stores x days, visitors; NaN where an hour that is usually known is not, and where the store was shut.
        shut: stores x days on which nobody came, or that have no hours at all.
        special: stores x (days + HORIZON), public holiday or event.
        school: the same for school holidays.
        earlier: the same; the column of the last occasion of the same name at least 60 days before, -1 if none.
    """

    stores: list[str]
    first: date
    days: int
    hourly: Floats
    daily: Floats
    shut: Bools
    special: Bools
    school: Bools
    earlier: Ints

    @property
    def last(self) -> date:
        """The last observed day."""
        return self.first + timedelta(days=self.days - 1)

    @cached_property
    def dates(self) -> list[date]:
        """The date of each column, those to come as well."""
        return [self.first + timedelta(days=day) for day in range(self.days + HORIZON)]

    @cached_property
    def weekdays(self) -> Ints:
        """0 (Monday) to 6 by column."""
        return np.array([day.weekday() for day in self.dates], dtype=np.intp)

    @cached_property
    def logs(self) -> Floats:
        """Logarithm of the day's visitors."""
        return _extended(np.log(np.maximum(self.daily, 1)))

    @cached_property
    def normal(self) -> Floats:
        """`logs` without special days."""
        return np.where(self.special, np.nan, self.logs)

    @cached_property
    def usual(self) -> Floats:
        """Median of this and the 3 same weekdays before; of 8 where none of them is known."""
        weeks = [_shifted(self.normal, 7 * week) for week in range(8)]
        four = median(weeks[:4])
        return np.where(np.isnan(four), median(weeks), four)

    @cached_property
    def usual_long(self) -> Floats:
        """Mean of this and the 7 same weekdays before."""
        return mean([_shifted(self.normal, 7 * week) for week in range(8)])

    @cached_property
    def level(self) -> Floats:
        """Mean of the last 28 days, whatever the weekday; of special days where there are no others."""
        normal = mean([_shifted(self.normal, day) for day in range(28)])
        return np.where(np.isnan(normal), mean([_shifted(self.logs, day) for day in range(28)]), normal)

    @cached_property
    def surprise(self) -> Floats:
        """How far a normal day lay from what was usual a week before."""
        return self.normal - _shifted(self.usual, 7)

    @cached_property
    def occasion(self) -> Floats:
        """How far a day lay from its weekday in the 4 weeks before and after: the effect of a special day."""
        weeks = (-4, -3, -2, -1, 1, 2, 3, 4)
        return self.logs - median([_shifted(self.normal, 7 * week) for week in weeks])

    def growth(self, weeks: int) -> Floats:
        """How far a day lay from what was usual `weeks` before."""
        return self.logs - _shifted(self.usual, 7 * weeks)

    def smooth_growth(self, weeks: int) -> Floats:
        """`growth` of normal days, smoothed over the same weekday of the weeks before and after."""
        around = mean([_shifted(self.normal, days) for days in (-7, 0, 7)])
        return around - _shifted(self.usual, 7 * weeks)


def panel(footfall: pl.DataFrame, special_days: pl.DataFrame | None = None) -> Panel | None:
    """Lay footfall out in arrays.

    Args:
        footfall: `store_id`, `date`, `hour`, `visitors` (nullable), of days that are over.
        special_days: `store_id`, `date`, `public_holiday`, `school_holiday`, `event`; None: no such days.

    Returns:
        The panel of the stores that have a count in the last 8 weeks; None if there is none.
    """
    counted = footfall.filter(pl.col("visitors").is_not_null())
    if counted.is_empty():
        return None
    first, last = counted.select(pl.col("date").min(), last=pl.col("date").max()).row(0)
    fresh = counted.group_by("store_id").agg(pl.col("date").max())
    fresh = fresh.filter(pl.col("date") > last - timedelta(days=_FRESH))
    stores = fresh["store_id"].sort().to_list()
    rows = footfall.filter(pl.col("store_id").is_in(stores), pl.col("date").is_between(first, last))
    place = {store: index for index, store in enumerate(stores)}
    days = (last - first).days + 1

    hourly = np.full((len(stores), days, HOURS), np.nan, dtype=np.float32)
    store, day = _places(rows, place, first)
    hourly[store, day, rows["hour"].to_numpy()] = rows["visitors"].cast(pl.Float32).to_numpy()
    daily, shut = _daily(rows, place, first, days)
    special, school, earlier = _calendars(special_days, place, first, days + HORIZON)
    return Panel(stores, first, days, hourly, daily, shut, special, school, earlier)


def _daily(rows: pl.DataFrame, place: dict[str, int], first: date, days: int) -> tuple[Floats, Bools]:
    """Totals; a day lacks its total where an hour is unknown that the store mostly knows."""
    unknown = pl.col("visitors").is_null()
    spoils = unknown & (unknown.mean().over("store_id", "hour") < 0.5)
    lacks = pl.col("spoils").any() | unknown.all()
    totals = (
        rows.with_columns(spoils=spoils)
        .group_by("store_id", "date")
        .agg(total=pl.when(~lacks).then(pl.col("visitors").sum()))
    )
    store, day = _places(totals, place, first)
    daily = np.full((len(place), days), np.nan)
    daily[store, day] = totals["total"].cast(pl.Float64).to_numpy()
    shut = np.ones((len(place), days), dtype=bool)
    shut[store, day] = daily[store, day] == 0
    began = np.argmax(~shut, axis=1)
    shut[np.arange(days)[None, :] < began[:, None]] = False  # before a store's first count nothing is known
    return np.where(shut, np.nan, daily), shut


def _calendars(
    special_days: pl.DataFrame | None, place: dict[str, int], first: date, columns: int
) -> tuple[Bools, Bools, Ints]:
    shape = (len(place), columns)
    special, school = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    earlier = np.full(shape, -1, dtype=np.intp)
    if special_days is None:
        return special, school, earlier
    after = first + timedelta(days=columns)
    rows = (
        special_days.filter(pl.col("store_id").is_in(list(place)), (pl.col("date") >= first) & (pl.col("date") < after))
        .with_columns(name=pl.coalesce("public_holiday", "event"))
        .sort("store_id", "date")
    )
    store, day = _places(rows.filter(pl.col("school_holiday").is_not_null()), place, first)
    school[store, day] = True
    named = rows.filter(pl.col("name").is_not_null())
    store, day = _places(named, place, first)
    special[store, day] = True
    before = named.select("store_id", "name", on="date", seen="date")
    again = (
        named.with_columns(on=pl.col("date") - timedelta(days=_RECURS))
        .sort("on")
        .join_asof(before.sort("on"), on="on", by=["store_id", "name"], check_sortedness=False)
        .filter(pl.col("seen").is_not_null())
    )
    store, day = _places(again, place, first)
    seen = (again["seen"] - first).dt.total_days().to_numpy()
    for days in _AROUND:
        there = (day + days >= 0) & (day + days < columns) & (seen + days >= 0)
        earlier[store[there], day[there] + days] = seen[there] + days
    return special, school, earlier


def _places(rows: pl.DataFrame, place: dict[str, int], first: date) -> tuple[Ints, Ints]:
    """Row and column of each row in the arrays."""
    store = rows["store_id"].replace_strict(place, return_dtype=pl.Int64).to_numpy().astype(np.intp)
    return store, (rows["date"] - first).dt.total_days().to_numpy().astype(np.intp)


def _extended(array: Floats) -> Floats:
    return np.pad(array, ((0, 0), (0, HORIZON)), constant_values=np.nan)


def _shifted(array: Floats, days: int) -> Floats:
    """The value of as many days before; NaN where there is none."""
    moved = np.full_like(array, np.nan)
    if abs(days) < array.shape[1]:
        if days >= 0:
            moved[:, days:] = array[:, : array.shape[1] - days]
        else:
            moved[:, :days] = array[:, -days:]
    return moved


def mean(arrays: list[Floats] | Floats, axis: int = 0) -> Floats:
    """The mean of what is known; NaN where nothing is."""
    return _of_known(np.nanmean, arrays, axis)


def median(arrays: list[Floats] | Floats, axis: int = 0) -> Floats:
    """The median of what is known; NaN where nothing is."""
    return _of_known(np.nanmedian, arrays, axis)


def _of_known(function: "np.ufunc | object", arrays: list[Floats] | Floats, axis: int) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of slices in which nothing is known
        return np.asarray(function(np.asarray(arrays), axis=axis))  # type: ignore[operator]
