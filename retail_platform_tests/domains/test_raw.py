"""What a delivery must hold: each open store each day, and nothing where no store is open."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import pytest

from retail_platform.domains.raw import raw_asset
from retail_platform.retailer import Retailer
from retail_platform.settings import Settings
from retail_platform.sources.base import SourceUnavailable
from retail_platform.sources.simulator import Simulator
from retail_platform_tests.end_to_end.shops import Shops, usual_lines
from retail_platform_tests.platform import Platform

WEEK = ["2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09"]
SATURDAY, SUNDAY = date(2026, 3, 7), date(2026, 3, 8)
HOURS = """
[datasets.opening_hours]
delivery = "snapshot"
"""


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    """Files of Friday to Monday, but none of Sunday, on which the shops are closed; only tills."""
    shops = Shops(tmp_path)
    path = shops.mapping / "mapping.toml"
    path.write_text(path.read_text().split("[datasets.footfall]")[0] + HOURS)
    closed_on(shops, "day = '7'")
    shops.deliver(4, date(2026, 3, 6))
    (shops.files / f"sales/{SUNDAY}.csv").unlink()
    return shops


def closed_on(shops: Shops, condition: str) -> None:
    shops.sql(
        "opening_hours",
        f"SELECT id AS store_id, day, (NOT ({condition}))::VARCHAR AS open\n"
        "FROM shops, (SELECT n::VARCHAR AS day FROM range(1, 8) AS week(n))\n",
    )


def rows_by_day(platform: Platform, table: str) -> dict[str, int]:
    return {str(day): count for day, count in platform.table(table)["date"].value_counts().sort("date").iter_rows()}


@pytest.mark.parametrize("delivery", ["store_day", "day"])
def test_a_day_on_which_no_store_is_open_needs_no_file(shops: Shops, tmp_path: Path, delivery: str) -> None:
    path = shops.mapping / "mapping.toml"
    path.write_text(path.read_text().replace('"store_day"', f'"{delivery}"'))
    with shops.platform(tmp_path / "lived") as platform:
        assert platform.materialize(WEEK[0], WEEK[-1], select="+store_days").failures == []

        assert rows_by_day(platform, "raw_sales") == {day: 6 for day in WEEK if day != str(SUNDAY)}
        assert platform.states(WEEK[0], WEEK[-1])["raw_sales"].materialized == WEEK
        assert str(SUNDAY) not in rows_by_day(platform, "store_days")


def test_rows_of_a_closed_day_are_kept(shops: Shops, tmp_path: Path) -> None:
    shops.sales(SUNDAY, usual_lines(SUNDAY)[:2])

    with shops.platform(tmp_path / "lived") as platform:
        assert platform.materialize(str(SUNDAY), select="+sales").failures == []

        assert rows_by_day(platform, "sales") == {str(SUNDAY): 2}


def test_a_day_on_which_any_store_is_open_needs_its_file(shops: Shops, tmp_path: Path) -> None:
    closed_on(shops, "day = '7' AND id <> 'B'")
    (shops.files / f"sales/{SATURDAY}.csv").unlink()

    with shops.platform(tmp_path / "lived") as platform:
        failures = platform.materialize(WEEK[0], WEEK[-1], select="+raw_sales").failures

        told = [failure.reason for failure in failures if failure.asset == "raw_sales"]
        assert any("no delivery for 2026-03-07" in one for one in told)
        assert any("no delivery for 2026-03-08" in one for one in told)
        assert rows_by_day(platform, "raw_sales") == {WEEK[0]: 6, WEEK[-1]: 6}


def test_a_list_of_stores_without_any_replaces_none(shops: Shops, tmp_path: Path) -> None:
    with shops.platform(tmp_path / "lived") as platform:
        assert platform.materialize(str(SUNDAY), select="+stores").failures == []
        shops.write("shops.csv", "id,name\n")

        [failure, *_] = platform.materialize(str(SUNDAY), select="+raw_sales").failures

        assert "stores of corner: the delivery is there and holds no rows" in failure.reason
        assert platform.table("raw_stores").height == 3


def test_without_a_known_store_no_day_is_closed(shops: Shops, tmp_path: Path) -> None:
    shops.write("shops.csv", "id,name\n,Nameless\n")  # quarantined

    with shops.platform(tmp_path / "lived") as platform:
        failures = platform.materialize(str(SUNDAY), select="+raw_sales").failures

        assert ["no delivery for 2026-03-08" in one.reason for one in failures] == [True]


def test_today_needs_its_file_too(shops: Shops, tmp_path: Path) -> None:
    closed_on(shops, "false")
    path = shops.mapping / "mapping.toml"
    path.write_text(path.read_text().replace("span = {", "default_start = 2026-03-01 # {"))
    today = str(datetime.now(ZoneInfo("Europe/Paris")).date())

    with shops.platform(tmp_path / "lived") as platform:
        failures = platform.materialize(today, select="+raw_sales").failures

        assert [f"no delivery for {today}" in one.reason for one in failures] == [True]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("c2,Grace Hopper,42,0611111111\n", "line 3 cannot be read: Expected Number of Columns: 3 Found: 4"),
        ("c2,42,Grace Hopper\n", "a value like 'Aaaaa Aaaaaa' of column age is no INT32"),
    ],
)
def test_no_event_of_a_run_holds_a_row_of_a_person(shops: Shops, tmp_path: Path, row: str, told: str) -> None:
    shops.write("customers.csv", "id,name,age\nc1,Ada,36\n" + row)
    shops.sql("clients", "SELECT id AS client_id, name, age::INT AS age FROM customers")

    with shops.platform(tmp_path / "lived") as platform:
        [failure] = platform.materialize(str(SATURDAY), select="raw_clients").failures

        assert told in failure.reason
        [run] = platform.instance.get_run_ids()
        events = "".join(map(repr, platform.instance.all_logs(run)))
        assert told.replace("'", "") in events.replace("\\", "").replace("'", "")
        assert not any(value in events for value in ("Grace", "Hopper", "0611111111"))


def test_a_limit_of_the_pool_holds_for_the_raw_assets_of_all_runs(shops: Shops, tmp_path: Path) -> None:
    """As docs/connecting-http.md says; the storage is that of dagster.yaml."""
    with shops.platform(tmp_path / "lived") as platform:
        nodes = platform.repository.get_definition().assets_defs_by_key
        raw = [one.op for key, one in nodes.items() if key.to_user_string().startswith("raw_")]
        storage = platform.instance.event_log_storage
        storage.set_concurrency_slots("source", 1)

        claims = [storage.claim_concurrency_slot("source", run, "raw_sales").is_claimed for run in ("first", "other")]
        storage.free_concurrency_slot_for_step("first", "raw_sales")
        afterwards = storage.claim_concurrency_slot("source", "other", "raw_sales").is_claimed

    assert len(raw) > 4
    assert {op.pool for op in raw} == {"source"}
    assert (claims, afterwards) == ([True, False], True)


class Busy(Simulator):
    """A source that was asked too often: it asks for a pause, however often it is asked."""

    def __init__(self, pause: float) -> None:
        super().__init__(1, "tiny")
        self.pause, self.asked = pause, 0

    def read(self, *_: object, **__: object) -> pl.LazyFrame:
        self.asked += 1
        raise SourceUnavailable("status 429 Too Many Requests", self.pause)


@pytest.mark.parametrize(("pause", "times"), [(0.01, 3), (900.5, 1)])
def test_a_source_that_asks_for_a_pause_is_left_alone_for_it(tmp_path: Path, pause: float, times: int) -> None:
    """Beyond a quarter of an hour it is left to another run."""
    source = Busy(pause)
    settings = Settings(scale="tiny", source_retries=2, lake_uri=str(tmp_path / "lake"))
    products = raw_asset(Retailer(settings, source), "products", group="products")

    result = dg.materialize([products], resources={"io_manager": dg.mem_io_manager}, raise_on_error=False)

    waits = [event.step_retry_data.seconds_to_wait for event in result.all_events if event.is_step_up_for_retry]
    assert source.asked == times
    assert waits == [pause] * (times - 1)
    error = result.failure_data_for_node("raw_products")
    assert error
    assert "SourceUnavailable: status 429" in str(error.error)
