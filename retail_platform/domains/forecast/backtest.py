"""What would have been forecast at earlier origins, and how far off it was. Pure NumPy.

A model serves a few origins in a row before it is made anew, always from days before the first of them.
"""

from dataclasses import dataclass

import numpy as np

from retail_platform.domains.forecast.contract import HORIZON
from retail_platform.domains.forecast.features import WEEKS_AHEAD, at, closed_weekdays, examples, seasonal_naive
from retail_platform.domains.forecast.intervals import Calibration, calibrated, errors
from retail_platform.domains.forecast.model import WHOLE, Method, fit
from retail_platform.domains.forecast.panel import Bools, Floats, Ints, Panel

LEAST_KNOWN = 28  # days a store has counted before the model is trusted with it
_MOST_ORIGINS, _MOST_CASES = 26, 10_000  # of a store, and stores x origins: bounds what a backtest costs
_FIRST_ORIGIN = 13  # two weeks are the least that can be repeated
_ORIGINS_OF_A_MODEL = 7
_EVERYONE = slice(None)


@dataclass(frozen=True)
class Forecasts:
    """Visitors a day, of all stores of a panel.

    Attributes:
        origins: columns of the last known days.
        visitors: stores x origins x HORIZON, as forecast; NaN where a store had no history.
        naive: the same by the seasonal naive forecast.
        learnt: stores x origins; whether the model made it, or the seasonal naive forecast stood in.
    """

    origins: Ints
    visitors: Floats
    naive: Floats
    learnt: Bools

    @property
    def columns(self) -> Ints:
        """Origins x HORIZON, the panel's column of each day ahead."""
        return np.asarray(self.origins[:, None] + np.arange(1, HORIZON + 1))


@dataclass(frozen=True)
class Backtest:
    """Forecasts beside what came, and the errors they leave."""

    forecasts: Forecasts
    came: Floats
    special: Bools

    def calibration(self, until: int | None = None) -> Calibration | None:
        """Learn intervals from the errors that were known at a column; None: from all."""
        error = errors(self.came, self.forecasts.visitors)
        if until is not None:
            error = np.where(self.forecasts.columns <= until, error, np.nan)
        series = len(error)
        weeks = np.broadcast_to(WEEKS_AHEAD, self.forecasts.columns.shape).ravel()
        return calibrated(error.reshape(series, -1), self.special.reshape(series, -1), weeks)

    def bounds(self) -> dict[str, Floats]:
        """Intervals around each forecast as they could have been stated at its origin; NaN at the first ones."""
        found: dict[str, Floats] = {}
        for index, origin in enumerate(self.forecasts.origins):
            known = self.calibration(int(origin))
            if known is None:
                continue
            visitors, special = self.forecasts.visitors[:, index], self.special[:, index]
            for level, ends in known.bounds(visitors, special, WEEKS_AHEAD).items():
                found.setdefault(level, np.full_like(self.came, np.nan))[:, index] = ends
        return found


def backtest_origins(panel: Panel) -> Ints:
    """Every other week of the past year, every week where history is short; fewer where there are many stores."""
    newest = panel.days - 1 - HORIZON
    every = 14 if newest >= 26 * 7 else 7
    most = min(_MOST_ORIGINS, max(4, _MOST_CASES // max(len(panel.stores), 1)))
    origins = np.arange(newest, _FIRST_ORIGIN - 1, -every)[:most]
    return origins[::-1].astype(np.intp)


def backtest(panel: Panel, origins: Ints, method: Method = WHOLE) -> Backtest:
    """Forecast from each origin by what was known there."""
    parts = [
        forecast(panel, origins[start : start + _ORIGINS_OF_A_MODEL], method)
        for start in range(0, len(origins), _ORIGINS_OF_A_MODEL)
    ]
    joined = Forecasts(
        origins,
        np.concatenate([part.visitors for part in parts], axis=1),
        np.concatenate([part.naive for part in parts], axis=1),
        np.concatenate([part.learnt for part in parts], axis=1),
    )
    came = at(np.pad(panel.daily, ((0, 0), (0, HORIZON)), constant_values=np.nan), joined.columns)
    return Backtest(joined, came, panel.special[:, joined.columns])


def forecast(panel: Panel, origins: Ints, method: Method = WHOLE, opens: Bools | None = None) -> Forecasts:
    """The days after each origin, by a model of what was known at the first of them.

    Args:
        panel: counts and calendars.
        origins: columns of the last known days.
        method: the parts of the method to use.
        opens: stores x origins x HORIZON, days that are known to open, even if their weekday never did.
    """
    naive = np.exp(seasonal_naive(panel, _EVERYONE, origins))
    closed = closed_weekdays(panel, _EVERYONE, origins)
    if opens is not None:
        closed &= ~opens
    model = fit(panel, int(origins[0]), method)
    known = np.isfinite(panel.daily).cumsum(axis=1)[:, origins]
    learnt = (known >= LEAST_KNOWN) & (model is not None)
    visitors = naive
    if model is not None:
        visitors = np.where(learnt[:, :, None], np.exp(model.predict(examples(panel, _EVERYONE, origins))), naive)
    return Forecasts(origins, np.where(closed, 0, visitors), np.where(closed, 0, naive), learnt)
