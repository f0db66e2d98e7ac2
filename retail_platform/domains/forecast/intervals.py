"""How sure a forecast is, from how far earlier ones were off. Pure NumPy.

The quantiles of earlier errors are the interval (split conformal prediction): no distribution is assumed. Errors are
ratios, taken as logarithms; each series has a width of its own, the shape is learnt from all of them.
"""

from dataclasses import dataclass

import numpy as np

from retail_platform.domains.forecast.panel import Bools, Floats, Ints, median

LEVELS = {"low_80": 0.10, "low_50": 0.25, "high_50": 0.75, "high_80": 0.90}
LEAST_ERRORS = 14  # in all, below which nothing is said
_OWN = 20  # errors of its own at which a series' width counts as much as that of all
_NARROWEST = 0.01


@dataclass(frozen=True)
class Calibration:
    """Widths of series and quantiles of the errors in them.

    Attributes:
        width: of each series.
        special: how much wider special days are than others, at least 1.
        quantiles: of errors over widths, by week ahead (first or second) and level.
    """

    width: Floats
    special: float
    quantiles: dict[str, tuple[float, float]]

    def bounds(self, forecast: Floats, special: Bools, weeks_ahead: Ints) -> dict[str, Floats]:
        """Interval ends around forecasts, in visitors; each holds the forecast and none is negative.

        Args:
            forecast: series x anything, visitors.
            special: of a shape that fits; special days.
            weeks_ahead: of a shape that fits; 1 or 2.
        """
        width = self.width.reshape(-1, *[1] * (forecast.ndim - 1)) * np.where(special, self.special, 1.0)
        ends = {}
        for level, (one, two) in self.quantiles.items():
            moved = (forecast + 1) * np.exp(width * np.where(weeks_ahead == 1, one, two)) - 1
            ends[level] = np.where(forecast == 0, 0, np.maximum(moved, 0))
        return ends


def errors(visitors: Floats, forecast: Floats) -> Floats:
    """Logarithm of what came over what was forecast; one is added to both, so that an empty hour has an error, too."""
    return np.asarray(np.log((visitors + 1) / (forecast + 1)))


def calibrated(error: Floats, special: Bools, weeks_ahead: Ints) -> Calibration | None:
    """Learn widths and quantiles from errors.

    Args:
        error: series x cases; NaN where unknown.
        special: cases or series x cases; special days.
        weeks_ahead: cases, 1 or 2.

    Returns:
        The calibration; None where there are too few errors to say anything.
    """
    known = np.isfinite(error)
    if known.sum() < LEAST_ERRORS:
        return None
    special = np.broadcast_to(special, error.shape)
    plain = np.where(special, np.nan, np.abs(error))
    plain = np.where(np.isfinite(plain).any(), plain, np.abs(error))
    overall = max(float(median(plain.ravel())), _NARROWEST)
    count = np.isfinite(plain).sum(axis=1)
    own = np.where(count > 0, median(plain, axis=1), overall)
    width = np.maximum((count * own + _OWN * overall) / (count + _OWN), _NARROWEST)
    wider = _wider(error, width, special)
    scaled = error / (width[:, None] * np.where(special, wider, 1.0))
    weeks = np.broadcast_to(weeks_ahead, error.shape)
    quantiles = {
        level: (_quantile(scaled, known & (weeks == 1), share), _quantile(scaled, known & (weeks == 2), share))
        for level, share in LEVELS.items()
    }
    return Calibration(width, wider, quantiles)


def _wider(error: Floats, width: Floats, special: Bools) -> float:
    scaled = np.abs(error) / width[:, None]
    there = np.isfinite(scaled)
    if (there & special).sum() < LEAST_ERRORS or (there & ~special).sum() < LEAST_ERRORS:
        return 1.0
    return max(1.0, float(np.median(scaled[there & special]) / max(np.median(scaled[there & ~special]), 1e-9)))


def _quantile(scaled: Floats, chosen: Bools, share: float) -> float:
    """The quantile of a sample as seen by a new case: a little further out; on the outer side of the forecast."""
    found = scaled[chosen] if chosen.any() else scaled[np.isfinite(scaled)]
    rank = share * (len(found) + 1) / len(found) if share > 0.5 else 1 - (1 - share) * (len(found) + 1) / len(found)
    value = float(np.quantile(found, min(max(rank, 0), 1)))
    return max(value, 0.0) if share > 0.5 else min(value, 0.0)
