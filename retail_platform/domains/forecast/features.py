"""What the models know of a store, an origin and a day ahead. Pure NumPy.

Everything here was known at the origin: counts up to it, and the calendar of the days to come. No model is made here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from retail_platform.domains.forecast.contract import HORIZON
from retail_platform.domains.forecast.panel import Bools, Floats, Ints, Panel, mean

AHEAD = np.arange(1, HORIZON + 1)
WEEKS_AHEAD = (AHEAD - 1) // 7 + 1
_YEARS = {"last_year": 364, "year_before": 728}  # whole weeks, so that weekdays meet
_WEEKS_KNOWN = 8

RECENT, YEARLY, CALENDAR, OCCASIONS = "recent", "yearly", "calendar", "occasions"
GROUPS = (RECENT, YEARLY, CALENDAR, OCCASIONS)
_BOOSTED_ONLY = ("school", "school_change", "school_weekday", "occasion_before", "occasion_before_all")


@dataclass(frozen=True)
class Examples:
    """Features of stores x origins x days ahead.

    Attributes:
        names: of the features.
        groups: the group of each.
        values: stores x origins x HORIZON x features; NaN where unknown.
        base: stores x origins x HORIZON, logarithm of what was usual on that weekday at the origin; NaN: no history.
        target: the same shape, logarithm of what came.
        columns: origins x HORIZON, the panel's column of each day ahead.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    values: Floats
    base: Floats
    target: Floats
    columns: Ints

    @property
    def linear(self) -> Bools:
        """The features that a linear model can learn from two occasions a year without believing them too much."""
        return np.array([name not in _BOOSTED_ONLY for name in self.names])


def examples(panel: Panel, stores: slice, origins: Ints) -> Examples:
    """The features of some stores at some origins.

    Args:
        panel: counts and calendars.
        stores: which of its stores.
        origins: columns of the last known days.
    """
    columns = origins[:, None] + AHEAD
    base = _base(panel, stores, origins, columns)
    parts = {
        RECENT: _recent(panel, stores, origins, columns, base),
        YEARLY: _yearly(panel, stores, columns),
        CALENDAR: _calendar(panel, stores, columns),
        OCCASIONS: _occasions(panel, stores, columns),
    }
    named = [(group, name, value) for group, part in parts.items() for name, value in part]
    return Examples(
        tuple(name for _, name, _ in named),
        tuple(group for group, _, _ in named),
        np.stack([np.broadcast_to(value, base.shape) for _, _, value in named], axis=-1),
        base,
        at(panel.logs[stores], columns),
        columns,
    )


def at(array: Floats, columns: Ints) -> Floats:
    """Values of each row at the columns; NaN outside the array."""
    inside = (columns >= 0) & (columns < array.shape[1])
    return np.where(inside[None], array[:, np.clip(columns, 0, array.shape[1] - 1)], np.nan)


def same_weekdays(array: Floats, columns: Ints, weeks: int) -> list[Floats]:
    """Values on the weekday of the columns in the last weeks known at the origin, the newest first."""
    newest = columns - 7 * WEEKS_AHEAD
    return [at(array, newest - 7 * week) for week in range(weeks)]


def seasonal_naive(panel: Panel, stores: slice, origins: Ints) -> Floats:
    """Logarithm of the latest known count on the same weekday; the store's level where none is known in 8 weeks."""
    columns = origins[:, None] + AHEAD
    found = np.broadcast_to(
        panel.level[stores][:, origins][:, :, None], (*panel.level[stores][:, origins].shape, HORIZON)
    )
    for known in reversed(same_weekdays(panel.logs[stores], columns, _WEEKS_KNOWN)):
        found = np.where(np.isnan(known), found, known)
    return found


