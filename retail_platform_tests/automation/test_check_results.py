"""The newest results of the checks: what fails comes first, with its days and what was found."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from dagster._core.storage.dagster_run import DagsterRunStatus
from polars.testing import assert_frame_equal

from retail_platform.automation import verdicts
from retail_platform.automation.check_results import newest_results
from retail_platform_tests.automation.histories import History
from retail_platform_tests.platform import Platform, window

FIRST, SECOND = "2026-01-05", "2026-01-06"


def test_a_table_says_which_days_fail_and_why_until_they_are_mended(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        assert newest_results(platform.instance, platform.graph).is_empty()
        platform.materialize(FIRST, SECOND, select="+sales")
        before = {row["table"]: row for row in newest_results(platform.instance, platform.graph).to_dicts()}
        sales = platform.table("sales")
        day = window(SECOND)
        platform.lake.replace("sales", sales.filter(date=date.fromisoformat(SECOND)).slice(1), day)
        platform.check(FIRST, SECOND, select="sales")

        found = newest_results(platform.instance, platform.graph).to_dicts()

        assert (before["sales"]["failing"], before["sales"]["days_failing"], before["sales"]["found"]) == (0, 0, None)
        assert before["stores"]["days_failing"] is None
        assert found[0]["table"] == "sales"
        assert (found[0]["failing"], found[0]["days_failing"]) == (1, 1)
        assert found[0]["last_day"] == date.fromisoformat(SECOND)
        assert found[0]["found"].startswith("conservation: ")
        assert (datetime.now(UTC) - found[0]["judged"]).total_seconds() < 300
        assert not any(row["failing"] for row in found[1:])

        platform.materialize(SECOND, select="sales")

        mended = {row["table"]: row["failing"] for row in newest_results(platform.instance, platform.graph).to_dicts()}
        assert mended["sales"] == 0


def test_runs_that_only_began_leave_it_as_it_was(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        platform.materialize(FIRST, SECOND, select="+sales")
        sales = platform.table("sales")
        for day in (FIRST, SECOND):
            rows = sales.filter(date=date.fromisoformat(day)).slice(1)
            platform.lake.replace("sales", rows, window(day))
        platform.check(FIRST, SECOND, select="sales")
        before = newest_results(platform.instance, platform.graph)
        assert before.row(0, named=True)["days_failing"] == 2

        for day in (FIRST, SECOND):
            History(platform).run(
                ["raw_sales", "sales", "quarantine_sales"], window(day), status=DagsterRunStatus.FAILURE
            )

        assert_frame_equal(newest_results(platform.instance, platform.graph), before)
        platform.materialize(SECOND, select="sales")
        mended = newest_results(platform.instance, platform.graph).row(0, named=True)
        assert (mended["table"], mended["days_failing"], mended["last_day"]) == ("sales", 1, date.fromisoformat(FIRST))


def test_a_day_that_failed_long_ago_still_fails_once_a_run_only_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("_AT_ONCE", "_LEAST_ROWS", "_ROWS_AT_FIRST"):
        monkeypatch.setattr(verdicts, limit, 1)
    with Platform(tmp_path) as platform:
        history, days = History(platform), window(FIRST, SECOND)
        history.made("sales", days.days())
        history.judged("sales", "conservation", days.first)
        for _ in range(3):
            history.judged("sales", "conservation", days.last)
        before = newest_results(platform.instance, platform.graph)
        assert before.row(0, named=True)["days_failing"] == 2

        history.run(["raw_sales", "sales", "quarantine_sales"], days, status=DagsterRunStatus.CANCELED)

        assert_frame_equal(newest_results(platform.instance, platform.graph), before)
