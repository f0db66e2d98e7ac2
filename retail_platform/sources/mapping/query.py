"""A mapping's SQL over its inputs, in a DuckDB of its own, with errors that name file and line.

Which files the inputs are is `inputs`' business, what the rows must be is `source`'s.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from retail_platform.sources.base import SourceContractError
from retail_platform.sources.mapping.errors import of_query
from retail_platform.sources.mapping.model import nearest

MEMORY_LIMIT = "1GB"  # beyond it DuckDB spills to the scratch folder
MACROS = (
    # integer cents as an amount: 1250 -> 12.50
    r"""cents(t) AS CASE WHEN regexp_full_match(t::VARCHAR, '-?\d{1,17}')
        THEN CAST(CAST(t AS DECIMAL(18, 0)) * 0.01 AS DECIMAL(18, 2))::VARCHAR ELSE t::VARCHAR END""",
    # an amount written with a decimal comma: 1.234,50 -> 1234.50
    r"""decimal_comma(t) AS CASE WHEN regexp_full_match(t, '-?(\d+|\d{1,3}([. ]\d{3})+)(,\d+)?')
        THEN replace(replace(replace(t, '.', ''), ' ', ''), ',', '.') ELSE t END""",
    # an hour or time of day as HH:MM: 7 -> 07:00, 9:30 -> 09:30
    r"""clock(t) AS CASE WHEN regexp_full_match(t, '\d{1,2}') THEN lpad(t, 2, '0') || ':00'
        WHEN regexp_full_match(t, '\d:\d{2}(:\d{2})?') THEN '0' || left(t, 4)
        WHEN regexp_full_match(t, '\d{2}:\d{2}(:\d{2})?') THEN left(t, 5) ELSE t END""",
    # a day or a wall time written in a form of strptime's: iso_day('3/2/26', '%d/%m/%y') -> 2026-02-03
    "iso_day(t, form) AS coalesce(strftime(try_strptime(t, form), '%Y-%m-%d'), t)",
    "iso_time(t, form) AS coalesce(strftime(try_strptime(t, form), '%Y-%m-%d %H:%M:%S'), t)",
)
"""What a mapping's SQL may call besides DuckDB's functions; a text that does not fit comes back as it is."""


@contextmanager
def database(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory with the macros, which spills to a folder."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(spill),
    }
    with duckdb.connect(config=config) as connection:
        for macro in MACROS:
            connection.execute(f"CREATE MACRO {macro}")
        yield connection


def tables_used(connection: duckdb.DuckDBPyConnection, path: Path, sql: str) -> set[str]:
    """Names of the tables a query reads.

    Raises:
        SourceContractError: it is no single SELECT; names file and line.
    """
    [[text]] = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    tree = json.loads(text)
    if tree["error"]:
        if "position" in tree:
            line = sql[: int(tree["position"])].count("\n") + 1
            raise SourceContractError(f"{path}, line {line}: {tree['error_message']}")
        raise SourceContractError(f"{path}: one SELECT is expected; {tree['error_message']}")
    if len(tree["statements"]) != 1:
        raise SourceContractError(f"{path}: one SELECT is expected, {len(tree['statements'])} were found")
    return set(_tables(tree))


def _tables(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield str(node["table_name"]).lower()
        for child in node.values():
            yield from _tables(child)
    elif isinstance(node, list):
        for child in node:
            yield from _tables(child)


def create_result(connection: duckdb.DuckDBPyConnection, path: Path, sql: str, inputs: list[str]) -> list[str]:
    """Make the view `delivered` of a mapping's SQL.

    Returns:
        Its columns.

    Raises:
        SourceContractError: naming the SQL file, the line and what is near.
    """
    with explained(path, inputs):
        connection.execute("CREATE TEMP VIEW delivered AS " + _without_end(sql))
        return [str(row[0]) for row in connection.execute("DESCRIBE delivered").fetchall()]


@contextmanager
def explained(path: Path, inputs: Sequence[str] = ()) -> Iterator[None]:
    """Errors of a query as `SourceContractError` with file and, while its text is read, line.

    Args:
        path: of the SQL file.
        inputs: names that it may read from, when the text as it stands is executed.
    """
    try:
        yield
    except UnicodeDecodeError:  # what DuckDB says quotes bytes of a damaged file
        raise SourceContractError(f"{path}: a file that it reads holds bytes that are no UTF-8 text") from None
    except duckdb.Error as error:
        line = re.search(r"^LINE (\d+):", str(error), flags=re.MULTILINE) if inputs else None
        told = of_query(error)
        if unknown := re.search(r"Table with name (\S+) does not exist", told):
            near = nearest(unknown[1], inputs)
            told = f"{unknown[1]} is no input of the mapping{near} Inputs are: {', '.join(inputs)}"
        place = f"{path}, line {line[1]}" if line else str(path)
        raise SourceContractError(f"{place}: {' '.join(told.split())}") from None


def _without_end(sql: str) -> str:
    """The query without a closing semicolon and comments after it."""
    while True:
        sql = sql.rstrip()
        last = sql.rsplit("\n", 1)[-1].lstrip()
        if last.startswith("--"):
            sql = sql[: len(sql) - len(last)]
        elif sql.endswith(";"):
            sql = sql[:-1]
        else:
            return sql
