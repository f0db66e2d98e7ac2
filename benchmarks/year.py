"""A year of ten stores through the whole graph, and the daily metrics against a hand-written query.

    python -m benchmarks.year [--days 365] [--keep FOLDER]

The range runs as `retail materialize` runs it. Time spent in event storage is measured around the calls that Dagster
makes to it. The query is what an analyst would write in Polars over the same files for the same measures.
"""

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

FIRST = date(2025, 1, 1)
COMPARED_LINES = 3_000_000
RUNS = 5


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--days", type=int, default=365)
    arguments.add_argument("--keep", type=Path, help="leave the lake in this folder")
    given = arguments.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="retail-bench-"))
    try:
        last = FIRST + timedelta(days=given.days - 1)
        _configure(folder, last)
        _materialize(last)
        _compare(folder, last)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path, last: date) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    project = Path(__file__).resolve().parents[1]
    shutil.copy(project / "dagster.yaml", folder)
    os.chdir(folder)
    os.environ.update(
        DAGSTER_HOME=str(folder),
        RETAIL_DAGSTER_DIR=str(folder),
        RETAIL_SCALE="demo",
        RETAIL_START_DATE=str(FIRST),
        RETAIL_END_DATE=str(last),
    )


def _materialize(last: date) -> None:
    import dagster as dg

    from retail_platform.automation.ranges import execute_range, plan_range
    from retail_platform.storage.event_log import PooledSqliteEventLogStorage
    from retail_platform.windows import Window

    events = Stopwatch()
    for name in ("store_event", "store_event_batch", "fetch_materializations", "get_latest_storage_id_by_partition"):
        setattr(PooledSqliteEventLogStorage, name, events.around(getattr(PooledSqliteEventLogStorage, name)))
    started = time.perf_counter()
    with dg.DagsterInstance.get() as instance:
        outcome = execute_range(instance, plan_range("*", Window(FIRST, last)))
    seconds = time.perf_counter() - started
    if outcome.failures:
        raise SystemExit(f"failed: {outcome.failures[0]}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    days = (last - FIRST).days + 1
    print(
        f"{days} days x 10 stores, whole graph | {seconds:.0f} s ({outcome.rows['raw_sales']:,} lines, "
        f"{sum(outcome.rows.values()):,} rows written, {len(outcome.run_ids)} runs)"
    )
    print(f"of it event storage | {events.seconds:.0f} s ({events.seconds / seconds:.0%})")
    print(f"peak RSS | {peak:,.0f} MiB")


class Stopwatch:
    """Adds up the time inside functions; calls within calls count once."""

    def __init__(self) -> None:
        self.seconds, self._depth = 0.0, 0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.perf_counter() - started

        return timed


def _compare(folder: Path, last: date) -> None:
    from retail_platform.storage.lake import Lake

    lake = Lake(str(folder / "data" / "lake"))
    window = _window_of_lines(lake, last)
    ours, by_hand = [], []
    for _ in range(RUNS):
        ours.append(_timed(lambda: _platform(lake, window)))
        by_hand.append(_timed(lambda: _by_hand(lake, window)))
    ratios = sorted(one / other for one, other in zip(ours, by_hand, strict=True))
    lines = lake.scan("sales", window).select("date").collect().height
    print(
        f"store and product daily metrics over {lines:,} lines | {median(ours):.2f} s; by hand "
        f"{median(by_hand):.2f} s; ratio {median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
    )


def _window_of_lines(lake: Any, last: date) -> Any:
    import polars as pl

    from retail_platform.windows import Window

    by_day = lake.scan("sales").group_by("date").len().sort("date").collect()
    enough = by_day.filter(pl.col("len").cum_sum() >= COMPARED_LINES)
    return Window(FIRST, enough["date"][0] if enough.height else last)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _platform(lake: Any, window: Any) -> object:
    """The transforms of the assets product_daily_metrics, hourly_metrics and store_days, without their writes."""
    from datetime import UTC, datetime

    import narwhals as nw
    import polars as pl

    from retail_platform.domains.engine import reduced
    from retail_platform.domains.metrics import reduce, transform

    sales = nw.from_native(lake.scan("sales", window))
    dates = pl.LazyFrame({"date": list(window.days())})
    stores, hours = lake.scan("stores"), lake.scan("opening_hours")
    products = transform.product_daily_metrics(
        reduced(reduce.product_sums(sales)),
        reduced(reduce.product_transactions(sales)),
        prices=lake.scan("product_prices"),
        stores=stores,
        currency="EUR",
    ).collect()
    hourly = transform.hourly_metrics(
        stores=stores,
        hours=hours,
        dates=dates,
        sums=reduced(reduce.hourly_sums(sales)),
        transactions=reduced(reduce.hourly_transactions(sales)),
        footfall=lake.scan("footfall", window),
    ).collect()
    return transform.store_days(
        stores=stores,
        hours=hours,
        dates=dates,
        hourly=hourly.lazy(),
        products=products.lazy(),
        totals=None,
        has_footfall=True,
        read_at=dates.with_columns(read_at=pl.lit(datetime.now(UTC))),
    ).collect()


def _by_hand(lake: Any, window: Any) -> object:
    """The same measures of stores, hours and products from the same files, as one query with three results."""
    import polars as pl

    lines = pl.scan_delta(lake.table_uri("sales")).filter(pl.col("date").is_between(window.first, window.last))
    completed = pl.col("status") == "completed"
    positive = completed & (pl.col("quantity") > 0)
    sums = [
        pl.col("quantity").filter(completed).sum().alias("units"),
        (-pl.col("quantity")).filter(completed & (pl.col("quantity") < 0)).sum().alias("returns"),
        pl.col("net_amount", "discount", "tax_amount", "freight_amount").filter(completed).sum(),
        pl.col("net_amount").filter(~completed).sum().alias("cancelled_amount"),
        pl.col("sale_id").filter(positive).n_unique().alias("transactions"),
    ]
    prices = pl.scan_delta(lake.table_uri("product_prices")).sort("valid_from")
    products = (
        lines.group_by("date", "store_id", "product_id")
        .agg(sums)
        .sort("date")
        .join_asof(prices, left_on="date", right_on="valid_from", by="product_id", check_sortedness=False)
        .with_columns(cost=pl.col("units") * pl.col("unit_cost"))
    )
    hours = lines.group_by("date", "store_id", "hour").agg(sums)
    stores = lines.group_by("date", "store_id").agg(sums)
    return pl.collect_all([products, hours, stores])


if __name__ == "__main__":
    main()
