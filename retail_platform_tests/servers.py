"""Ports of this machine: a free one, and waiting until a server listens."""

import socket
import subprocess
import time

_SECONDS = 60


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def wait_until_open(port: int, server: subprocess.Popen[bytes], seconds: float = _SECONDS) -> None:
    """Wait until a server takes connections.

    Raises:
        RuntimeError: it has ended, or does not listen in time.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"{server.args!r} ended with code {server.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # between two looks at the port
    raise RuntimeError(f"{server.args!r} does not listen on {port} after {seconds} s")
