"""What a counter would have counted where its count is missing or not believed, and how sure that is.

A ridge regression for each such counter, fitted on the `HISTORY_DAYS` before, tells how its distance from what is
usual follows that of its siblings in the same hour and around it, of its own other hours, and of other stores. The
interval is drawn from how far the fit was off in these days. Only estimating belongs here; whom to believe is
`health`'s business.
"""

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from retail_platform.domains.footfall.grid import HISTORY_DAYS, Floats, Grid, Ints, Mask
from retail_platform.domains.footfall.usual import Usual, median

DRAWS = 9 * HISTORY_DAYS
"""Possible counts of each hour: what happened at this hour and the four on either side in each day of history."""

_RIDGE = 2.0
_FAR = 2.0  # log distance beyond which a past hour is no example
_HALF_LIFE = 40.0  # days in which an example loses half its weight
_NEAR = 0.6  # weight of the next hour but one against the next
_RARE = 2.5  # usual moves beyond which a day's level is no chance
_LEAST_EXAMPLES = 60
_UNSURE = 0.45  # log spread where there are too few examples
_AROUND = 4  # hours on either side whose misses count, too
_LEAST_SHARED, _LEAST_BESIDE = 3, 20.0  # hours that a new counter and its siblings counted, and persons in them
_STEADY = 0.1  # log spread of an hour however many come
_OPTIMISM = 1.2  # misses of a fit are smaller on the days that it was fitted on


@dataclass(frozen=True)
class Estimates:
    """Of hours of a grid's last day, one after the other.

    Attributes:
        sensor, hour: which.
        counts: persons; NaN where there is nothing to go on.
        draws: possible counts (hour, draw); one draw is one day of the past for all counters.
        from_siblings: siblings took part.
    """

    sensor: Ints
    hour: Ints
    counts: Floats
    draws: Floats
    from_siblings: Mask


def estimate(grid: Grid, found: Usual, wanted: Mask, believed: Mask) -> Estimates:
    """Estimate hours of the last day.

    Args:
        grid: of the day.
        found: what is usual.
        wanted: hours to estimate (sensor, hour).
        believed: hours of the last day whose counts may serve (sensor, hour).
    """
    sensors, hours = np.nonzero(wanted)
    counts, draws = np.full(len(sensors), np.nan), np.full((len(sensors), DRAWS), np.nan)
    from_siblings = np.zeros(len(sensors), bool)
    if len(sensors):
        deviation = _examples(grid, found, believed)
        others = _of_other_stores(deviation, grid)
    for sensor in np.unique(sensors):
        mates = np.flatnonzero(grid.store == grid.store[sensor])
        one = _Counter(deviation, int(sensor), mates[mates != sensor], others[grid.store[sensor]])
        cells = np.flatnonzero(sensors == sensor)
        for part, siblings in one.patterns(hours[cells]):
            here = cells[part]
            distance, misses = one.fitted(hours[here], siblings, found.profile[sensor])
            middle = found.profile[sensor, 0, hours[here]] + distance
            counts[here] = np.maximum(np.expm1(middle), 0.0)
            draws[here] = np.maximum(np.expm1(middle[:, None] + misses), 0.0)
            from_siblings[here] = siblings.any()
        new = cells[~np.isfinite(counts[cells])]
        if len(new):
            counts[new] = _share_of_siblings(grid, found, believed, int(sensor), hours[new])
            draws[new] = counts[new, None] * np.exp(_UNSURE * normal_draws())
            from_siblings[new] = np.isfinite(counts[new])
    return Estimates(sensors, hours, counts, draws, from_siblings)


