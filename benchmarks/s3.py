"""A month through the whole graph on S3 against the same in a folder.

    python -m benchmarks.s3 [--days 31] [--scale demo] [--runs 3]

The store is moto's server on this machine, in a process of its own that shares its cores: it takes several
milliseconds for each request. Folder and S3 take turns, each time with a new lake. Both include the simulator.
"""

import argparse
import os
import shutil
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from retail_platform_tests.s3 import moto_server, new_bucket, s3_variables

FIRST = date(2026, 1, 1)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--days", type=int, default=31)
    arguments.add_argument("--scale", default="demo")
    arguments.add_argument("--runs", type=int, default=3)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="retail-bench-") as name, moto_server() as endpoint:
        folder = Path(name)
        for variable in [key for key in os.environ if key.startswith(("RETAIL_", "AWS_", "DAGSTER_"))]:
            del os.environ[variable]
        os.environ.update(s3_variables(endpoint), RETAIL_SCALE=given.scale)
        _month(folder / "first", str(folder / "first/lake"), 1)  # what is slow once only
        times: dict[str, list[float]] = {"folder": [], "S3": []}
        for run in range(given.runs):
            for place, seconds in times.items():
                home = folder / f"{place}-{run}"
                lake = str(home / "lake") if place == "folder" else f"s3://{new_bucket(endpoint)}/lake"
                seconds.append(_month(home, lake, given.days))
    local, remote = median(times["folder"]), median(times["S3"])
    print(f"{given.days} days of {given.scale} in a folder | {local:.1f} s")
    print(f"{given.days} days of {given.scale} on S3 | {remote:.1f} s")
    print(f"S3 : folder | {remote / local:.2f}")


def _month(home: Path, lake: str, days: int) -> float:
    import dagster as dg

    from retail_platform.automation.ranges import code_location, execute_range, plan_range
    from retail_platform.windows import Window

    home.mkdir()
    shutil.copy(Path(__file__).resolve().parents[1] / "dagster.yaml", home)
    os.chdir(home)
    os.environ.update(RETAIL_LAKE_URI=lake, RETAIL_DAGSTER_DIR=str(home / "dagster"), DAGSTER_HOME=str(home))
    os.environ["RETAIL_WAREHOUSE"] = str(home / "warehouse.duckdb")
    window = Window(FIRST, FIRST + timedelta(days=days - 1))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        started = time.perf_counter()
        outcome = execute_range(instance, plan_range("*", window, repository=code_location(str(home))))
        seconds = time.perf_counter() - started
    if outcome.failures:
        raise SystemExit(f"{lake}: {outcome.failures[0]}")
    return seconds


if __name__ == "__main__":
    main()
