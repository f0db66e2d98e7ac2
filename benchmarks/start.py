"""How long the code location takes to load, and one day through the whole graph as a process.

python -m benchmarks.start
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

RUNS = 5
_LOAD = """
import time
import dagster
started = time.perf_counter()
from retail_platform.definitions import defs
defs().get_repository_def()
print(time.perf_counter() - started)
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="retail-bench-") as name:
        folder = Path(name)
        shutil.copy(Path(__file__).resolve().parents[1] / "dagster.yaml", folder)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RETAIL_")}
        environment["DAGSTER_HOME"] = name
        loads = [
            float(_output([sys.executable, "-W", "ignore", "-c", _LOAD], folder, environment)) for _ in range(RUNS)
        ]
        print(f"loading the code location beyond importing dagster | {median(loads):.2f} s")
        days = []
        for day in range(5, 5 + 3):
            command = [sys.executable, "-m", "retail_platform.cli", "materialize"]
            command += ["--from", f"2026-01-{day:02}", "--to", f"2026-01-{day:02}"]
            started = time.perf_counter()
            _output(command, folder, environment)
            days.append(time.perf_counter() - started)
        print(f"one day through the whole graph, as a process | {median(days):.1f} s (first {days[0]:.1f} s)")


def _output(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
