"""`retail tables`, `sql`, `quarantine` and `vacuum`: looking at what the lake holds, and tidying it."""

import sys
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer
from rich.table import Table

from retail_platform.cli.common import (
    From,
    LakeUri,
    Misuse,
    To,
    cell,
    configured,
    console,
    retailer_of,
    shown_table,
    size,
    told,
)

if TYPE_CHECKING:
    from retail_platform.storage.lake import Lake

_SHOWN_ROWS = 200
_QUARANTINE = "quarantine_"


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(tables)
    app.command()(sql)
    app.command()(quarantine)
    app.command()(vacuum)


@told
def tables(lake: LakeUri = None) -> None:
    """List the tables of the lake: rows, days, version and bytes.

    Example: `retail tables`
    """
    from retail_platform.storage.sql import table_stats

    settings = configured(lake_uri=lake)
    numbers = ("Rows", "Days", "First day", "Last day", "Version", "Size")
    shown = shown_table(settings.lake_uri, ("Table",), numbers)
    for stats in table_stats(_lake(settings.lake_uri)):
        extent = (stats.rows, stats.days, stats.first_day, stats.last_day, stats.version)
        shown.add_row(stats.name, *(cell(value) for value in extent), size(stats.bytes))
    console.print(shown)


@told
def sql(
    query: Annotated[str, typer.Argument(help="DuckDB SQL; each table of the lake is a view.")],
    output: Annotated[Format, typer.Option("--format", help="How rows are printed.")] = Format.table,
    lake: LakeUri = None,
) -> None:
    """Ask the lake in SQL.

    Example: `retail sql "select store_id, sum(revenue) from daily_metrics group by 1 order by 2 desc" --format csv`
    """
    import duckdb

    from retail_platform.storage.sql import connect

    settings = configured(lake_uri=lake)
    with connect(_lake(settings.lake_uri), query) as connection:
        try:
            rows = connection.sql(query)
            frame = pl.DataFrame() if rows is None else rows.pl()
        except duckdb.Error as error:
            raise Misuse(str(error)) from None
    _print(frame, output)


@told
def quarantine(
    table: Annotated[str | None, typer.Argument(help="A validated table, as sales; default: all.")] = None,
    first: From = None,
    last: To = None,
    rows: Annotated[int, typer.Option(min=0, help="Sample rows shown of each reason.")] = 3,
    lake: LakeUri = None,
) -> None:
    """Show rejected rows: counts by reason, and samples as they were delivered. Personal columns are masked.

    Example: `retail quarantine sales --from 2026-01-01 --to 2026-01-31`
    """
    from retail_platform.cli.common import window_of

    settings = configured(lake_uri=lake)
    store = _lake(settings.lake_uri)
    names = [name for name in store.tables() if name.startswith(_QUARANTINE)]
    if table is not None:
        wanted = _QUARANTINE + table.removeprefix(_QUARANTINE)
        if wanted not in names:
            known = ", ".join(name.removeprefix(_QUARANTINE) for name in names) or "none yet"
            raise Misuse(f"there is no table {wanted} in {settings.lake_uri}; tables with a quarantine: {known}")
        names = [wanted]
    window = window_of(retailer_of(settings), first, last) if first or last else None
    empty = []
    for name in names:
        rejected = store.scan(name)
        if window and "date" in rejected.collect_schema():
            rejected = rejected.filter(pl.col("date").is_between(window.first, window.last))
        frame = rejected.collect()
        if frame.is_empty():
            empty.append(name)
        else:
            _show_rejected(name, frame, rows)
    if empty:
        console.print(f"nothing in {', '.join(empty)}", highlight=False)


@told
def vacuum(
    days: Annotated[int, typer.Option("--older-than", min=1, metavar="DAYS", help="Files younger than this stay.")] = 7,
    lake: LakeUri = None,
) -> None:
    """Delete files that no version of the last days needs: replaced days, and what killed runs left.

    Example: `retail vacuum --older-than 7`
    """
    store = _lake(configured(lake_uri=lake).lake_uri)
    for name in store.tables():
        deleted = store.vacuum(name, timedelta(days=days))
        console.print(f"{name}: {len(deleted)} files deleted", highlight=False)


def _lake(uri: str) -> "Lake":
    """The lake of an address, which must hold a table."""
    from retail_platform.storage.lake import Lake

    lake = Lake(uri)
    if not lake.tables():
        raise Misuse(f"there is no table in {uri}: run `retail materialize` first, or name another lake with --lake")
    return lake


def _show_rejected(name: str, rejected: pl.DataFrame, samples: int) -> None:
    from retail_platform.domains.clients.contract import ClientDelivery
    from retail_platform.domains.describe import personal_columns

    console.print(f"[bold]{name}[/bold]: {rejected.height:,} rows", highlight=False)
    personal = personal_columns(ClientDelivery) if name == "quarantine_clients" else []
    hidden = [column for column in personal if column in rejected.columns]
    reasons = rejected.explode("reasons").group_by("reasons").len().sort("len", "reasons", descending=[True, False])
    for reason, count in reasons.iter_rows():
        console.print(f"  {count:>8,}  {reason}", highlight=False)
        chosen = (
            rejected.filter(pl.col("reasons").list.contains(reason))
            .head(samples)
            .with_columns(
                pl.when(pl.col(column).is_not_null()).then(pl.lit("***")).alias(column)
                for column in hidden
                if column != reason.split("|")[0]  # what is wrong with a value shows in the value alone
            )
        )
        for row in chosen.drop("reasons", "copies").iter_rows(named=True):
            text = ", ".join(f"{column}={value}" for column, value in row.items() if value is not None)
            console.print(f"            {text}", style="dim", markup=False, highlight=False)


def _print(frame: pl.DataFrame, output: Format) -> None:
    if output is Format.csv:
        sys.stdout.write(frame.pipe(_flat).write_csv())
    elif output is Format.json:
        sys.stdout.write(frame.write_json() + "\n")
    else:
        shown = Table()
        for name, dtype in frame.schema.items():
            shown.add_column(name, justify="right" if dtype.is_numeric() else "left")
        for row in frame.head(_SHOWN_ROWS).iter_rows():
            shown.add_row(*(cell(value) for value in row))
        console.print(shown)
        if frame.height > _SHOWN_ROWS:
            console.print(f"{frame.height - _SHOWN_ROWS:,} more rows: use --format csv, or a limit")


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text: CSV has no lists."""
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    return frame.with_columns(
        pl.col(name).map_elements(lambda value: "; ".join(map(str, value)), return_dtype=pl.String) for name in nested
    )
