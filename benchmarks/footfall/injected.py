"""Faults put into a copy of good readings, so that every kind of verdict can be scored. Only breaking belongs here."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

Counts = NDArray[np.float64]

SHIFTS = (-3, -2, -1, 1, 2, 3)
KINDS = {
    "zeros all day": "dead",
    "20 % counted": "undercounting",
    "35 % counted": "undercounting",
    "50 % counted": "undercounting",
    "everybody twice": "overcounting",
    "half the open hours null": "partial_day",
    "half the open hours 0": "partial_day",
    "one value from mid-day on": "stuck",
    "one hour × 10": "spikes",
    **{f"clock {shift:+d} h": "clock_shift" for shift in SHIFTS},
}
"""What is done to a counter's day, and the status that should name it."""


def broken(kind: str, day: Counts, rng: np.random.Generator) -> Counts:
    """A day's counts with a fault.

    Args:
        kind: of `KINDS`.
        day: counts of 24 hours, NaN in closed ones.
        rng: for what chance decides.
    """
    opened = np.flatnonzero(np.isfinite(day))
    middle = opened[len(opened) // 2]
    later = opened[opened >= middle]
    made = day.copy()
    match kind:
        case "zeros all day":
            made[opened] = 0
        case "everybody twice":
            made = 2 * day
        case "half the open hours null":
            made[later] = np.nan
        case "half the open hours 0":
            made[later] = 0
        case "one value from mid-day on":
            made[later] = day[middle]
        case "one hour × 10":
            busy = opened[day[opened] >= np.median(day[opened])]
            made[rng.choice(busy)] *= 10
        case _ if kind.startswith("clock"):
            made = np.roll(np.nan_to_num(day), int(kind.split()[1]))  # into closed hours, too, as a wrong clock does
            made[(made == 0) & np.isnan(day)] = np.nan
        case _:
            made = np.floor(day * int(kind.split(maxsplit=1)[0]) / 100)
    return made


@dataclass(frozen=True)
class Injected:
    """Readings with faults, and which sensor-day has which."""

    readings: pl.DataFrame
    truth: pl.DataFrame


def inject(readings: pl.DataFrame, after: date, share: float, seed: int) -> Injected:
    """Break a share of the sensor-days after a date, each kind as often.

    Args:
        readings: `FootfallReading` rows.
        after: the date before the first that may break.
        share: of the sensor-days, for each kind.
        seed: of what chance decides.
    """
    rng = np.random.default_rng(seed)
    names = ["date", "store_id", "sensor_id"]
    days = readings.filter((pl.col("date") > after) & (pl.col("visitors") > 0)).select(names).unique().sort(names)
    drawn = rng.random(days.height)
    number = np.floor(drawn / share).astype(np.int64)
    kinds = np.array([*KINDS, ""])[np.minimum(number, len(KINDS))]
    truth = days.with_columns(kind=pl.Series(kinds)).filter(pl.col("kind") != "")
    struck = readings.join(truth, on=names, maintain_order="left").sort(*names, "hour")
    parts = [_broken_rows(part, rng) for part in struck.partition_by(names, maintain_order=True)]
    spared = readings.join(truth, on=names, how="anti")
    return Injected(pl.concat([spared, *parts]), truth)


def _broken_rows(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The rows of one counter's day; a count in a closed hour adds a row."""
    day = np.full(24, np.nan)
    word = pl.col("status").cast(pl.String)
    counted = rows.filter(word == "ok")
    day[counted["hour"].to_numpy()] = counted["visitors"].to_numpy()
    made = broken(rows["kind"][0], day, rng)
    hours = np.flatnonzero(np.isfinite(day) | np.isfinite(made))
    struck = pl.DataFrame({"hour": hours, "made": made[hours]}).select(
        pl.col("hour").cast(pl.Int8), visitors=pl.col("made").fill_nan(None).cast(pl.Int64)
    )
    first = rows.head(1).select("date", "store_id", "sensor_id", "copies")
    told = struck.join(first, how="cross").with_columns(
        status=pl.when(pl.col("visitors").is_null())
        .then(pl.lit("broken"))
        .otherwise(pl.lit("ok"))
        .cast(rows.schema["status"])
    )
    rest = rows.filter(word != "ok", ~pl.col("hour").is_in(hours.tolist()))
    return pl.concat([told.select(rest.columns[:-1]), rest.drop("kind")])
