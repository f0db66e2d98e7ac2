"""The schedules ask for the retailer's yesterday and today, whatever the clock of the machine says."""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from retail_platform.automation import jobs
from retail_platform.definitions import assemble, open_retailer
from retail_platform.settings import Settings

PARIS = ZoneInfo("Europe/Paris")


@cache
def definitions_of(settings: Settings) -> dg.Definitions:
    """The code location; assembling it takes longer than asking it for a day."""
    return assemble(open_retailer(settings))


def asked(schedule: str, at: datetime, *, running: str | None = None, **settings: object) -> list[str] | str:
    """The days a schedule asks for at an instant, or why it asks for none."""
    definitions = definitions_of(Settings(scale="tiny", **settings))
    with dg.instance_for_test() as instance:
        if running is not None:
            tags = {"dagster/partition": running}
            create_run_for_test(instance, jobs.DAY, status=dg.DagsterRunStatus.STARTED, tags=tags)
        context = dg.build_schedule_context(
            instance, scheduled_execution_time=at, repository_def=definitions.get_repository_def()
        )
        data = definitions.resolve_schedule_def(schedule).evaluate_tick(context)
    if data.skip_message:
        return data.skip_message
    return [str(request.partition_key) for request in data.run_requests or []]


def test_the_morning_makes_yesterday() -> None:
    assert asked("every_morning", datetime(2026, 11, 20, 5, tzinfo=PARIS)) == ["2026-11-19"]


def test_the_hour_makes_today() -> None:
    assert asked("every_hour", datetime(2026, 11, 20, 14, 15, tzinfo=PARIS)) == ["2026-11-20"]


@pytest.mark.parametrize(
    ("at", "today"),
    [
        ("2026-11-19T22:15+00:00", "2026-11-19"),  # 23:15 in Paris
        ("2026-11-19T23:15+00:00", "2026-11-20"),  # 00:15 in Paris
        ("2026-07-19T22:15+00:00", "2026-07-20"),  # 00:15 in Paris, in summer
        ("2026-03-29T00:15+00:00", "2026-03-29"),  # before the clock is set forward
        ("2026-03-29T01:15+00:00", "2026-03-29"),  # after it: 03:15
        ("2026-10-25T00:15+00:00", "2026-10-25"),  # 02:15, the first time
        ("2026-10-25T01:15+00:00", "2026-10-25"),  # 02:15, the second time
        ("2026-10-25T22:15+00:00", "2026-10-25"),  # 23:15, a day of 25 hours
    ],
)
def test_today_is_the_retailers(at: str, today: str) -> None:
    instant = datetime.fromisoformat(at)
    yesterday = date.fromisoformat(today).toordinal() - 1

    assert asked("every_hour", instant) == [today]
    assert asked("every_morning", instant) == [str(date.fromordinal(yesterday))]


def test_another_zone_has_another_day() -> None:
    at = datetime.fromisoformat("2026-11-19T23:15+00:00")

    assert asked("every_hour", at, timezone="America/Sao_Paulo") == ["2026-11-19"]
    assert asked("every_hour", at, timezone="Pacific/Auckland") == ["2026-11-20"]


def test_days_outside_the_span_are_skipped_and_say_so() -> None:
    span = {"start_date": date(2026, 3, 1), "end_date": date(2026, 3, 31)}

    assert asked("every_morning", datetime(2026, 3, 1, 5, tzinfo=PARIS), **span) == (
        "2026-02-28 is outside the span 2026-03-01..2026-03-31"
    )
    assert asked("every_hour", datetime(2026, 4, 1, 0, 15, tzinfo=PARIS), **span) == (
        "2026-04-01 is outside the span 2026-03-01..2026-03-31"
    )
    assert asked("every_morning", datetime(2026, 4, 1, 5, tzinfo=PARIS), **span) == ["2026-03-31"]


def test_a_day_that_something_else_is_making_is_skipped() -> None:
    said = asked("every_morning", datetime(2026, 3, 3, 5, tzinfo=PARIS), running="2026-03-02")

    assert said == "2026-03-02 is in a run or backfill that is queued or under way"
    assert asked("every_morning", datetime(2026, 3, 3, 5, tzinfo=PARIS), running="2026-03-01") == ["2026-03-02"]


def test_both_run_in_the_retailers_zone() -> None:
    schedules = assemble(open_retailer(Settings(timezone="America/Lima"))).schedules or []

    assert {
        schedule.name: schedule.execution_timezone
        for schedule in schedules
        if isinstance(schedule, dg.ScheduleDefinition)
    } == {
        "every_morning": "America/Lima",
        "every_hour": "America/Lima",
    }
