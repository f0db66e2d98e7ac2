"""One day of ten stores, about 50,000 sale lines, read over HTTP from the source API in a process of its own.

    python -m benchmarks.rest

Each day is read as an asset reads it: asked for by store, page by page, checked, landed, and mapped by SQL.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median

from retail_platform_tests.servers import free_port, wait_until_open

TOKEN = "benchmark"
DAYS = (date(2026, 1, 9), date(2026, 1, 16), date(2026, 1, 30))  # Fridays


def main() -> None:
    from pydantic import SecretStr

    from retail_platform.settings import Settings
    from retail_platform.sources.registry import open_source
    from retail_platform.windows import Window

    with tempfile.TemporaryDirectory(prefix="retail-bench-") as name, _served(Path(name)) as url:
        os.chdir(name)
        source = open_source(Settings(source="source_api", source_url=url, source_token=SecretStr(TOKEN)))
        source.read("stores").collect()  # imports, and the server's first answer
        before = _peak()
        first, again = [], []
        for day in DAYS:
            for seconds in (first, again):
                started = time.perf_counter()
                rows = source.read("sales", Window(day, day)).collect()
                seconds.append(time.perf_counter() - started)
            print(f"{day}: {rows.height:,} lines of {rows['store_id'].n_unique()} stores | {first[-1]:.2f} s")
        print(f"one day over HTTP, made by the server meanwhile | {median(first):.2f} s")
        print(f"one day over HTTP, once the server has it | {median(again):.2f} s")
        print(f"memory above what importing took | {(_peak() - before) / 2**20:.0f} MB")
        os.chdir("/")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address of a source API of demo size, in a process of its own."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RETAIL_")}
    environment["RETAIL_SOURCE_TOKEN"] = TOKEN
    command = [sys.executable, "-m", "retail_platform.cli", "serve-source", "--port", str(port), "--scale", "demo"]
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            wait_until_open(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
