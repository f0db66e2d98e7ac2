"""What of a window is compared, and with what: sums of its days and of other days of the same stores, at its days.

Only which store days count on either side belongs here: what is divided and shown of them is `measures`' business.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from retail_platform.dashboard.data.grids import COMPARED, Bools, Integers, twins
from retail_platform.dashboard.data.totals import Rows, Sums, any_of
from retail_platform.reports.figures import YEAR, Basis

_ALSO = ("visitors",)  # as they were counted, also in part
_OfSides = tuple[Integers, Sequence[tuple[Integers, Bools]]]


def days_back(rows: Rows, basis: Basis) -> int:
    """How many days before a window the days lie that it is compared with; not of the average."""
    return YEAR if basis == "year" else rows.columns.stop - rows.columns.start


def held_days(rows: Rows, basis: Basis) -> list[Sums]:
    """Sums of each day that has rows, and of those it is compared with, if days are compared with days."""
    measures = rows.totals.measures
    now = measures.at(rows.held)
    if basis == "average":
        return [now]
    earlier = rows.held - days_back(rows, basis)
    then = measures.at(np.maximum(earlier, 0))
    return [now, Sums(then.values, {name: known & (earlier >= 0) for name, known in then.known.items()})]


def sides(rows: Rows, basis: Basis) -> tuple[Sums, Sums]:
    """Of each day that has rows what of it is compared, and with what."""
    if basis == "average":
        return rows.totals.now.at(rows.held), rows.totals.means.at(rows.held)
    after, before = held_days(rows, basis)
    lacking = _lacking(rows, days_back(rows, basis))
    return _without(after, lacking, 0), _without(before, lacking, 1)


def _lacking(rows: Rows, back: int) -> dict[str, _OfSides]:
    """What store days hold of measures that they know on one side alone, though they have rows on both.

    Returns:
        By measure, if there are such store days: places of days among those that have rows; and of either side what
        such store days hold of it in all, and whether another one knows the measure.
    """
    grids, places = rows.facts.grids, np.flatnonzero(rows.held >= back)
    days = (rows.held[places], rows.held[places] - back)
    there = rows.at(grids.there, days[0]) & rows.at(grids.there, days[1])

    def found(name: str) -> _OfSides | None:
        known = [rows.at(grids.known[name], one) for one in days]
        alone = there & (known[0] != known[1])
        if not alone.any():
            return None
        held = [(rows.at(grids.values[name], one) * alone).sum(axis=0, dtype=np.int64) for one in days]
        return places, [(value, any_of(one & ~alone, 0)) for value, one in zip(held, known, strict=True)]

    first = twins([*COMPARED, *_ALSO], grids.values, grids.known)
    by_first = {name: found(name) for name in set(first.values()) if grids.known[name] is not grids.there}
    return {name: one for name in first if (one := by_first.get(first[name])) is not None}


def _without(sums: Sums, lacking: Mapping[str, _OfSides], side: int) -> Sums:
    values, known = dict(sums.values), dict(sums.known)
    for name, (places, both) in lacking.items():
        held, others = both[side]
        values[name], known[name] = values[name].copy(), known[name].copy()
        values[name][places] -= held
        known[name][places] = others
    return Sums(values, known)
