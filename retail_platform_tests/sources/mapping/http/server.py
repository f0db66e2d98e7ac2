"""A server whose every answer the test decides."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came; `times` counts those of the same path and query, this one included."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    times: int


@dataclass(frozen=True)
class Reply:
    """What is answered: `cut` bytes of the body are announced and not sent; the others come `drip` seconds apart."""

    body: bytes = b"[]"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    drip: float = 0


def told(content: Any, status: int = 200, **headers: str) -> Reply:
    """A reply of JSON."""
    return Reply(json.dumps(content).encode(), status, {name.replace("_", "-"): text for name, text in headers.items()})


@dataclass
class Server:
    """A running server: its address, what it was asked, and how it answers."""

    url: str
    answer: Callable[[Asked], Reply]
    asked: list[Asked] = field(default_factory=list, repr=False)
    at_once: int = 0
    most_at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, target: str, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._lock:
            times = 1 + sum(one.path == parts.path and one.query == query for one in self.asked)
            asked = Asked(parts.path, query, headers, times)
            self.asked.append(asked)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return self.answer(asked)
        finally:
            with self._lock:
                self.at_once -= 1


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[Server]:
    """A server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            reply = server.reply(self.path, dict(self.headers.items()))
            if reply.status == 0:  # hang up
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, text in reply.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            body = reply.body[: len(reply.body) - reply.cut]
            with suppress(ConnectionError):  # who waits no longer hangs up
                for piece in (bytes([byte]) for byte in body) if reply.drip else (body,):
                    self.wfile.write(piece)
                    if reply.drip and over.wait(reply.drip):
                        break
            if reply.cut or reply.drip:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    over = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server = Server(f"http://127.0.0.1:{http.server_address[1]}", answer)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            http.shutdown()
            thread.join()
