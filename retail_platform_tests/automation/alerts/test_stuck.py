"""An incident that stays open mutes no later one of its cause, and an outage that goes on is told once all the same."""

from datetime import timedelta

import pytest

from retail_platform.automation.alerts.incidents import GROWS
from retail_platform.automation.alerts.messages import message
from retail_platform.automation.alerts.model import Event, Problem
from retail_platform_tests.automation.alerts.story import (
    UNAVAILABLE,
    Story,
    check,
    failed,
    gave_up,
    late,
    skipped,
    unavailable,
)

DAY = 24 * 60.0  # minutes
LATE = "daily_metrics late: late"


def outage(*days: int) -> list[Problem]:
    """The whole API is down, or deliveries stay away."""
    struck = [unavailable(asset, day, f"run-{day}") for day in days for asset in ("raw_sales", "raw_footfall")]
    return struck + [skipped(asset, day, f"run-{day}") for day in days for asset in ("sales", "store_days")]


@pytest.fixture
def stuck() -> Story:
    """A store's day never came, and healing gave up; that was twenty days ago."""
    story = Story()
    assert story.told(unavailable("raw_sales"), skipped("sales")) == [(Event.OPENED, UNAVAILABLE)]
    given_up = story.told(unavailable("raw_sales"), skipped("sales"), gave_up("raw_sales"), minutes=4 * DAY)
    assert given_up == [(Event.GAVE_UP, UNAVAILABLE)]
    return story


OLD = (unavailable("raw_sales"), skipped("sales"), gave_up("raw_sales"))


def test_an_outage_after_one_that_is_stuck_is_told_through_its_own_life(stuck: Story) -> None:
    down = outage(20, 21)

    assert stuck.told(*OLD, *down, late(day=20), minutes=16 * DAY) == [(Event.OPENED, UNAVAILABLE)]
    assert stuck.told(*OLD, *down, late(day=20)) == []
    assert stuck.told(*OLD, *down, gave_up("raw_sales", 20)) == [(Event.GAVE_UP, UNAVAILABLE)]
    assert stuck.told(*OLD) == [(Event.RECOVERED, UNAVAILABLE)]
    assert stuck.told(*OLD, *down) == [(Event.BACK, UNAVAILABLE)]
    assert stuck.told(*OLD, minutes=20) == []
    assert stuck.told(*OLD, minutes=20) == [(Event.RECOVERED, UNAVAILABLE)]
    assert stuck.told(minutes=20) == [(Event.RECOVERED, UNAVAILABLE)]


def test_the_older_may_recover_first(stuck: Story) -> None:
    stuck.look(*OLD, *outage(20), minutes=16 * DAY)

    (older,) = stuck.look(*outage(20))
    (newer,) = stuck.look()

    assert [len(one.incident.touched) for one in (older, newer)] == [2, 4]
    assert {one.event for one in (older, newer)} == {Event.RECOVERED}


def test_messages_say_that_another_is_open(stuck: Story) -> None:
    (opened,) = stuck.look(*OLD, *outage(20), minutes=16 * DAY)
    (older,) = stuck.look(*outage(20))
    (newer,) = stuck.look()

    said = [message(one, retailer="shops", ui_url="http://ui").body for one in (opened, older, newer)]

    assert ["Another incident of this cause is open" in one for one in said] == [True, True, False]


def test_an_outage_of_thirty_days_that_healing_gives_up_is_one_incident() -> None:
    """Deliveries stay away day by day; every seventh day the stores are closed and nothing is expected."""
    story = Story()
    told = []
    for day in range(30):
        gone = [day for day in range(day + 1) if day % 7 != 6]
        given_up = [gave_up("raw_sales", one) for one in gone if one < day - 4]
        told += story.told(*outage(*gone), *(late(day=one) for one in gone), *given_up, minutes=DAY)

    assert told == [(Event.OPENED, UNAVAILABLE), (Event.GAVE_UP, UNAVAILABLE)]
    assert story.told(minutes=60) == [(Event.RECOVERED, UNAVAILABLE)]


def test_late_deliveries_that_come_each_time_keep_no_stuck_incident_growing(stuck: Story) -> None:
    told = []
    for day in range(20, 25):
        told += stuck.told(*OLD, *outage(day), minutes=DAY - 90)
        told += stuck.told(*OLD, minutes=90)

    assert told == [(Event.OPENED, UNAVAILABLE), (Event.RECOVERED, UNAVAILABLE)] * 5


def test_a_table_that_failed_long_ago_and_fails_again_makes_no_stuck_incident_grow() -> None:
    story = Story()
    tables = unavailable("raw_stores", None)
    story.look(unavailable("raw_sales"), tables)
    story.look(unavailable("raw_sales"))

    assert story.told(unavailable("raw_sales"), tables, minutes=20 * DAY) == [(Event.OPENED, UNAVAILABLE)]
    assert story.told(unavailable("raw_sales"), tables, unavailable("raw_sales", 20)) == []


def test_what_is_tried_again_of_a_stuck_day_makes_its_incident_grow_no_more(stuck: Story) -> None:
    again = (*OLD, skipped("store_days", run="run-2"), skipped("period_metrics", None, run="run-2"))

    assert stuck.told(*again, minutes=16 * DAY) == []
    assert stuck.told(*again, *outage(20)) == [(Event.OPENED, UNAVAILABLE)]


def test_a_table_over_all_days_hides_behind_no_stuck_day(stuck: Story) -> None:
    broken = failed("period_metrics", None)

    assert stuck.told(*OLD, broken, minutes=16 * DAY) == [(Event.OPENED, "period_metrics failure: ValueError")]
    assert stuck.told(*OLD, broken) == []


def test_a_table_over_all_days_that_fails_in_an_outage_is_part_of_it_for_as_long_as_nobody_tries_it_again() -> None:
    story = Story()
    struck = (unavailable("raw_sales"), failed("period_metrics", None))

    assert story.told(*struck) == [(Event.OPENED, UNAVAILABLE)]
    assert story.told(*struck, minutes=20 * DAY) == []


def test_a_check_that_is_never_mended_does_not_hide_that_it_fails_again() -> None:
    story = Story()
    story.look(check("sales", "quarantine_rate"))

    told = story.told(check("sales", "quarantine_rate"), check("sales", "quarantine_rate", 20), minutes=20 * DAY)

    assert told == [(Event.OPENED, "sales check: quarantine_rate")]


def test_an_incident_grows_for_as_long_as_it_says() -> None:
    days = GROWS / timedelta(days=1)
    story = Story()
    story.look(failed("sales", 0))

    assert story.told(failed("sales", 0), failed("sales", 1), minutes=days * DAY - 1) == []
    assert story.told(failed("sales", 0), failed("sales", 1), minutes=days * DAY - 2) == []
    assert story.told(failed("sales", 0), failed("sales", 1), failed("sales", 5), minutes=2) == [
        (Event.OPENED, "sales failure: ValueError")
    ]


def test_a_late_day_is_told_while_another_day_is_stuck(stuck: Story) -> None:
    assert stuck.told(*OLD, late(day=0)) == []
    assert stuck.told(*OLD, late(day=20), minutes=16 * DAY) == [(Event.OPENED, LATE)]
    assert stuck.told(*OLD, late(day=20)) == []
    assert stuck.told(*OLD) == [(Event.RECOVERED, LATE)]


def test_a_late_day_is_told_while_a_whole_table_above_fails() -> None:
    story = Story()
    story.look(failed("raw_stores", None))

    assert story.told(failed("raw_stores", None), late(day=1)) == [(Event.OPENED, LATE)]
