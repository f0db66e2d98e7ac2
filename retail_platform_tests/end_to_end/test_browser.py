"""The platform in a browser, as its users meet it: Dagster's UI over a real server, daemon and lake."""

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status
from playwright.sync_api import Page, expect

from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.end_to_end import ui
from retail_platform_tests.end_to_end.servers import project_folder, retail_dev
from retail_platform_tests.platform import PROJECT, Platform
from retail_platform_tests.servers import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(ui.CHROMIUM is None, reason="no `chromium` on the PATH: apt-get install chromium"),
]

DAY = date(2026, 1, 5)
MONTH = Window(date(2026, 1, 1), date(2026, 1, 31))
GROUPS = ("calendar", "clients", "footfall", "metrics", "products", "sales", "stores", "warehouse")
TABLES_OF_A_DAY = ("raw_sales", "sales", "footfall", "hourly_metrics", "store_days", "daily_metrics")


@pytest.fixture
def page() -> Iterator[Page]:
    with ui.browser_page() as page:
        yield page


def test_a_day_materialized_in_the_ui_is_in_the_lake_with_its_checks(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a new project folder and `retail dev` in it, with the dashboard beside it
    folder, lake, history = project_folder(tmp_path / "project"), tmp_path / "lake", str(tmp_path / "history")
    settings = {"RETAIL_SCALE": "tiny", "RETAIL_LAKE_URI": str(lake), "RETAIL_DAGSTER_DIR": history}
    dashboard = str(free_port())
    with retail_dev(folder, settings, "--dashboard-port", dashboard) as server:
        # when someone looks at the graph, and materializes one day of daily metrics with its upstream
        ui.open_graph(page, server)
        for group in GROUPS:
            expect(ui.graph_node(page, group)).to_be_visible()
        ui.select_assets(page, '+key:"daily_metrics"')
        expect(ui.graph_node(page, "warehouse")).to_be_hidden()  # the selection holds: it is downstream
        ui.materialize_day(page, DAY)

        # then the run succeeds
        expect(page.get_by_text("Success", exact=True).first).to_be_visible()

        # and the checks are to be seen, passed, for that day
        ui.open_check(page, server, "sales", "conservation")
        expect(page.get_by_text("Passed", exact=True)).to_be_visible()
        expect(page.get_by_text(str(DAY), exact=True)).to_be_visible()
        expect(page.get_by_text("Succeeded", exact=True)).to_have_count(6)
        ui.open_check(page, server, "store_days", "reconciliation")
        expect(page.get_by_text("Passed", exact=True)).to_be_visible()

        # and the dashboard shows the day, and that its checks passed
        page.goto(f"http://127.0.0.1:{dashboard}/quality?period=all")
        tables = page.locator("section[aria-labelledby=card-freshness] tbody tr")
        expect(tables.filter(has_text="store_days")).to_contain_text("5 Jan 2026")
        expect(page.locator("section[aria-labelledby=card-checks] tbody tr").first).to_be_visible()

    # and the lake holds that day, and no other
    for table in TABLES_OF_A_DAY:
        days = Lake(str(lake)).scan(table).select("date").unique().collect()
        assert days.to_series().to_list() == [DAY], table

    # and Dagster has recorded the partition and the evaluations of its checks
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.setenv("RETAIL_DAGSTER_DIR", history)
    with dg.DagsterInstance.get() as instance:
        assert instance.get_materialized_partitions(dg.AssetKey("daily_metrics")) == {str(DAY)}
        assert evaluations(instance, "sales", "conservation") == [(str(DAY), Status.SUCCEEDED)]
        assert evaluations(instance, "store_days", "reconciliation") == [(str(DAY), Status.SUCCEEDED)]


def test_a_month_launched_as_a_backfill_in_the_ui_is_made_by_the_daemon(page: Page, tmp_path: Path) -> None:
    # given a new project folder and `retail dev` in it
    folder, lake = project_folder(tmp_path / "project"), tmp_path / "lake"
    span = {"RETAIL_START_DATE": str(MONTH.first), "RETAIL_END_DATE": str(MONTH.last)}
    with retail_dev(folder, {"RETAIL_SCALE": "tiny", "RETAIL_LAKE_URI": str(lake)} | span) as server:
        # when someone launches a backfill of the month, of sales with their upstream
        ui.open_graph(page, server)
        ui.select_assets(page, '+key:"sales"')
        expect(ui.graph_node(page, "warehouse")).to_be_hidden()
        ui.launch_backfill(page, MONTH.first, MONTH.last)

        # then the daemon makes it, and the page says so
        ui.open_backfills(page, server)
        expect(page.get_by_text("Success", exact=True)).to_be_visible(timeout=180_000)

    # and each day of the month is there
    sales = Lake(str(lake)).scan("sales").select("date").unique().sort("date").collect()
    assert sales["date"].to_list() == list(MONTH.days())


@pytest.fixture
def broken(tmp_path: Path) -> tuple[Path, dict[str, str], int]:
    """A project folder with a lake of which a row of sales got lost on a day, its settings, and the rows there were."""
    with Platform(tmp_path / "project") as platform:
        shutil.copy(PROJECT / "workspace.yaml", platform.folder)
        platform.materialize(str(DAY))
        lost = Window(DAY, DAY)
        rows = platform.lake.scan("sales", lost).collect()
        platform.lake.replace("sales", rows.slice(1), lost)
        checked = platform.retail("check", "--select", "sales", "--from", str(DAY), "--to", str(DAY))
        assert checked.exit_code == 1
        settings = {f"RETAIL_{name.upper()}": str(value) for name, value in platform.settings.items()}
        return platform.folder, settings, rows.height


def test_a_failed_check_tells_its_day_and_its_reason_in_the_ui(
    broken: tuple[Path, dict[str, str], int], page: Page
) -> None:
    folder, settings, rows = broken
    with retail_dev(folder, settings) as server:
        ui.open_check(page, server, "sales", "conservation")

        expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
        expect(page.get_by_text(str(DAY), exact=True)).to_be_visible()
        expect(page.get_by_text(re.compile(rf"\d+ delivered, {rows - 1} accepted, \d+ quarantined"))).to_be_visible()


def evaluations(instance: dg.DagsterInstance, asset: str, check: str) -> list[tuple[str | None, Status]]:
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    records = instance.event_log_storage.get_asset_check_execution_history(key, limit=10)
    return [(record.partition, record.status) for record in records]
