"""One page of an answer: its body judged as a list of objects.

What a value may be is judged later, row by row. Here an answer is refused that is none, is not whole, or is no
list of objects.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.http.client import LONGEST_QUOTE, Body
from retail_platform.sources.mapping.http.errors import NothingFound, Transient
from retail_platform.sources.mapping.http.landing import Number, text_columns
from retail_platform.sources.mapping.http.links import next_link
from retail_platform.sources.mapping.http.model import CursorPages, HttpInput, LinkPages

_MISSING = object()
_LONGEST_CURSOR = 4096


@dataclass(frozen=True)
class Page:
    """A page that is what its input says.

    Attributes:
        rows: all text.
        total: rows of the whole answer, where the input declares it.
        next: cursor or link of the next page.
    """

    rows: pl.DataFrame
    total: int | None
    next: str | None


def read_page(what: str, layout: HttpInput, body: Body, safe: Callable[[str], str]) -> Page:
    """The rows of a page.

    Args:
        what: for messages.
        layout: the input.
        body: of the answer.
        safe: makes a text of the answer one that may be told.

    Raises:
        Transient: it is not whole: no JSON, or counts or checksum do not add up.
        NothingFound: it is an error that says that there are no rows.
        SourceUnavailable: it is another error.
        SourceContractError: it is no list of objects.
    """
    if layout.sha256_header:
        told = body.headers.get(layout.sha256_header)
        if told is None:
            raise SourceContractError(f"{what}: the header {layout.sha256_header} is missing, which the input declares")
        if told.strip().lower() != body.sha256:
            raise Transient(f"the body is not what {layout.sha256_header} says: it was changed or cut on its way")
    content = _json(what, body, safe)
    rows = _rows(what, layout, content, safe)
    declared = _count(what, content, layout.page_rows)
    if declared is not None and declared != len(rows):
        raise Transient(f"{layout.page_rows} is {declared:,}, the page has {len(rows):,} rows")
    total, following = _count(what, content, layout.total_rows), _next(what, layout, content, body)
    return Page(text_columns(what, rows), total, following)


def _json(what: str, body: Body, safe: Callable[[str], str]) -> Any:
    try:
        return json.loads(
            body.path.read_bytes().decode("utf-8-sig"),
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
            object_pairs_hook=_unique,
        )
    except _Twice as error:
        raise SourceContractError(f"{what}: an object holds the key {safe(error.args[0])[:80]!r} twice") from None
    except RecursionError:
        raise SourceContractError(f"{what}: the body is nested too deeply") from None
    except UnicodeDecodeError:
        raise Transient("the body is no UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise Transient(f"the body is no JSON, or cut: {error}") from None


class _Twice(Exception):
    """A key stands twice in an object: which value holds is anybody's guess."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _Twice(next(key for key in keys if keys.count(key) > 1))
    return found


def _rows(what: str, layout: HttpInput, content: Any, safe: Callable[[str], str]) -> list[dict[str, Any]]:
    rows = _at(content, layout.rows)
    error = _error(layout, content, rows)
    if error is not None:
        if layout.says_nothing(error) and not _beside(layout, rows):
            raise NothingFound(safe(error)[:LONGEST_QUOTE])
        raise SourceUnavailable(f"{what}: the answer is an error: {safe(error)[:LONGEST_QUOTE]}")
    place = f"at {layout.rows}" if layout.rows else "as body"
    if not isinstance(rows, list):
        found = "nothing" if rows is _MISSING else _kind(rows)
        raise SourceContractError(f"{what}: a list of objects is expected {place}, found {found}")
    if others := [row for row in rows if not isinstance(row, dict)]:
        raise SourceContractError(f"{what}: a list of objects is expected {place}, the list holds {_kind(others[0])}")
    return rows


def _error(layout: HttpInput, content: Any, rows: Any) -> str | None:
    """What an answer says that is an error, in place of rows or among them."""
    key = layout.error
    if key is None:
        return None
    if isinstance(content, dict) and content.get(key) and key not in layout.columns + layout.optional:
        return _told(content[key])
    if isinstance(rows, list) and key not in layout.columns + layout.optional:
        return next((_told(row[key]) for row in rows if isinstance(row, dict) and row.get(key)), None)
    return None


def _beside(layout: HttpInput, rows: Any) -> bool:
    """Whether there are rows beside an error: to take them for nothing would lose them."""
    return isinstance(rows, list) and (
        len(rows) > 1 or any(isinstance(row, dict) and not row.get(layout.error) for row in rows)
    )


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _count(what: str, content: Any, path: str | None) -> int | None:
    if path is None:
        return None
    found = _at(content, path)
    if not (isinstance(found, Number) and found.isdecimal() and len(found) < 19):
        raise SourceContractError(f"{what}: the input declares a count at {path}, found {_kind(found)}")
    return int(found)


def _next(what: str, layout: HttpInput, content: Any, body: Body) -> str | None:
    pages = layout.paginator
    if not isinstance(pages, CursorPages | LinkPages):
        return None
    if not pages.next:
        return next_link(what, body.headers.get_list("Link"))
    found = _at(content, pages.next)
    if found is None or found == "":
        return None
    if isinstance(found, str) and len(found) < _LONGEST_CURSOR:
        return str(found)
    raise SourceContractError(f"{what}: the next page is expected at {pages.next}, or null; found {_kind(found)}")


def _at(content: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        content = content.get(key, _MISSING) if isinstance(content, dict) else _MISSING
    return content


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", Number: "a number"}
    return "nothing" if value is _MISSING or value is None else names[type(value)]
