"""Store days as grids of stores and days: a window is a slice, and a sum one pass over memory that lies together.

Only the layout belongs here: how it is made of rows, and of an older one and the rows that changed. What is summed is
`totals`' business.
"""

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from retail_platform.domains.metrics.compare import WEEKS
from retail_platform.windows import Window

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any]
FLAGS = ("is_open", "final")
MONEY = ("revenue", "margin", "cost_known_revenue", "counted_revenue", "receipt_revenue")
COUNTS = ("visitors", "transactions", "store_transactions", "units", "returns")
COUNTED = ("counted_visitors", "counted_transactions", "sales_visitors", "conversion_visitors", "itemised_transactions")
MEASURES = (*COUNTS, *COUNTED, *MONEY, "imputed", "hours_without_count")
"""What can be summed: money in hundredths, `imputed` are the visitors that were estimated."""

COMPARED = (
    *("counted_visitors", "transactions", "units", "revenue", "margin"),
    *("counted_transactions", "conversion_visitors", "receipt_revenue", "itemised_transactions"),
)
"""What is compared with the four weeks before, or is the base of a ratio that is."""

_AS_A_RULE = {
    "counted_visitors": "visitors",
    "sales_visitors": "counted_visitors",
    "conversion_visitors": "sales_visitors",
    "receipt_revenue": "revenue",
    "itemised_transactions": "transactions",
}
"""What a measure equals where all is known: then both are one array, so that it takes neither memory nor time."""

_KINDS = dict.fromkeys(MONEY, np.int64) | {"imputed": np.float64}
_KEY = TypeVar("_KEY")


@dataclass(frozen=True)
class Grids:
    """Arrays of stores by days; all have one shape.

    Attributes:
        first: the day of the first column.
        there: whether there is a row.
        flags: by name, of `FLAGS`; False where there is no row.
        currencies: by ISO code (None: unknown) where amounts are in it.
        values: by measure; 0 where it is not known.
        known: by measure.
        means: of `COMPARED`, the mean of the same weekday of the 4 previous weeks, closed days and unknown measures
            left out, as in `daily_metrics`; 0 where not `both`.
        both: of `COMPARED`, whether the day and a mean are known.
    """

    first: date
    there: Bools
    flags: Mapping[str, Bools]
    currencies: Mapping[str | None, Bools]
    values: Mapping[str, Numbers]
    known: Mapping[str, Bools]
    means: Mapping[str, Floats]
    both: Mapping[str, Bools]

    @property
    def window(self) -> Window:
        """The days of the columns."""
        return Window(self.first, self.first + timedelta(days=self.there.shape[1] - 1))


def laid_out(rows: pl.DataFrame, stores: int, window: Window) -> Grids:
    """Rows as grids.

    Args:
        rows: `date`, `store` (a number below `stores`), `currency`, `FLAGS` and `MEASURES`; all within the window.
        stores: how many there are.
        window: the days of the columns.
    """
    shape = (stores, len(window))
    days = (rows["date"] - window.first).dt.total_days()
    at = (rows["store"].cast(pl.Int64) * shape[1] + days).to_numpy()

    def placed(values: pl.Series, kind: type[np.generic]) -> Numbers:
        grid = _zeros(shape, kind)
        grid.reshape(-1)[at] = values.to_numpy()
        return grid

    values, known = dict[str, Numbers](), dict[str, Bools]()
    there = placed(pl.repeat(True, rows.height, eager=True), np.bool_)
    for name in MEASURES:
        found, rule = rows[name], _AS_A_RULE.get(name)
        if rule is not None and found.equals(rows[rule]):
            values[name], known[name] = values[rule], known[rule]
            continue
        unknown = found.null_count() > 0
        values[name] = placed(found.fill_null(0) if unknown else found, _KINDS.get(name, np.int32))
        known[name] = placed(found.is_not_null(), np.bool_) if unknown else there
    currency = rows["currency"].cast(pl.String)
    one = twins(COMPARED, values, known)
    means = {name: _zeros(shape, np.float64) for name in set(one.values())}
    both = {name: _zeros(shape, np.bool_) for name in set(one.values())}
    made = Grids(
        first=window.first,
        there=there,
        flags={name: placed(rows[name], np.bool_) for name in FLAGS},
        currencies={
            code: placed(currency.eq_missing(pl.Series([code], dtype=pl.String)), np.bool_)
            for code in currency.unique()
        },
        values=values,
        known=known,
        means={name: means[first] for name, first in one.items()},
        both={name: both[first] for name, first in one.items()},
    )
    _fill_means(made, 0, shape[1])
    return made


