"""An S3 server that fails on purpose: a proxy in front of a true one, for tests and drills.

    python -m retail_platform_tests.s3_faults --upstream http://127.0.0.1:5000 --port 5001 --rate 0.05 --seed 1

A share of the requests, drawn by the seed, meets one of the `KINDS` of faults; `once` makes it meet a chosen request.
Only failing belongs here; what must come of it is the tests' business.
"""

import argparse
import asyncio
import json
import random
import re
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Literal, get_args
from urllib.parse import urlsplit

from retail_platform_tests.servers import free_port, wait_until_open

Kind = Literal["slow_down", "reset", "lost_answer", "stall", "cut_answer"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""503 SlowDown; a reset before anything is done; done, but a reset in place of the answer; silence, then a reset;
an answer that breaks off in the middle."""

SILENT = ("stall", "mute")
"""With a long `stall_seconds`, silence until the client gives up: before anything is done; after all was done."""

CONTROL = "/faults-of-this-server"
_SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time


@dataclass
class Faults:
    """Which requests fail, how, and how many have.

    Attributes:
        once: (kind, method, expression of the path): the next such request fails so.
    """

    rate: float
    chance: random.Random
    stall_seconds: float
    once: list[tuple[str, str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def of(self, method: str, path: str) -> str | None:
        """The fault that a request meets; None for most."""
        self.counts["requests"] += 1
        for wanted in self.once:
            if wanted[1] == method and re.search(wanted[2], path):
                self.once.remove(wanted)
                self.counts[wanted[0]] += 1
                return wanted[0]
        if self.chance.random() >= self.rate:
            return None
        kind = self.chance.choice(KINDS)
        self.counts[kind] += 1
        return kind


@dataclass(frozen=True)
class FaultyS3:
    """A running proxy."""

    endpoint: str

    def change(self, **settings: object) -> dict[str, int]:
        """Set `rate` or add a `once`; the counts since the last change, by kind, and `requests`."""
        connection = HTTPConnection(urlsplit(self.endpoint).netloc, timeout=30)
        connection.request("POST", CONTROL, json.dumps(settings))
        counts: dict[str, int] = json.loads(connection.getresponse().read())
        connection.close()
        return counts


@contextmanager
def faulty_s3(upstream: str, *, rate: float = 0.05, seed: int = 1, stall_seconds: float = 0.5) -> Iterator[FaultyS3]:
    """A proxy as a process of its own, until the block ends.

    Args:
        upstream: the true server's address.
        rate: share of the requests that meet a fault.
        stall_seconds: how long a stalled request stays without an answer.
    """
    port = free_port()
    command = [sys.executable, "-m", __name__, "--upstream", upstream, "--port", str(port), "--rate", str(rate)]
    server = subprocess.Popen([*command, "--seed", str(seed), "--stall", str(stall_seconds)])
    try:
        wait_until_open(port, server)
        yield FaultyS3(f"http://127.0.0.1:{port}")
    finally:
        server.kill()  # SIGTERM is ignored where whoever started the tests ignores SIGINT: Dagster sees to that
        server.wait()


async def _serve(upstream: str, port: int, faults: Faults) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _one_request(upstream, faults, reader, writer)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, limit=2**20)
    await server.serve_forever()


async def _one_request(
    upstream: str, faults: Faults, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Each request has a connection of its own, whose end is the answer's end."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "expect" in headers:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    if path == CONTROL:
        writer.write(_response("200 OK", _change(faults, json.loads(body))))
        return
    fault = faults.of(method, path)
    if fault == "slow_down":
        writer.write(_response("503 Slow Down", _SLOW_DOWN))
        return
    if fault == "stall":
        await asyncio.sleep(faults.stall_seconds)
    if fault in ("stall", "reset"):
        _reset(writer)
        return
    dropped = ("expect", "connection")
    kept = [line for line in lines if line.partition(":")[0].lower() not in dropped]
    answered = await _asked(upstream, "\r\n".join([first, *kept, "Connection: close", "", ""]).encode("latin-1") + body)
    if fault == "cut_answer":
        writer.write(answered[: len(answered) - max(1, (len(answered) - answered.find(b"\r\n\r\n")) // 2)])
        await writer.drain()
    if fault == "mute":
        await asyncio.sleep(faults.stall_seconds)
    if fault in ("cut_answer", "lost_answer", "mute"):
        _reset(writer)
        return
    writer.write(answered)
    await writer.drain()


async def _asked(upstream: str, request: bytes) -> bytes:
    target = urlsplit(upstream)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.close()


def _change(faults: Faults, settings: dict[str, object]) -> bytes:
    counts = json.dumps(faults.counts).encode()
    faults.counts.clear()
    if "rate" in settings:
        faults.rate = float(str(settings["rate"]))
    if "once" in settings:
        kind, method, path = settings["once"]  # type: ignore[misc]
        faults.once.append((kind, method, path))
    return counts


def _response(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


def main() -> None:
    arguments = argparse.ArgumentParser(description="A proxy that makes an S3 server fail on purpose.")
    arguments.add_argument("--upstream", required=True)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--rate", type=float, default=0.05, help="share of the requests that meet a fault")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--stall", type=float, default=0.5, help="seconds without an answer before a reset")
    given = arguments.parse_args()
    asyncio.run(_serve(given.upstream, given.port, Faults(given.rate, random.Random(given.seed), given.stall)))


if __name__ == "__main__":
    main()
