"""Health: which days of which assets are not ok, and why, told from Dagster's records."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from dagster._core.storage.dagster_run import DagsterRunStatus

from retail_platform.automation.health import Health, State
from retail_platform.windows import Window
from retail_platform_tests.automation.histories import History
from retail_platform_tests.platform import Platform

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 30)
WINDOW = Window(FIRST, LAST)
BAD = date(2026, 3, 5)


@pytest.fixture(scope="module")
def all_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the history of a retailer whose every asset and day was made."""
    folder = tmp_path_factory.mktemp("all_made")
    with Platform(folder) as platform:
        History(platform).all_made(WINDOW)
    return folder


@pytest.fixture
def history(all_made: Path, tmp_path: Path) -> Iterator[History]:
    """A copy of it."""
    shutil.copytree(all_made, tmp_path / "copy")
    with Platform(tmp_path / "copy") as platform:
        yield History(platform)


def health(history: History, window: Window = WINDOW) -> Health:
    return history.platform.health(str(window.first), str(window.last))


def found(history: History, window: Window = WINDOW) -> dict[tuple[str, date | None], State]:
    return {(one.asset, one.day): one.state for one in health(history, window).unhealthy}


def test_what_was_made_in_order_is_ok(history: History) -> None:
    assert found(history) == {}


