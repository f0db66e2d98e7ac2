"""What a store's day and its hours were to be, and which lie outside the band.

A day is compared with the same weekday of up to eight previous weeks, newer ones counting more, at the level of the
last two weeks; what all other stores did on the day is taken out. The band is as wide as the store's days usually
differ from this. Distances are natural logarithms: -0.7 is half of what was expected. Only the day and the
`HISTORY_DAYS` before it are looked at, so that the order in which days are made cannot matter.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from retail_platform.domains.anomalies.layout import Counts
from retail_platform.domains.footfall.grid import HISTORY_DAYS, Floats, Mask
from retail_platform.domains.footfall.usual import median, recent_mean

DAY_SIGMAS, HOUR_SIGMAS = 3.0, 4.5
"""Usual distances that make a band's half width."""
LEAST_WEEKS = 3
"""Previous weeks of a weekday without which there is no verdict."""
LEAST_STORES = 3
"""Other stores that make a level of the day."""

_DAY_EFFECT, _HOUR_EFFECT = float(np.log(1.2)), float(np.log(1.6))  # a band is never narrower
_VISITED = 10.0  # persons that usually come in an hour that is remarkable when empty
_LEAST_PERSONS = 25.0  # by which an hour differs at least
_LEAST_DAYS = 14  # distances that make a spread
_DAY_FLOOR, _ALL_FLOOR, _HOUR_FLOOR = 0.05, 0.03, 0.08  # of spreads
_RECENT_DAYS, _RECENT_WEIGHT = 14, 0.7
_KNOWN = 0.8  # share of a day's usual visitors in known hours without which it has no verdict
_HOLIDAY_SPREAD = 1.5  # holidays differ more than other days
_ALL_SIGMAS = 3.0  # usual distances of all stores from which they have moved together
_NORMAL_90 = 1.645  # of a normal distribution's absolute values, nine of ten are nearer


@dataclass(frozen=True)
class Opening:
    """Hours opened on a day and usually on its weekday (NaN of an hour), and those usually visited that were empty."""

    hours: Floats
    usual_hours: Floats
    empty: Floats


@dataclass(frozen=True)
class Together:
    """What the other stores did: their log distance (NaN where they are too few), and whether all moved alike."""

    others: Floats
    together: Mask


@dataclass(frozen=True)
class Expected:
    """A day's, or its hours', visitors against what was to be expected; NaN where there is no verdict.

    Attributes:
        visitors, expected, low, high: persons.
        score: distance in usual distances.
        outside: whether it is outside the band.
        elsewhere: what the other stores did.
        opening: in how far it was open.
    """

    visitors: Floats
    expected: Floats
    low: Floats
    high: Floats
    score: Floats
    outside: Mask
    elsewhere: Together
    opening: Opening


def expected(counts: Counts) -> tuple[Expected, Expected]:
    """Judge the last day of `counts`: its stores (store), and their hours (store, hour)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a comparison with NaN is False, as it should be
        usual_hour, weeks = _usual_hours(counts)
        totals, known = _totals(counts, usual_hour)
        day = _Day.of(counts, totals, known)
        empty = counts.opened[:, -1] & (counts.visitors[:, -1] == 0) & (np.expm1(usual_hour[:, 0]) >= _VISITED)
        return _days(counts, day, empty), _hours(counts, day, usual_hour, weeks, empty)


@dataclass(frozen=True)
class _Day:
    """Log totals of the days and their distances from what is usual (store, day).

    Attributes:
        totals: scaled up where hours are unknown.
        known: share of the last day's usual visitors in hours that are known (store).
        usual: of the last day (store).
        distance: from the usual, at the recent level.
        others: median distance of the other stores, where they are enough.
        inflation: of a spread, as the usual is an estimate, too (store).
    """

    totals: Floats
    known: Floats
    usual: Floats
    distance: Floats
    others: Floats
    inflation: Floats

    @classmethod
    def of(cls, counts: Counts, totals: Floats, known: Floats) -> "_Day":
        guides = np.where(counts.guide, totals, np.nan)[:, :HISTORY_DAYS]
        by_weekday, weeks = _level(guides.reshape(len(guides), -1, 7))
        usual = by_weekday[:, np.arange(HISTORY_DAYS + 1) % 7]
        usual[:, -1], weeks_of_day = _usual_of_day(counts, by_weekday, weeks, totals[:, -1])
        distance = totals - usual
        past = np.where(counts.guide, distance, np.nan)
        past[:, -1] = distance[:, -1]
        level = _RECENT_WEIGHT * median(past[:, HISTORY_DAYS - _RECENT_DAYS : HISTORY_DAYS], axis=1)
        past[:, -1] -= np.nan_to_num(level)
        others = _of_others(past, counts.holiday)
        return cls(totals, known, totals[:, -1] - past[:, -1], past, others, _inflation(weeks_of_day))


def _usual_of_day(counts: Counts, by_weekday: Floats, weeks: Floats, today: Floats) -> tuple[Floats, Floats]:
    """The last day's usual log total; of a holiday the nearest between weekday, Sunday and earlier holidays."""
    sunday = (6 - counts.days[-1].weekday()) % 7
    earlier = median(np.where(counts.holiday, np.log1p(_sums(counts.visitors)), np.nan)[:, :HISTORY_DAYS], axis=1)
    references = np.stack([by_weekday[:, 0], by_weekday[:, sunday], earlier])
    none = ~np.isfinite(references).any(axis=0)
    low = np.where(none, np.nan, np.nanmin(np.where(np.isfinite(references), references, np.inf), axis=0))
    high = np.where(none, np.nan, np.nanmax(np.where(np.isfinite(references), references, -np.inf), axis=0))
    nearest = np.clip(today, low, high)
    celebrating = counts.holiday[:, -1]
    usual = np.where(celebrating, nearest, by_weekday[:, 0])
    least = np.where(celebrating, np.maximum(weeks[:, 0], weeks[:, sunday]), weeks[:, 0])
    return usual, least


