"""How fast the dashboard answers over 1,000 stores and three years of days, and with 20 people clicking.

    make bench-dashboard
    python -m benchmarks.dashboard [--seconds 60] [--clicks 40] [--keep FOLDER]

The lake is made in a temporary folder (`lake`), the server is `retail dashboard`, and every answer is that to a look
that nobody had before (`walk`). Servers, visitors and browser share the machine. Exit code 1: a target is missed.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

import numpy as np

from benchmarks.dashboard import browser, lake
from benchmarks.dashboard.server import Server, Visitor, served
from benchmarks.dashboard.walk import PAGES, Walk
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

USERS = 20
THINKS = (2.0, 8.0)  # seconds between an answer and the next click, any time between
BROWSER_RUNS = 5
NEWEST = Window(lake.LAST, lake.LAST)


@dataclass
class Report:
    """Lines of figures; those with a target say whether it is met."""

    missed: list[str] = field(default_factory=list)

    def line(self, what: str, shown: str, value: float | None = None, most: float | None = None) -> None:
        if value is None or most is None:
            print(f"{what} | {shown}", flush=True)
            return
        met = value <= most
        print(f"{what} | {shown} | at most {most:g} | {'pass' if met else 'FAIL'}", flush=True)
        if not met:
            self.missed.append(what)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=60.0, help="how long 20 people click")
    arguments.add_argument("--clicks", type=int, default=40, help="of one person on each page")
    arguments.add_argument("--keep", type=Path, help="leave the lake in this folder, and use the one there is")
    given = arguments.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="retail-bench-"))
    report = Report()
    try:
        started = time.perf_counter()
        made = Lake(str(folder / "lake")) if (folder / "lake").exists() else lake.make(folder / "lake")
        report.line("lake of 1,000 stores × 1,096 days", f"{time.perf_counter() - started:.0f} s")
        print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        _cold(report, made.uri)
        with served(made.uri) as server:
            _one_visitor(report, server, given.clicks)
            _new_day(report, server, made)
            _many(report, server, given.seconds)
            _in_chromium(report, server)
            report.line("peak memory of the server, MiB", f"{server.peak():,.0f}", server.peak(), 1024)
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if report.missed:
        sys.exit(f"missed: {', '.join(report.missed)}")


def _cold(report: Report, uri: str) -> None:
    """The first answer of each page, each of a server just started."""
    walk = Walk(1)
    for page in PAGES:
        with served(uri) as server:
            visitor = Visitor(server)
            seconds, size = visitor.look(next(walk.of(page)))
            visitor.close()
        shown = f"{1000 * seconds:.0f} ms ({size / 1024:,.0f} KiB; started in {server.started:.1f} s)"
        report.line(f"first answer after the start, {page}", shown, seconds, 1.0)


def _one_visitor(report: Report, server: Server, clicks: int) -> None:
    walk, visitor, every = Walk(2), Visitor(server), []
    visitor.look(("/", ""))
    for page in PAGES:
        before = server.worked()
        looks = [visitor.look(address) for address in islice(walk.of(page), clicks)]
        cost = 1000 * (server.worked() - before) / clicks
        times = [seconds for seconds, _ in looks]
        every += times
        shown = f"{_spread(times)}; {cost:.0f} ms of a core, {median(size for _, size in looks) / 1024:,.0f} KiB"
        report.line(f"any filter change, {page}", shown, _p95(times), 0.2)
    report.line("any filter change, all pages", _spread(every), _p95(every), 0.2)
    visitor.close()


def _new_day(report: Report, server: Server, made: Lake) -> None:
    """The first answer after a run has committed a day."""
    walk, visitor, times = Walk(3), Visitor(server), []
    for seed, address in enumerate(islice(walk.of("/"), 3), start=10):
        made.replace("store_days", lake.store_days(NEWEST, seed), NEWEST)
        time.sleep(1.1)  # after which the server looks for a new version again
        times.append(visitor.look(address)[0])
    report.line("first answer after a new day", _spread(times), max(times), 1.0)
    visitor.close()


def _many(report: Report, server: Server, seconds: float) -> None:
    times: list[float] = []
    until = time.monotonic() + seconds
    users = [threading.Thread(target=_clicks, args=(server, seed, until, times)) for seed in range(100, 100 + USERS)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    what = f"{USERS} people, a click each {THINKS[0]:g} to {THINKS[1]:g} s after the last answer"
    report.line(f"{what}, {len(times)} clicks", _spread(times), _p95(times), 1.0)


def _clicks(server: Server, seed: int, until: float, times: list[float]) -> None:
    random, visitor = Random(seed), Visitor(server)
    for address in Walk(seed).anywhere():
        time.sleep(random.uniform(*THINKS))
        if time.monotonic() > until:
            break
        times.append(visitor.look(address)[0])
    visitor.close()


def _in_chromium(report: Report, server: Server) -> None:
    if browser.CHROMIUM is None:
        report.line("first page usable in Chromium", "not measured: no `chromium` on the PATH")
        return
    addresses = [server.address + "".join(address) for address in islice(Walk(4).of("/"), BROWSER_RUNS - 1)]
    times = browser.first_page([f"{server.address}/", *addresses])
    report.line("first page usable in Chromium", _spread(times), median(times), 2.0)


def _spread(times: Sequence[float]) -> str:
    ms = [1000 * seconds for seconds in times]
    return f"median {median(ms):.0f} ms, p95 {1000 * _p95(times):.0f} ms, max {max(ms):.0f} ms"


def _p95(times: Sequence[float]) -> float:
    return float(np.quantile(times, 0.95))


if __name__ == "__main__":
    main()
