"""Running the source API: in this process until Ctrl-C, or in a thread beside a test or a drill.

Only starting and stopping belongs here.
"""

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import uvicorn

from retail_platform.sources.api.access import Access, kept_accesses
from retail_platform.sources.api.app import make_app
from retail_platform.sources.api.content import Content
from retail_platform.sources.api.faults import Clock, Faults, FaultSwitch
from retail_platform.sources.simulator import Simulator

_START_SECONDS = 30
_STOP_SECONDS = 2  # that answers under way get


@dataclass(frozen=True)
class ApiServer:
    """A source API that runs.

    Attributes:
        url: without a slash at the end.
        token: that clients must bear.
        faults: what goes wrong; takes effect with the next request.
        requests: the latest requests, oldest first.
    """

    url: str
    token: str
    faults: FaultSwitch
    requests: deque[Access]

    @property
    def headers(self) -> dict[str, str]:
        """What a client sends with each request."""
        return {"Authorization": f"Bearer {self.token}"}


def run(
    simulator: Simulator,
    listening: socket.socket,
    token: str,
    *,
    faults: Faults,
    announce: Callable[[str], None],
    first_day: date | None = None,
    last_day: date | None = None,
) -> None:
    """Serve in this thread until Ctrl-C or SIGTERM.

    Args:
        simulator: where the rows come from.
        listening: a socket of `listen`.
        token: that clients must bear.
        faults: at the start.
        announce: told what is served, when nothing stands against it any more.
        first_day: first day with rows; None: the simulator's.
        last_day: last day with rows; None: today, whenever that is.

    Raises:
        UnknownStore: the faults name a store that there is not.
    """
    content = Content(simulator, first_day, last_day, _now)
    switch = FaultSwitch(faults, content.store_ids, _now)
    server = _Server(content, switch, token, kept_accesses())
    announce(f"{content.identity}, {content.days or 'no day yet'}")
    server.run([listening])


@contextmanager
def serving(
    simulator: Simulator | None = None,
    *,
    faults: Faults | None = None,
    token: str = "drill",
    first_day: date | None = None,
    last_day: date | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
) -> Iterator[ApiServer]:
    """Serve in a thread of this process while the context lasts; other processes can ask it, too.

    Args:
        simulator: where the rows come from; None: the tiny one of seed 1.
        faults: at the start; None: none.
        token: that clients must bear.
        first_day: first day with rows; None: the simulator's.
        last_day: last day with rows; None: today.
        host: address it listens on.
        port: of that address; 0: a free one. Naming one brings a server back where another was.
        clock: the wall time that decides of outages, late stores and today; None: the true one.

    Raises:
        OSError: the port is taken.
        UnknownStore: the faults name a store that there is not.
    """
    content = Content(simulator or Simulator(1, "tiny"), first_day, last_day, clock or _now)
    switch = FaultSwitch(faults or Faults(), content.store_ids, clock or _now)
    requests = kept_accesses()
    listening = listen(host, port)
    url = f"http://{host}:{listening.getsockname()[1]}"
    server = _Server(content, switch, token, requests)
    thread = threading.Thread(target=server.run, args=([listening],), name=f"source API {url}", daemon=True)
    thread.start()
    try:
        server.wait_until_ready(thread)
        yield ApiServer(url, token, switch, requests)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on, also before the server runs.

    Raises:
        OSError: the address or the port cannot be had.
    """
    return socket.create_server((host, port), backlog=2048)


def _now() -> datetime:
    return datetime.now(UTC)


def _is_not_meant(record: logging.LogRecord) -> bool:
    return record.getMessage() != "ASGI callable returned without completing response."  # a dropped connection


class _Server(uvicorn.Server):
    """Uvicorn that tells when it is ready, and leaves logging to its process."""

    def __init__(self, content: Content, faults: FaultSwitch, token: str, requests: deque[Access]) -> None:
        super().__init__(
            uvicorn.Config(
                make_app(content, faults, token, requests),
                access_log=False,
                log_config=None,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=_STOP_SECONDS,
            )
        )
        self._ready = threading.Event()
        logging.getLogger("uvicorn.error").addFilter(_is_not_meant)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._ready.set()

    def wait_until_ready(self, thread: threading.Thread) -> None:
        """Wait for the start in another thread.

        Raises:
            RuntimeError: it ended instead, or took too long.
        """
        if not self._ready.wait(_START_SECONDS) or not thread.is_alive():
            raise RuntimeError("the source API did not start: its log says why")
