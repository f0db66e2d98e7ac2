"""`daily_report`: a page a day beside the tables, its numbers those of SQL over the lake, told of in the run."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from dagster._core.definitions.reconstruct import ReconstructableJob

from retail_platform.automation.ranges import JOB, range_tags
from retail_platform.definitions import open_retailer
from retail_platform.domains.reports.assets import build
from retail_platform.language.formats import Formats
from retail_platform.settings import Settings
from retail_platform.storage.sql import connect
from retail_platform_tests.platform import Platform, window
from retail_platform_tests.reports.pages import shown

REPORT, METRICS = dg.AssetKey("daily_report"), dg.AssetKey("daily_metrics")
FIRST, LAST = "2026-01-05", "2026-01-14"

COUNTED_IN_ANY_WEATHER = """
name = "shops"
title = "Shops"
timezone = "Europe/London"
currency = "GBP"
country = "GB"
span = { first = 2026-03-01, last = 2026-03-03 }
inputs.all.path = "all.csv"
datasets.stores = { delivery = "snapshot", driving = "all" }
datasets.footfall = { delivery = "archive", driving = "all" }
datasets.weather = { delivery = "archive", driving = "all" }
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(tmp_path_factory.mktemp("reports")) as platform:
        assert platform.materialize(FIRST, LAST, "+daily_report").failures == []
        yield platform


def page(platform: Platform, day: str) -> Path:
    return platform.folder / "lake/_objects/daily_report" / f"{day}.html"


def metadata(platform: Platform, asset: dg.AssetKey, day: str) -> dict[str, Any]:
    wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[day])
    record = platform.instance.fetch_materializations(wanted, limit=1).records[0]
    assert record.asset_materialization is not None
    return {name: found.value for name, found in record.asset_materialization.metadata.items()}


def test_the_numbers_are_those_of_sql(platform: Platform) -> None:
    query = f"""
        SELECT sum(visitors), sum(transactions), sum(revenue)::DOUBLE, sum(margin)::DOUBLE,
            sum(units)::DOUBLE / sum(transactions),
            100 * (sum(revenue)::DOUBLE / sum(revenue_avg_4w) - 1)
        FROM daily_metrics WHERE date = '{LAST}'
    """
    row = connect(platform.lake, query).execute(query).fetchone()
    assert row is not None

    tiles = shown(page(platform, LAST).read_text()).tiles

    formats = Formats("en", platform.retailer.currency)
    names = ("visitors", "transactions", "revenue", "margin", "upt")
    titles = ("Visitors", "Transactions", "Revenue", "Margin", "Units per transaction")
    expected = [formats.measure(name, value) for name, value in zip(names, row, strict=False)]
    assert [tiles[title][0] for title in titles] == expected
    assert tiles["Revenue"][3].lstrip("▲▼ ") == formats.change(row[-1])


def test_best_sellers_are_those_of_sql(platform: Platform) -> None:
    query = f"""
        SELECT name, sum(units) FROM product_daily_metrics JOIN products USING (product_id)
        WHERE date = '{LAST}' GROUP BY product_id, name ORDER BY sum(revenue) DESC, product_id LIMIT 10
    """
    rows = connect(platform.lake, query).execute(query).fetchall()

    found = shown(page(platform, LAST).read_text()).tables["Best sellers"][1:]

    assert [(name, int(units)) for name, units, _ in found] == rows


@pytest.mark.parametrize("asset", [REPORT, METRICS], ids=str)
def test_the_run_tells_the_day(platform: Platform, asset: dg.AssetKey) -> None:
    found = metadata(platform, asset, LAST)

    figures = {record.data["Measure"]: record.data["Value"] for record in found["key figures"].records}
    assert figures["Visitors"] == shown(page(platform, LAST).read_text()).tiles["Visitors"][0]
    assert found["summary"].startswith("**Wed 14 Jan 2026** · 3 stores: revenue **€")
    assert "](data:image/svg+xml;base64," in found["summary"]


def test_the_run_leads_to_the_page(platform: Platform) -> None:
    found = metadata(platform, REPORT, LAST)

    assert found["report"] == str(page(platform, LAST))
    assert found["bytes"] == page(platform, LAST).stat().st_size


def test_the_same_day_gives_the_same_bytes_in_whatever_range(platform: Platform) -> None:
    days = sorted(page(platform, LAST).parent.iterdir())
    before = {day.name: day.read_bytes() for day in days}
    assert len(before) == 10

    for day in (LAST, FIRST):
        assert platform.materialize(day, day, "daily_report").failures == []

    assert {day.name: day.read_bytes() for day in days} == before


def test_reports_are_no_tables_and_know_their_states(platform: Platform) -> None:
    assert "daily_report" not in platform.lake.tables()
    state = platform.states(FIRST, LAST)["daily_report"]
    assert (len(state.materialized), state.stale, state.missing) == (10, [], [])


def test_a_backfill_leaves_out_days_that_cannot_be(platform: Platform) -> None:
    reaching = range_tags(window(LAST, "2026-01-16")) | {"dagster/backfill": "reaching"}

    with platform.environment():
        job = ReconstructableJob(platform.repository, JOB)
        with dg.execute_job(job, platform.instance, asset_selection=[REPORT], tags=reaching) as result:
            assert result.success

    made = [event.partition for event in result.get_asset_materialization_events()]
    assert made == [LAST]
    assert not page(platform, "2026-01-15").exists()


def test_the_language_is_that_of_the_settings(platform: Platform) -> None:
    before = page(platform, LAST).read_bytes()

    done = platform.retail("materialize", "--from", LAST, "--to", LAST, "--select", "daily_report", language="fr")

    assert done.exit_code == 0, done.output
    assert "Chiffre d’affaires" in page(platform, LAST).read_text()
    page(platform, LAST).write_bytes(before)


def test_one_day_alone_is_told_against_last_year(tmp_path: Path) -> None:
    day = date.fromisoformat(LAST)
    year_ago = day - timedelta(days=364)
    with Platform(tmp_path) as platform:
        assert platform.materialize(LAST, select="+store_days").failures == []
        half = platform.table("store_days").with_columns(
            date=pl.lit(year_ago), transactions=pl.col("transactions") // 2
        )
        platform.lake.replace("store_days", half, window(str(year_ago)))

        assert platform.materialize(LAST, select="daily_metrics or +daily_report").failures == []

        told = [metadata(platform, asset, LAST)["key figures"].records for asset in (METRICS, REPORT)]
    assert told[0] == told[1]
    [transactions] = [record.data for record in told[0] if record.data["Measure"] == "Transactions"]
    assert transactions["last year"].startswith("+10")


def test_unusual_days_are_told_also_where_the_source_delivers_the_weather(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(COUNTED_IN_ANY_WEATHER)
    for dataset in ("stores", "footfall", "weather"):
        (tmp_path / f"{dataset}.sql").write_text("SELECT * FROM all\n")

    [report] = build(open_retailer(Settings(source=str(tmp_path), source_dir="anywhere")))

    assert {dg.AssetKey("sensor_health"), dg.AssetKey("footfall_anomalies")} <= set(report.dependency_keys)
