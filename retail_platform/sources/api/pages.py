"""Pages of an answer: the body, its checksum and ETag, and the cursor that leads to the next.

Only bytes and text belong here; requests and responses do not.
"""

import base64
import binascii
import gzip
import hashlib
import io
import json
from dataclasses import dataclass

import polars as pl

from retail_platform.sources.api.content import Asked, Version

DEFAULT_LIMIT = 1_000
MAX_LIMIT = 10_000
_GZIP = "-gzip"
_SIGNED = 12  # bytes: against mistakes, not against attackers


class WrongCursor(ValueError):
    """A cursor is not one of this answer."""


@dataclass(frozen=True)
class Place:
    """Where a page begins, and in which version of the answer: later pages stay in the version of the first."""

    offset: int
    version: Version


@dataclass(frozen=True)
class Page:
    """A page as it is sent.

    Attributes:
        body: JSON, in UTF-8.
        rows: on this page.
    """

    body: bytes
    rows: int

    @property
    def sha256(self) -> str:
        """Of the body, hex."""
        return hashlib.sha256(self.body).hexdigest()


def make_page(
    rows: pl.DataFrame, place: Place, limit: int, *, asked: Asked, signed_for: str, again: bool = False
) -> Page:
    """Write the page at a place of an answer.

    Args:
        rows: of the whole answer.
        place: where the page begins.
        limit: rows on it, at most.
        asked: what the answer is about.
        signed_for: whose cursors are accepted later; see `read_cursor`.
        again: let the cursor lead to this very page, a fault.
    """
    part = rows.slice(place.offset, limit)
    end = place.offset + part.height
    following = place if again else Place(end, place.version)
    cursor = write_cursor(following, asked, signed_for) if again or end < rows.height else None
    body = io.BytesIO()
    body.write(b'{"rows":')
    part.write_json(body)
    body.write(f',"row_count":{part.height},"total_rows":{rows.height},"next_cursor":{json.dumps(cursor)}}}'.encode())
    return Page(body.getvalue(), part.height)


def write_cursor(place: Place, asked: Asked, signed_for: str) -> str:
    """The cursor that leads to a place of an answer."""
    content = json.dumps([place.offset, place.version.missing, place.version.corrected]).encode()
    return base64.urlsafe_b64encode(_signature(content, asked, signed_for) + content).decode().rstrip("=")


def read_cursor(cursor: str, asked: Asked, signed_for: str) -> Place:
    """The place that a cursor leads to.

    Args:
        cursor: as `write_cursor` wrote it.
        asked: what the answer is about.
        signed_for: of the server: another's cursors are not accepted.

    Raises:
        WrongCursor: it was not written for this answer.
    """
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    signature, content = data[:_SIGNED], data[_SIGNED:]
    if not content or signature != _signature(content, asked, signed_for):
        raise WrongCursor(
            "cursor is not one of this answer: take it from next_cursor of the page before, with the same date and "
            "store_id, or leave it out to begin anew"
        )
    offset, missing, corrected = json.loads(content)
    return Place(offset, Version(tuple(missing), corrected))


def _signature(content: bytes, asked: Asked, signed_for: str) -> bytes:
    about = f"{signed_for}|{asked.dataset}|{asked.day}|{asked.store_id}|".encode()
    return hashlib.sha256(about + content).digest()[:_SIGNED]


def etag(sha256: str, zipped: bool) -> str:
    """A strong ETag: one for each content and coding of it."""
    return f'"{sha256}{_GZIP if zipped else ""}"'


def is_known(if_none_match: str | None, sha256: str) -> bool:
    """Whether a client has the content, in whatever coding."""
    tags = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return bool(tags & {"*", etag(sha256, zipped=False), etag(sha256, zipped=True)})


def wants_gzip(accept_encoding: str | None) -> bool:
    """Whether a client asks for gzip."""
    for part in (accept_encoding or "").split(","):
        coding, _, weight = part.partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def zipped(body: bytes) -> bytes:
    """The body in gzip; the same bytes each time."""
    return gzip.compress(body, compresslevel=1, mtime=0)
