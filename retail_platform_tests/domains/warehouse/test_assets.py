"""The finished tables in one DuckDB file."""

from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from retail_platform.definitions import assemble, open_retailer
from retail_platform.domains.footfall.contract import SensorHealth
from retail_platform.domains.warehouse.assets import publish
from retail_platform.settings import Settings
from retail_platform_tests.domains.frames import frame

ALWAYS = {"stores", "calendar", "store_calendar", "period_metrics", "daily_metrics"}
OF_SALES = {"products", "product_daily_metrics"}
OF_FOOTFALL = {
    "footfall",
    "sensor_health",
    "footfall_anomalies",
    "footfall_forecast",
    "footfall_forecast_days",
    "footfall_backtest",
}


@pytest.mark.parametrize(
    ("source", "tables"),
    [
        ("simulator", ALWAYS | OF_SALES | OF_FOOTFALL),
        ("bank_footfall", ALWAYS | OF_FOOTFALL),
        ("olist", ALWAYS | OF_SALES),
    ],
)
def test_it_holds_the_finished_tables_that_there_are(tmp_path: Path, source: str, tables: set[str]) -> None:
    folder = None if source == "simulator" else str(tmp_path)
    graph = assemble(open_retailer(Settings(scale="tiny", source=source, source_dir=folder))).resolve_asset_graph()

    assert {key.to_user_string() for key in graph.get(dg.AssetKey("warehouse")).parent_keys} == tables


def test_rows_and_types_are_those_of_the_lake_and_old_content_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "warehouse.duckdb"
    row = {"date": date(2026, 3, 1), "store_id": "S1", "hours_expected": 10, "hours_counted": 8}
    health = frame(
        SensorHealth,
        {**row, "sensor_id": "D1", "status": "ok", "rejected_hours": []},
        {**row, "sensor_id": "D2", "status": "spikes", "rejected_hours": [9, 14], "observed": 7, "reason": "far more"},
    )

    assert publish({"sensor_health": health.lazy()}, path) == {"sensor_health": 2}
    assert publish({"sensor_health": health.head(1).lazy(), "empty": health.clear().lazy()}, path) == {
        "sensor_health": 1,
        "empty": 0,
    }

    with duckdb.connect(str(path), read_only=True) as warehouse:
        found = warehouse.sql("SELECT * FROM sensor_health").pl()
        nobody = warehouse.sql("SELECT count(*) FROM empty").fetchall()
    assert found.drop("status").equals(health.head(1).drop("status"))
    assert found["status"].cast(pl.String).to_list() == ["ok"]
    assert nobody == [(0,)]
    assert list(path.parent.iterdir()) == [path]
