"""What is read from Dagster's records: late days by the asset's policy, errors by their type, what only follows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from retail_platform.automation.alerts.causes import Causes
from retail_platform.automation.alerts.model import Kind, Problem
from retail_platform.automation.alerts.problems import find, upstream_of
from retail_platform.windows import Window
from retail_platform_tests.automation.histories import History
from retail_platform_tests.end_to_end.shops import LINES, Shops
from retail_platform_tests.platform import Platform, window

NOW = datetime(2026, 1, 10, 12, 1, tzinfo=UTC)
DAYS = window("2026-01-01", "2026-01-10")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(tmp_path_factory.mktemp("simulated"), start_date="2026-01-01", timezone="UTC") as platform:
        yield platform


@pytest.fixture
def history(loaded: Platform) -> Iterator[History]:
    with dg.DagsterInstance.ephemeral() as instance:
        history = History(loaded)
        history.instance = instance
        yield history


def late(history: History, now: datetime) -> list[date | None]:
    found = find(history.instance, history.graph, DAYS, now=now, causes=Causes())
    assert {one.kind for one in found.problems} <= {Kind.LATE}
    return [one.place.day for one in found.problems]


def made(history: History, *days: int) -> None:
    history.made("daily_metrics", [date(2026, 1, day) for day in days])


def test_yesterday_is_late_after_noon_and_today_is_not(history: History) -> None:
    made(history, 7, 8)

    assert late(history, NOW - timedelta(minutes=2)) == []
    assert late(history, NOW) == [date(2026, 1, 9)]


def test_todays_hourly_run_does_not_hide_that_yesterday_is_missing(history: History) -> None:
    made(history, 7, 10)

    assert late(history, NOW) == [date(2026, 1, 8), date(2026, 1, 9)]


def test_days_before_the_first_one_and_a_lake_without_days_are_not_late(history: History) -> None:
    assert late(history, NOW) == []
    made(history, 9)
    assert late(history, NOW) == []


def test_a_day_that_is_being_made_is_not_late_yet(history: History) -> None:
    made(history, 8)
    history.run(["daily_metrics"], Window(date(2026, 1, 9), date(2026, 1, 9)), status=dg.DagsterRunStatus.STARTED)

    assert late(history, NOW) == []


def test_upstream_is_everything_above(history: History) -> None:
    above = upstream_of(history.graph)

    assert above["raw_stores"] == frozenset()
    assert {"raw_sales", "sales", "store_days", "raw_stores"} <= above["daily_metrics"]


def test_errors_keep_their_type_and_what_follows_says_so(tmp_path: Path) -> None:
    """One file is cut off, one is missing, and an asset is asked for whose upstream never came."""
    shops = Shops(tmp_path)
    shops.deliver(1)
    shops.write("sales/2026-03-01.csv", LINES + "2026-03-01,09:30:00,A,r1\n")
    (shops.files / "doors/2026-03-01.csv").unlink()
    with shops.platform(tmp_path / "lived") as platform:
        platform.materialize("2026-03-01", select="+sales or +raw_footfall")
        platform.materialize("2026-03-01", select="footfall_readings")
        found = find(platform.instance, platform.graph, window("2026-03-01"), now=datetime.now(UTC), causes=Causes())

    problems: dict[str, Problem] = {one.place.asset: one for one in found.problems}
    assert (problems["raw_sales"].cause, problems["raw_sales"].shared) == ("SourceContractError", False)
    assert "line 2 cannot be read" in problems["raw_sales"].reason
    assert problems["sales"].follows
    assert (problems["raw_footfall"].cause, problems["raw_footfall"].shared) == ("source corner is unavailable", True)
    assert problems["footfall_readings"].follows
    assert "never materialized" in problems["footfall_readings"].reason
    assert {one.place.asset for one in found.unsettled if one.check is None} == set()


def test_a_delivery_that_may_still_come_is_not_missed_before_the_morning(tmp_path: Path) -> None:
    """Files come at night, and the schedule of every hour asks for them all day; Paris is an hour ahead."""
    shops = Shops(tmp_path)
    shops.deliver(2)
    (shops.files / "sales/2026-03-02.csv").unlink()
    shops.write("doors/2026-03-02.csv", "day,hour\n")
    with shops.platform(tmp_path / "lived") as platform:
        platform.materialize("2026-03-02", select="+sales or +footfall_readings")

        def failing(now: datetime) -> tuple[set[str], set[str]]:
            shown = {"raw_sales", "sales", "raw_footfall", "footfall_readings"}
            found = find(platform.instance, platform.graph, window("2026-03-02"), now=now, causes=Causes())
            waiting = {one.place.asset for one in found.unsettled if one.check is None}
            failed = {one.place.asset for one in found.problems if one.kind is Kind.FAILURE}
            return failed & shown, waiting & shown

        broken, missing = {"raw_footfall", "footfall_readings"}, {"raw_sales", "sales"}
        assert failing(datetime(2026, 3, 2, 12, tzinfo=UTC)) == (broken, missing)
        assert failing(datetime(2026, 3, 3, 4, 59, tzinfo=UTC)) == (broken, missing)
        assert failing(datetime(2026, 3, 3, 5, 0, tzinfo=UTC)) == (broken | missing, set())


def test_a_day_that_its_source_cannot_have_yet_is_not_told(tmp_path: Path) -> None:
    with Platform(tmp_path, weather="open-meteo", timezone="Pacific/Auckland") as platform:
        weather = ["raw_weather", "weather", "quarantine_weather"]
        tried = ["raw_sales", *weather]
        both = ["2026-01-13", "2026-01-14"]
        for day in both:
            History(platform).run(tried, window(day), status=dg.DagsterRunStatus.FAILURE)

        def failed(now: datetime) -> dict[str, list[str]]:
            days = window("2026-01-10", "2026-01-20")
            found = find(platform.instance, platform.graph, days, now=now, causes=Causes())
            failed = [one.place for one in found.problems if one.kind is Kind.FAILURE]
            waiting = [one.place for one in found.unsettled if one.check is None]
            assert {*waiting}.isdisjoint(failed)
            assert len(failed) + len(waiting) == 8
            return {asset: [str(one.day) for one in failed if one.asset == asset] for asset in tried}

        assert failed(datetime(2026, 1, 20, 10, 59, tzinfo=UTC)) == {"raw_sales": both} | dict.fromkeys(
            weather, both[:1]
        )
        assert failed(datetime(2026, 1, 20, 11, 0, tzinfo=UTC)) == dict.fromkeys(tried, both)
