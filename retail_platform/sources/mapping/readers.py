"""One delivered file as a Parquet file of text columns: CSV, JSON and Excel, gzipped or not.

Only reading belongs here, and saying what is wrong with a file. Nothing is guessed and nothing is cast:
the dialect is the mapping's, every value stays the text it was delivered as.
"""

import codecs
import csv
import gzip
import re
import shutil
import zlib
from collections import Counter
from difflib import get_close_matches
from glob import escape
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl

from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.errors import SURELY_NEAR, of_csv, of_excel, of_json
from retail_platform.sources.mapping.model import FilesInput, nearest, some

CHUNK = 1 << 20
_SHOWN = 100  # columns of a message, and letters of each


def to_parquet(name: str, path: Path, layout: FilesInput, target: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Write a delivered file's rows to a Parquet file.

    Args:
        name: of the file, for messages.
        path: where it lies locally.
        layout: what the mapping says of it.
        target: the Parquet file to write.
        connection: to read with; opening one takes longer than reading a small file.

    Raises:
        SourceContractError: the file is damaged or not what the mapping says; names file, line and mend.
        SourceUnavailable: the file cannot be opened.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise SourceUnavailable(f"{name} cannot be opened: {error.strerror}") from error
    if layout.kind_of_file == "excel":
        return _excel(name, path, layout, target)
    plain = target.with_suffix(".plain")
    try:
        text = _plain(name, path, layout.encoding, plain)
        (_csv if layout.kind_of_file == "csv" else _json)(name, text, layout, target, connection)
    finally:
        plain.unlink(missing_ok=True)


def _plain(name: str, path: Path, encoding: str, plain: Path) -> Path:
    """The file unzipped and in UTF-8. Python unzips: DuckDB does not verify the checksum."""
    zipped = name.endswith(".gz")
    if not zipped and encoding == "utf-8":
        return path
    try:
        with gzip.open(path) if zipped else path.open("rb") as source:
            if encoding == "utf-8":
                with plain.open("wb") as target:
                    shutil.copyfileobj(source, target, CHUNK)
            else:
                _recode(name, source, encoding, plain)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceContractError(f"{name}: the gzip file is damaged ({error}); deliver it again") from error
    return plain


def _recode(name: str, source: Any, encoding: str, plain: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with plain.open("w", encoding="utf-8", newline="") as target:
        try:
            while chunk := source.read(CHUNK):
                text = decoder.decode(chunk)
                line += text.count("\n")
                target.write(text)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise SourceContractError(f"{name}, line {line}: {_no_text(encoding)}") from error


def _no_text(encoding: str) -> str:
    return f"is not {encoding} text; name its encoding in the input, as encoding = 'latin-1'"


def _csv(name: str, path: Path, layout: FilesInput, target: Path, connection: duckdb.DuckDBPyConnection) -> None:
    columns = list(layout.columns) if not layout.header else _header(name, path, layout)
    nulls = ["", *layout.nulls]
    options = {
        "auto_detect": "false",
        "header": str(layout.header).lower(),
        "skip": str(layout.skip),
        "delim": literal(layout.delim),
        "quote": literal(layout.quote),
        "escape": literal(layout.quote),
        "nullstr": f"[{', '.join(literal(one) for one in nulls)}]",
        "columns": "{" + ", ".join(f"{literal(one)}: 'VARCHAR'" for one in columns) + "}",
        "max_line_size": "16777216",
    }
    given = ", ".join(f"{key} = {value}" for key, value in options.items())
    try:
        _copy(f"read_csv({one_file(path)}, {given})", target, connection)
    except duckdb.Error as error:
        text = str(error)
        line = re.search(r"CSV Error on Line: (\d+)", text)
        place = f"{name}, line {line[1]}" if line else name
        if re.search(r"^Invalid unicode|not utf-8", text, re.MULTILINE | re.IGNORECASE):
            raise SourceContractError(f"{place}: {_no_text('utf-8')}") from None
        told = " ".join(of_csv(error).replace(str(path), name).split())
        raise SourceContractError(f"{place} cannot be read: {told}") from None


def _header(name: str, path: Path, layout: FilesInput) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        for _ in range(layout.skip):
            next(lines, None)
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE
        reader = csv.reader(lines, delimiter=layout.delim, quotechar=layout.quote or None, quoting=quoting)
        header = next(reader, [])
    line = layout.skip + 1
    if any("\udc80" <= letter <= "\udcff" for one in header for letter in one):
        raise SourceContractError(f"{name}, line {line}: {_no_text('utf-8')}")
    if not header:
        raise SourceContractError(f"{name} is empty: a header line is expected, even on a day without rows")
    if twice := [one for one, times in Counter(map(str.lower, header)).items() if times > 1]:
        both = [number for number, one in enumerate(header, start=1) if one.lower() == twice[0]]
        raise SourceContractError(f"{name}, line {line}: columns {some(both)} have the same name")
    require_columns(name, header, layout.columns, header=True)
    return header


def _json(name: str, path: Path, layout: FilesInput, target: Path, connection: duckdb.DuckDBPyConnection) -> None:
    source = one_file(path)
    found = f"SELECT * FROM read_json({source}, sample_size = -1, maximum_depth = 1)"
    try:
        columns = [str(row[0]) for row in connection.execute(f"DESCRIBE {found}").fetchall()]
        rows = connection.execute(f"SELECT count(*) FROM ({found})").fetchall()[0][0]
        if rows:
            require_columns(name, columns, layout.columns)
        else:
            columns = list(layout.columns) or columns
        given = ", ".join(f"{literal(one)}: 'VARCHAR'" for one in columns)
        _copy(f"read_json({source}, columns = {{{given}}})", target, connection)
    except duckdb.Error as error:
        told = " ".join(of_json(error).replace(str(path), name).split())
        raise SourceContractError(f"{name} cannot be read: {told}") from None


def _excel(name: str, path: Path, layout: FilesInput, target: Path) -> None:
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        sheets = book.sheet_names
        if layout.sheet and layout.sheet not in sheets:
            raise SourceContractError(f"{name} has no sheet {layout.sheet!r}{nearest(layout.sheet, sheets)}")
        sheet = book.load_sheet(
            layout.sheet or 0,
            header_row=layout.skip if layout.header else None,
            skip_rows=None if layout.header else layout.skip,
            column_names=None if layout.header else list(layout.columns),
            dtypes="string",
        )
    except fastexcel.FastExcelError as error:
        raise SourceContractError(f"{name} is no readable Excel file: {of_excel(error)}") from None
    frame = sheet.to_polars()
    require_columns(name, frame.columns, layout.columns, header=layout.header)
    frame.with_columns(pl.all().cast(pl.String)).write_parquet(target)


def require_columns(name: str, found: list[str], expected: tuple[str, ...], *, header: bool = False) -> None:
    """Refuse a file that lacks a declared column.

    Args:
        name: of the file, for messages.
        found: names of its columns.
        expected: the declared ones.
        header: whether the names stand in a line of their own: where none is like a declared one it may be a row.

    Raises:
        SourceContractError: naming the column and the nearest one found.
    """
    there = {one.lower() for one in found}
    missing = [one for one in expected if one.lower() not in there]
    if header and missing and not any(get_close_matches(one.lower(), there, cutoff=SURELY_NEAR) for one in expected):
        raise SourceContractError(
            f"{name}: none of the declared columns {', '.join(expected)} is in the header: where the header is, there "
            f"are {len(found)} other values. Does the file lack its header line, or need another skip or delim?"
        )
    if missing:
        told = " ".join(f"column {one!r} is missing{nearest(one, found)}" for one in missing)
        raise SourceContractError(f"{name}: {told} Found are: {some([one[:_SHOWN] for one in found], _SHOWN)}")


def literal(text: str) -> str:
    """A SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def one_file(path: Path) -> str:
    """A SQL text literal for a file to read: DuckDB takes a name with `*`, `?` or `[` for a pattern of several."""
    return literal(escape(str(path)))


def _copy(table: str, target: Path, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"COPY (SELECT * FROM {table}) TO {literal(str(target))} (FORMAT parquet)")
