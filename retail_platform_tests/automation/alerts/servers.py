"""A mail server and a webhook receiver on free ports of this machine, that keep what they get.

Only receiving belongs here.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Mail:
    """What a mail server got; `down` makes it refuse."""

    url: str
    received: list[tuple[str, str]] = field(default_factory=list)  # subject, text
    down: bool = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.down:
            return "451 not now"
        parsed = message_from_bytes(envelope.content, policy=default)
        body = parsed.get_body(("plain", "html"))
        self.received.append((str(parsed["subject"]), body.get_content() if body else ""))
        return "250 taken"

    @property
    def subjects(self) -> list[str]:
        return [subject for subject, _ in self.received]


@dataclass
class Hook:
    """What a webhook receiver got; `down` makes it answer 503."""

    url: str
    received: list[dict[str, Any]] = field(default_factory=list)
    down: bool = False

    @property
    def subjects(self) -> list[str]:
        return [str(one["title"]) for one in self.received]


@contextmanager
def mail_server() -> Iterator[Mail]:
    port = free_port()
    mail = Mail(f"mailto://127.0.0.1:{port}?from=retail@example.com&to=ops@example.com")
    controller = Controller(mail, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mail
    finally:
        controller.stop()


@contextmanager
def webhook() -> Iterator[Hook]:
    hook = Hook("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if not hook.down:
                hook.received.append(json.loads(content))
            self.send_response(503 if hook.down else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"json://127.0.0.1:{server.server_port}/hook/hunter2"
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield hook
        server.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
