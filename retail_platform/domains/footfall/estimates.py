"""The verdicts and the visitors of a range of days, day by day, from readings laid out as arrays.

Only the way from frames to frames belongs here. Each day is made from itself and the `HISTORY_DAYS` before it alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from retail_platform.domains.footfall.contract import METHODS, Footfall, SensorHealth
from retail_platform.domains.footfall.grid import Floats, Grid, Ints, Mask, Surroundings, lay_out, present, succeeded
from retail_platform.domains.footfall.health import health_frame, verdicts
from retail_platform.domains.footfall.imputation import DRAWS, Estimates, estimate, normal_draws
from retail_platform.domains.footfall.usual import Usual, usual
from retail_platform.windows import Window

_INTERVAL = (0.1, 0.9)
_OBSERVED, _CLOSED, _SIBLINGS, _CORRECTED, _HISTORY, _UNKNOWN = range(len(METHODS))  # the weaker the later
_MISCOUNTING = ("undercounting", "overcounting")
_LEAST_COUNT = 20  # persons; a day with fewer says nothing of its own course


def sensor_health(readings: pl.LazyFrame, around: Surroundings, window: Window) -> pl.LazyFrame:
    """How far each counter can be believed on each day.

    Args:
        readings: `FootfallReading` rows of the window and the 56 days before.
        around: what is known of the stores.
        window: the days wanted.

    Returns:
        `SensorHealth` rows, one for each counter of each store that trades.
    """
    frames = [
        health_frame(day, grid, verdicts(grid, found))
        for day, grid, found in _days(lay_out(readings, around, window), window)
    ]
    return pl.concat([SensorHealth.create_empty(), *frames]).sort("date", "store_id", "sensor_id").lazy()


def footfall(readings: pl.LazyFrame, health: pl.LazyFrame, around: Surroundings, window: Window) -> pl.LazyFrame:
    """Visitors of each store and hour: what was counted, and estimates where no count can be believed.

    Args:
        readings: `FootfallReading` rows of the window and the 56 days before.
        health: `SensorHealth` rows of the window.
        around: what is known of the stores.
        window: the days wanted.

    Returns:
        `Footfall` rows: each open hour of each store with doors, and each hour that has a reading.
    """
    wanted = health.filter(pl.col("date").is_between(window.first, window.last)).collect()
    by_day = wanted.partition_by("date", as_dict=True)
    frames = []
    for day, grid, found in _days(lay_out(readings, around, window), window):
        of_day = by_day.get((day,), SensorHealth.create_empty())
        frames.append(_day_frame(day, grid, _filled(grid, found, _Judged.of(grid, of_day))))
    return pl.concat([Footfall.create_empty(), *frames]).sort("date", "store_id", "hour").lazy()


def _days(laid_out: Grid, window: Window) -> Iterator[tuple[date, Grid, Usual]]:
    for day in window.days():
        grid = present(succeeded(laid_out.upto(day)))
        yield day, grid, usual(grid)


@dataclass(frozen=True)
class _Judged:
    """What `SensorHealth` says of a grid's counters.

    Attributes:
        rejected: hours whose counts are not used (sensor, hour).
        miscount: counted / expected of those that miscount, else NaN (sensor).
        shifted: the clock is wrong: hours without a count have theirs elsewhere in the day (sensor).
    """

    rejected: Mask
    miscount: Floats
    shifted: Mask

    @classmethod
    def of(cls, grid: Grid, health: pl.DataFrame) -> "_Judged":
        keys = pl.DataFrame(
            {"store_id": [grid.stores[number] for number in grid.store], "sensor_id": grid.sensors},
            schema={"store_id": pl.String, "sensor_id": pl.String},
        )
        wrong = pl.col("status").cast(pl.String).is_in(_MISCOUNTING) & (pl.col("observed") >= _LEAST_COUNT)
        found = keys.join(health, on=["store_id", "sensor_id"], how="left", maintain_order="left").select(
            "rejected_hours",
            miscount=pl.when(wrong).then(pl.col("observed") / pl.col("expected")),
            shifted=(pl.col("status").cast(pl.String) == "clock_shift").fill_null(value=False),
        )
        rejected = np.zeros((keys.height, 24), bool)
        for number, rows in enumerate(found["rejected_hours"]):
            rejected[number, [] if rows is None else rows.to_list()] = True
        miscount = found["miscount"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return cls(rejected, miscount, found["shifted"].to_numpy())


@dataclass(frozen=True)
class _Filled:
    """Counts and estimates of a grid's last day (sensor, hour); `wanted` hours have one of them, or nothing."""

    wanted: Mask
    counted: Mask
    method: Ints
    estimates: Estimates


