"""SQL over the lake's tables, and what the Delta log tells of them.

Only reading belongs here, for people at a prompt; assets read through the IO manager.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
from deltalake import DeltaTable

from retail_platform.storage import places
from retail_platform.storage.lake import Lake
from retail_platform.storage.schema import from_delta

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class TableStats:
    """What the log says of one table.

    Attributes:
        days: days that have rows; None, as first and last day, for a table without days.
        bytes: size of the Parquet files of the newest version.
    """

    name: str
    rows: int
    days: int | None
    first_day: date | None
    last_day: date | None
    version: int
    bytes: int


def table_stats(lake: Lake) -> list[TableStats]:
    """Size and extent of each table, from the Delta log alone, in order of their names."""
    return [_stats(lake, name) for name in lake.tables()]


def _stats(lake: Lake, name: str) -> TableStats:
    held = lake.held()
    table, files = held.delta(name), held.files(name)
    by_day = table.metadata().partition_columns == ["date"]
    days = files["date"].unique().sort().to_list() if by_day else []
    return TableStats(
        name=name,
        rows=held.row_counts(name)["rows"].item(),
        days=len(days) if by_day else None,
        first_day=days[0] if days else None,
        last_day=days[-1] if days else None,
        version=table.version(),
        bytes=int(files["bytes"].sum()),
    )


def connect(lake: Lake, query: str | None = None) -> "duckdb.DuckDBPyConnection":
    """An in-memory DuckDB with a view for each table, as the tables are now; times are shown in UTC.

    Args:
        lake: where the tables are.
        query: make views only for the tables it names; those it cannot be read for: all.
    """
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA table_columns")
    for name in _named(connection, lake.tables(), query):
        table = lake.delta(name)
        files = table.file_uris()
        if places.is_remote(lake.uri) and files:
            connection.register(name, lake.scan(name))
        else:
            _create_view(connection, name, table, files)
    return connection


def _named(connection: "duckdb.DuckDBPyConnection", tables: list[str], query: str | None) -> list[str]:
    import duckdb

    if query is None:
        return tables
    try:
        named = connection.get_table_names(query)
    except duckdb.Error:  # the query itself will say what is wrong with it
        return tables
    return [name for name in tables if name in named]


def _create_view(connection: "duckdb.DuckDBPyConnection", name: str, table: DeltaTable, files: list[str]) -> None:
    """A view over Parquet files; the empty frame gives columns and types that older files may lack."""
    columns = f"table_columns.{_quoted(name)}"
    connection.register("schema_of_table", pl.DataFrame(schema=from_delta(table.schema())).to_arrow())
    connection.execute(f"CREATE TABLE {columns} AS FROM schema_of_table")
    connection.unregister("schema_of_table")
    query = f"SELECT * FROM {columns}"
    if files:
        listed = ", ".join(_text(file.removeprefix("file://")) for file in files)
        days = "hive_types = {'date': DATE}" if table.metadata().partition_columns else "hive_partitioning = false"
        query += f" UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], union_by_name = true, {days})"
    connection.execute(f"CREATE VIEW {_quoted(name)} AS {query}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
