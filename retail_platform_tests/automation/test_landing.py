"""The landing sensor on real files: each change is asked for once, and none is lost, wherever a tick ends."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from retail_platform.automation.landing import Tick
from retail_platform.definitions import assemble, open_retailer
from retail_platform.settings import Settings
from retail_platform.sources.base import SourceContractError
from retail_platform_tests.automation.landings import Landings, described, platform
from retail_platform_tests.end_to_end.shops import LINES, Shops, usual_lines
from retail_platform_tests.sources.mapping.http.server import serving, told


def day(number: int) -> date:
    return date(2026, 3, number)


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    return Shops(tmp_path)


@pytest.fixture
def landings(shops: Shops, tmp_path: Path) -> Iterator[Landings]:
    """Two days delivered, seen and asked for."""
    shops.deliver(2)
    with platform(shops, tmp_path / "platform") as one:
        landings = Landings(one)
        [asked] = landings.settle()
        assert asked == {
            "raw_sales": ["2026-03-01", "2026-03-02"],
            "raw_footfall": ["2026-03-01", "2026-03-02"],
            "raw_stores": [],
            "raw_products": [],
            "raw_clients": [],
        }
        yield landings


def test_the_simulator_has_no_files_to_land() -> None:
    sensors = assemble(open_retailer(Settings(scale="tiny"))).sensors or []

    assert "landing" not in [sensor.name for sensor in sensors]


def test_files_out_of_order_and_late_ones_with_an_old_time_are_asked_for(shops: Shops, landings: Landings) -> None:
    shops.sales(day(9), usual_lines(day(9)))
    assert landings.settle() == [{"raw_sales": ["2026-03-09"]}]

    late = shops.sales(day(3), usual_lines(day(3)))
    os.utime(late, (1_000_000_000, 1_000_000_000))  # as rsync -t leaves it

    assert landings.settle() == [{"raw_sales": ["2026-03-03"]}]


def test_files_of_the_same_second_are_each_asked_for(shops: Shops, landings: Landings) -> None:
    first = shops.sales(day(3), usual_lines(day(3)))
    landings.settle()

    second = shops.sales(day(4), usual_lines(day(4)))
    os.utime(second, ns=(first.stat().st_mtime_ns, first.stat().st_mtime_ns))

    assert landings.settle() == [{"raw_sales": ["2026-03-04"]}]


def test_a_file_replaced_under_its_name_and_time_is_asked_for_again(shops: Shops, landings: Landings) -> None:
    path = shops.files / "sales/2026-03-01.csv"
    before = path.stat().st_mtime_ns
    shops.sales(day(1), usual_lines(day(1))[:-1])
    os.utime(path, ns=(before, before))

    assert landings.settle() == [{"raw_sales": ["2026-03-01"]}]


def test_a_touched_mode_or_owner_is_no_change(shops: Shops, landings: Landings) -> None:
    for path in shops.files.rglob("*.csv"):
        path.chmod(0o640)

    assert landings.settle() == []


def test_a_file_that_is_being_written_waits(shops: Shops, landings: Landings) -> None:
    shops.sales(day(3), usual_lines(day(3))[:2])
    assert landings.tick() == "8 files, 1 wait for a second look"
    shops.sales(day(3), usual_lines(day(3))[:4])
    shops.write("sales/2026-03-04.csv.part", LINES)
    assert landings.tick() == "8 files, 1 wait for a second look"
    assert landings.asked() == []

    assert landings.settle() == [{"raw_sales": ["2026-03-03"]}]


def test_a_day_under_way_waits_and_the_others_do_not(shops: Shops, landings: Landings) -> None:
    landings.tick()
    shops.sales(day(3), usual_lines(day(3)))
    landings.tick()
    landings.tick()  # asks for the day; nobody has made it yet

    shops.sales(day(3), usual_lines(day(3))[:-1])
    landings.tick()
    assert "2026-03-03) of sales wait until the runs under way are over" in str(landings.tick())

    assert landings.asked() == [{"raw_sales": ["2026-03-03"]}]
    assert landings.settle() == [{"raw_sales": ["2026-03-03"]}]


def test_reference_files_are_asked_for_once_however_many(shops: Shops, landings: Landings) -> None:
    shops.write("articles.csv", "id,name,price,cost\napple,Apple,1.60,0.60\n")
    shops.write("customers.csv", "id,name,age\nc1,Ada,37\n")

    assert landings.settle() == [{"raw_products": [], "raw_clients": []}]


def test_a_folder_that_is_away_for_a_while_is_said_and_changes_nothing(shops: Shops, landings: Landings) -> None:
    away = shops.files.rename(shops.files.with_name("away"))
    assert "is not there or is no folder; nothing is lost" in str(landings.tick())
    shops.files.mkdir()
    landings.tick()
    shops.files.rmdir()
    away.rename(shops.files)

    assert landings.settle() == []


def test_what_is_wrong_with_one_input_is_said_and_holds_no_other_back(shops: Shops, landings: Landings) -> None:
    doubled = shops.write("doors/2026-03-01.csv.gz", b"")
    shops.sales(day(3), usual_lines(day(3)))

    for _ in range(3):
        with pytest.raises(SourceContractError, match=r"2026-03-01.csv is there gzipped and not gzipped"):
            landings.tick()
    assert landings.asked() == [{"raw_sales": ["2026-03-03"]}]

    doubled.unlink()
    assert landings.settle() == []


@pytest.mark.parametrize(("status", "again"), [("FAILED", True), ("CANCELED", False), ("COMPLETED_FAILED", False)])
def test_a_request_that_dagster_gives_up_is_made_again_after_a_pause(
    shops: Shops, landings: Landings, status: str, again: bool
) -> None:
    shops.sales(day(3), usual_lines(day(3)))
    landings.tick()
    landings.tick()
    [request] = [
        one for one in landings.platform.instance.get_backfills() if not one.status.value.startswith("COMPLETED")
    ]
    for minutes, asked in ((1, []), (11, [{"raw_sales": ["2026-03-03"]}] if again else [])):
        ended: PartitionBackfill = request.with_status(BulkActionStatus(status))  # type: ignore[no-untyped-call]
        landings.platform.instance.update_backfill(ended.with_end_timestamp(time.time() - 60 * minutes))
        landings.known(request)

        assert landings.settle() == asked


class Killed(BaseException):
    """The process is gone."""


def dying(function: Callable[..., object], left: list[int]) -> Callable[..., object]:
    """A step that keeps something, and dies with its process before or after it when its turn has come."""

    def step(*args: object, **options: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        kept = function(*args, **options)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return kept

    return step


def test_wherever_a_tick_is_killed_nothing_is_lost_and_nothing_asked_for_twice(
    shops: Shops, landings: Landings, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [0]
    monkeypatch.setattr(Tick, "_remember", dying(Tick._remember, left))
    monkeypatch.setattr(dg.DagsterInstance, "add_backfill", dying(dg.DagsterInstance.add_backfill, left))
    deaths = 0
    for turn in range(1, 30):
        changed = [day(3 + turn % 20), day(4 + turn % 20)]
        for one in changed:
            shops.sales(one, usual_lines(one)[: 1 + turn % 5])
        landings.tick()
        left[0] = turn
        try:
            landings.tick()
        except Killed:
            deaths += 1
        left[0] = 0

        assert landings.asked() + landings.settle() == [{"raw_sales": [str(one) for one in changed]}], turn
        if deaths < turn:
            break
    assert deaths == 8  # before and after each of: the look, the request written down, made, crossed out


def test_5000_files_at_once_are_each_asked_for_once_in_bounded_requests(shops: Shops, tmp_path: Path) -> None:
    described(
        shops,
        ("sales/{date}.csv", "sales/{date}/*.csv"),
        ("span = { first = 2026-03-01, last = 2026-04-30 }", "default_start = 2020-01-01"),
    )
    first = date(2020, 1, 1).toordinal()
    days = [date.fromordinal(first + offset) for offset in range(500)]
    for one in days:
        for till in range(10):
            shops.write(f"sales/{one}/{till}.csv", LINES)
    with platform(shops, tmp_path / "platform", days_per_run=31) as one_platform:
        asked = [found["raw_sales"] for found in Landings(one_platform).settle()]

    assert [len(found) for found in asked] == [372, 128]
    assert [one for found in asked for one in found] == [str(one) for one in days]


@pytest.fixture
def archived(shops: Shops) -> Callable[..., None]:
    """A retailer whose tills deliver one file for all days; writes it anew, some days with a line more."""
    described(shops, ("sales/{date}.csv", "sales.csv"), ('delivery = "store_day"\ndriving = "lines"', ARCHIVE))
    shops.deliver(10)

    def write(*changed: int, backwards: bool = False) -> None:
        lines = []
        for number in range(1, 11):
            of_day = [f"{day(number)},{line}" for line in usual_lines(day(number))]
            lines += of_day + ([f"{day(number)},18:00:00,A,r9,1,pear,c2,1,2.00,2.00"] if number in changed else [])
        shops.write("sales.csv", LINES + "".join(f"{line}\n" for line in (lines[::-1] if backwards else lines)))

    write()
    return write


ARCHIVE = 'delivery = "archive"\ndriving = "lines"'


def test_of_a_replaced_archive_only_the_days_whose_rows_changed_are_asked_for(
    shops: Shops, archived: Callable[..., None], tmp_path: Path
) -> None:
    with platform(shops, tmp_path / "platform", end_date="2026-03-10", days_per_run=4) as filled:
        filled.materialize("2026-03-01", "2026-03-10", select="+raw_sales or +raw_footfall or group:clients")
        landings = Landings(filled)
        filled.materialize("2026-03-01", "2026-03-10", select="group:products")
        assert landings.settle() == []  # all of it was there, and is made

        archived(2, 5, 9)
        assert landings.settle() == [{"raw_sales": ["2026-03-02", "2026-03-05", "2026-03-09"]}]

        filled.materialize("2026-03-01", "2026-03-10", select="raw_sales")
        archived(2, 5, 9, backwards=True)
        assert landings.settle() == []

        shops.write("sales.csv", "day,time\n")
        landings.tick()
        with pytest.raises(SourceContractError, match=r"sales.csv"):
            landings.tick()
        archived(2, 5)
        assert landings.settle() == [{"raw_sales": ["2026-03-09"]}]


def test_an_api_that_is_down_holds_back_only_what_its_answers_are_joined_to(
    shops: Shops, archived: Callable[..., None], tmp_path: Path
) -> None:
    down = threading.Event()
    path = shops.mapping / "mapping.toml"
    rates = 'kind = "http"\npath = "/rates"\ncolumns = ["fruit"]\nretry_seconds = 0'
    path.write_text(path.read_text() + f"\n[inputs.rates]\n{rates}\n")
    sql = (shops.mapping / "sales.sql").read_text()
    shops.sql("sales", sql + "LEFT JOIN rates ON rates.fruit = article")
    with (
        serving(lambda _: told([{"fruit": "pear"}], 503 if down.is_set() else 200)) as server,
        platform(shops, tmp_path / "platform", end_date="2026-03-12", source_url=server.url) as one,
    ):
        landings = Landings(one)
        landings.settle()
        down.set()
        archived(2)
        shops.doors(day(11), ["9,A,40"])
        landings.tick()
        said = str(landings.tick())
        assert landings.asked() == [{"raw_footfall": ["2026-03-11"]}]
        assert "sales cannot be compared now: input rates: GET /rates failed" in said

        down.clear()
        assert "2026-03-02" in landings.settle()[0]["raw_sales"]


def test_the_first_look_at_a_filled_lake_asks_for_what_came_after_it_was_filled(shops: Shops, tmp_path: Path) -> None:
    shops.deliver(4)
    with platform(shops, tmp_path / "platform") as filled:
        filled.materialize("2026-03-01", "2026-03-03", select="+raw_sales or +raw_footfall or group:clients")
        filled.materialize("2026-03-01", "2026-03-03", select="group:products")
        shops.sales(day(2), usual_lines(day(2))[:-1])
        os.utime(shops.files / "sales/2026-03-02.csv", (1_000_000_000, 1_000_000_000))

        assert Landings(filled).settle() == [
            {"raw_sales": ["2026-03-02", "2026-03-04"], "raw_footfall": ["2026-03-04"]}
        ]
