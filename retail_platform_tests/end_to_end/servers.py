"""Dagster's web server and daemon as a user starts them, for tests and pictures.

Only starting, waiting and stopping belong here; what is done in the browser is `ui`'s business.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from retail_platform_tests.servers import free_port

PROJECT = Path(__file__).resolve().parents[2]

_RETAIL = (sys.executable, "-c", "from retail_platform.cli import app; app()")
_START_SECONDS = 120
_STOP_SECONDS = 20
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
    locationOrLoadError { __typename ... on PythonError { message } } } } } }"""


def project_folder(folder: Path) -> Path:
    """Make a folder a working folder of the project: its `dagster.yaml` and `workspace.yaml`, nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(PROJECT / name, folder / name)
    return folder


@contextmanager
def retail_dev(folder: Path, settings: Mapping[str, str], *options: str) -> Iterator[str]:
    """Run `retail dev` (which becomes `dagster dev`) in a project folder until the block ends.

    Args:
        folder: of `project_folder`; the instance and the lake lie under it.
        settings: `RETAIL_*` variables.
        options: of the command; without any it starts no dashboard.

    Yields:
        The server's address, once its code location is loaded.

    Raises:
        RuntimeError: the server ends or the code location does not load; with the log's end.
    """
    port = free_port()
    log = folder / "dev.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*_RETAIL, "dev", "--port", str(port), *(options or ["--no-dashboard"])],
            cwd=folder,
            env=os.environ | {"DAGSTER_HOME": str(folder)} | dict(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_loaded(server, address, log)
        yield address
    finally:
        _stop(server)


def wait_until_loaded(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait until a web server has loaded its code location.

    Raises:
        RuntimeError: it ends or the code location does not load; with the log's end.
    """
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"retail dev ended with code {server.returncode}: {_tail(log)}")
        if loaded := _loaded_locations(address):
            errors = [found["message"] for found in loaded if found["__typename"] == "PythonError"]
            if errors:
                raise RuntimeError(f"the code location does not load: {errors[0]}")
            return
        time.sleep(0.2)  # between two looks at the server
    raise RuntimeError(f"retail dev is not up after {_START_SECONDS} s: {_tail(log)}")


def _loaded_locations(address: str) -> list[dict[str, str]]:
    """The code locations, or what went wrong with each; none as long as the server is not up."""
    body = json.dumps({"query": _LOCATIONS}).encode()
    request = Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=30) as response:
            entries = json.load(response)["data"]["workspaceOrError"]["locationEntries"]
    except (URLError, ConnectionError, TimeoutError):
        return []
    return [found for entry in entries if (found := entry["locationOrLoadError"])]


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the whole group: the server starts a daemon, code servers and runs."""
    os.killpg(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(_STOP_SECONDS)
    try:
        os.killpg(server.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all had ended
    server.wait()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]