def _days(counts: Counts, day: _Day, empty: Mask) -> Expected:
    """Whether a store's day is outside: on its own, or with all stores."""
    total, others = day.distance[:, -1], day.others[:, -1]
    own_past = (day.distance - np.nan_to_num(day.others))[:, :HISTORY_DAYS]
    wide = np.where(counts.holiday[:, -1], _HOLIDAY_SPREAD, 1.0) * day.inflation
    noise = 1 / np.maximum(np.expm1(day.usual), 1.0)
    spread = np.sqrt((wide * _spread(own_past, _DAY_FLOOR)) ** 2 + noise)
    all_past = np.where(np.isfinite(day.distance), day.others, np.nan)[:, :HISTORY_DAYS]
    of_all = wide * _spread(all_past, _ALL_FLOOR)
    own = _nearer(total - np.nan_to_num(others), total)
    together = (np.abs(others) > np.maximum(_ALL_SIGMAS * of_all, _DAY_EFFECT)) & (others * total > 0)
    with_all = together & (np.abs(own) <= DAY_SIGMAS * spread)
    used = np.where(with_all, total, own)
    sigma = np.where(with_all, np.hypot(spread, of_all), spread)
    judged = np.where((day.known >= _KNOWN) & np.isfinite(spread), used, np.nan)
    hours = counts.opened.sum(axis=2).astype(float)
    traded = np.where(counts.guide & (hours > 0), hours, np.nan)[:, :HISTORY_DAYS:7]
    opening = Opening(hours[:, -1], median(traded, axis=1), empty.sum(axis=1).astype(float))
    half = np.where(with_all, np.minimum(np.abs(judged), DAY_SIGMAS * sigma), DAY_SIGMAS * sigma)
    band = _Band(judged, sigma, np.maximum(half, _DAY_EFFECT))
    return band.around(_sums(counts.visitors)[:, -1], Together(others, together), opening)


def _hours(counts: Counts, day: _Day, usual_hour: Floats, weeks: Floats, empty: Mask) -> Expected:
    """Whether an hour is outside, against its own history and against its day and the same hour elsewhere."""
    logs = np.where(counts.opened, np.log1p(counts.visitors), np.nan)
    by_history = logs - usual_hour[:, np.arange(HISTORY_DAYS + 1) % 7]
    by_day = by_history - day.distance[:, :, None]
    guide = counts.guide.copy()
    guide[:, -1] = True
    by_day = np.where(guide[:, :, None], by_day, np.nan)
    stores, days, _ = by_day.shape
    elsewhere = _of_others(by_day[:, -1], np.repeat(counts.holiday[:, -1:], 24, axis=1))
    here = by_day[:, -1] - np.nan_to_num(elsewhere)
    used = _nearer(_nearer(by_day[:, -1], by_history[:, -1]), here)
    persons = np.where(counts.opened[:, -1], counts.visitors[:, -1], np.nan)
    was = np.expm1(np.log1p(persons) - used)
    past = np.swapaxes(by_day[:, :HISTORY_DAYS], 1, 2).reshape(stores * 24, days - 1)
    spread = _inflation(weeks) * _spread(past, _HOUR_FLOOR).reshape(stores, 24)
    sigma = np.sqrt(spread**2 + 1 / np.maximum(was, 1.0))
    judged = np.where(np.abs(persons - was) >= _LEAST_PERSONS, used, 0.0)
    judged = np.where(np.isfinite(sigma) & np.isfinite(used), judged, np.nan)
    none = np.full(judged.shape, np.nan)
    opening = Opening(none, none, empty.astype(float))
    band = _Band(judged, sigma, np.maximum(HOUR_SIGMAS * sigma, _HOUR_EFFECT))
    return band.around(persons, Together(elsewhere, np.zeros(judged.shape, bool)), opening)


