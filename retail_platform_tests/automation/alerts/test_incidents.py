"""One incident for one cause, told once; what follows from it is silent; nothing is called mended that is not."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from retail_platform.automation.alerts.model import Event, Name, Problem, Unsettled
from retail_platform_tests.automation.alerts.story import (
    UNAVAILABLE,
    UPSTREAM,
    Story,
    check,
    failed,
    gave_up,
    late,
    place,
    skipped,
    unavailable,
)

SALES_FAIL = "sales failure: ValueError"


def test_an_outage_of_thirty_days_and_ten_assets_is_one_incident_over_many_looks() -> None:
    story = Story()
    outage: list[Problem] = []
    told = []
    for day in range(30):
        outage += [unavailable(asset, day, f"run-{day}") for asset in ("raw_sales", "raw_footfall")]
        outage += [skipped(asset, day, f"run-{day}") for asset in ("sales", "store_days", "daily_metrics")]
        outage += [late("daily_metrics", day)]
        told += story.told(*outage)

    assert told == [(Event.OPENED, UNAVAILABLE)]
    (incident,) = story.memory.state.open
    assert len(incident.roots) == 60
    assert len(incident.touched) == 150

    (recovery,) = story.look()

    assert recovery.event is Event.RECOVERED
    assert len(recovery.incident.touched) == 150
    assert recovery.at - recovery.incident.since == timedelta(minutes=30)


def test_each_asset_and_type_of_error_is_an_incident_of_its_own() -> None:
    story = Story()

    told = story.told(failed("raw_sales", 0), failed("raw_sales", 1), failed("raw_footfall", 0), check("sales", day=5))

    assert [key for _, key in told] == [
        "raw_sales failure: ValueError",
        "raw_footfall failure: ValueError",
        "sales check: volume",
    ]


def test_what_was_not_tried_joins_the_failure_of_its_run() -> None:
    """A blocking check on one day of a run over three keeps the others from being made, too."""
    story = Story()

    told = story.told(check("sales", day=1), *(skipped("store_days", day) for day in range(3)))

    assert told == [(Event.OPENED, "sales check: volume")]
    assert story.told(*(skipped("store_days", day) for day in range(3))) == []
    assert story.told() == [(Event.RECOVERED, "sales check: volume")]


def test_an_error_downstream_on_the_same_day_is_silent_and_on_another_is_not() -> None:
    story = Story()
    story.look(failed("raw_sales", 0))

    assert story.told(failed("raw_sales", 0), failed("store_days", 0)) == []
    assert story.told(failed("raw_sales", 0), failed("store_days", 0), failed("store_days", 1)) == [
        (Event.OPENED, "store_days failure: ValueError")
    ]


def test_an_error_downstream_that_outlives_its_upstream_is_told_when_it_fails_again() -> None:
    story = Story()
    story.look(failed("raw_sales"), failed("sales"))

    assert story.told(failed("sales")) == []  # not tried since
    assert story.told(failed("sales", run="run-2")) == [
        (Event.RECOVERED, "raw_sales failure: ValueError"),
        (Event.OPENED, SALES_FAIL),
    ]


def test_a_source_that_is_away_is_told_also_while_a_table_above_is_wrong() -> None:
    story = Story()
    story.look(check("raw_stores", day=None))

    assert story.told(check("raw_stores", day=None), unavailable("raw_sales")) == [(Event.OPENED, UNAVAILABLE)]


def test_an_old_problem_of_a_whole_table_hides_no_error_of_a_day() -> None:
    story = Story()
    story.look(check("raw_stores", day=None))

    assert story.told(check("raw_stores", day=None), failed("sales")) == [(Event.OPENED, SALES_FAIL)]


def test_a_day_being_tried_again_is_not_mended_yet() -> None:
    story = Story()
    story.look(unavailable("raw_sales"), skipped("sales"))

    assert story.told(unsettled=[Unsettled(place("raw_sales")), Unsettled(place("sales"))]) == []
    assert story.told(unavailable("raw_sales", run="run-2"), skipped("sales", run="run-2")) == []
    assert story.told(unsettled=[Unsettled(place("sales"))]) == []
    assert story.told() == [(Event.RECOVERED, UNAVAILABLE)]


def test_a_check_without_a_new_verdict_is_not_mended_yet() -> None:
    story = Story()
    story.look(check("sales"), failed("raw_footfall"))

    told = story.told(unsettled=[Unsettled(place("sales"), "volume"), Unsettled(place("raw_footfall"), "volume")])

    assert told == [(Event.RECOVERED, "raw_footfall failure: ValueError")]
    assert story.told() == [(Event.RECOVERED, "sales check: volume")]


def test_lateness_is_told_only_where_nothing_upstream_is_known_to_be_wrong() -> None:
    story = Story()

    assert story.told(late()) == [(Event.OPENED, "daily_metrics late: late")]
    assert story.told() == [(Event.RECOVERED, "daily_metrics late: late")]

    story.look(failed("raw_footfall", 3))
    assert story.told(failed("raw_footfall", 3), late(day=3)) == []


def test_lateness_after_an_outage_is_part_of_it_until_the_days_are_there() -> None:
    story = Story()
    story.look(*(unavailable("raw_sales", day) for day in (0, 1)), late(day=0), late(day=1))

    assert story.told(late(day=0), late(day=1)) == []  # the source is back, the days are still to be made
    assert story.told(late(day=1)) == []
    assert story.told() == [(Event.RECOVERED, UNAVAILABLE)]


def test_a_check_that_stops_nothing_hides_no_lateness() -> None:
    story = Story()
    story.look(check("sales", day=0))

    assert story.told(check("sales", day=0), late(day=2)) == [(Event.OPENED, "daily_metrics late: late")]
    assert story.told(check("sales", day=0), late(day=2)) == []


def test_a_check_that_blocks_what_is_late_does() -> None:
    story = Story()
    story.look(check("sales"), skipped("store_days"))

    assert story.told(check("sales"), skipped("store_days"), late()) == []


def test_giving_up_is_told_once_an_incident() -> None:
    story = Story()
    outage = [unavailable(asset, day) for asset in ("raw_sales", "raw_footfall") for day in range(3)]
    story.look(*outage)

    assert story.told(*outage, gave_up("raw_sales", 0)) == [(Event.GAVE_UP, UNAVAILABLE)]
    assert story.told(*outage, gave_up("raw_sales", 0), gave_up("raw_footfall", 2)) == []
    assert story.told() == [(Event.RECOVERED, UNAVAILABLE)]


def test_giving_up_what_is_no_other_incident_is_one() -> None:
    story = Story()

    assert story.told(gave_up("sales")) == [(Event.OPENED, "sales gave_up: gave up")]
    assert story.told(gave_up("sales")) == []
    assert story.told() == [(Event.RECOVERED, "sales gave_up: gave up")]


def test_a_failure_that_is_found_given_up_is_told_at_once() -> None:
    story = Story()

    (opened,) = story.look(failed("sales"), gave_up("sales"))

    assert opened.event is Event.OPENED
    assert opened.incident.gave_up


def test_one_that_comes_and_goes_all_day_costs_few_messages() -> None:
    story = Story()

    told = [
        event for _ in range(24 * 6) for found in ((failed("sales"),), ()) for event in story.told(*found, minutes=5)
    ]

    assert [event for event, _ in told[:3]] == [Event.OPENED, Event.RECOVERED, Event.BACK]
    assert len(told) <= 4


def test_one_that_is_back_is_told_and_its_recovery_once_it_lasts() -> None:
    story = Story()
    story.look(failed("sales"))
    story.look()

    assert story.told(failed("sales"), minutes=30) == [(Event.BACK, SALES_FAIL)]
    assert story.told() == []
    assert story.told(failed("sales")) == []
    assert story.told(minutes=1) == []
    (recovered,) = story.look(minutes=10)
    assert recovered.event is Event.RECOVERED
    assert recovered.at == story.now - timedelta(minutes=10)


def test_one_that_comes_back_after_hours_is_a_new_incident() -> None:
    story = Story()
    story.look(failed("sales"))
    story.look()

    assert story.told(failed("sales"), minutes=61) == [(Event.OPENED, SALES_FAIL)]
    assert story.told() == [(Event.RECOVERED, SALES_FAIL)]


def test_an_asset_that_is_no_more_is_forgotten_without_a_word() -> None:
    story = Story()
    story.look(failed("gone_since"))

    assert story.told() == []
    assert story.memory.state.open == ()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 45, 90, 1440, 5000]),
            st.sets(
                st.tuples(st.sampled_from(sorted(UPSTREAM)), st.integers(0, 3), st.sampled_from("usfxclg")), max_size=8
            ),
        ),
        max_size=12,
    )
)
def test_whatever_happens_it_is_told_and_every_incident_ends(
    looks: list[tuple[int, set[tuple[str, int, str]]]],
) -> None:
    """Nothing wrong is ever without an open incident, and once nothing is wrong, none stays open."""
    make = {
        "u": unavailable,
        "s": skipped,
        "f": failed,
        "x": lambda asset, day: failed(asset, day, cause="KeyError"),
        "c": lambda asset, day: check(asset, day=day),
        "l": late,
        "g": gave_up,
    }
    story = Story()
    open_: set[Name] = set()
    for minutes, found in looks:
        problems = [make[kind](asset, day) for asset, day, kind in sorted(found)]
        for notice in story.look(*problems, minutes=minutes):
            assert (notice.event in (Event.OPENED, Event.BACK)) == (notice.incident.name not in open_)
            if notice.event is not Event.GAVE_UP:
                open_ ^= {notice.incident.name}
        held = {one for incident in story.memory.state.open for one in incident.places}
        assert {problem.place for problem in problems} <= held
        assert {incident.name for incident in story.memory.state.open} == open_

    story.look()
    ended = story.look(minutes=5 * 60)

    assert story.memory.state.open == ()
    assert all(notice.event is Event.RECOVERED for notice in ended)