def test_nothing_is_known_of_an_empty_lake_but_that_its_days_are_missing(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        states = {one.state for one in platform.health(str(FIRST), str(LAST)).unhealthy}
        tables = {one.asset for one in platform.health(str(FIRST), str(LAST)).unhealthy if one.day is None}

    assert states == {State.MISSING}
    assert tables == set()


def test_a_delivered_table_that_never_came_is_missing_once_anything_was_made(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        History(platform).made("raw_sales", [FIRST])
        tables = {one.asset for one in platform.health(str(FIRST), str(LAST)).unhealthy if one.day is None}

    assert "raw_stores" in tables
    assert "stores" not in tables


def test_a_day_after_the_last_is_missing(history: History) -> None:
    late = date(2026, 3, 31)

    states = found(history, Window(LAST, late))

    assert {day for _, day in states} == {late}
    assert set(states.values()) == {State.MISSING}


def test_a_failed_run_is_told_with_its_reason_also_over_a_day_that_was_there(history: History) -> None:
    run_id = history.run(["raw_sales"], Window(BAD, BAD), status=DagsterRunStatus.FAILURE)

    (one,) = [one for one in health(history).unhealthy if one.asset == "raw_sales"]

    assert (one.day, one.state, one.run_id) == (BAD, State.FAILED, run_id)
    assert "the till was on fire" in one.reason


def test_a_cancelled_run_leaves_a_day_as_it_was(history: History) -> None:
    history.run(["raw_sales"], Window(BAD, BAD), status=DagsterRunStatus.CANCELED)

    assert found(history) == {}


def test_a_cancelled_run_after_one_that_failed_leaves_a_day_failed(history: History) -> None:
    failed = history.run(["raw_sales"], Window(BAD, BAD), status=DagsterRunStatus.FAILURE)
    for _ in range(2):
        history.run(["raw_sales"], Window(BAD, date(2026, 3, 6)), status=DagsterRunStatus.CANCELED)

    (one,) = [one for one in health(history).unhealthy if one.asset == "raw_sales"]

    assert (one.day, one.state, one.run_id) == (BAD, State.FAILED, failed)


def test_a_run_that_failed_before_a_day_was_made_again_is_over(history: History) -> None:
    history.run(["raw_clients", "raw_sales"], Window(BAD, BAD), status=DagsterRunStatus.FAILURE)
    history.all_made(WINDOW)
    history.run(["raw_clients", "raw_sales"], Window(BAD, BAD), status=DagsterRunStatus.CANCELED)

    assert found(history) == {}


def test_a_cancelled_run_after_one_that_failed_leaves_a_table_failed(history: History) -> None:
    failed = history.run(["raw_stores"], None, status=DagsterRunStatus.FAILURE)
    history.run(["raw_stores"], None, status=DagsterRunStatus.CANCELED)

    (one,) = [one for one in health(history).unhealthy if one.asset == "raw_stores"]

    assert (one.state, one.run_id) == (State.FAILED, failed)


def test_days_of_a_run_that_is_not_over_are_running(history: History) -> None:
    run_id = history.run(["raw_sales"], Window(BAD, date(2026, 3, 6)), status=DagsterRunStatus.STARTED)

    running = [one for one in health(history).unhealthy if one.state is State.RUNNING]

    assert [(one.asset, one.day, one.run_id) for one in running] == [
        ("raw_sales", BAD, run_id),
        ("raw_sales", date(2026, 3, 6), run_id),
    ]


def test_what_was_made_of_an_older_day_is_stale_windows_included(history: History) -> None:
    history.made("store_days", [BAD])

    states = found(history)

    weekdays = [BAD, date(2026, 3, 12), date(2026, 3, 19), date(2026, 3, 26)]
    assert states == {
        ("period_metrics", None): State.STALE,
        **{(asset, day): State.STALE for asset in ("daily_metrics", "daily_report") for day in weekdays},
    }
    reasons = {one.day: one.reason for one in health(history).unhealthy}
    assert reasons[date(2026, 3, 26)] == f"store_days of {BAD} was made again since"


def test_a_change_before_the_window_reaches_into_it(history: History) -> None:
    history.made("store_days", [BAD])

    assert ("daily_metrics", date(2026, 3, 26)) in found(history, Window(date(2026, 3, 20), LAST))


def test_a_newer_reference_table_makes_tables_stale_but_no_day(history: History) -> None:
    history.made("raw_stores")

    assert set(found(history)) == {("stores", None), ("quarantine_stores", None)}


def test_a_day_that_fails_a_blocking_check_or_an_error_is_incomplete(history: History) -> None:
    history.judged("sales", "completeness", BAD)
    history.judged("sales", "volume", date(2026, 3, 6), severity="WARN")

    (one,) = health(history).unhealthy

    assert (one.asset, one.day, one.state) == ("sales", BAD, State.INCOMPLETE)
    assert one.reason == "completeness: 2 stores are late"


def test_the_newest_evaluation_counts(history: History) -> None:
    history.judged("sales", "completeness", BAD)
    history.judged("sales", "completeness", BAD, passed=True)

    assert found(history) == {}


def test_an_evaluation_of_an_older_materialization_does_not_count(history: History) -> None:
    history.judged("sales", "completeness", BAD)
    history.made("sales", [BAD])

    assert ("sales", BAD) not in found(history)


def test_a_day_read_before_it_was_over_is_incomplete(history: History) -> None:
    history.made("raw_sales", [BAD], at=datetime(2026, 3, 5, 20, 15, tzinfo=UTC))

    (one,) = [one for one in health(history).unhealthy if one.asset == "raw_sales"]

    assert (one.day, one.state) == (BAD, State.INCOMPLETE)
    assert "before the day was over" in one.reason


def test_a_table_without_days_that_failed_is_told(history: History) -> None:
    history.run(["raw_stores", "stores", "quarantine_stores"], None, status=DagsterRunStatus.FAILURE)

    states = found(history)

    assert states[("raw_stores", None)] == State.FAILED
    assert {day for _, day in states} == {None}


def test_days_by_state(history: History) -> None:
    history.run(["raw_sales"], Window(BAD, BAD), status=DagsterRunStatus.FAILURE)

    states = history.platform.states(str(FIRST), "2026-03-31")

    assert states["raw_sales"].failed == [str(BAD)]
    assert states["raw_sales"].missing == ["2026-03-31"]
    assert len(states["raw_sales"].materialized) == 29
    assert len(states["footfall"].materialized) == 30
