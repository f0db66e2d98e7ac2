"""How long the estimates take: a chain of 1,000 stores in process, and two months of a bank as a process."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from shutil import copy

import numpy as np
import polars as pl

from benchmarks.footfall.figures import Figure
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.footfall.estimates import sensor_health_and_footfall
from retail_platform.domains.footfall.grid import HISTORY_DAYS
from retail_platform.domains.footfall.layout import Surroundings
from retail_platform.windows import Window

_STORES, _SENSORS = 1_000, 3
_BROKEN = 0.03  # of the sensor-days
_DAY = date(2026, 3, 1)
_SPAN = ("2024-11-01", "2024-12-31")
_TIMED = """
import sys
from benchmarks.year import Stopwatch
from retail_platform.cli import app
from retail_platform.storage.event_log import PooledSqliteEventLogStorage as Storage
events = Stopwatch()
for name in ("store_event", "store_event_batch", "fetch_materializations", "get_latest_storage_id_by_partition"):
    setattr(Storage, name, events.around(getattr(Storage, name)))
try:
    app()
finally:
    print("event storage", events.seconds, file=sys.stderr)
"""


def figures() -> list[Figure]:
    """Both."""
    return [*_chain(), *_bank()]


def chain_readings() -> pl.DataFrame:
    """57 days of three counters in each of 1,000 stores, of which some are broken; ends with `_DAY`."""
    rng = np.random.default_rng(1)
    days = HISTORY_DAYS + 1
    curve = np.clip(np.sin(np.arange(24) / 24 * np.pi * 2 - 2) + 1.0, 0.02, None)
    level = np.exp(0.15 * rng.standard_normal((_STORES, 1, days, 1)))
    usual = rng.uniform(5, 80, (_STORES, _SENSORS, 1, 1)) * curve * level
    shape = (_STORES, _SENSORS, days, 24)
    count = rng.poisson(usual * np.exp(0.1 * rng.standard_normal(shape)))
    works = np.broadcast_to((rng.random(shape[:3]) >= _BROKEN)[..., None], shape)
    store, sensor, day, hour = (axis.ravel() for axis in np.indices(shape, dtype=np.int32))
    frame = pl.DataFrame({"store": store, "sensor": sensor, "day": day, "hour": hour})
    return frame.select(
        pl.lit(_DAY - timedelta(days=HISTORY_DAYS)).dt.offset_by(pl.format("{}d", "day")).alias("date"),
        "hour",
        store_id=pl.format("S{}", pl.col("store").cast(pl.String).str.zfill(4)),
        sensor_id=pl.format("D{}", "sensor"),
        visitors=pl.Series(np.where(works, count, -1).ravel()).replace(-1, None),
        status=pl.Series(works.ravel()).replace_strict({True: "ok", False: "broken"}),
        copies=pl.lit(1),
    ).pipe(FootfallReading.cast)


def _chain() -> list[Figure]:
    readings = chain_readings().lazy()
    around, window = unknown_hours(readings), Window(_DAY, _DAY)
    started, working = time.perf_counter(), time.process_time()
    health, hours = sensor_health_and_footfall(readings, around, window)
    visitors = hours.collect()
    seconds, worked = time.perf_counter() - started, time.process_time() - working
    on = f"{_STORES:,} stores × {_SENSORS} sensors × 24 h, one day and the 56 before"
    measured = (
        f"{seconds:.1f} s ({worked:.1f} s of CPU; {health.collect().height:,} sensors, "
        f"{visitors['imputed_share'].gt(0).sum():,} of {visitors.height:,} store-hours estimated in part)"
    )
    return [Figure("one day in process", on, measured, "at most 5 s", seconds <= 5)]


def unknown_hours(readings: pl.LazyFrame) -> Surroundings:
    """Stores of which nothing is known beside their readings."""
    nothing = pl.lit(None, dtype=pl.Date)
    stores = (
        readings.select("store_id")
        .unique()
        .with_columns(format=pl.lit("shop"), timezone=pl.lit("Europe/Paris"), opened_on=nothing, closed_on=nothing)
    )
    hours = {"store_id": pl.String, "date": pl.Date, "open": pl.Boolean, "opens": pl.String, "closes": pl.String}
    special = {"store_id": pl.String, "date": pl.Date, "public_holiday": pl.String}
    return Surroundings(stores, pl.LazyFrame(schema=hours), pl.LazyFrame(schema=special))


def _bank() -> list[Figure]:
    data = Path(os.environ.get("RETAIL_TEST_DATA", "../shared/data")).resolve() / "bank_footfall"
    if not data.is_dir():
        raise SystemExit(f"{data} is not there: set RETAIL_TEST_DATA to the folder of the test data")
    project = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="retail-bench-") as name:
        copy(project / "dagster.yaml", name)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RETAIL_")}
        environment |= {"DAGSTER_HOME": name, "PYTHONPATH": str(project)}
        command = [sys.executable, "-c", _TIMED, "materialize", "--source", "bank_footfall"]
        command += ["--source-dir", str(data), "--from", _SPAN[0], "--to", _SPAN[1]]
        started, working = time.perf_counter(), _children()
        done = subprocess.run(command, cwd=name, env=environment, capture_output=True, text=True, check=False)
        seconds, worked = time.perf_counter() - started, _children() - working
    if done.returncode:
        raise SystemExit(f"retail materialize failed:\n{done.stdout}\n{done.stderr}")
    events = float(done.stderr.strip().rsplit("event storage ", 1)[1].split()[0])
    measured = f"{seconds:.1f} s ({worked:.1f} s of CPU), of it event storage {events:.1f} s ({events / seconds:.0%})"
    return [Figure("61 days end to end as a process", "bank_footfall", measured, "at most 20 s", seconds <= 20)]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
