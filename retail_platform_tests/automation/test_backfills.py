"""Planning backfills: which days of which assets, and why."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from dagster._core.storage.dagster_run import DagsterRunStatus

from retail_platform.automation.backfills import ASKED, Asked, Backfill, plan_backfill
from retail_platform.windows import Window
from retail_platform_tests.automation.histories import History
from retail_platform_tests.platform import Platform

MONTH = Window(date(2026, 3, 1), date(2026, 3, 30))
BAD = date(2026, 3, 5)


@pytest.fixture(scope="module")
def all_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("all_made")
    with Platform(folder) as platform:
        History(platform).all_made(MONTH)
    return folder


@pytest.fixture
def history(all_made: Path, tmp_path: Path) -> Iterator[History]:
    """Of a retailer whose every day of a month was made."""
    shutil.copytree(all_made, tmp_path / "copy")
    with Platform(tmp_path / "copy") as platform:
        yield History(platform)


def planned(history: History, asked: Asked) -> Backfill:
    platform = history.platform
    with platform.environment():
        return plan_backfill(platform.instance, platform.retailer, asked, platform.repository)


def days_of(backfill: Backfill) -> dict[str, list[int] | None]:
    """Days of the month of each asset; None for a table without days."""
    found: dict[str, list[int] | None] = {}
    for item in backfill.items:
        days = None if item.days is None else [day.day for day in item.days]
        found[item.asset] = days if days is None else sorted([*(found.get(item.asset) or []), *days])
    return found


def test_all_that_is_asked_for(history: History) -> None:
    backfill = planned(history, Asked(Window(BAD, date(2026, 3, 6)), "raw_sales or sales"))

    assert days_of(backfill) == {"raw_sales": [5, 6], "sales": [5, 6], "quarantine_sales": [5, 6]}
    assert {item.why for item in backfill.items} == {ASKED}


def test_of_a_whole_month_nothing(history: History) -> None:
    backfill = planned(history, Asked(MONTH, only_missing=True))

    assert backfill.items == []
    assert backfill.plan.days == 0


def test_only_what_is_not_ok_and_what_is_made_from_it(history: History) -> None:
    run = history.run(["raw_sales"], Window(BAD, BAD), status=DagsterRunStatus.FAILURE)
    history.made("footfall", [date(2026, 3, 20)])

    backfill = planned(history, Asked(MONTH, only_missing=True))

    days = days_of(backfill)
    assert days["raw_sales"] == days["sales"] == [5]
    assert days["sensor_health"] == days["footfall"] == [5, 12, 19, 26]
    assert days["hourly_metrics"] == days["store_days"] == [5, 12, 19, 20, 26]
    assert days["daily_metrics"] == [5, 12, 19, 20, 26, 27]
    assert "footfall_readings" not in days
    assert days["period_metrics"] is days["warehouse"] is None
    assert next(item.why for item in backfill.items if item.asset == "raw_sales").startswith("failed: ")
    assert "made from what is not ok" in {item.why for item in backfill.items if item.asset == "hourly_metrics"}
    assert run


def test_a_selection_bounds_it(history: History) -> None:
    history.made("raw_sales", [BAD])

    assert days_of(planned(history, Asked(MONTH, "sales", only_missing=True))) == {
        "sales": [5],
        "quarantine_sales": [5],
    }


def test_later_days_that_compare_only_when_asked_and_there(history: History) -> None:
    week = Window(date(2026, 3, 1), date(2026, 3, 7))
    both = "store_days or daily_metrics"

    without = planned(history, Asked(week, both))
    with_windows = planned(history, Asked(week, both, with_windows=True))

    assert days_of(without)["daily_metrics"] == [1, 2, 3, 4, 5, 6, 7]
    assert days_of(with_windows)["daily_metrics"] == [*range(1, 31)]
    assert days_of(with_windows)["store_days"] == [1, 2, 3, 4, 5, 6, 7]


def test_days_that_runs_hold_are_left_to_them(history: History) -> None:
    history.run(["raw_sales"], Window(BAD, BAD), status=DagsterRunStatus.STARTED)

    backfill = planned(history, Asked(Window(BAD, date(2026, 3, 6)), "raw_sales"))

    assert days_of(backfill) == {"raw_sales": [6]}
    assert backfill.left_out == [BAD]


def test_the_phases_hold_what_the_plan_shows(history: History) -> None:
    history.made("raw_sales", [BAD])
    history.made("footfall", [date(2026, 3, 20)])

    backfill = planned(history, Asked(MONTH, only_missing=True))

    compared = [5, 12, 19, 20, 26, 27]
    assert [[day.day for day in phase.only or ()] for phase in backfill.plan.phases if phase.daily] == [
        [5],
        [5, 12, 19, 26],
        [20],
        compared,
        [day for day in range(5, 31) if day not in compared],
    ]
    assert backfill.plan.days == 1 + 4 + 1 + 26 + sum(not phase.daily for phase in backfill.plan.phases)