def closed_weekdays(panel: Panel, stores: slice, origins: Ints) -> Bools:
    """Days ahead whose weekday was never open in the last 8 weeks known at the origin, as far as one can see."""
    columns = origins[:, None] + AHEAD
    shut = np.where(panel.shut[stores], 1.0, 0.0)
    weeks = np.array(same_weekdays(shut, columns, _WEEKS_KNOWN))
    seen = np.array(same_weekdays(_trading(panel, stores), columns, _WEEKS_KNOWN)) == 1
    return np.asarray((seen.any(axis=0)) & (np.where(seen, weeks, 1.0) == 1).all(axis=0))


def _trading(panel: Panel, stores: slice) -> Floats:
    """1 from a store's first sign of life on."""
    signs = panel.shut[stores] | np.isfinite(panel.daily[stores])
    return np.where(np.logical_or.accumulate(signs, axis=1), 1.0, 0.0)


def _base(panel: Panel, stores: slice, origins: Ints, columns: Ints) -> Floats:
    usual = same_weekdays(panel.usual[stores], columns, 1)[0]
    return np.where(np.isnan(usual), panel.level[stores][:, origins][:, :, None], usual)


def _recent(panel: Panel, stores: slice, origins: Ints, columns: Ints, base: Floats) -> Iterator[tuple[str, Floats]]:
    for week, known in enumerate(same_weekdays(panel.normal[stores], columns, 3), 1):
        yield f"week_{week}", known - base
    yield "long", same_weekdays(panel.usual_long[stores], columns, 1)[0] - base
    surprises = [at(panel.surprise[stores], origins - day) for day in range(14)]
    for days in (3, 7, 14):
        yield f"surprise_{days}", mean(surprises[:days])[:, :, None]
    yield "surprise_7_all", mean([at(_all(panel.surprise), origins - day) for day in range(7)])[:, :, None]


def _yearly(panel: Panel, stores: slice, columns: Ints) -> Iterator[tuple[str, Floats]]:
    signals = {"growth": panel.growth, "smooth_growth": panel.smooth_growth}
    for signal, of_weeks in signals.items():
        one, two = of_weeks(1), of_weeks(2)
        for name, lag in _YEARS.items():
            yield f"{signal}_{name}", _by_week(one[stores], two[stores], columns - lag)
            yield f"{signal}_{name}_all", _by_week(_all(one), _all(two), columns - lag)


def _calendar(panel: Panel, stores: slice, columns: Ints) -> Iterator[tuple[str, Floats]]:
    yield "ahead", AHEAD.astype(float)
    yield "weekday", panel.weekdays[columns][None].astype(float)
    yield "day_of_year", np.array([day.timetuple().tm_yday for day in panel.dates], dtype=float)[columns][None]
    school = panel.school[stores].astype(float)
    before = np.median(same_weekdays(school, columns, 4), axis=0)
    change = at(school, columns) - before
    yield "school", at(school, columns)
    yield "school_change", change
    yield "school_weekday", change * (panel.weekdays[columns] < 5)


def _occasions(panel: Panel, stores: slice, columns: Ints) -> Iterator[tuple[str, Floats]]:
    special = panel.special[stores].astype(float)
    for name, days in {"special": 0, "day_before": 1, "two_days_before": 2, "day_after": -1}.items():
        yield name, at(special, columns + days)
    effect, of_all = panel.occasion[stores], np.broadcast_to(_all(panel.occasion), panel.occasion.shape)[stores]
    last = panel.earlier[stores][:, columns]
    rows = np.arange(len(special))[:, None, None]
    before = np.where(last >= 0, panel.earlier[stores][rows, np.maximum(last, 0)], -1)
    for name, seen in {"occasion": last, "occasion_before": before}.items():
        there, column = seen >= 0, np.maximum(seen, 0)
        yield name, np.where(there, effect[rows, column], np.nan)
        yield f"{name}_all", np.where(there, of_all[rows, column], np.nan)


def _all(array: Floats) -> Floats:
    """The mean over all stores, as one row."""
    return mean(array)[None]


def _by_week(one: Floats, two: Floats, columns: Ints) -> Floats:
    return np.where(WEEKS_AHEAD == 1, at(one, columns), at(two, columns))
