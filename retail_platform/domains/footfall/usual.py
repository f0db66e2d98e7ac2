"""What a counter usually counts, how a day deviates from it, and which past days are no guide.

All of it looks at one day and the `HISTORY_DAYS` before it and nowhere else, so that the order in which days are made
cannot matter. Deviations are natural logarithms: -0.7 is half of what is usual.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from retail_platform.domains.footfall.grid import HISTORY_DAYS, Floats, Grid, Ints, Mask

SIGMAS = 4.0
"""Usual distances beyond which a day is suspect."""

SPREAD_FLOOR = 0.06
SPREAD_UNKNOWN = 0.25  # usual distance of a counter whose own is not known yet
_LEAST_DAYS = 7  # known distances that make a spread
_HALF_LIFE = 6.0  # weeks in which a past week loses half its weight
_CLIP = 0.5  # distance from the median at which a past hour stops pulling
_LEAST_OF_ALL = 3  # days of any weekday that tell an hour of a weekday never seen
_OTHER_STORES = 3  # that make a level of the day

_SPIKE_OF_STRANGERS = float(np.log(12.0))  # where the hour of the weekday is hardly known
_SPIKE, _SPIKE_SIGMAS, _SPIKE_COUNT = float(np.log(3.0)), 4.0, 20.0
_HOUR_SPREAD = 0.25  # usual log distance of an hour from the day's other hours

LOW, HIGH = float(np.log(0.6)), float(np.log(1.7))
"""Deviations beyond which a counter is taken to count too few, or too many, where its siblings do not."""
ALONE_LOW, ALONE_HIGH = float(np.log(0.45)), float(np.log(3.0))
"""The same where there are no siblings, and a change may be the store's."""


@dataclass(frozen=True)
class Usual:
    """What is usual for the last day of a grid, and how each of its days deviates.

    Attributes:
        valid: hours that count: open, counted, plausible, no spike (sensor, day, hour).
        profile: log(1 + usual count) of the hours of seven weekdays, the last day's first (sensor, 7, hour).
        deviation: log distance of each hour from its profile (sensor, day, hour); NaN where not valid.
        ratio: log(counted / usual) of each day (sensor, day).
        level: what the ratio should be, as siblings or other stores say (sensor, day).
        has_siblings: whether siblings say it (sensor, day).
        spread: usual distance of ratio and level (sensor).
        trusted: days that no rule suspects (sensor, day).
        spikes: hours far above the day's other hours and the siblings' same hour (sensor, day, hour).
    """

    valid: Mask
    profile: Floats
    deviation: Floats
    ratio: Floats
    level: Floats
    has_siblings: Mask
    spread: Floats
    trusted: Mask
    spikes: Mask

    def usual_counts(self) -> Floats:
        """Persons of each hour of the last day, as far as history alone says (sensor, hour)."""
        return np.expm1(self.profile[:, 0])


def usual(grid: Grid) -> Usual:
    """Judge a day's grid: first by all days, then by those that pass."""
    opened = open_hours_of(grid)
    valid = opened & np.isfinite(grid.counts) & ~grid.absurd & ~_silent(grid, opened)[:, :, None]
    found = _measured(grid, valid, ~grid.holiday[grid.store], slice(None))
    first = _screened(grid, found)
    spikes = _spikes(grid, valid, found.deviation)
    valid &= ~spikes
    changed = np.flatnonzero(spikes.any(axis=(1, 2)) | ~first.trusted.all(axis=1))
    second = first
    if len(changed):
        found.put(changed, _measured(grid, valid, first.trusted & ~grid.holiday[grid.store], changed))
        second = _screened(grid, found)
    return Usual(
        valid,
        found.profile,
        found.deviation,
        found.ratio,
        second.level,
        second.has_siblings,
        second.spread,
        first.trusted & second.trusted,
        spikes,
    )


def open_hours_of(grid: Grid) -> Mask:
    """Hours in which a counter should count (sensor, day, hour): not closed, as far as anybody says."""
    opened = np.where(grid.hours_known[:, :, None], grid.opened, grid.trading[:, :, None])
    here: Mask = opened[grid.store] & ~grid.closed
    return here


def day_levels(ratio: Floats, store: Ints, stores: int) -> tuple[Floats, Mask]:
    """What siblings, or else other stores, say of a day.

    Args:
        ratio: log(counted / usual), NaN where there is none or it is not trusted (sensor, day).
        store: of each sensor.
        stores: how many there are.

    Returns:
        The level for each sensor and day, 0 where nobody says, and whether siblings say it.
    """
    place = _places(store)
    padded = np.full((stores, int(place.max(initial=0)) + 1, ratio.shape[1]), np.nan)
    padded[store, place] = ratio
    level = np.full(ratio.shape, np.nan)
    for number in range(padded.shape[1]):
        here = place == number
        level[here] = median(np.delete(padded, number, axis=1), axis=1)[store[here]]
    has_siblings = np.isfinite(level)
    whole = median(padded, axis=1)
    count = np.isfinite(whole).sum(axis=0)
    others = np.where(count >= _OTHER_STORES, median(whole, axis=0), 0.0)
    return np.where(has_siblings, level, others[None, :]), has_siblings


