"""The access log of the source API: one line a request, without tokens and without anything personal.

Only what is noted of a request belongs here; where log lines go is the caller's business.
"""

import logging
import re
import time
from collections import deque
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGGER = "retail_platform.sources.api.access"
_KEPT = 100_000
_MASK = "***"
_PARAMETERS = {"date", "store_id", "limit", "cursor"}
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,400}")  # dates, ids, numbers, cursors; no mail address, no name


@dataclass(frozen=True)
class Access:
    """One request and its answer.

    Attributes:
        method: GET, PUT, …
        path: of a route; what else was asked for is not told.
        query: parameters and values; those that are none of ours are masked.
        status: of the answer; 0 where the client left before there was one.
        rows: on the page, None where there is none.
        seconds: from the request until the whole answer is ready.
        fault: what was done wrong on purpose, if anything.
    """

    method: str
    path: str
    query: str
    status: int
    rows: int | None
    seconds: float
    fault: str | None = None

    def __str__(self) -> str:
        target = f"{self.path}?{self.query}" if self.query else self.path
        rows = "-" if self.rows is None else self.rows
        line = f"{self.method} {target} {self.status} rows={rows} {self.seconds * 1000:.0f}ms"
        return f"{line} fault={self.fault}" if self.fault else line


class AccessLog:
    """Middleware that notes each request.

    Args:
        app: the application it stands before.
        kept: where the latest are kept.
    """

    def __init__(self, app: ASGIApp, kept: deque[Access]) -> None:
        self._app = app
        self._kept = kept
        self._logger = logging.getLogger(LOGGER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note it when it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, noted, begin = 0, False, time.perf_counter()

        def note() -> None:
            nonlocal noted
            if not noted:
                noted = True
                self._note(scope, status, time.perf_counter() - begin)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body", False):
                note()  # before the client has all of it, so that whoever has an answer finds it noted
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            status = status or 500  # which is answered further out
            raise
        finally:
            note()

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        state = scope.get("state", {})
        access = Access(
            method=scope["method"] if _PLAIN.fullmatch(scope["method"]) else _MASK,
            path=scope["path"] if "endpoint" in scope else _MASK,
            query=_masked(scope["query_string"].decode("latin-1")),
            status=status,
            rows=state.get("rows"),
            seconds=seconds,
            fault=state.get("fault"),
        )
        self._kept.append(access)
        self._logger.info("%s", access, extra=asdict(access))


def kept_accesses() -> deque[Access]:
    """Where an `AccessLog` keeps the latest requests; older ones fall out."""
    return deque(maxlen=_KEPT)


def _masked(query: str) -> str:
    return "&".join(
        f"{name}={value if _PLAIN.fullmatch(value) else _MASK}" if name in _PARAMETERS else f"{_MASK}={_MASK}"
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
