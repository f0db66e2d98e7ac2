"""The code location: it loads fast, says what everything is, and its jobs run."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableJob

from retail_platform.definitions import assemble, open_retailer
from retail_platform.settings import Settings
from retail_platform_tests.platform import PROJECT, Platform

SOURCES = ("simulator", "olist", "jaffle_shop", "bank_footfall", "rossmann", "retailinsights")
HEAVY = (
    *("boto3", "dagster_aws", "dagster_duckdb", "duckdb", "faker", "fastexcel", "holidays"),
    *("apprise", "dash", "fastapi", "httpx", "lightgbm", "plotly", "rapidfuzz", "scipy"),
)


def definitions(source: str) -> dg.Definitions:
    return assemble(open_retailer(Settings(source=source, source_dir="anywhere")))  # no file is touched


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_a_graph_that_is_whole(source: str) -> None:
    dg.Definitions.validate_loadable(definitions(source))


@pytest.mark.parametrize("source", SOURCES)
def test_every_asset_says_what_it_is(source: str) -> None:
    graph = definitions(source).resolve_asset_graph()

    for key in graph.materializable_asset_keys:
        spec = graph.get(key)
        name = key.to_user_string()
        assert spec.group_name != "default", name
        assert spec.description, name
        assert spec.owners, name
        assert spec.kinds, name
        assert {"domain", "layer"} <= spec.tags.keys(), name
        if name not in ("warehouse", "daily_report"):  # files
            schema = spec.metadata["dagster/column_schema"]
            assert schema.columns, name


def test_raw_tables_of_what_a_source_lacks_are_not_there() -> None:
    names = {
        key.to_user_string() for key in definitions("bank_footfall").resolve_asset_graph().materializable_asset_keys
    }

    assert {"raw_footfall", "daily_metrics", "warehouse"} <= names
    assert {"raw_sales", "sales", "clients", "products", "store_totals"}.isdisjoint(names)


def test_personal_columns_are_tagged() -> None:
    schema = (
        definitions("simulator").resolve_asset_graph().get(dg.AssetKey("clients")).metadata["dagster/column_schema"]
    )

    personal = {column.name for column in schema.columns if "personal" in (column.tags or {})}
    assert personal == {"name", "email", "phone", "birth_year", "age"}


@pytest.mark.parametrize("source", SOURCES)
def test_daily_assets_share_one_definition_of_days(source: str) -> None:
    graph = definitions(source).resolve_asset_graph()

    assert len({graph.get(key).partitions_def for key in graph.materializable_asset_keys} - {None}) == 1
    policies = {
        graph.get(key).backfill_policy for key in graph.materializable_asset_keys if graph.get(key).partitions_def
    }
    assert policies == {dg.BackfillPolicy.multi_run(31)}


def test_loading_imports_nothing_heavy_and_touches_nothing(tmp_path: Path) -> None:
    code = (
        "import retail_platform.definitions as d, sys; d.defs(); print(*(m for m in sys.argv[1:] if m in sys.modules))"
    )

    child = subprocess.run(
        [sys.executable, "-W", "error:::retail_platform", "-c", code, *HEAVY],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=True,
    )

    assert child.stdout.split() == []
    assert child.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_jobs_name_what_schedules_run() -> None:
    repository = definitions("simulator").get_repository_def()

    day, today, reference = (repository.get_job(name) for name in ("day", "today", "reference"))
    selected = {
        job.name: {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
        for job in (day, today, reference)
    }
    assert {"stores", "raw_sales", "daily_metrics", "period_metrics", "warehouse"} <= selected["day"]
    assert {"raw_sales", "daily_metrics"} <= selected["today"]
    assert {"stores", "period_metrics", "warehouse"}.isdisjoint(selected["today"])
    assert {"calendar", "clients", "products", "product_prices", "opening_hours"} <= selected["reference"]
    assert {"raw_sales", "daily_metrics"}.isdisjoint(selected["reference"])


WITH_WEATHER = """
name = "shops"
title = "Shops"
timezone = "Europe/London"
currency = "GBP"
country = "GB"
span = { first = 2026-03-01, last = 2026-03-03 }
[inputs.all]
path = "all.csv"
[datasets.stores]
delivery = "snapshot"
driving = "all"
[datasets.weather]
delivery = "archive"
driving = "all"
"""


@pytest.mark.parametrize("delivered", [True, False])
def test_jobs_wait_for_the_weather_where_the_source_delivers_it_with_all_else(delivered: bool, tmp_path: Path) -> None:
    source = str(tmp_path)
    (tmp_path / "mapping.toml").write_text(WITH_WEATHER)
    for dataset in ("stores", "weather"):
        (tmp_path / f"{dataset}.sql").write_text("SELECT * FROM all\n")
    settings = Settings(source=source if delivered else "simulator", source_dir="anywhere", weather="open-meteo")

    repository = assemble(open_retailer(settings)).get_repository_def()

    weather = {"raw_weather", "weather", "quarantine_weather"}
    assert weather <= {key.to_user_string() for key in repository.asset_graph.materializable_asset_keys}
    for name in ("day", "today"):
        selected = {key.to_user_string() for key in repository.get_job(name).asset_layer.selected_asset_keys}
        assert weather & selected == (weather if delivered else set())


def test_the_day_job_makes_a_day_of_everything_with_its_checks(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        with (
            platform.environment(),
            dg.execute_job(
                ReconstructableJob(platform.repository, "day"),
                instance=platform.instance,
                tags={"dagster/partition": "2026-03-02"},
            ) as result,
        ):
            assert result.success
            checks = [
                event.asset_check_evaluation_data
                for event in result.all_events
                if event.event_type_value == "ASSET_CHECK_EVALUATION"
            ]

        assert platform.states("2026-03-02")["daily_metrics"].materialized == ["2026-03-02"]
        assert platform.table("daily_metrics").height == 3
        assert platform.table("period_metrics").filter(grain="day").height == 3
        assert (tmp_path / "warehouse.duckdb").is_file()
        assert {check.partition for check in checks if check.asset_key == dg.AssetKey("sales")} == {"2026-03-02"}
        assert all(check.passed for check in checks)
