"""How fast the simulator makes sale lines, in memory and into the raw table: `python -m benchmarks.simulator`.

Prints medians of three runs, and the peak memory of the process.
"""

import resource
import tempfile
import time
from datetime import date, timedelta
from statistics import median

from retail_platform.sources.deliver import deliver
from retail_platform.sources.simulator import Simulator
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

RUNS = 3
MONTH = Window(date(2026, 3, 1), date(2026, 3, 31))


def in_memory() -> float:
    """Lines a second that a new simulator makes of a month at scale demo."""
    simulator = Simulator(1, "demo")
    started = time.perf_counter()
    lines = simulator.read("sales", MONTH).collect().height
    return lines / (time.perf_counter() - started)


def into_the_raw_table(lake: Lake, month: Window) -> float:
    """Lines a second from nothing to the committed table."""
    simulator = Simulator(1, "demo")
    started = time.perf_counter()
    written = lake.replace("raw_sales", deliver(simulator, "sales", month), month)
    return written.rows / (time.perf_counter() - started)


def main() -> None:
    in_memory()  # the first month of a process pays for loading code
    memory = [in_memory() for _ in range(RUNS)]
    with tempfile.TemporaryDirectory() as folder:
        months = [
            Window(date(2026, month, 1), date(2026, month, 1) + timedelta(days=29)) for month in range(4, 4 + RUNS)
        ]
        table = [into_the_raw_table(Lake(folder), month) for month in months]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"simulator, sale lines in memory | {median(memory):,.0f} lines/s")
    print(f"simulator, sale lines into the raw table | {median(table):,.0f} lines/s, peak RSS {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
