"""How a day's visitors spread over its hours. Pure NumPy."""

import numpy as np

from retail_platform.domains.forecast.features import WEEKS_AHEAD
from retail_platform.domains.forecast.intervals import Calibration, calibrated, errors
from retail_platform.domains.forecast.panel import HOURS, Bools, Floats, Ints, Panel, mean, median

POWER_SHARE = 0.5  # of a day's visitors, that its power hours hold
_WEEKS = 4


def shares(panel: Panel, origins: Ints) -> Floats:
    """Share of each hour in the days ahead.

    The median of the last 4 same weekdays without special days, else of 8, else the mean of 4 weeks; half of it that
    of the last occasion of the same name, near a special day.

    Returns:
        Stores x origins x HORIZON x 24, 1 in sum; NaN for a store without any such day.
    """
    columns = origins[:, None] + np.arange(1, len(WEEKS_AHEAD) + 1)
    total = np.where(panel.daily > 0, panel.daily, np.nan)[:, :, None]
    share = np.nan_to_num(panel.hourly, nan=0.0) / total
    normal = np.where(panel.special[:, : panel.days, None], np.nan, share)
    usual = _usual(normal, columns)
    for fallback in (_usual(normal, columns, weeks=8), _recent(normal, origins), _recent(share, origins)):
        if not np.isnan(usual).any():
            break
        usual = np.where(np.isnan(usual), fallback, usual)
    seen = panel.earlier[:, columns]
    rows = np.arange(len(panel.stores))[:, None, None]
    there = (seen >= 0) & (seen < panel.days)
    then = np.where(there[..., None], share[rows, np.where(there, seen, 0)], np.nan)
    mixed = np.where(np.isnan(then), usual, (usual + then) / 2)
    return mixed / mixed.sum(axis=-1, keepdims=True)


def calibration(panel: Panel, origins: Ints, hourly: Floats, until: int | None = None) -> Calibration | None:
    """Learn the intervals of hours from earlier forecasts: each store and hour of the day is a series.

    Args:
        panel: with what came.
        origins: of the forecasts.
        hourly: stores x origins x HORIZON x 24, visitors as forecast.
        until: the last column that is known; None: all.
    """
    columns = origins[:, None] + np.arange(1, len(WEEKS_AHEAD) + 1)
    known = columns < panel.days if until is None else columns <= until
    came = panel.hourly[:, np.minimum(columns, panel.days - 1)]
    complete = known & np.isfinite(panel.daily[:, np.minimum(columns, panel.days - 1)])
    error = np.where(complete[..., None], errors(np.nan_to_num(came, nan=0.0), hourly), np.nan)
    error = np.where((hourly == 0) & (np.nan_to_num(came) == 0), np.nan, error)  # hours nobody ever comes in
    series = len(panel.stores) * HOURS
    special = np.broadcast_to(panel.special[:, None, columns], (len(panel.stores), HOURS, *columns.shape))
    return calibrated(
        np.moveaxis(error, -1, 1).reshape(series, -1),
        special.reshape(series, -1),
        np.broadcast_to(WEEKS_AHEAD, columns.shape).ravel(),
    )


def power_hours(visitors: Floats) -> Bools:
    """The fewest hours of a day that hold half of its visitors; of equal hours the earlier one.

    Args:
        visitors: anything x 24.
    """
    order = np.argsort(-visitors, axis=-1, kind="stable")
    ranked = np.take_along_axis(visitors, order, axis=-1)
    before = ranked.cumsum(axis=-1) - ranked
    chosen = (before < POWER_SHARE * visitors.sum(axis=-1, keepdims=True)) & (ranked > 0)
    found = np.zeros(visitors.shape, dtype=bool)
    np.put_along_axis(found, order, chosen, axis=-1)
    return found


def _usual(share: Floats, columns: Ints, weeks: int = _WEEKS) -> Floats:
    newest = columns - 7 * WEEKS_AHEAD
    known = []
    for week in range(weeks):
        column = newest - 7 * week
        inside = (column >= 0)[None, ..., None]
        known.append(np.where(inside, share[:, np.maximum(column, 0)], np.nan))
    found = median(known)
    return np.where(found.sum(axis=-1, keepdims=True) > 0, found, np.nan)


def _recent(share: Floats, origins: Ints) -> Floats:
    days = [
        np.where((origins >= day)[None, :, None], share[:, np.maximum(origins - day, 0)], np.nan) for day in range(28)
    ]
    return mean(days)[:, :, None, :]
