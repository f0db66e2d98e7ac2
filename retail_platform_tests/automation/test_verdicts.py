"""Verdicts: a check that was planned and never judged has not passed, and hides no verdict."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as CheckStatus
from dagster._core.storage.dagster_run import DagsterRunStatus

from retail_platform.automation import verdicts
from retail_platform.automation.check_runs import run_checks
from retail_platform.automation.records import read_records
from retail_platform.windows import Window
from retail_platform_tests.automation.histories import History
from retail_platform_tests.platform import Platform

DAY = date(2026, 3, 5)
SALES = dg.AssetKey("sales")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with Platform(tmp_path) as platform:
        yield History(platform)


def failing(history: History, asset: str = "sales", day: date | None = DAY) -> str | None:
    records = read_records(history.instance, history.graph, Window(DAY, DAY))
    found = records.checks.get(dg.AssetKey(asset), {}).get(day)
    return found.reason if found else None


@pytest.mark.parametrize("end", [DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED])
def test_a_day_that_was_written_by_a_run_that_ended_before_its_checks_fails_them(
    history: History, end: DagsterRunStatus
) -> None:
    run_id = history.run(["sales", "quarantine_sales"], Window(DAY, DAY), status=DagsterRunStatus.STARTED)
    history.made("sales", [DAY], run_id=run_id)
    assert failing(history) is None

    history.ended(run_id, end)

    assert "it never ran" in (failing(history) or "")
    history.judged("sales", "completeness", DAY)
    assert failing(history) == "completeness: 2 stores are late"


def test_a_table_that_was_written_by_a_run_that_ended_before_its_checks_fails_them(history: History) -> None:
    run_id = history.run(["stores", "quarantine_stores"], None, status=DagsterRunStatus.STARTED)
    history.made("stores", run_id=run_id)
    assert failing(history, "stores", None) is None

    history.ended(run_id, DagsterRunStatus.FAILURE)

    assert "it never ran" in (failing(history, "stores", None) or "")


def test_a_run_that_was_cancelled_hides_no_verdict(history: History) -> None:
    history.made("sales", [DAY])
    history.judged("sales", "completeness", DAY)

    history.run(["sales", "quarantine_sales"], Window(DAY, DAY), status=DagsterRunStatus.CANCELED)

    assert failing(history) == "completeness: 2 stores are late"


def test_a_run_that_only_checks_hides_no_verdict_while_it_runs(history: History) -> None:
    history.made("sales", [DAY])
    history.judged("sales", "completeness", DAY)

    class Killed(BaseException):
        pass

    platform = history.platform
    with (
        platform.environment(),
        patch("retail_platform.automation.check_runs.dg.execute_job", side_effect=Killed) as execute,
        pytest.raises(Killed),
    ):
        run_checks(history.instance, Window(DAY, DAY), selection="sales", repository=platform.repository)
    planned = execute.call_args.args[0].get_definition()
    with platform.environment():
        history.instance.create_run_for_job(
            planned, tags=execute.call_args.kwargs["tags"], status=DagsterRunStatus.STARTED
        )

    newest = history.instance.event_log_storage.get_asset_check_partition_info(
        [dg.AssetCheckKey(SALES, "completeness")], partition_keys=[str(DAY)]
    )
    assert [info.latest_execution_status for info in newest] == [CheckStatus.PLANNED]
    assert failing(history) == "completeness: 2 stores are late"


def test_a_verdict_is_found_however_many_came_after_it(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_AT_ONCE", 2)
    monkeypatch.setattr(verdicts, "_LEAST_ROWS", 1)
    monkeypatch.setattr(verdicts, "_ROWS_AT_FIRST", 1)
    others = [date(2026, 3, day) for day in range(6, 16)]
    history.made("sales", [DAY, *others])
    history.judged("sales", "completeness", DAY)
    for day in others:
        history.judged("sales", "completeness", day, severity="WARN")

    assert failing(history) == "completeness: 2 stores are late"
