"""Every figure of docs/performance.md: `make bench`. Each part has a process of its own, and so its own memory."""

import subprocess
import sys

PARTS = ("benchmarks.simulator", "benchmarks.start", "benchmarks.year", "benchmarks.event_log")


def main() -> None:
    for part in PARTS:
        print(f"# python -m {part}", flush=True)
        subprocess.run([sys.executable, "-m", part], check=True)


if __name__ == "__main__":
    main()
