"""Errors of imputation: Leeds' cameras in years that nothing was tuned on, and the simulator without faults.

What was tuned was tuned on Leeds 2011 and 2012 (`TUNED`) alone.
"""

from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import numpy as np
import polars as pl

from benchmarks.footfall import leeds, simulated
from benchmarks.footfall.figures import Figure
from benchmarks.footfall.hiding import LAST_WEEK, MEAN_OF_FOUR, OURS, compared, guessed, of_days, score
from retail_platform.domains.footfall.grid import Grid
from retail_platform.domains.footfall.layout import lay_out
from retail_platform.sources.simulator.faults import Faults
from retail_platform.windows import Window

TUNED, EVALUATED = (2011, 2012), (2013, 2016)
SHARE = 0.05
_SEED = 20130101
_SIMULATED = Window(date(2026, 3, 1), date(2026, 6, 28))
_QUIET = 20  # persons in an hour, below which an interval is looked at apart


def figures(years: tuple[int, int] = EVALUATED, processes: int = 2) -> list[Figure]:
    """All of them."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        rows = pl.concat(pool.map(hidden_year, leeds.years(*years)))
    on = f"Leeds {years[0]}-{years[1]}"
    lines = []
    for how, name in (("camera-day", "whole camera-days hidden"), ("hours", f"{SHARE:.0%} of camera-hours hidden")):
        lines += lines_of(rows.filter(how=how), name, on)
    days = score(of_days(rows.filter(how="camera-day")))
    lines.append(Figure("whole camera-days hidden, sums of the day", on, _errors(days.wape)))
    return [*lines, *_simulated()]


def hidden_year(window: Window) -> pl.DataFrame:
    """Every second day of each camera hidden by itself, and every day a share of the hours of all cameras."""
    whole = leeds.laid_out(window)
    rng = np.random.default_rng(_SEED + window.first.year)
    parts = []
    for number, day in enumerate(window.days()):
        grid = whole.upto(day)
        known = np.isfinite(grid.counts[:, -1])
        for sensor in np.flatnonzero(known.any(axis=1)):
            if (number + sensor) % 2 == 0:
                hidden = np.zeros_like(known)
                hidden[sensor] = known[sensor]
                parts.append(compared(grid, guessed(grid, hidden), how="camera-day"))
        hidden = known & (rng.random(known.shape) < SHARE)
        parts.append(compared(grid, guessed(grid, hidden), how="hours"))
    return pl.concat(parts)


def lines_of(rows: pl.DataFrame, what: str, on: str) -> list[Figure]:
    """The figures of one way of hiding."""
    found = score(rows)
    quiet = rows.filter(pl.col(OURS) < _QUIET)
    lacking = ", ".join(f"{count} by {name}" for name, count in found.lacking.items())
    bias = f"bias {found.bias[OURS]:+.1%}"
    lines = [Figure(f"{what}: WAPE of {found.hours:,} h", on, f"{_errors(found.wape)}; {bias}; no guess for {lacking}")]
    for rule, least in ((LAST_WEEK, 0.25), (MEAN_OF_FOUR, 0.15)):
        lower = found.lower_than(rule)
        lines.append(Figure(f"{what}: error lower than {rule}", on, f"{lower:.1%}", f"by {least:.0%}", lower >= least))
    inside = found.coverage
    lines.append(Figure(f"{what}: truth in the 80 % interval", on, f"{inside:.1%}", "75-85 %", 0.75 <= inside <= 0.85))
    if quiet.height >= 500:
        lines.append(
            Figure(
                f"{what}: the same, where less than {_QUIET} persons are estimated", on, f"{score(quiet).coverage:.1%}"
            )
        )
    celebrated = rows.filter("holiday")
    if celebrated.height >= 500:
        holidays = score(celebrated)
        lines.append(
            Figure(f"{what}: public holidays alone", on, f"{_errors(holidays.wape)}; bias {holidays.bias[OURS]:+.1%}")
        )
    return lines


def _errors(wape: dict[str, float]) -> str:
    return f"{wape[OURS]:.3f} (last week {wape[LAST_WEEK]:.3f}, mean of 4 {wape[MEAN_OF_FOUR]:.3f})"


def _simulated() -> list[Figure]:
    rows = pl.concat([_hidden_world(seed) for seed in (1, 2, 3)])
    on = "simulator without faults, 10 stores × 120 days × 3 seeds"
    lines = []
    for how, what in (("sensor-day", "sensor-days hidden"), ("hours", "sensor-hours hidden")):
        part = rows.filter(how=how)
        lines += lines_of(part, f"{SHARE:.0%} of {what}", on)
        for alone, doors in ((True, "one door"), (False, "several doors")):
            found = score(part.filter(pl.col("alone") == alone))
            measured = f"{_errors(found.wape)}; bias {found.bias[OURS]:+.1%}; in the interval {found.coverage:.1%}"
            lines.append(Figure(f"{SHARE:.0%} of {what}, stores with {doors}: WAPE of {found.hours:,} h", on, measured))
    return lines


def _hidden_world(seed: int) -> pl.DataFrame:
    made = simulated.world(seed, _SIMULATED, faults=Faults.none(), history=True)
    whole = lay_out(made.readings.lazy(), made.around, _SIMULATED)
    counters = np.bincount(whole.store)[whole.store]
    alone = pl.DataFrame({"sensor": np.arange(len(counters)), "alone": counters == 1})
    rng = np.random.default_rng(_SEED + seed)
    parts = []
    for day in _SIMULATED.days():
        grid: Grid = whole.upto(day)
        known = grid.hours_to_count() & np.isfinite(grid.counts[:, -1])
        for how, drawn in (("sensor-day", rng.random((len(known), 1))), ("hours", rng.random(known.shape))):
            hidden = known & (drawn < SHARE)
            parts.append(compared(grid, guessed(grid, hidden), how=how))
    return pl.concat(parts).join(alone, on="sensor")
