"""What Dagster's event log costs a year of daily partitions: the stock SQLite storage against ours.

    python benchmarks/event_log.py [--assets 8] [--days 365]

Each asset has one check with an evaluation for each day; a run is a month, as in a backfill. Assets do nothing,
so that all that is measured is Dagster, and the difference is the event log.
"""

import argparse
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

OURS = """
event_log_storage:
  module: retail_platform.storage.event_log
  class: PooledSqliteEventLogStorage
"""
START = date(2025, 1, 1)


def definitions(assets: int, days: int) -> dg.Definitions:
    partitions = dg.DailyPartitionsDefinition(str(START), end_date=str(START + timedelta(days=days)))

    def build(number: int) -> tuple[dg.AssetsDefinition, dg.AssetChecksDefinition]:
        @dg.asset(name=f"asset_{number}", partitions_def=partitions)
        def nothing() -> None: ...

        @dg.asset_check(asset=nothing, name="check", partitions_def=partitions)
        def passes(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
            keys = context.op_execution_context.partition_keys
            for key in keys:
                evaluation = dg.AssetCheckEvaluation(
                    asset_key=nothing.key, check_name="check", passed=True, metadata={}, partition=key
                )
                context.op_execution_context.log_event(evaluation)
            return dg.AssetCheckResult(passed=True)

        return nothing, passes

    built = [build(number) for number in range(assets)]
    return dg.Definitions(assets=[a for a, _ in built], asset_checks=[c for _, c in built])


def run(home: Path, assets: int, days: int) -> float:
    """Seconds to materialize all days with the instance that `home/dagster.yaml` describes."""
    os.environ["DAGSTER_HOME"] = str(home)
    job = definitions(assets, days).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        begun = time.perf_counter()
        for first in range(0, days, 31):
            last = min(first + 30, days - 1)
            tags = {
                "dagster/asset_partition_range_start": str(START + timedelta(days=first)),
                "dagster/asset_partition_range_end": str(START + timedelta(days=last)),
            }
            assert job.execute_in_process(instance=instance, tags=tags).success
        seconds = time.perf_counter() - begun
        done = instance.get_materialized_partitions(dg.AssetKey("asset_0"))
        assert len(done) == days, f"{len(done)} of {days} days recorded"
    return seconds


def measure(kind: str, assets: int, days: int) -> float:
    """The seconds of one kind of storage, in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        Path(home, "dagster.yaml").write_text("telemetry:\n  enabled: false\n" + (OURS if kind == "ours" else ""))
        command = [sys.executable, __file__, "--home", home, "--assets", str(assets), "--days", str(days)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, memory = output.split()
    print(f"{kind:>6}: {float(seconds):6.1f} s, {float(memory) / 1024:5.0f} MB", flush=True)
    return float(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=8)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.home:
        logging.disable(logging.INFO)
        print(run(args.home, args.assets, args.days), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        return
    print(f"{args.days} days x {args.assets} assets, each with a check of each day")
    stock, ours = measure("stock", args.assets, args.days), measure("ours", args.assets, args.days)
    print(f"ratio: {stock / ours:.1f}")


if __name__ == "__main__":
    main()
