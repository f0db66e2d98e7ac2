"""The drills of docs/reliability.md.

    python -m benchmarks.drills [--long] [--only NAME ...] [--keep FOLDER]

Prints a line for each as it ends, then the table; exits 1 if one failed.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks.drills import deliveries, hostile, kills, outages, s3, services
from benchmarks.drills.common import Drill, Verdict


def drills(*, long: bool) -> list[Drill]:
    """All of them, in the order of docs/reliability.md."""
    return [
        outages.source_down,
        outages.flaky_source,
        outages.one_store,
        kills.killed_worker(50 if long else 10),
        services.killed_services,
        kills.six_at_once,
        s3.s3_faults,
        deliveries.five_times,
        hostile.hostile_inputs,
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--long", action="store_true", help="50 kills instead of 10")
    arguments.add_argument("--only", nargs="+", metavar="NAME", help="these drills alone")
    arguments.add_argument("--keep", type=Path, help="leave lakes and logs in this folder")
    given = arguments.parse_args()
    chosen = [drill for drill in drills(long=given.long) if not given.only or drill.name in given.only]
    folder = (given.keep or Path(tempfile.mkdtemp(prefix="retail-drill-"))).resolve()
    ended = []
    try:
        for drill in chosen:
            begun = time.monotonic()
            verdict = _run(drill, folder / drill.name)
            line = _line(drill, verdict, time.monotonic() - begun)
            print(line, flush=True)
            ended.append((verdict.passed, line))
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n| drill | must show | | figures | s |\n|---|---|---|---|--:|")
    print("\n".join(line for _, line in ended))
    sys.exit(0 if ended and all(passed for passed, _ in ended) else 1)


def _run(drill: Drill, folder: Path) -> Verdict:
    try:
        return drill.run(folder)
    except Exception as error:  # a drill that breaks has failed, and the others still tell something
        traceback.print_exc()
        return Verdict(False, f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")


def _line(drill: Drill, verdict: Verdict, seconds: float) -> str:
    return (
        f"| {drill.title} | {drill.must} | {'pass' if verdict.passed else 'FAIL'} | {verdict.figures} | {seconds:.0f} |"
    )


if __name__ == "__main__":
    main()
