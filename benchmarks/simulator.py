"""How fast the simulator makes sale lines in memory: `python benchmarks/simulator.py [scale] [days]`.

Prints the median of three runs, and the peak memory of the process.
"""

import resource
import sys
import time
from datetime import date, timedelta
from statistics import median
from typing import cast

from retail_platform.sources.simulator import Simulator
from retail_platform.sources.simulator.scales import ScaleName
from retail_platform.windows import Window

RUNS = 3
FIRST = date(2026, 3, 1)


def lines_per_second(scale: ScaleName, days: int) -> tuple[int, float]:
    """Lines of a window, and how many of them a new simulator makes in a second."""
    simulator = Simulator(1, scale)
    started = time.perf_counter()
    lines = simulator.read("sales", Window(FIRST, FIRST + timedelta(days=days - 1))).collect().height
    return lines, lines / (time.perf_counter() - started)


def main() -> None:
    scale = cast(ScaleName, sys.argv[1] if len(sys.argv) > 1 else "demo")
    days = int(sys.argv[2]) if len(sys.argv) > 2 else 31
    runs = [lines_per_second(scale, days) for _ in range(RUNS)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"simulator, scale {scale}, {days} days: {runs[0][0]:,} lines")
    print(f"{median(rate for _, rate in runs):,.0f} lines/s (median of {RUNS}), peak RSS {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
