"""A warning that asks to be told of: once a day it is of, never recovered, never waited for."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import pytest

from retail_platform.automation.alerts.causes import Causes
from retail_platform.automation.alerts.failed_checks import failed_checks
from retail_platform.automation.alerts.messages import message
from retail_platform.automation.alerts.model import Event, Kind, Problem
from retail_platform.windows import Window
from retail_platform_tests.automation.alerts.story import Story, place

DAY = date(2026, 1, 2)
DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-10")


def news(day: int) -> Problem:
    found = place("daily_metrics", day)
    return Problem(Kind.NEWS, found, "unexplained_anomalies", "A: twice as many", "ask the store", run_id="run-1")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def problems(instance: dg.DagsterInstance, **metadata: Any) -> list[Problem]:
    """What is told of a check that warns, with such metadata."""

    @dg.asset(partitions_def=DAYS)
    def doors() -> None:
        pass

    @dg.asset_check(asset=doors, partitions_def=DAYS)
    def odd() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, description="A: twice as many", metadata=metadata
        )

    defs = dg.Definitions([doors], asset_checks=[odd])
    dg.materialize([doors, odd], instance=instance, partition_key=str(DAY))
    graph = defs.get_repository_def().asset_graph
    return failed_checks(instance, graph, Window(DAY, DAY), Causes())[0]


def test_a_warning_is_not_told(instance: dg.DagsterInstance) -> None:
    assert problems(instance) == []
    assert problems(instance, told=0) == []


def test_a_warning_that_asks_for_it_is(instance: dg.DagsterInstance) -> None:
    (one,) = problems(instance, told=1)

    assert (one.kind, one.cause, one.reason, one.place.day) == (Kind.NEWS, "odd", "A: twice as many", DAY)
    assert "RETAIL_CALENDAR_EVENTS" in one.mend


def test_each_day_is_told_once_and_its_end_is_not() -> None:
    story = Story()

    first = story.look(news(0))
    second = story.look(news(0), news(1))
    gone = story.look()

    assert [(one.event, one.incident.places) for one in first] == [(Event.OPENED, {place("daily_metrics", 0)})]
    assert [(one.event, one.incident.places) for one in second] == [(Event.OPENED, {place("daily_metrics", 1)})]
    assert gone == []


def test_the_message_says_what_is_odd() -> None:
    (notice,) = Story().look(news(0))

    said = message(notice, retailer="shops", ui_url="http://ui")

    assert said.subject == "[shops] unexplained anomalies in daily_metrics"
    assert "A: twice as many" in said.body
