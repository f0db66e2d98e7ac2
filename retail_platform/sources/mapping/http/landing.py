"""Rows of answers as Parquet files of text columns, below the folder of one read.

Values land as they were delivered: numbers keep their digits, objects and lists are JSON text. No name of an
answer becomes a file's name.
"""

import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from retail_platform.sources.base import SourceContractError
from retail_platform.sources.mapping.http.model import REQUEST, HttpInput
from retail_platform.sources.mapping.http.requests import Request

MAX_COLUMNS = 500
_LONGEST_NAME = 200


class Number(str):
    """A number as it was written."""

    __slots__ = ()


def text_columns(what: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Objects as rows of text; a key that an object lacks is null.

    Raises:
        SourceContractError: there are no keys or too many, one is no name of a column, or a text is no Unicode.
    """
    keys = dict.fromkeys(chain.from_iterable(rows))
    if len(keys) > MAX_COLUMNS:
        raise SourceContractError(f"{what}: the objects have {len(keys):,} different keys; {MAX_COLUMNS} are allowed")
    if rows and not keys:
        raise SourceContractError(f"{what}: the objects are empty")
    names: dict[str, str] = {}
    for key in keys:
        if not key or len(key) > _LONGEST_NAME or not key.isprintable():
            raise SourceContractError(f"{what}: the key {key[:80]!r} cannot be a column")
        if (other := names.setdefault(key.lower(), key)) != key:
            raise SourceContractError(f"{what}: the keys {other!r} and {key!r} differ in capital letters only")
    try:
        return pl.DataFrame({key: _series(key, rows) for key in keys})
    except UnicodeEncodeError:
        raise SourceContractError(f"{what}: a text holds half a character, which is no Unicode") from None
    except RecursionError:
        raise SourceContractError(f"{what}: a value is nested too deeply") from None


def _series(key: str, rows: list[dict[str, Any]]) -> pl.Series:
    values = [row.get(key) for row in rows]
    return pl.Series(key, [one if type(one) is str else _text(one) for one in values], pl.String)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value) if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join([_json(one) for one in value]) + "]"
    if isinstance(value, dict):
        return "{" + ",".join([f"{_json(key)}:{_json(one)}" for key, one in value.items()]) + "}"
    return json.dumps(value, ensure_ascii=False)


def write_page(what: str, layout: HttpInput, request: Request, rows: pl.DataFrame, target: Path) -> None:
    """Write a page's rows, with what they were asked for with.

    Raises:
        SourceContractError: a key is a name of the platform's own columns.
    """
    if taken := [name for name in rows.columns if name.lower() in layout.own_columns]:
        raise SourceContractError(f"{what}: the key {taken[0]!r} is the platform's own name for what was asked for")
    day = [pl.lit(request.day, pl.Date).alias("file_date")] if layout.dated else []
    asked = [pl.lit(value, pl.String).alias(REQUEST + key) for key, value in request.values.items()]
    rows.with_columns(*day, *asked).write_parquet(target)


def require_columns(what: str, layout: HttpInput, found: Iterable[str]) -> None:
    """Refuse an answer with rows that lacks a declared column.

    Raises:
        SourceContractError: naming the column and the nearest one found.
    """
    from retail_platform.sources.mapping.readers import require_columns as require

    require(what, list(found), layout.columns)


def merged(layout: HttpInput, parts: list[Path], target: Path) -> None:
    """Write the pages of one day as one file, which has all declared columns."""
    own = {name: pl.Date if name == "file_date" else pl.String for name in layout.own_columns}
    declared = pl.LazyFrame(schema={**dict.fromkeys((*layout.columns, *layout.optional), pl.String), **own})
    pages = [_as_declared(pl.scan_parquet(part), layout) for part in parts]
    pl.concat([declared, *pages], how="diagonal").sink_parquet(target)


def _as_declared(page: pl.LazyFrame, layout: HttpInput) -> pl.LazyFrame:
    """Columns bear their names as declared, however the answer writes them."""
    declared = {name.lower(): name for name in (*layout.columns, *layout.optional)}
    names = {name: declared.get(name.lower(), name) for name in page.collect_schema().names()}
    return page.rename({name: new for name, new in names.items() if new != name})