def twins(names: Sequence[str], *parts: Mapping[str, Numbers]) -> dict[str, str]:
    """Of each measure the first that has the very same arrays, which may be itself."""
    first: dict[tuple[int, ...], str] = {}
    return {name: first.setdefault(tuple(id(part[name]) for part in parts), name) for name in names}


def replaced(base: Grids, places: Integers, fresh: Grids, days: Sequence[date], stores: int) -> Grids:
    """Grids with some days of others in place of their own.

    Args:
        base: what there was.
        places: the number that each of its stores has now; below 0 where it is gone.
        fresh: with the stores as they are now; its window holds `days`.
        days: those replaced.
        stores: how many there are now.
    """
    first = min(base.first, fresh.first)
    window = Window(first, max(base.window.last, fresh.window.last))
    begin, kept = (base.first - first).days, places >= 0
    same = np.array_equal(places, np.arange(stores))  # as almost always: then one copy is enough
    there = slice(begin, begin + base.there.shape[1])
    columns, sources = ([(day - start).days for day in days] for start in (first, fresh.first))
    found: dict[tuple[int, int], Numbers] = {}  # what was one array in both stays one

    def joined(old: Numbers | None, new: Numbers | None) -> Numbers:
        if (id(old), id(new)) not in found:
            found[id(old), id(new)] = laid_together(old, new)
        return found[id(old), id(new)]

    def laid_together(old: Numbers | None, new: Numbers | None) -> Numbers:
        kind = next(part.dtype for part in (old, new) if part is not None)
        grid = _zeros((stores, len(window)), kind)
        if old is not None and same:
            grid[:, there] = old
        elif old is not None:
            grid[places[kept], there] = old[kept]
        if columns:  # no column of other stores has no shape to be laid in
            grid[:, columns] = new[:, sources] if new is not None else 0
        return grid

    def each(old: Mapping[_KEY, Numbers], new: Mapping[_KEY, Numbers]) -> dict[_KEY, Numbers]:
        return {name: joined(old.get(name), new.get(name)) for name in {**old, **new}}

    made = Grids(
        first,
        joined(base.there, fresh.there),
        each(base.flags, fresh.flags),
        each(base.currencies, fresh.currencies),
        each(base.values, fresh.values),
        each(base.known, fresh.known),
        each(base.means, fresh.means),
        each(base.both, fresh.both),
    )
    if columns:
        _fill_means(made, min(columns), min(max(columns) + 7 * WEEKS + 1, len(window)))
    return _trimmed(made)


def _zeros(shape: tuple[int, int], kind: npt.DTypeLike) -> Numbers:
    """Zeros in memory that goes back to the system with them: a heap would keep it for the thread that asked."""
    size = shape[0] * shape[1] * np.dtype(kind).itemsize
    return np.frombuffer(mmap.mmap(-1, max(size, 1)), kind, shape[0] * shape[1]).reshape(shape)


def _trimmed(grids: Grids) -> Grids:
    """Without days that no store has at either end."""
    held = np.flatnonzero(grids.there.any(axis=0))
    if not held.size or held.size == grids.there.shape[1]:
        return grids
    days = slice(held[0], held[-1] + 1)

    found: dict[int, Numbers] = {}

    def cut(parts: Mapping[_KEY, Numbers]) -> dict[_KEY, Numbers]:
        for grid in parts.values():
            if id(grid) not in found:
                found[id(grid)] = grid[:, days].copy()
        return {name: found[id(grid)] for name, grid in parts.items()}

    first = grids.first + timedelta(days=int(held[0]))
    there = cut({"there": grids.there})["there"]
    values, known = cut(grids.values), cut(grids.known)
    return Grids(
        first, there, cut(grids.flags), cut(grids.currencies), values, known, cut(grids.means), cut(grids.both)
    )


def _fill_means(grids: Grids, begin: int, end: int) -> None:
    """Set the means of some columns, in place: once for all, so that no window has to ask for them again."""
    first = max(begin - 7 * WEEKS, 0)
    for name in set(twins(COMPARED, grids.means, grids.both).values()):
        known, both = grids.known[name], grids.both[name][:, begin:end]
        counts = grids.flags["is_open"][:, first:end] & known[:, first:end]
        values = np.where(counts, grids.values[name][:, first:end], 0.0)
        total, weeks = np.zeros(both.shape), np.zeros(both.shape, np.uint8)
        for back in range(7, 7 * WEEKS + 1, 7):
            start = max(begin - back, 0)
            then, now = slice(start - first, max(end - back, start) - first), slice(start + back - begin, None)
            total[:, now] += values[:, then]
            weeks[:, now] += counts[:, then]
        np.logical_and(known[:, begin:end], weeks > 0, out=both)
        np.divide(total, weeks, out=grids.means[name][:, begin:end], where=both)
        grids.means[name][:, begin:end][~both] = 0.0
