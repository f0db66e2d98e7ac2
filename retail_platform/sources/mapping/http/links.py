"""The next page in a `Link` header, as RFC 8288 writes it."""

import re
from collections.abc import Iterable

from retail_platform.sources.base import SourceContractError

_VALUE = r"""(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s";,]*))"""
_PARAM = re.compile(rf"""\s*;\s*(?P<name>[^\s=;,"]+)(?:\s*=\s*{_VALUE})?""")
_ADDRESS = re.compile(r"[\s,]*<(?P<url>[^>]*)>")
_END = re.compile(r"[\s;]*(?:,|$)")


def next_link(what: str, headers: Iterable[str]) -> str | None:
    """The link whose relation is `next`; None: there is none.

    Args:
        what: for the message.
        headers: the values of all `Link` headers.

    Raises:
        SourceContractError: one cannot be read: what it says of a next page would be lost.
    """
    for header in headers:
        at = 0
        while header[at:].strip(" \t,"):
            address = _ADDRESS.match(header, at)
            relation, at = _relation(header, address.end()) if address else (None, at)
            end = _END.match(header, at)
            if address is None or end is None:
                raise SourceContractError(
                    f"{what}: the header Link cannot be read: <address>; rel=next is expected at its sign {at + 1}"
                )
            if "next" in (relation or "").lower().split():
                return address["url"]
            at = end.end()
    return None


def _relation(header: str, at: int) -> tuple[str | None, int]:
    """The first `rel` of the parameters from a place on, and where they end."""
    relation = None
    while param := _PARAM.match(header, at):
        at = param.end()
        if param["name"].lower() == "rel" and relation is None:
            relation = param["quoted"] if param["quoted"] is not None else param["plain"]
    return relation, at
