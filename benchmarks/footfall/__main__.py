"""Every figure of the footfall estimates: `python -m benchmarks.footfall [--part detection]`.

Reads the real data from the folder `RETAIL_TEST_DATA`. Prints Markdown, a line as soon as it is known.
"""

import argparse
import os
import time


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the work is spread over processes
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from benchmarks.footfall import ablation, detection, imputation, speed
    from benchmarks.footfall.figures import HEADER

    parts = {
        "detection": detection.figures,
        "imputation": imputation.figures,
        "ablation": ablation.figures,
        "speed": speed.figures,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=[*parts], action="append", help="one or more; all by default")
    for part in parser.parse_args().part or parts:
        started = time.perf_counter()
        lines = parts[part]()
        print(f"\n{part}, {time.perf_counter() - started:.0f} s\n\n{HEADER}")
        print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
