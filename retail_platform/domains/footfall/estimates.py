"""The verdicts and the visitors of a range of days, day by day, from readings laid out as arrays.

Only the way from frames to frames belongs here. Each day is made from itself and the `HISTORY_DAYS` before it alone.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from retail_platform.domains.footfall.contract import METHODS, Footfall, SensorHealth
from retail_platform.domains.footfall.grid import Floats, Grid, Ints, Mask, present, succeeded
from retail_platform.domains.footfall.health import Verdicts, health_frame, verdicts
from retail_platform.domains.footfall.imputation import DRAWS, Estimates, estimate, normal_draws
from retail_platform.domains.footfall.layout import Surroundings, lay_out
from retail_platform.domains.footfall.usual import Usual, usual
from retail_platform.windows import Window

_INTERVAL = (0.1, 0.9)
_OBSERVED, _CLOSED, _SIBLINGS, _CORRECTED, _HISTORY, _UNKNOWN = range(len(METHODS))  # the weaker the later
_MISCOUNTING = ("undercounting", "overcounting")
_LEAST_COUNT = 20  # persons; a day with fewer says nothing of its own course


def sensor_health_and_footfall(
    readings: pl.LazyFrame, around: Surroundings, window: Window
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """How far each counter can be believed on each day, and the visitors of each store and hour.

    Both come from one look at the readings: what a day is judged by is what its visitors are made from.

    Args:
        readings: `FootfallReading` rows of the window and the 56 days before.
        around: what is known of the stores.
        window: the days wanted.

    Returns:
        `SensorHealth` rows, one for each counter of each store that trades; and `Footfall` rows: each open hour of
        each store with doors, and each hour that has a reading.
    """
    laid_out = lay_out(readings, around, window)
    health: list[pl.DataFrame] = [SensorHealth.create_empty()]
    visitors: list[pl.DataFrame] = [Footfall.create_empty()]
    for day in window.days():
        grid = present(succeeded(laid_out.upto(day)))
        found = usual(grid)
        judged = verdicts(grid, found)
        health.append(health_frame(day, grid, judged))
        visitors.append(_day_frame(day, grid, _filled(grid, found, judged)))
    return (
        pl.concat(health).sort("date", "store_id", "sensor_id").lazy(),
        pl.concat(visitors).sort("date", "store_id", "hour").lazy(),
    )


@dataclass(frozen=True)
class _Filled:
    """Counts and estimates of a grid's last day (sensor, hour); `wanted` hours have one of them, or nothing."""

    wanted: Mask
    counted: Mask
    method: Ints
    estimates: Estimates


def _filled(grid: Grid, found: Usual, judged: Verdicts) -> _Filled:
    counted = np.isfinite(grid.counts[:, -1]) & ~judged.rejected
    shifted = np.array(judged.status) == "clock_shift"  # hours without a count have theirs elsewhere in the day
    wanted = judged.opened & ~(shifted[:, None] & ~counted)
    missing = wanted & ~counted
    made = estimate(grid, found, missing, counted & wanted & found.valid[:, -1])
    made, corrected = _corrected(grid, found, judged, made)
    method = np.where(counted, _OBSERVED, _CLOSED)
    how = np.select(
        [corrected, ~np.isfinite(made.counts), made.from_siblings], [_CORRECTED, _UNKNOWN, _SIBLINGS], _HISTORY
    )
    method[made.sensor, made.hour] = how
    return _Filled(wanted, counted, method, made)


def _corrected(grid: Grid, found: Usual, judged: Verdicts, made: Estimates) -> tuple[Estimates, Mask]:
    """A miscounting counter without siblings at work still tells the day's course: it is scaled to the expected."""
    counts = np.where(judged.opened & np.isfinite(grid.counts[:, -1]), grid.counts[:, -1], 0.0).sum(axis=1)
    wrong = np.isin(judged.status, _MISCOUNTING) & (counts >= _LEAST_COUNT)
    share = np.where(wrong, counts, np.nan) / judged.expected
    scaled = grid.counts[made.sensor, -1, made.hour] / share[made.sensor]
    use = np.isfinite(scaled) & ~made.from_siblings
    spread = found.spread[made.sensor][:, None]
    levels = np.exp(spread * normal_draws()[None, :])
    estimates = np.where(use, scaled, made.counts)
    draws = np.where(use[:, None], scaled[:, None] * levels, made.draws)
    return Estimates(made.sensor, made.hour, estimates, draws, made.from_siblings), use


