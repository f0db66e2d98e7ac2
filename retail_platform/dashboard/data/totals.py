"""Sums of store days over stores and over days, as arrays; null is told apart from 0.

Only adding belongs here: which days and what is divided is `measures`' business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from retail_platform.dashboard.data.grids import COMPARED, MEASURES, Bools, Grids, Integers, Numbers, twins
from retail_platform.windows import Window

if TYPE_CHECKING:
    from retail_platform.dashboard.data.facts import Facts


@dataclass(frozen=True)
class Sums:
    """Sums of several measures, each an array of groups.

    Attributes:
        values: by measure; 0 where it is not known.
        known: whether any row of the group knows the measure.
    """

    values: Mapping[str, Numbers]
    known: Mapping[str, Bools]

    def at(self, groups: Integers | slice) -> "Sums":
        """Some of the groups."""
        return Sums(
            {name: values[groups] for name, values in self.values.items()},
            {name: known[groups] for name, known in self.known.items()},
        )

    def grouped(self, starts: Integers) -> "Sums":
        """Neighbours together; `starts` are the first of each new group."""
        return Sums(
            {name: np.add.reduceat(values, starts) for name, values in self.values.items()},
            {name: np.logical_or.reduceat(known, starts) for name, known in self.known.items()},
        )

    def series(self, name: str) -> pl.Series:
        """A measure by group, null where it is not known."""
        values, known = pl.Series(name, self.values[name]), self.known[name]
        return values if known.all() else values.set(pl.Series(~known), None)

    def total(self, name: str) -> float | None:
        """A measure of all groups together."""
        return float(self.values[name].sum()) if self.known[name].any() else None


@dataclass(frozen=True)
class Totals:
    """Sums over some stores, a group for each day of the history.

    Attributes:
        there: whether any of the stores has a row.
        open: how many of them are open.
        unfinished: whether any row is not final.
        measures: of all that can be summed.
        now: of the store days that have a 4-week mean.
        means: of these means.
    """

    there: Bools
    open: Integers
    unfinished: Bools
    measures: Sums
    now: Sums
    means: Sums


def totals(grids: Grids, stores: Integers | None) -> Totals:
    """Sum over stores, given by their numbers; None: over all."""

    def chosen(grid: Numbers) -> Numbers:
        return grid if stores is None else grid[stores]

    there = chosen(grids.there)
    values, known, now, means, both = (dict[str, Numbers]() for _ in range(5))
    for name, first in twins(MEASURES, grids.values, grids.known).items():
        if name == first:
            values[name], known[name] = _added(chosen(grids.values[name]), 0), any_of(chosen(grids.known[name]), 0)
        values[name], known[name] = values[first], known[first]
    for name, first in twins(COMPARED, grids.values, grids.both).items():
        if name == first:
            pairs = chosen(grids.both[name])
            both[name], now[name] = any_of(pairs, 0), _added(chosen(grids.values[name]) * pairs, 0)
            means[name] = _added(chosen(grids.means[name]), 0)
        both[name], now[name], means[name] = both[first], now[first], means[first]
    return Totals(
        there=any_of(there, 0),
        open=_added(chosen(grids.flags["is_open"]), 0),
        unfinished=any_of(there & ~chosen(grids.flags["final"]), 0),
        measures=Sums(values, known),
        now=Sums(now, both),
        means=Sums(means, both),
    )


@dataclass(frozen=True)
class Rows:
    """The store days of some stores and days; what is summed of them is taken from the grids when asked for.

    Attributes:
        facts: where they are from.
        window: the days; there need not be rows on all of them.
        stores: numbers of the stores, in order.
    """

    facts: "Facts"
    window: Window
    stores: pl.Series

    def of(self, stores: pl.Series) -> "Rows":
        """Those of other stores on the same days."""
        return Rows(self.facts, self.window, stores)

    @property
    def totals(self) -> Totals:
        """Sums over the stores by day of the whole history."""
        return self.facts.totals(self.stores)

    @cached_property
    def columns(self) -> slice:
        """The columns of the grids that are days of the window."""
        span = self.facts.span
        begin = min(max((self.window.first - span.first).days, 0), len(span))
        end = min((self.window.last - span.first).days + 1, len(span))
        return slice(begin, max(begin, end))

    @cached_property
    def held(self) -> Integers:
        """Those of the columns that have rows."""
        held: Integers = np.flatnonzero(self.totals.there[self.columns]) + self.columns.start
        return held

    @property
    def days(self) -> pl.Series:
        """The days of the columns."""
        return dated(self.facts.span.first, np.arange(self.columns.start, self.columns.stop))

    @property
    def dates(self) -> pl.Series:
        """The days that have rows, in order."""
        return dated(self.facts.span.first, self.held)

    def dates_of(self, grid: Bools) -> pl.Series:
        """The days on which a grid holds for any of the stores, in order."""
        return dated(self.facts.span.first, self.columns.start + np.flatnonzero(any_of(self.cut(grid), 0)))

    @property
    def days_not_final(self) -> int:
        """How many of them are not over for every store."""
        return int(self.totals.unfinished[self.columns].sum())

    def at(self, grid: Numbers, columns: Integers | slice) -> Numbers:
        """Columns of a grid, of the stores alone: stores by columns."""
        if not isinstance(columns, slice) and len(columns) and columns[-1] - columns[0] + 1 == len(columns):
            columns = slice(columns[0], columns[-1] + 1)
        days = grid[:, columns]
        return days if self.stores.len() == grid.shape[0] else days[self.stores.to_numpy()]

    def cut(self, grid: Numbers) -> Numbers:
        """The columns of the window."""
        return self.at(grid, self.columns)

    def by_store(self, starts: Integers | None = None) -> Sums:
        """Sums over days, a group for each store, or for each store and period where `starts` are their columns."""
        values, known = self.facts.grids.values, self.facts.grids.known
        one = twins(MEASURES, values, known)

        def added(grid: Numbers) -> Numbers:
            return _added(self.cut(grid), 1) if starts is None else _by_period(self.cut(grid), starts)

        def ever(grid: Bools) -> Bools:
            cut = self.cut(grid)
            return any_of(cut, 1) if starts is None else np.logical_or.reduceat(cut, starts, axis=1).reshape(-1)

        sums = {name: added(values[name]) for name in set(one.values())}
        any_known = {name: ever(known[name]) for name in sums}
        return Sums(
            {name: sums[first] for name, first in one.items()},
            {name: any_known[first] for name, first in one.items()},
        )


def dated(first: date, columns: Integers) -> pl.Series:
    """Columns of grids that begin on a day, as dates."""
    return pl.Series("date", np.datetime64(first, "D") + columns, dtype=pl.Date)


def any_of(grid: Bools, axis: int) -> Bools:
    """Whether any holds along an axis, 0 for the stores."""
    found: Bools = np.any(grid, axis=axis)
    return found


def _added(grid: Numbers, axis: int) -> Numbers:
    found: Numbers = grid.sum(axis=axis, dtype=np.float64 if grid.dtype == np.float64 else np.int64)
    return found


def _by_period(grid: Numbers, starts: Integers) -> Numbers:
    kind = np.float64 if grid.dtype == np.float64 else np.int64
    found: Numbers = np.add.reduceat(grid, starts, axis=1, dtype=kind).reshape(-1)
    return found
