"""What each step of imputation adds, on Leeds' cameras in the years that nothing was tuned on.

A step is left out by giving the product less to look at, never by a switch in it: a camera in a grid of its own has no
siblings, and one whose whole day is hidden has no other hours either.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import polars as pl

from benchmarks.footfall import leeds
from benchmarks.footfall.figures import Figure
from benchmarks.footfall.hiding import LAST_WEEK, MEAN_OF_FOUR, OURS, Guess, Mask, compared, guessed, score
from benchmarks.footfall.imputation import EVALUATED, SHARE
from retail_platform.domains.footfall.grid import Grid
from retail_platform.windows import Window

PROFILE, OWN_HOURS = "robust profile of the camera's past weeks", "+ its own other hours of the day"
STEPS = (LAST_WEEK, MEAN_OF_FOUR, PROFILE, OWN_HOURS, OURS)
SHOWN = {OURS: "+ siblings: the whole"}
_EVERY = 4
_SEED = 7


def figures(years: tuple[int, int] = EVALUATED, processes: int = 2) -> list[Figure]:
    """The error of each step, for camera-days and for single hours that are hidden."""
    on = f"Leeds {years[0]}-{years[1]}, every {_EVERY}th day"
    lines = []
    for how, wape in errors(years, processes).items():
        before = None
        for step, error in wape.items():
            less = "" if before is None else f" ({error / before - 1:+.1%})"
            lines.append(Figure(f"hidden {how}: {step}", on, f"WAPE {error:.3f}{less}"))
            before = error
    return lines


def errors(years: tuple[int, int] = EVALUATED, processes: int = 2) -> dict[str, dict[str, float]]:
    """WAPE by way of hiding and by step."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        rows = pl.concat(pool.map(year, leeds.years(*years)))
    return {
        how: {SHOWN.get(step, step): error for step, error in score(rows.filter(how=how), STEPS).wape.items()}
        for how in ("camera-days", "hours")
    }


def year(window: Window) -> pl.DataFrame:
    """One row for each hidden hour of some days of a year, with what each step says."""
    whole = leeds.laid_out(window)
    rng = np.random.default_rng(_SEED + window.first.year)
    parts = []
    for day in list(window.days())[::_EVERY]:
        grid = whole.upto(day)
        known = np.isfinite(grid.counts[:, -1])
        for sensor in np.flatnonzero(known.any(axis=1)):
            hidden = np.zeros_like(known)
            hidden[sensor] = known[sensor]
            parts.append(_steps(grid, hidden, "camera-days"))
        parts.append(_steps(grid, known & (rng.random(known.shape) < SHARE), "hours"))
    return pl.concat(parts)


def alone(grid: Grid, sensor: int) -> Grid:
    """A grid of one counter, as if there were no other in the store."""
    one = slice(sensor, sensor + 1)
    names = ("counts", "delivered", "closed", "absurd", "broken", "store")
    return replace(grid, sensors=grid.sensors[one], **{name: getattr(grid, name)[one] for name in names})


def _steps(grid: Grid, hidden: Mask, how: str) -> pl.DataFrame:
    rows = compared(grid, guessed(grid, hidden), how=how)
    profile, own = np.full(hidden.shape, np.nan), np.full(hidden.shape, np.nan)
    for sensor in np.flatnonzero(hidden.any(axis=1)):
        made: Guess = guessed(alone(grid, int(sensor)), hidden[sensor : sensor + 1])
        profile[sensor] = made.usual.usual_counts()[0]
        own[sensor, made.estimates.hour] = made.estimates.counts
    place = (rows["sensor"].to_numpy(), rows["hour"].to_numpy())
    return rows.with_columns(pl.Series(PROFILE, profile[place]), pl.Series(OWN_HOURS, own[place]))
