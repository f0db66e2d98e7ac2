"""How the finished tables get into one DuckDB file, swapped in atomically."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from retail_platform.domains.describe import OWNERS, tags
from retail_platform.retailer import Retailer

if TYPE_CHECKING:
    import duckdb

_BATCH = 500_000  # rows in memory at once
_WHOLE = ("stores", "calendar", "store_calendar", "period_metrics")
_DAILY = ("daily_metrics",)
_WHOLE_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"products": ("products",), "footfall": ("footfall_forecast", "footfall_forecast_days", "footfall_backtest")}
)
_DAILY_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"sales": ("product_daily_metrics",), "footfall": ("footfall", "sensor_health", "footfall_anomalies")}
)
"""Tables of a dataset, where the source delivers it."""


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The asset `warehouse`."""
    whole = [*_WHOLE, *(name for dataset, names in _WHOLE_OF.items() if retailer.has(dataset) for name in names)]
    daily = [*_DAILY, *(name for dataset, names in _DAILY_OF.items() if retailer.has(dataset) for name in names)]
    every_day = dg.AllPartitionMapping()

    @dg.asset(
        group_name="warehouse",
        ins={name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in whole}
        | {name: dg.AssetIn(dagster_type=pl.LazyFrame, partition_mapping=every_day) for name in daily},
        kinds={"duckdb"},
        owners=OWNERS,
        tags=tags("warehouse", "published"),
    )
    def warehouse(**tables: pl.LazyFrame) -> dg.MaterializeResult:
        """Stores, products, calendars, metrics and footfall as tables of one DuckDB file, for BI tools."""
        path = retailer.settings.warehouse_file
        rows = publish(tables, path)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(path)),
                "bytes": path.stat().st_size,
                **{f"rows_{name}": count for name, count in rows.items()},
            }
        )

    return [warehouse]


def publish(tables: dict[str, pl.LazyFrame], path: Path) -> dict[str, int]:
    """Write the tables to a new DuckDB file and put it in place of the old one.

    A reader that has the old file open keeps reading it; whoever opens the path afterwards gets the new one.

    Returns:
        Rows by table.
    """
    from dagster_duckdb import DuckDBResource

    rows = {}
    with _swapped_in(path) as fresh, DuckDBResource(database=str(fresh)).get_connection() as connection:
        for name, frame in sorted(tables.items()):
            empty = pl.DataFrame(schema=frame.collect_schema())
            _insert(connection, f'CREATE TABLE "{name}" AS', empty)
            batches = frame.collect_batches(chunk_size=_BATCH, engine="streaming")
            rows[name] = sum(_insert(connection, f'INSERT INTO "{name}"', batch) for batch in batches)
    return rows


def _insert(connection: "duckdb.DuckDBPyConnection", statement: str, batch: pl.DataFrame) -> int:
    connection.register("incoming", batch.to_arrow())
    done = connection.execute(f"{statement} SELECT * FROM incoming").fetchall()
    connection.unregister("incoming")
    return int(done[0][0])


@contextmanager
def _swapped_in(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        yield fresh
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
