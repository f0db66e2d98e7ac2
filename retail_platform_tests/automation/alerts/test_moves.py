"""A day that fails for one reason after another is never called mended in between."""

from datetime import timedelta

from retail_platform.automation.alerts.messages import message
from retail_platform.automation.alerts.model import Event, Kind, Problem
from retail_platform_tests.automation.alerts.story import (
    UNAVAILABLE,
    Story,
    check,
    failed,
    late,
    place,
    skipped,
    unavailable,
)

CONTRACT = "raw_sales failure: SourceContractError"
DIED = "a run ended before its assets were done"


def contract(run: str) -> Problem:
    return failed("raw_sales", run=run, cause="SourceContractError")


def died(asset: str, day: int = 0, run: str = "run-2") -> Problem:
    return Problem(Kind.FAILURE, place(asset, day), DIED, "killed", "nothing", run_id=run, shared=True)


def test_another_error_is_told_and_the_first_incident_stays_open() -> None:
    story = Story()
    story.look(unavailable("raw_sales"), skipped("sales"))

    assert story.told(contract("run-2"), skipped("sales", run="run-2")) == [(Event.OPENED, CONTRACT)]
    assert story.told(unavailable("raw_sales", run="run-3"), skipped("sales", run="run-3")) == []
    assert story.told(contract("run-4"), skipped("sales", run="run-4")) == []
    assert story.told() == [(Event.RECOVERED, UNAVAILABLE), (Event.RECOVERED, CONTRACT)]


def test_a_run_that_dies_over_days_that_failed_is_silent() -> None:
    story = Story()
    story.look(unavailable("raw_sales"), skipped("sales"), skipped("store_days"))

    assert story.told(died("raw_sales"), died("sales"), died("store_days")) == []
    assert story.told(died("raw_sales"), died("sales"), died("store_days"), died("raw_sales", 1)) == [
        (Event.OPENED, DIED)
    ]
    assert story.told(unavailable("raw_sales", run="run-3"), skipped("sales", run="run-3")) == [(Event.RECOVERED, DIED)]
    assert story.told() == [(Event.RECOVERED, UNAVAILABLE)]


def test_a_run_that_dies_downstream_once_the_source_is_back_is_told() -> None:
    story = Story()
    story.look(unavailable("raw_sales"), skipped("sales"))

    assert story.told(died("sales")) == [(Event.RECOVERED, UNAVAILABLE), (Event.OPENED, DIED)]


def test_a_source_that_is_away_after_an_error_upstream_was_mended_is_told() -> None:
    story = Story()
    story.look(failed("raw_stores"), skipped("raw_sales"))

    assert (Event.OPENED, UNAVAILABLE) in story.told(unavailable("raw_sales", run="run-2"))


def test_a_day_that_is_not_tried_because_of_something_above_is_not_mended() -> None:
    story = Story()
    story.look(unavailable("raw_sales"))

    assert story.told(failed("raw_stores", run="run-2"), skipped("raw_sales", run="run-2")) == [
        (Event.OPENED, "raw_stores failure: ValueError")
    ]


def test_a_late_day_that_fails_when_it_is_made_is_late_still() -> None:
    story = Story()
    story.look(late())

    told = story.told(failed("daily_metrics"), late())

    assert told == [(Event.OPENED, "daily_metrics failure: ValueError")]
    assert story.told() == [
        (Event.RECOVERED, "daily_metrics late: late"),
        (Event.RECOVERED, "daily_metrics failure: ValueError"),
    ]


def test_a_day_that_is_made_and_fails_its_check_is_not_mended() -> None:
    story = Story()
    story.look(failed("sales"))

    assert story.told(check("sales", run="run-2")) == [(Event.OPENED, "sales check: volume")]
    assert [event for event, _ in story.told()] == [Event.RECOVERED, Event.RECOVERED]


def test_a_check_that_passes_recovers_while_another_fails() -> None:
    story = Story()
    story.look(check("sales"), check("sales", "conservation"))

    assert story.told(check("sales", "conservation")) == [(Event.RECOVERED, "sales check: volume")]


def test_a_recovery_names_what_is_still_wrong_downstream() -> None:
    story = Story()
    story.look(unavailable("raw_sales"), skipped("sales"), minutes=0)

    recovered, _ = story.look(failed("sales", run="run-2"), minutes=30)
    body = message(recovered, retailer="shops", ui_url="http://ui").body

    assert "every day it held is there" not in body
    assert "- Its cause is gone. Other problems of its days are told of by themselves: sales.\n" in body
    assert recovered.at - recovered.incident.since == timedelta(minutes=30)
