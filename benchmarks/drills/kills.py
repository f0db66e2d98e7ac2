"""Processes that are killed in the midst of a backfill, and several that work at once."""

import subprocess
import time
from calendar import monthrange
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from benchmarks.drills.common import Drill, Site, Verdict, chance, environment, kill, same

FIRST, LAST = "2026-01-01", "2026-01-31"
RANGE = ("--from", FIRST, "--to", LAST)
_MONTHS = [
    ("--from", f"2026-{month:02}-01", "--to", f"2026-{month:02}-{monthrange(2026, month)[1]}") for month in range(1, 7)
]


def killed_worker(kills: int) -> Drill:
    """SIGKILL of the process that runs a backfill, at random moments."""

    def run(folder: Path) -> Verdict:
        calm = Site(folder / "calm")
        begun = time.monotonic()
        calm.retail("backfill", *RANGE)
        usual = time.monotonic() - begun
        site = Site(folder / "killed", {"RETAIL_DAYS_PER_RUN": "7"})
        random, struck = chance(), 0
        while struck < kills:
            process = site.start("backfill", *RANGE)
            try:
                process.wait(random.uniform(0.1, 0.9) * usual)
            except subprocess.TimeoutExpired:
                kill(process)
                struck += 1
        site.retail("backfill", *RANGE, "--only-missing")
        equal, words = same(site, calm)
        left = unfinished(site)
        return Verdict(equal and left == 0, f"{struck} kills; {words}; {left} runs left unfinished")

    return Drill(
        "killed-worker",
        f"SIGKILL of the run worker at {kills} random moments of a 31-day backfill",
        "content-identical to an undisturbed one; no run left unfinished whose process is gone",
        run,
    )


def unfinished(site: Site) -> int:
    """Runs that Dagster takes for queued or under way."""
    with environment(site), dg.DagsterInstance.get() as instance:
        return len(instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES)))


def at_once(alone: Site, site: Site) -> Verdict:
    """Six months filled by six processes at once, and one after the other on another site."""
    for month in _MONTHS:
        alone.retail("materialize", *month)
    begun = time.monotonic()
    processes = [site.start("materialize", *month) for month in _MONTHS]
    codes = [process.wait() for process in processes]
    seconds = time.monotonic() - begun
    site.retail("backfill", "--from", _MONTHS[0][1], "--to", _MONTHS[-1][3], "--only-missing")
    equal, words = same(site, alone)
    good = codes.count(0)
    return Verdict(equal and good == len(codes), f"{good} of {len(codes)} succeed in {seconds:.0f} s; {words}")


def _six_at_once(folder: Path) -> Verdict:
    return at_once(Site(folder / "alone"), Site(folder / "at-once"))


six_at_once = Drill(
    "six-at-once",
    "6 runs at once on different months, SQLite",
    "all succeed; after the stale windows are refilled, content-identical",
    _six_at_once,
)
