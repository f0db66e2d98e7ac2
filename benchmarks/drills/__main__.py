"""The drills of docs/reliability.md.

    python -m benchmarks.drills [--long] [--only NAME ...] [--keep FOLDER] [--at-once 2]

Each runs in a process of its own, two at a time: they wait for daemons more than they work. Prints a line for each as
it ends, with the log of one that failed, then the table; exits 1 if one failed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.drills import deliveries, hostile, kills, outages, s3, services
from benchmarks.drills.common import Drill, Verdict

_PASSED, _FAILED = "| pass |", "| FAIL |"


def drills(*, long: bool) -> list[Drill]:
    """All of them, in the order of docs/reliability.md: the longest first, beside which the others find room."""
    return [
        services.killed_services,
        hostile.hostile_inputs,
        outages.source_down,
        outages.one_store,
        outages.flaky_source,
        kills.killed_worker(50 if long else 10),
        kills.six_at_once,
        s3.s3_faults,
        deliveries.five_times,
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--long", action="store_true", help="50 kills instead of 10")
    arguments.add_argument("--only", nargs="+", metavar="NAME", help="these drills alone")
    arguments.add_argument("--keep", type=Path, help="leave lakes and logs in this folder")
    arguments.add_argument("--at-once", type=int, default=2, metavar="N", help="so many at a time")
    given = arguments.parse_args()
    chosen = [drill for drill in drills(long=given.long) if not given.only or drill.name in given.only]
    folder = (given.keep or Path(tempfile.mkdtemp(prefix="retail-drill-"))).resolve()
    try:
        if len(chosen) == 1:
            lines = [_line(chosen[0], folder / chosen[0].name)]
        else:
            lines = _in_processes(chosen, folder, at_once=given.at_once, long=given.long)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if len(chosen) > 1:
        print("\n| drill | must show | | figures | s |\n|---|---|---|---|--:|")
    print("\n".join(lines))
    sys.exit(0 if lines and all(_PASSED in line for line in lines) else 1)


def _in_processes(chosen: list[Drill], folder: Path, *, at_once: int, long: bool) -> list[str]:
    def line(drill: Drill) -> str:
        command = [sys.executable, "-m", "benchmarks.drills", "--only", drill.name, "--keep", str(folder)]
        done = subprocess.run(command + ["--long"] * long, capture_output=True, text=True, check=False)
        told = done.stdout.rstrip().rpartition("\n")[2]
        if not told.startswith(f"| {drill.title}"):
            told = _row(drill, Verdict(False, f"its process ended with {done.returncode}"), 0)
        print(told if _PASSED in told else f"{done.stderr}{told}", flush=True)  # logs of what failed alone
        return told

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(line, chosen))


def _line(drill: Drill, folder: Path) -> str:
    begun = time.monotonic()
    verdict = _run(drill, folder)
    return _row(drill, verdict, time.monotonic() - begun)


def _run(drill: Drill, folder: Path) -> Verdict:
    try:
        return drill.run(folder)
    except Exception as error:  # a drill that breaks has failed, and the others still tell something
        traceback.print_exc()
        return Verdict(False, f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")


def _row(drill: Drill, verdict: Verdict, seconds: float) -> str:
    return (
        f"| {drill.title} | {drill.must} {_PASSED if verdict.passed else _FAILED} {verdict.figures} | {seconds:.0f} |"
    )


if __name__ == "__main__":
    main()
