"""Known counts hidden, estimated by the product and by two simple rules, and compared with what was counted.

Only hiding and comparing belong here; the data are `leeds`'s and `simulated`'s business.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retail_platform.domains.footfall.grid import Grid
from retail_platform.domains.footfall.health import verdicts
from retail_platform.domains.footfall.imputation import Estimates, estimate
from retail_platform.domains.footfall.usual import Usual, usual

Mask = NDArray[np.bool_]
LAST_WEEK, MEAN_OF_FOUR, OURS = "same weekday and hour last week", "mean of the 4 last same weekdays", "ours"
COVERAGE = (0.1, 0.9)


@dataclass(frozen=True)
class Guess:
    """What was found where hours of a grid's last day were hidden."""

    usual: Usual
    estimates: Estimates


def guessed(grid: Grid, hidden: Mask) -> Guess:
    """Hide hours of the last day from the product, and have it estimate them as it does in `footfall`."""
    counts = grid.counts.copy()
    counts[:, -1] = np.where(hidden, np.nan, counts[:, -1])
    lacking = replace(grid, counts=counts)
    found = usual(lacking)
    believed = np.isfinite(counts[:, -1]) & ~verdicts(lacking, found).rejected & found.valid[:, -1]
    return Guess(found, estimate(lacking, found, hidden, believed))


def compared(grid: Grid, made: Guess, **labels: object) -> pl.DataFrame:
    """One row for each hidden hour: what was counted, what each rule says, and the 80 % interval."""
    estimates = made.estimates
    place = (estimates.sensor, estimates.hour)
    weeks = np.stack([grid.counts[:, -1 - 7 * week] for week in range(1, 5)])
    known = np.isfinite(weeks).sum(axis=0)
    mean = np.where(known > 0, np.where(np.isfinite(weeks), weeks, 0.0).sum(axis=0) / np.maximum(known, 1), np.nan)
    low, high = np.quantile(estimates.draws, COVERAGE, axis=1) if len(estimates.counts) else (np.zeros(0),) * 2
    frame = pl.DataFrame(
        {
            "day": pl.Series([grid.days[-1]]).new_from_index(0, len(estimates.counts)),
            "sensor": estimates.sensor,
            "hour": estimates.hour,
            "holiday": grid.holiday[grid.store[estimates.sensor], -1],
            "true": grid.counts[:, -1][place],
            OURS: estimates.counts,
            LAST_WEEK: weeks[0][place],
            MEAN_OF_FOUR: mean[place],
            "low": low,
            "high": high,
        }
    )
    return frame.with_columns(pl.lit(value).alias(name) for name, value in labels.items())


@dataclass(frozen=True)
class Score:
    """How far guesses are off, over the hours that every rule can guess.

    Attributes:
        wape: sum of absolute errors / sum of what was counted, by rule.
        bias: (sum of guesses - sum of what was counted) / sum of what was counted, by rule.
        coverage: share of what was counted that lies in the 80 % interval, over all hours that we estimate.
        hours, lacking: hidden hours, and by rule those that it cannot guess.
    """

    wape: dict[str, float]
    bias: dict[str, float]
    coverage: float
    hours: int
    lacking: dict[str, int]

    def lower_than(self, rule: str) -> float:
        """By which share our error is lower."""
        return 1 - self.wape[OURS] / self.wape[rule]


def score(rows: pl.DataFrame, rules: Iterable[str] = (OURS, LAST_WEEK, MEAN_OF_FOUR)) -> Score:
    """Compare rules over the same hours."""
    names = list(rules)
    same = rows.filter(pl.all_horizontal(pl.col(names).is_not_nan()))
    total = float(same["true"].sum())
    ours = rows.filter(pl.col(OURS).is_not_nan())
    inside = (pl.col("low") <= pl.col("true")) & (pl.col("true") <= pl.col("high"))
    return Score(
        wape={name: float((same[name] - same["true"]).abs().sum()) / total for name in names},
        bias={name: float((same[name] - same["true"]).sum()) / total for name in names},
        coverage=ours.select(inside.mean()).item(),
        hours=rows.height,
        lacking={name: int(rows[name].is_nan().sum()) for name in names},
    )


def of_days(rows: pl.DataFrame, rules: Iterable[str] = (OURS, LAST_WEEK, MEAN_OF_FOUR)) -> pl.DataFrame:
    """Whole days of a counter instead of hours; days of which a rule lacks an hour are left out."""
    sums = rows.group_by("day", "sensor").agg(pl.col("true", *rules).sum())
    return sums.with_columns(low=pl.col("true"), high=pl.col("true"))
