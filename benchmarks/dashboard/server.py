"""The real server as a process, and the callback that a browser calls, asked over HTTP as a browser asks it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from retail_platform_tests.servers import free_port

_PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Server:
    """A running dashboard.

    Attributes:
        started: seconds from the start of the process to its first sign of health.
    """

    address: str
    process: int
    started: float

    def worked(self) -> float:
        """Seconds of processor time so far: what an answer costs, whatever else the machine does."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak(self) -> float:
        """The most memory it ever had, in MiB: `VmHWM` of Linux."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


class Visitor:
    """One browser's callbacks: it keeps its connection, and what it was told once it is not told again."""

    def __init__(self, server: Server) -> None:
        self._client = httpx.Client(base_url=server.address, timeout=_PATIENCE)
        self._sent: Any = None
        [self._callback] = [
            one for one in self._client.get("/_dash-dependencies").json() if one["output"].startswith("..content.")
        ]

    def look(self, address: tuple[str, str]) -> tuple[float, int]:
        """Seconds to the whole answer to an address, and its size in bytes.

        Raises:
            SystemExit: the answer is no page with its numbers.
        """
        values = dict(zip(("pathname", "search"), address, strict=True))
        asked = {
            "output": self._callback["output"],
            "outputs": [
                dict(zip(("id", "property"), output.split("."), strict=True))
                for output in self._callback["output"].strip(".").split("...")
            ],
            "inputs": [one | {"value": values[one["property"]]} for one in self._callback["inputs"]],
            "state": [one | {"value": self._sent} for one in self._callback["state"]],
            "changedPropIds": ["url.search"],
        }
        started = time.perf_counter()
        answer = self._client.post("/_dash-update-component", json=asked)
        seconds = time.perf_counter() - started
        if answer.status_code != 200 or '"message fault"' in answer.text or '"message problem"' in answer.text:
            raise SystemExit(f"{address}: status {answer.status_code}, {answer.text[:500]}")
        told = answer.json()["response"].get("sent")
        self._sent = told["data"] if told else self._sent
        return seconds, int(answer.headers["Content-Length"])

    def close(self) -> None:
        self._client.close()


@contextmanager
def served(lake: str) -> Iterator[Server]:
    """`retail dashboard` over a lake, once it says that it is well."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RETAIL_")}
    command = [sys.executable, "-m", "retail_platform.cli", "dashboard", "--port", str(port), "--lake", lake]
    log = Path(lake).parent / "server.log"
    started = time.perf_counter()
    with (
        log.open("a") as file,
        subprocess.Popen(command, cwd=log.parent, env=environment, stdout=file, stderr=file) as process,
    ):
        try:
            _wait(process, f"http://127.0.0.1:{port}/health", log)
            yield Server(f"http://127.0.0.1:{port}", process.pid, time.perf_counter() - started)
        finally:
            process.terminate()


def _wait(process: "subprocess.Popen[bytes]", health: str, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(health, timeout=_PATIENCE).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"the dashboard did not start:\n{log.read_text()}")
