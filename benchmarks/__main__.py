"""Every figure of docs/performance.md: `make bench`. Each part has a process of its own, and so its own memory."""

import subprocess
import sys

PARTS = tuple(f"benchmarks.{part}" for part in ("simulator", "start", "year", "event_log", "rest", "s3"))


def main() -> None:
    for part in PARTS:
        print(f"# python -m {part}", flush=True)
        subprocess.run([sys.executable, "-m", part], check=True)


if __name__ == "__main__":
    main()