@dataclass(frozen=True)
class _Band:
    """Log distance from what was expected, its usual size, and half the width of the band."""

    distance: Floats
    sigma: Floats
    half: Floats

    def around(self, persons: Floats, elsewhere: Together, opening: Opening) -> Expected:
        middle = np.log1p(persons) - self.distance
        outside = np.isfinite(self.distance) & (np.abs(self.distance) >= self.half)
        low, at, high = (np.maximum(np.expm1(middle + sign * self.half), 0.0) for sign in (-1, 0, 1))
        return Expected(persons, at, low, high, self.distance / self.sigma, outside, elsewhere, opening)


def _usual_hours(counts: Counts) -> tuple[Floats, Floats]:
    """Usual log counts of the hours of seven weekdays, the last day's first (store, 7, hour), and weeks behind them."""
    logs = np.where(counts.guide[:, :, None] & counts.opened, np.log1p(counts.visitors), np.nan)[:, :HISTORY_DAYS]
    stores = len(logs)
    weeks = np.swapaxes(logs.reshape(stores, -1, 7, 24), 1, 2).reshape(stores * 7, -1, 24)
    found, known = _level(weeks)
    return found.reshape(stores, 7, 24), known.reshape(stores, 7, 24)[:, 0]


def _totals(counts: Counts, usual_hour: Floats) -> tuple[Floats, Floats]:
    """Log totals of the days (store, day), scaled up where hours are unknown, and the last day's known share."""
    usual = np.nan_to_num(np.expm1(usual_hour))[:, np.arange(HISTORY_DAYS + 1) % 7]
    here = np.isfinite(counts.visitors)
    whole = usual.sum(axis=2)
    share = np.where(whole > 0, np.where(here, usual, 0.0).sum(axis=2) / np.where(whole > 0, whole, 1.0), here.mean(2))
    totals = np.log1p(_sums(counts.visitors) / np.where(share > 0, share, np.nan))
    return np.where(share >= _KNOWN, totals, np.nan), share[:, -1]


def _sums(visitors: Floats) -> Floats:
    found: Floats = np.where(np.isfinite(visitors).any(axis=2), np.nansum(visitors, axis=2), np.nan)
    return found


def _level(weeks: Floats) -> tuple[Floats, Floats]:
    """A robust mean over the weeks (axis 1), newer ones counting more, and how many there are; NaN for too few."""
    number = np.isfinite(weeks).sum(axis=1).astype(float)
    return np.where(number >= LEAST_WEEKS, recent_mean(weeks), np.nan), number


def _spread(past: Floats, floor: float) -> Floats:
    """Usual distance over the days (axis 1), the mean of two robust measures; NaN for too few days."""
    apart = np.sort(np.abs(past), axis=1)
    number = np.isfinite(apart).sum(axis=1)
    ninth = np.take_along_axis(apart, np.maximum(np.ceil(0.9 * number).astype(int) - 1, 0)[:, None], axis=1)[:, 0]
    width = (1.4826 * median(np.abs(past), axis=1) + ninth / _NORMAL_90) / 2
    return np.where(number >= _LEAST_DAYS, np.maximum(width, floor), np.nan)


def _inflation(weeks: Floats) -> Floats:
    """How much farther a new day is from an estimated level than the days it was estimated from."""
    share = 1 / np.maximum(weeks, 2.0)
    found: Floats = np.sqrt((1 + share) / (1 - share))
    return found


def _nearer(one: Floats, other: Floats) -> Floats:
    """Of two distances the smaller; 0 where they disagree about the direction."""
    smaller = np.where(np.abs(one) <= np.abs(other), one, other)
    return np.where(np.isfinite(one) & np.isfinite(other), np.where(one * other > 0, smaller, 0.0), np.nan)


def _of_others(values: Floats, group: Mask) -> Floats:
    """Median of the other stores (axis 0) of the same group, column by column; NaN where they are too few."""
    found = np.full(values.shape, np.nan)
    for mine in (True, False):
        here = np.where(group == mine, values, np.nan)
        ordered = np.sort(here, axis=0)
        number = np.isfinite(ordered).sum(axis=0, keepdims=True)
        rank = np.argsort(np.argsort(here, axis=0, kind="stable"), axis=0, kind="stable")
        middle = []
        for place in ((number - 2) // 2, (number - 1) // 2):  # of those that are left without the store itself
            taken = np.clip(place + (place >= rank), 0, max(len(values) - 1, 0))
            middle.append(np.take_along_axis(ordered, taken, axis=0))
        enough = np.isfinite(here) & (number > LEAST_STORES)
        found = np.where(enough, (middle[0] + middle[1]) / 2, found)
    return found