def _share_of_siblings(grid: Grid, found: Usual, believed: Mask, sensor: int, hours: Ints) -> Floats:
    """Persons in hours of the last day of a counter that has no history in them, from what its siblings count.

    It is taken to see as many per person of theirs as in the hours that it and they counted. NaN where these are few.
    """
    mates = np.flatnonzero(grid.store == grid.store[sensor])
    mates = mates[mates != sensor]
    usable = found.valid & found.trusted[:, :, None]
    usable[:, -1] = believed
    made = np.full(len(hours), np.nan)
    for number, hour in enumerate(hours):
        beside = mates[believed[mates, hour]]
        both = usable[sensor] & usable[beside].all(axis=0)
        theirs = grid.counts[beside].sum(axis=0)
        if len(beside) and both.sum() >= _LEAST_SHARED and theirs[both].sum() >= _LEAST_BESIDE:
            made[number] = theirs[-1, hour] * grid.counts[sensor][both].sum() / theirs[both].sum()
    return made


@dataclass(frozen=True)
class _Counter:
    """One counter, its siblings, and the other stores' deviation (day, hour)."""

    deviation: Floats
    sensor: int
    siblings: Ints
    others: Floats

    def patterns(self, hours: Ints) -> list[tuple[Mask, Mask]]:
        """Which of the hours have the same siblings at work, and which siblings these are."""
        if not len(self.siblings):
            return [(np.ones(len(hours), bool), np.zeros(0, bool))]
        there = np.isfinite(self.deviation[self.siblings, -1][:, hours]).T
        kinds, which = np.unique(there, axis=0, return_inverse=True)
        return [(which.ravel() == number, kind) for number, kind in enumerate(kinds)]

    def fitted(self, hours: Ints, siblings: Mask, profile: Floats) -> tuple[Floats, Floats]:
        """Log distance from the profile in each hour, and how far off it was in the past (hour, draw)."""
        features = self._features(self.siblings[siblings])
        past, today = features[:, :HISTORY_DAYS], features[:, -1][:, hours]
        target = self.deviation[self.sensor, :HISTORY_DAYS]
        usable = np.isfinite(target) & (np.abs(target) < _FAR)
        size = np.exp(np.nan_to_num(profile, nan=-20.0))[np.arange(HISTORY_DAYS) % 7]
        age = 0.5 ** (np.arange(HISTORY_DAYS)[::-1] / _HALF_LIFE)
        weight = np.where(usable, size * age[:, None], 0.0)
        weight *= usable.sum() / max(weight.sum(), 1e-9)
        if usable.sum() < _LEAST_EXAMPLES or not len(features):
            return np.zeros(len(hours)), self._misses(np.where(usable, target, np.nan), hours, profile)
        x, y, w = past[:, usable], target[usable], weight[usable]
        gram = (x * w) @ x.T + _RIDGE * np.eye(len(x))
        slope = np.linalg.solve(gram, (x * w) @ y)
        misses = np.where(usable, target - np.tensordot(slope, past, 1), np.nan)
        moved = (1 - np.clip(slope.sum(), 0, 1)) * self._rare_move(self.siblings[siblings])
        return slope @ today + moved, self._misses(misses, hours, profile)

    def _features(self, siblings: Ints) -> Floats:
        """What may tell the deviation: (feature, day, hour)."""
        parts = []
        own = self._own_hours()
        if own is not None:
            parts.append(own[None])
        if len(siblings):
            mates = self.deviation[siblings]
            whole = _mean(mates, axis=2)[:, :, None]
            mean = np.nan_to_num(_mean(mates, axis=0))
            before, after = np.zeros_like(mean), np.zeros_like(mean)
            before[:, 1:], after[:, :-1] = mean[:, :-1], mean[:, 1:]
            parts += [mates, np.broadcast_to(whole, mates.shape), before[None], after[None]]
        if np.isfinite(self.others[-1]).any():
            parts += [self.others[None], np.broadcast_to(_mean(self.others, axis=1)[:, None], self.others.shape)[None]]
        return np.nan_to_num(np.concatenate(parts)) if parts else np.zeros((0, *self.others.shape))

    def _rare_move(self, siblings: Ints) -> float:
        """How far the day's level goes beyond what chance moves it by: such a move is real, and followed in full."""
        told = [_mean_or_none(self.deviation[siblings])] if len(siblings) else []
        for day_hours in (*told, self.deviation[self.sensor], self.others):
            level = _mean(day_hours, axis=1)
            if np.isfinite(day_hours[-1]).any():
                usual = 1.4826 * float(np.median(np.abs(level[:HISTORY_DAYS])))
                return float(np.sign(level[-1]) * max(abs(level[-1]) - _RARE * usual, 0.0))
        return 0.0

    def _own_hours(self) -> Floats | None:
        """Mean deviation of the day's own hours, nearer ones counting more; those that lack today do so in the past."""
        there = np.isfinite(self.deviation[self.sensor, -1])
        if not there.any():
            return None
        own = np.where(there[None, :], self.deviation[self.sensor], np.nan)
        apart = np.abs(np.arange(24)[:, None] - np.arange(24)[None, :])
        weight = np.where(apart == 0, 0.0, _NEAR ** (apart - 1.0))
        known = np.isfinite(own)
        return (np.where(known, own, 0.0) @ weight) / np.maximum(known @ weight, 0.2)

    def _misses(self, misses: Floats, hours: Ints, profile: Floats) -> Floats:
        """What the fit missed in each day of history at an hour and around it (hour, draw); a draw is one day's.

        Chance weighs more where fewer come: misses of hours around are scaled by what it does there and here.
        """
        around = np.clip(hours[:, None] + np.arange(-_AROUND, _AROUND + 1), 0, 23)
        chance = np.sqrt(_STEADY**2 + np.exp(-np.nan_to_num(profile[0])))
        found = (misses[:, around] * (chance[hours][:, None] / chance[around])).transpose(1, 2, 0)
        found = found.reshape(len(hours), DRAWS)
        spread = 1.4826 * median(np.abs(found), axis=1)
        enough = np.isfinite(found).sum(axis=1) >= HISTORY_DAYS
        prior = np.where(enough, np.maximum(np.nan_to_num(spread), 0.02), _UNSURE)
        stand_in = prior[:, None] * normal_draws()
        return _OPTIMISM * np.where(np.isfinite(found) & enough[:, None], found, stand_in)