def recent_mean(weeks: Floats) -> Floats:
    """A robust mean of logarithms over the weeks (axis 1), newer ones counting more; NaN where there is nothing."""
    middle = median(weeks, axis=1)
    apart = np.clip(weeks - middle[:, None], -_CLIP, _CLIP)
    known = np.isfinite(apart)
    age = 0.5 ** (np.arange(weeks.shape[1])[::-1] / _HALF_LIFE)
    weight = age.reshape(1, -1, *([1] * (weeks.ndim - 2))) * known
    return middle + (np.where(known, apart, 0.0) * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9)


def median(values: Floats, axis: int) -> Floats:
    """Median without NaN; NaN where there is nothing."""
    if values.shape[axis] == 0:
        return np.full(np.delete(values.shape, axis), np.nan)
    ordered = np.sort(values, axis=axis)
    count = np.isfinite(ordered).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis=axis)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[axis] - 1), axis=axis)
    middle: Floats = np.where(count > 0, (low + high) / 2, np.nan).squeeze(axis)
    return middle


@dataclass(frozen=True)
class _Measured:
    """Profiles, and how the days of counters differ from them; `expected` is of the hours that were counted."""

    profile: Floats
    deviation: Floats
    ratio: Floats
    expected: Floats

    def put(self, sensors: Ints, others: "_Measured") -> None:
        """Replace what was measured of some counters."""
        for name, values in vars(others).items():
            getattr(self, name)[sensors] = values


def _measured(grid: Grid, valid: Mask, guide: Mask, sensors: Ints | slice) -> _Measured:
    """What is usual for some of the counters, as far as `guide` days say, and how each of their days differs."""
    counts = np.where(valid[sensors], grid.counts[sensors], 0.0)
    logs = np.where(valid[sensors], np.log1p(counts), np.nan)
    profile = _profile(grid, np.where(guide[sensors][:, :, None], logs, np.nan)[:, :HISTORY_DAYS], sensors)
    weekday = np.arange(HISTORY_DAYS + 1) % 7
    deviation = logs - profile[:, weekday]
    both = np.isfinite(deviation)
    counted = np.where(both, counts, 0.0).sum(axis=2)
    expected = np.where(both, np.expm1(np.nan_to_num(profile))[:, weekday], 0.0).sum(axis=2)
    ratio = np.where(both.any(axis=2), np.log1p(counted) - np.log1p(expected), np.nan)
    return _Measured(profile, deviation, ratio, expected)


def _spikes(grid: Grid, valid: Mask, deviation: Floats) -> Mask:
    counting = np.where(grid.counts > 0, deviation, np.nan)  # hours of nobody say nothing of the others
    excess = deviation - median(counting, axis=2)[:, :, None]
    with np.errstate(invalid="ignore"):
        rough = (excess > _SPIKE) & (grid.counts > _SPIKE_COUNT)
    stores = np.unique(grid.store[rough.any(axis=(1, 2))])  # few have any, and siblings are dear to ask
    part = np.isin(grid.store, stores)
    excess, counts = excess[part], grid.counts[part]
    with_siblings, has_siblings = day_levels(
        excess.reshape(len(excess), excess.shape[1] * excess.shape[2]),
        np.searchsorted(stores, grid.store[part]),
        len(stores),
    )
    seen = np.where(has_siblings, with_siblings, 0.0).reshape(excess.shape)
    plain = np.exp(np.log1p(np.where(valid[part], counts, 0.0)) - np.nan_to_num(excess)) - 1
    spread = np.sqrt(_HOUR_SPREAD**2 + 1 / np.maximum(plain, 1.0))
    far = np.nan_to_num(np.minimum(excess, excess - seen))
    far = np.where(_is_known(valid[part]) | (far > _SPIKE_OF_STRANGERS), far, 0.0)
    spikes = np.zeros(rough.shape, bool)
    spikes[part] = (far > _SPIKE) & (far > _SPIKE_SIGMAS * spread) & (counts > plain + _SPIKE_COUNT)
    return spikes


