"""The bytes of an answer's body, piece by piece as they come, decompressed without ever holding much of them."""

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from retail_platform.sources.base import SourceContractError
from retail_platform.sources.mapping.http.errors import Transient

if TYPE_CHECKING:
    import httpx

_PIECE = 1 << 16
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32  # told by the first bytes


def decoded(what: str, response: "httpx.Response") -> Iterator[bytes]:
    """The pieces of a body, at most 64 KiB each; an empty one where what came makes none yet.

    Raises:
        Transient: it cannot be decompressed, or was cut.
        SourceContractError: it is compressed otherwise than by gzip, which alone is asked for.
    """
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding in ("", "identity"):
        yield from response.iter_raw()
    elif coding in ("gzip", "x-gzip", "deflate"):
        yield from _inflated(response.iter_raw())
    else:
        raise SourceContractError(f"{what}: the body is encoded as {coding[:40]!r}; gzip is asked for, or nothing")


def _inflated(compressed: Iterator[bytes]) -> Iterator[bytes]:
    inflating = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        for rest in compressed:
            waiting = rest
            while True:
                if inflating.eof and waiting:  # another member
                    inflating = zlib.decompressobj(_GZIP_OR_ZLIB)
                piece = inflating.decompress(waiting, _PIECE)
                yield piece
                waiting = inflating.unused_data if inflating.eof else inflating.unconsumed_tail
                if not waiting and len(piece) < _PIECE:
                    break
    except zlib.error as error:
        raise Transient(f"the body cannot be decompressed: {error}") from None
    if not inflating.eof:
        raise Transient("the body is cut")