def _day_frame(day: date, grid: Grid, filled: _Filled) -> pl.DataFrame:
    made, store = filled.estimates, grid.store
    there = filled.wanted | filled.counted
    observed = grid.of_store(np.add, np.where(filled.counted, grid.counts[:, -1], 0.0))
    ok, total = (grid.of_store(np.add, marked.astype(np.int64)) for marked in (filled.counted, there))
    estimated = np.bincount(store[made.sensor] * 24 + made.hour, made.counts, observed.size).reshape(observed.shape)
    method = grid.of_store(np.maximum, np.where(there, filled.method, _OBSERVED))
    reported = _reported(grid) | (total > 0)
    silent = _of_nobody(grid, reported)
    opened = grid.opened[:, -1] & ~grid.skipped[:, -1]
    closed = grid.hours_known[:, -1, None] & ~grid.opened[:, -1]  # whoever is counted in it, none should be
    blind = (opened & (total == 0) & ~_shut(grid)) | silent
    method = np.where(blind, _UNKNOWN, np.where(total == 0, _CLOSED, method))
    visitors = np.where(blind, np.nan, observed + estimated)
    low, high = _interval(grid, made, observed, visitors)
    shown = opened | reported | silent
    place, hour = np.nonzero(shown)
    frame = pl.DataFrame(
        {
            "store": place.astype(np.uint32),
            "hour": hour,
            "visitors": visitors[shown],
            "visitors_low": low[shown],
            "visitors_high": high[shown],
            "observed_visitors": np.where(ok + (total == 0) * ~blind > 0, observed, np.nan)[shown],
            "estimated": estimated[shown],
            "method": method[shown].astype(np.uint32),
            "sensors_ok": np.where(closed, 0, ok)[shown],
            "sensors_total": np.where(closed, 0, total)[shown],
        }
    )
    return (
        frame.with_columns(pl.col(pl.Float64).fill_nan(None))
        .with_columns(
            date=pl.lit(day),
            store_id=pl.Series(grid.stores, dtype=pl.String).gather(frame["store"]),
            method=pl.Series(METHODS).gather(frame["method"]),
            imputed_share=pl.when(pl.col("visitors") > 0)
            .then(pl.col("estimated") / pl.col("visitors"))
            .when(pl.col("visitors") == 0)
            .then(0.0),
        )
        .with_columns(pl.col("visitors", "visitors_low", "visitors_high", "observed_visitors").round())
        .pipe(Footfall.cast)
    )


def _interval(grid: Grid, made: Estimates, observed: Floats, visitors: Floats) -> tuple[Floats, Floats]:
    """80 % intervals: a store's draws are summed over its counters, draw by draw, as their misses go together."""
    low, high = visitors.copy(), visitors.copy()
    known = np.isfinite(made.counts)
    cell = grid.store[made.sensor[known]] * 24 + made.hour[known]
    cells, where = np.unique(cell, return_inverse=True)
    total = np.zeros((len(cells), DRAWS))
    order = np.argsort(where, kind="stable")
    turn = np.arange(len(order)) - np.searchsorted(where[order], where[order])  # of a counter in its store's hour
    for number in range(turn.max(initial=-1) + 1):
        rows = order[turn == number]
        total[where[rows]] += made.draws[known][rows]
    if len(cells):
        place = np.unravel_index(cells, observed.shape)
        bounds = np.quantile(total, _INTERVAL, axis=1) + observed[place]
        low[place] = np.minimum(np.floor(bounds[0]), low[place])
        high[place] = np.maximum(np.ceil(bounds[1]), high[place])
    return low, high


def _reported(grid: Grid) -> Mask:
    rows = grid.closed[:, -1] | grid.broken[:, -1] | grid.absurd[:, -1] | np.isfinite(grid.counts[:, -1])
    return grid.any_of_store(rows)


def _shut(grid: Grid) -> Mask:
    return grid.any_of_store(grid.closed[:, -1])


def _of_nobody(grid: Grid, reported: Mask) -> Mask:
    """Hours of stores of which nothing tells whether they are open: all of the day, each unknown (store, hour).

    Their opening hours are not known, nothing was delivered, on the day or its weekday before, and no silence in weeks
    in which they delivered says that they close on it.
    """
    nothing = grid.trading[:, -1] & ~grid.hours_known[:, -1] & ~reported.any(axis=1) & ~grid.weekday_known()
    return np.broadcast_to(nothing[:, None], reported.shape)