def _profile(grid: Grid, logs: Floats, sensors: Ints | slice) -> Floats:
    """A robust mean of each weekday's hours over the past weeks, newer ones counting more (sensor, 7, hour)."""
    weeks = logs.reshape(logs.shape[0], HISTORY_DAYS // 7, 7, 24)
    profile = _with_other_weekdays(recent_mean(weeks), weeks)
    celebrating = grid.holiday[grid.store[sensors], -1]
    if celebrating.any():
        sunday = (6 - grid.days[-1].weekday()) % 7
        like_sunday = celebrating[:, None] & np.isfinite(profile[:, sunday]).any(axis=1, keepdims=True)
        profile[:, 0] = np.where(like_sunday, profile[:, sunday], profile[:, 0])
    return profile


def _is_known(valid: Mask) -> Mask:
    """Hours that were counted on two of the same weekday before: one alone may be odd (sensor, day, hour)."""
    weeks = valid[:, :HISTORY_DAYS].reshape(len(valid), HISTORY_DAYS // 7, 7, 24)
    known: Mask = (weeks.sum(axis=1) >= 2)[:, np.arange(HISTORY_DAYS + 1) % 7]
    return known


def _with_other_weekdays(profile: Floats, weeks: Floats) -> Floats:
    """The profile, where a weekday was seen once or never held near the hour of all days: one day may be a bad one."""
    known = np.isfinite(weeks)
    rare = (known.sum(axis=1) <= 1) & (known.sum(axis=(1, 2)) >= _LEAST_OF_ALL)[:, None]
    some = np.flatnonzero(rare.any(axis=(1, 2)))
    all_days = median(weeks[some].reshape(len(some), HISTORY_DAYS, 24), axis=1)
    near = all_days[:, None] + np.clip(np.nan_to_num(profile[some] - all_days[:, None]), -_CLIP, _CLIP)
    held = profile.copy()
    held[some] = np.where(rare[some], near, profile[some])
    return held


@dataclass(frozen=True)
class _Screened:
    """Level, whether siblings say it, spread, and the days that can be trusted."""

    level: Floats
    has_siblings: Mask
    spread: Floats
    trusted: Mask


def _screened(grid: Grid, found: _Measured) -> _Screened:
    """Judge the days of all counters; the worst of a store is judged first."""
    ratio = found.ratio
    trusted = np.ones(ratio.shape, bool)
    for _ in range(3):
        level, has_siblings = day_levels(np.where(trusted, ratio, np.nan), grid.store, len(grid.stores))
        residual = ratio - level
        spread = _spread(np.where(trusted, residual, np.nan)[:, :HISTORY_DAYS])
        score = residual / np.sqrt(spread[:, None] ** 2 + 1 / np.maximum(found.expected, 1.0))
        suspect = trusted & is_suspect(ratio, residual, score, has_siblings)
        if not suspect.any():
            break
        worst = _worst_of_store(np.where(suspect, np.abs(score), -1.0), grid)
        trusted &= ~(suspect & worst)
    return _Screened(level, has_siblings, spread, trusted)


def is_suspect(ratio: Floats, residual: Floats, score: Floats, has_siblings: Mask) -> Mask:
    """Days far from what siblings say and, in the same direction, from what is usual."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # comparisons of NaN are False, as they should be
        low = (residual < np.where(has_siblings, LOW, ALONE_LOW)) & (score < -SIGMAS) & (ratio < 0)
        high = (residual > np.where(has_siblings, HIGH, ALONE_HIGH)) & (score > SIGMAS) & (ratio > 0)
    return low | high


def _spread(residual: Floats) -> Floats:
    known = np.isfinite(residual).sum(axis=1)
    apart = np.abs(residual - median(residual, axis=1)[:, None])
    spread = np.maximum(1.4826 * median(apart, axis=1), SPREAD_FLOOR)
    return np.where(known >= _LEAST_DAYS, spread, SPREAD_UNKNOWN)


def _worst_of_store(score: Floats, grid: Grid) -> Mask:
    _, first, mine = np.unique(grid.store, return_index=True, return_inverse=True)
    found: Mask = score >= np.maximum.reduceat(score, first, axis=0)[mine]
    return found


def _silent(grid: Grid, opened: Mask) -> Mask:
    """Days on which nothing but zeros came from a counter that usually counts (sensor, day)."""
    total = np.where(opened & np.isfinite(grid.counts), grid.counts, 0.0).sum(axis=2)
    typical = median(np.where(total > 0, total, np.nan), axis=1)
    silent: Mask = (total == 0) & (np.where(np.isfinite(typical), typical, 0.0)[:, None] >= 5)
    return silent


def _places(store: Ints) -> Ints:
    """The number of each sensor within its store; sensors are sorted by store."""
    first = np.searchsorted(store, store, side="left")
    return np.arange(len(store)) - first
