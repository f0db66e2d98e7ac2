"""Files that are delivered again and again, out of order, late and corrected: the lake holds the last truth, once."""

import os
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import polars as pl
from dagster._core.execution.backfill import BulkActionStatus

from benchmarks.drills.common import Drill, Site, Verdict, chance, same
from retail_platform_tests.automation.daemon import run_backfills
from retail_platform_tests.automation.landings import Landings
from retail_platform_tests.end_to_end.shops import FIRST_DAY, SHOPS, Shops, usual_lines
from retail_platform_tests.platform import Platform

DAYS = [FIRST_DAY + timedelta(days=number) for number in range(10)]
TIMES = 5
_DAY = DAYS[4]
_CORRECTED = 3  # the delivery, counted from 0, from which the day's file holds the truth
_LATE_LINE = "18:00:00,A,r9,1,pear,c2,40,2.00,80.00"
_OLD = 1_000_000_000.0  # seconds since 1970: a copy that keeps its file's time
_LOOKS = 8


def _five_times(folder: Path) -> Verdict:
    folder.mkdir(parents=True)
    shops, random = Shops(folder), chance(5)
    others = [day for day in DAYS if day != _DAY]
    random.shuffle(others)
    lived = Site(folder / "lived")
    with shops.platform(lived.folder) as platform:
        landings = Landings(platform)
        for delivery in range(TIMES):
            for day in islice(others, delivery, None, TIMES):
                _deliver(shops, day, usual_lines(day))
            lines = [*usual_lines(_DAY), _LATE_LINE]
            random.shuffle(lines)
            _deliver(shops, _DAY, lines if delivery >= _CORRECTED else [one for one in lines if one != _LATE_LINE])
            if delivery == _CORRECTED:
                os.utime(shops.files / f"sales/{_DAY}.csv", (_OLD, _OLD))
            _settle(platform, landings)
        backfills = platform.instance.get_backfills()
        failed = sum(one.status != BulkActionStatus.COMPLETED_SUCCESS for one in backfills)
        runs = platform.instance.get_runs_count()
        refilled = platform.retail("backfill", "--from", str(DAYS[0]), "--to", str(DAYS[-1]), "--only-missing")
    calm = Site(folder / "calm", {"RETAIL_SOURCE": str(shops.mapping), "RETAIL_SOURCE_DIR": str(shops.files)})
    calm.retail("materialize", "--from", str(DAYS[0]), "--to", str(DAYS[-1]))
    equal, words = same(lived, calm)
    rows = lived.lake.scan("raw_sales").collect()
    written = sum(path.read_text().count("\n") - 1 for path in (shops.files / "sales").iterdir())
    once = rows.height == written and rows.filter(pl.col("date") == _DAY).height == len(usual_lines(_DAY)) + 1
    return Verdict(
        equal and once and not failed and refilled.exit_code == 0,
        f"{TIMES} deliveries of a day among {len(others)} other days, {2 * (TIMES + len(others))} files; "
        f"{len(backfills)} backfills, {runs} runs, {failed} failed; {rows.height} sale lines in the lake, {written} in "
        f"the files; {words}",
    )


def _deliver(shops: Shops, day: date, lines: list[str]) -> None:
    """Both files of a day."""
    shops.sales(day, lines)
    shops.doors(day, (f"{hour},{shop},{40 + hour + day.day % 9}" for shop in SHOPS for hour in (9, 10, 11)))


def _settle(platform: Platform, landings: Landings) -> None:
    """Let the sensor look, and the daemon run what it asks for, until nothing is new.

    Raises:
        RuntimeError: something always is.
    """
    said: str | None = ""
    for _ in range(_LOOKS):
        said = landings.tick()
        run_backfills(platform)
        if said and said.endswith("nothing new"):
            return
    raise RuntimeError(f"the landing sensor still says: {said}")


five_times = Drill(
    "five-times",
    f"the same day delivered {TIMES} times, out of order with other days, late, and corrected once",
    "the last truth, once; after the stale windows are refilled, content-identical to a lake that saw the final files",
    _five_times,
)