def _examples(grid: Grid, found: Usual, believed: Mask) -> Floats:
    """Deviations that may teach: trusted days, no holiday, and of the last day what is believed."""
    guide = found.trusted & ~grid.holiday[grid.store]
    examples = np.where(guide[:, :, None], found.deviation, np.nan)
    examples[:, -1] = np.where(believed, found.deviation[:, -1], np.nan)
    return np.where(np.abs(examples) < _FAR, examples, np.sign(examples) * _FAR)


def _of_other_stores(deviation: Floats, grid: Grid) -> Floats:
    """Median deviation of the other stores (store, day, hour); NaN where fewer than three are known."""
    shape = (len(grid.stores), *deviation.shape[1:])
    total, count = np.zeros(shape), np.zeros(shape)
    known = np.isfinite(deviation)
    there, first = np.unique(grid.store, return_index=True)  # counters are sorted by store
    total[there] = np.add.reduceat(np.where(known, deviation, 0.0), first, axis=0)
    count[there] = np.add.reduceat(known, first, axis=0, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        whole = total / count
    here = np.isfinite(whole)
    stores = here.sum(axis=0)
    rest = np.where(here, np.nansum(whole, axis=0) - np.nan_to_num(whole), np.nansum(whole, axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = rest / (stores - here)
    return np.where(stores - here >= 3, mean, np.nan)


def _mean(values: Floats, axis: int) -> Floats:
    known = np.isfinite(values)
    mean: Floats = np.where(known, values, 0.0).sum(axis=axis) / np.maximum(known.sum(axis=axis), 1)
    return mean


def _mean_or_none(values: Floats) -> Floats:
    """Mean over the first axis; NaN where there is nothing."""
    known = np.isfinite(values).any(axis=0)
    mean: Floats = np.where(known, _mean(values, axis=0), np.nan)
    return mean


@cache
def normal_draws() -> Floats:
    """Evenly spread draws of a standard normal, in a fixed order that is no trend over hours or days."""
    even = (np.arange(DRAWS) * 197 % DRAWS + 0.5) / DRAWS
    return np.array([NormalDist().inv_cdf(float(share)) for share in even])
