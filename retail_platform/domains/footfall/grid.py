"""Readings as arrays: counters by days by hours, where each hour is known to be open, closed or faulty.

What is read off them at once belongs here: which counters there are, which took another's place, which hours should
have been counted. What is usual is `usual`'s business, what is believed `health`'s.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

HISTORY_DAYS = 56
"""Days before a day that are looked at: eight of each weekday."""

RETIRED_AFTER = 28
"""Days without a delivery, while the counters beside it deliver, after which a counter is taken for removed."""

_HANDED_OVER = 3  # days within which a counter that appears takes the place of one that went silent
_ALIKE = 2.0  # and counts at most so many times more or less
_WEEKS_OF_NEVER = 4  # of a weekday, in which an hour without any count is none that a counter counts in

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
_Scalar = TypeVar("_Scalar", bound=np.generic)


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
        opened: the store is known to be open in the hour, or would be if it existed (store, day, hour).
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

        Where a store's hours are known these are they, but for those of which nothing came from the counter, now or on
        weeks of the same weekday: its door is shut in them, or its clock wrong for good. Where they are unknown these
        are the hours that the counter reports on the day, and those in which it mostly counted on the same weekday
        before, unless the source calls them closed, now or then. On a day that is not over they end with the last hour
        that a counter of the store reports, or of any store.
        """
        counting = np.isfinite(self.counts[:, -1]) | self.absurd[:, -1]
        before = self.usual_hours()
        often, days = self._same_weekday()
        never = (often == 0) & (days >= _WEEKS_OF_NEVER) & ~counting & ~self.broken[:, -1]
        anybody = self.any_of_store(counting)
        shut = self.any_of_store(self.closed[:, -1]) & ~anybody
        closed_before = self.any_of_store(np.logical_or.reduce(self.closed[:, -8::-7], axis=1))
        shut |= closed_before & ~self.any_of_store(before | counting)
        guessed = (before | counting | self.broken[:, -1]) & self.trading[self.store, -1, None]
        allowed = ~shut & ~self.skipped[:, -1]
        if self.days[-1] == self.running:
            allowed &= _upto_last(anybody | shut)
        hours = np.where(self.hours_known[self.store, -1, None], self.opened[self.store, -1] & ~never, guessed)
        wanted: Mask = hours & allowed[self.store] & ~self.closed[:, -1]
        return wanted

    def usual_hours(self) -> Mask:
        """Hours in which a counter mostly counted on the last day's weekday, of days on which it did (sensor, hour)."""
        often, days = self._same_weekday()
        usual: Mask = 2 * often > days
        return usual

    def _same_weekday(self) -> tuple[Ints, Ints]:
        """How often a counter counted in an hour of the last day's weekday (sensor, hour), and on it (sensor, 1)."""
        counted = np.isfinite(self.counts[:, -8::-7])
        return counted.sum(axis=1), counted.any(axis=2).sum(axis=1)[:, None]

    def any_of_store(self, marked: Mask) -> Mask:
        """Whether any counter of a store is marked (store, hour, or whatever the second axis is)."""
        return self.of_store(np.logical_or, marked)

    def of_store(self, combine: np.ufunc, values: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """What the counters of each store have, combined (store, second axis); 0 where it has no counter."""
        found = np.zeros((len(self.stores), *values.shape[1:]), values.dtype)
        there, first = np.unique(self.store, return_index=True)  # counters are sorted by store
        if len(there):
            found[there] = combine.reduceat(values, first, axis=0)
        return found

    def weekday_known(self) -> Mask:
        """Stores whose last day's weekday is known from a week in which they delivered (store).

        Where they have no hours to count on it, this is a weekday on which they mostly are silent, or closed.
        """
        delivered = self.any_of_store(self.delivered)
        begun = np.logical_or.accumulate(delivered, axis=1)[:, :-1:7]
        weeks = delivered[:, :-1].reshape(len(delivered), HISTORY_DAYS // 7, 7).any(axis=2)
        known: Mask = np.logical_or.reduce(begun & weeks, axis=1)
        return known

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


def succeeded(grid: Grid) -> Grid:
    """A grid of a day in which a counter that took another's place has its history, and the other is gone.

    A counter that went silent and one that first delivers within three days, counting alike, in the same store, are
    one door under a new name: else the silent one would be estimated beside it, and visitors counted twice.
    """
    begins = grid.delivered.argmax(axis=1)
    ends = grid.delivered.shape[1] - 1 - grid.delivered[:, ::-1].argmax(axis=1)
    silent = np.isin(grid.store, grid.store[ends < grid.delivered.shape[1] - 1])  # or beside one that is
    fresh = np.flatnonzero((begins > 0) & silent)
    if not len(fresh):
        return grid
    known = np.isfinite(grid.counts)
    level = np.where(known, grid.counts, 0.0).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    counts, gone = grid.counts.copy(), np.zeros(len(ends), bool)
    for new in fresh[np.argsort(begins[fresh], kind="stable")]:
        gap = begins[new] - ends
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.maximum(level / level[new], level[new] / level)
        old = (grid.store == grid.store[new]) & ~gone & (gap > 0) & (gap <= _HANDED_OVER) & (ratio <= _ALIKE)
        if old.any():
            taken = int(np.flatnonzero(old)[np.argmin(ratio[old])])
            counts[new, : begins[new]] = counts[taken, : begins[new]]
            gone[taken] = True
    return _without(replace(grid, counts=counts), gone)


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
    if not gone.any():
        return grid
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


def _upto_last(reported: Mask) -> Mask:
    """Hours up to the last that is marked in a store; where none is, in any (store, hour)."""
    passed = np.where(reported.any(axis=1, keepdims=True), reported, np.logical_or.reduce(reported, axis=0)[None, :])
    upto: Mask = np.cumsum(passed[:, ::-1], axis=1)[:, ::-1] > 0
    return upto