def _filled(grid: Grid, found: Usual, judged: _Judged) -> _Filled:
    counted = np.isfinite(grid.counts[:, -1]) & ~judged.rejected
    wanted = grid.hours_to_count() & ~(judged.shifted[:, None] & ~counted)
    missing = wanted & ~counted
    made = estimate(grid, found, missing, counted & wanted & found.valid[:, -1])
    made, corrected = _corrected(grid, found, judged, made)
    method = np.where(counted, _OBSERVED, _CLOSED)
    how = np.select(
        [corrected, ~np.isfinite(made.counts), made.from_siblings], [_CORRECTED, _UNKNOWN, _SIBLINGS], _HISTORY
    )
    method[made.sensor, made.hour] = how
    return _Filled(wanted, counted, method, made)


def _corrected(grid: Grid, found: Usual, judged: _Judged, made: Estimates) -> tuple[Estimates, Mask]:
    """A miscounting counter without siblings at work still tells the day's course: it is scaled to the expected."""
    share = judged.miscount[made.sensor]
    seen = grid.counts[made.sensor, -1, made.hour]
    scaled = seen / share
    use = np.isfinite(scaled) & ~made.from_siblings
    spread = found.spread[made.sensor][:, None]
    levels = np.exp(spread * normal_draws()[None, :])
    counts = np.where(use, scaled, made.counts)
    draws = np.where(use[:, None], scaled[:, None] * levels, made.draws)
    return Estimates(made.sensor, made.hour, counts, draws, made.from_siblings), use


def _day_frame(day: date, grid: Grid, filled: _Filled) -> pl.DataFrame:
    shape = (len(grid.stores), 24)
    made = filled.estimates
    store = grid.store
    observed, ok, total, estimated = (np.zeros(shape) for _ in range(4))
    np.add.at(observed, store, np.where(filled.counted, grid.counts[:, -1], 0.0))
    np.add.at(ok, store, filled.counted)
    np.add.at(total, store, filled.wanted | filled.counted)
    np.add.at(estimated, (store[made.sensor], made.hour), made.counts)
    method = np.full(shape, _OBSERVED)
    np.maximum.at(method, store, np.where(filled.wanted | filled.counted, filled.method, _OBSERVED))
    blind = grid.opened[:, -1] & (total == 0) & ~_shut(grid)
    method = np.where(blind, _UNKNOWN, np.where(total == 0, _CLOSED, method))
    visitors = np.where(blind, np.nan, observed + estimated)
    low, high = _interval(shape, grid, made, observed, visitors)
    shown = grid.opened[:, -1] | (total > 0) | _reported(grid)
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
            "sensors_ok": ok[shown],
            "sensors_total": total[shown],
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


def _interval(
    shape: tuple[int, int], grid: Grid, made: Estimates, observed: Floats, visitors: Floats
) -> tuple[Floats, Floats]:
    """80 % intervals: a store's draws are summed over its counters, draw by draw, as their misses go together."""
    low, high = visitors.copy(), visitors.copy()
    known = np.isfinite(made.counts)
    cell = grid.store[made.sensor[known]] * 24 + made.hour[known]
    cells, where = np.unique(cell, return_inverse=True)
    total = np.zeros((len(cells), DRAWS))
    np.add.at(total, where.ravel(), made.draws[known])
    if len(cells):
        place = np.unravel_index(cells, shape)
        bounds = np.quantile(total, _INTERVAL, axis=1) + observed[place]
        low[place] = np.minimum(np.floor(bounds[0]), low[place])
        high[place] = np.maximum(np.ceil(bounds[1]), high[place])
    return low, high


def _reported(grid: Grid) -> Mask:
    rows = grid.closed[:, -1] | grid.broken[:, -1] | grid.absurd[:, -1] | np.isfinite(grid.counts[:, -1])
    return grid.any_of_store(rows)


def _shut(grid: Grid) -> Mask:
    return grid.any_of_store(grid.closed[:, -1])
