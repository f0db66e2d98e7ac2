"""`retail status`: a calendar that can be read without colour."""

from datetime import date
from pathlib import Path

from dagster._core.storage.dagster_run import DagsterRunStatus

from retail_platform.automation.health import Health, State, Unhealthy
from retail_platform.cli.status import calendar
from retail_platform.windows import Window
from retail_platform_tests.automation.histories import History
from retail_platform_tests.platform import Platform


def test_a_line_a_month_a_sign_a_day_the_worst_of_all_assets() -> None:
    window = Window(date(2026, 2, 26), date(2026, 3, 4))
    states = [
        ("sales", date(2026, 2, 27), State.STALE),
        ("raw_sales", date(2026, 3, 2), State.MISSING),
        ("raw_sales", date(2026, 3, 3), State.FAILED),
        ("sales", date(2026, 3, 3), State.MISSING),
        ("sales", date(2026, 3, 4), State.INCOMPLETE),
        ("warehouse", None, State.FAILED),
    ]
    unhealthy = [Unhealthy(asset, day, state, "because", None) for asset, day, state in states]

    lines = calendar(Health(window, unhealthy, {})).plain.splitlines()

    assert lines[1].split() == ["1", "6", "11", "16", "21", "26", "31"]
    assert lines[2] == " 2026-02  " + " " * 25 + ".s."
    assert lines[3].rstrip() == " 2026-03  .-Fi"
    assert lines[1].index("1") == lines[3].index(".")
    assert " ".join(lines[-1].split()) == ". ok r running s stale - missing i incomplete F failed"


def test_a_table_that_failed_is_named_with_its_reason(tmp_path: Path) -> None:
    window = Window(date(2026, 3, 1), date(2026, 3, 2))
    with Platform(tmp_path) as platform:
        history = History(platform)
        history.all_made(window)
        history.run(["warehouse"], None, status=DagsterRunStatus.FAILURE)
        history.judged("sales", "completeness", date(2026, 3, 2))

        result = platform.retail("status", "--from", "2026-03-01", "--to", "2026-03-02")

    assert result.exit_code == 0
    assert " warehouse is failed: " in result.output
    assert "the till was on fire" in result.output
    assert "incomplete 2026-03-02" in result.output
    assert " 2026-03  .i" in result.output
