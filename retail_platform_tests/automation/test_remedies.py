"""What healing decides: a table of cases, and what must hold of any."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_platform.automation.health import State, Unhealthy
from retail_platform.automation.remedies import LONGEST_PAUSE, Decision, Kinship, Place, Rules, Situation, Tried, decide
from retail_platform.automation.requests import Held
from retail_platform.partitions import LookBack
from retail_platform_tests.platform import tiny_graph

KIN = Kinship(tiny_graph())
RULES = Rules(attempts=3, backoff=60, runs=4, days_per_run=31)
NOW = 1_000_000.0
DAILY = [key.to_user_string() for key in KIN.order if 0 < KIN.turn[key] < KIN.last]
FIRST = {key.to_user_string() for key in KIN.order if KIN.turn[key] == 1}
DELIVERED = {asset for asset in FIRST if not KIN.above[dg.AssetKey(asset)]}
TABLES = [key.to_user_string() for key in KIN.order if KIN.turn[key] in (0, KIN.last)]


def day(number: int) -> date:
    return date(2026, 3, 1) + timedelta(days=number - 1)


def ill(asset: str, number: int | None, state: State = State.FAILED, run_id: str | None = None) -> Unhealthy:
    return Unhealthy(asset, None if number is None else day(number), state, "because", run_id)


def place(asset: str, number: int | None) -> Place:
    return dg.AssetKey(asset), None if number is None else day(number)


def whole_day(number: int, state: State = State.MISSING, run_id: str | None = None) -> list[Unhealthy]:
    return [ill(asset, number, state, run_id) for asset in DAILY]


def decided(
    unhealthy: Iterable[Unhealthy], memory: dict[Place, Tried] | None = None, now: float = NOW, **known: object
) -> Decision:
    return decide(KIN, Situation(list(unhealthy), **known), memory or {}, RULES, now)  # type: ignore[arg-type]


def shown(decision: Decision) -> list[tuple[str | None, int]]:
    return [(str(one.days) if one.days else None, one.attempt) for one in decision.requests]


def names(keys: Iterable[dg.AssetKey]) -> set[str]:
    return {key.to_user_string() for key in keys}


def assets(decision: Decision, number: int = 0) -> set[str]:
    return names(decision.requests[number].assets)


def test_the_turns() -> None:
    turn = {key.to_user_string(): number for key, number in KIN.turn.items()}

    assert turn["raw_stores"] == turn["stores"] == turn["calendar"] == turn["product_prices"] == 0
    assert turn["raw_sales"] == turn["footfall_readings"] == turn["product_daily_metrics"] == 1
    assert turn["daily_metrics"] == turn["store_days"] + 1
    assert turn["period_metrics"] == turn["warehouse"] == KIN.last > turn["daily_metrics"]


def test_nothing_is_requested_where_all_is_well() -> None:
    assert decided([]) == Decision([], {}, [])


def test_missing_days_are_requested_together_without_what_compares_them() -> None:
    decision = decided([one for number in range(1, 6) for one in whole_day(number)])

    assert shown(decision) == [("2026-03-01..2026-03-05", 1)]
    assert assets(decision) == FIRST
    assert set(decision.memory) == {place(asset, number) for asset in DELIVERED for number in range(1, 6)}


def test_what_compares_days_comes_once_they_are_there() -> None:
    decision = decided([ill("daily_metrics", number, State.MISSING) for number in (1, 2)])

    assert shown(decision) == [("2026-03-01..2026-03-02", 1)]
    assert assets(decision) == {"daily_metrics", "daily_report"}


def test_what_compares_a_day_that_is_under_way_waits() -> None:
    late = [ill("daily_metrics", 22, State.STALE)]

    assert shown(decided(late, held=Held(frozenset({day(1)})))) == []
    assert shown(decided(late, held=Held(frozenset({day(2)})))) == [("2026-03-22", 1)]


def test_what_looks_at_every_day_before_waits_for_them_and_not_for_others() -> None:
    graph = dg.Definitions(assets=_windowed()).resolve_asset_graph()
    kin, late = Kinship(graph), [Unhealthy("estimated", day(40), State.STALE, "because", None)]

    def asked(*held: int, also: Unhealthy | None = None) -> list[str]:
        situation = Situation([*late, *([also] if also else [])], Held(frozenset(map(day, held))))
        found = decide(kin, situation, {}, RULES, NOW).requests
        return [f"{sorted(names(one.assets))} {one.days}" for one in found]

    makes = f"['estimated', 'summed'] {day(40)}"
    assert asked() == asked(29, 41) == [makes]
    assert asked(30) == asked(37) == asked(40) == []
    assert asked(also=Unhealthy("counted", day(35), State.FAILED, "because", None)) == [f"['counted'] {day(35)}"]


def _windowed() -> list[dg.AssetsDefinition]:
    days = dg.DailyPartitionsDefinition("2026-01-01")

    @dg.asset(partitions_def=days)
    def counted() -> None: ...

    @dg.asset(partitions_def=days, ins={"counted": LookBack(10).asset_in(object)})
    def estimated(counted: object) -> None: ...

    @dg.asset(partitions_def=days)
    def summed(estimated: object) -> None: ...

    return [counted, estimated, summed]


def test_tables_over_all_days_come_last() -> None:
    tables = [ill("period_metrics", None, State.STALE), ill("warehouse", None, State.STALE)]

    assert shown(decided([*tables, ill("daily_metrics", 3, State.STALE)])) == [("2026-03-03", 1)]
    assert shown(decided(tables, held=Held(whole=True))) == []
    last = decided(tables)
    assert shown(last) == [(None, 1)]
    assert assets(last) == {"period_metrics", "warehouse"}


def test_tables_that_days_look_things_up_in_come_first() -> None:
    decision = decided([ill("raw_stores", None), *whole_day(1)])

    assert shown(decision) == [(None, 1)]
    assert {"raw_stores", "stores", "quarantine_stores", "opening_hours"} <= assets(decision)
    assert "warehouse" not in assets(decision)


def test_days_go_on_while_such_a_table_waits_for_its_next_attempt() -> None:
    memory = {place("raw_stores", None): Tried(1, NOW)}

    assert shown(decided([ill("raw_stores", None), *whole_day(1)], memory)) == [("2026-03-01", 1)]


def test_a_failed_day_waits_twice_as_long_each_time() -> None:
    failed = [ill("raw_sales", 1)]

    for attempts, pause in ((1, 60), (2, 120)):
        memory = {place("raw_sales", 1): Tried(attempts, NOW)}
        assert shown(decided(failed, memory, NOW + pause - 1)) == []
        assert shown(decided(failed, memory, NOW + pause)) == [("2026-03-01", attempts + 1)]
    patient = replace(RULES, attempts=10**6)
    assert patient.due(Tried(5000, NOW), NOW + LONGEST_PAUSE)


@pytest.mark.parametrize(("number", "holding"), [(1, Held(frozenset({day(1)}))), (None, Held(whole=True))])
def test_what_was_tried_is_remembered_until_its_run_is_over_and_has_judged_it(
    number: int | None, holding: Held
) -> None:
    memory = {place("raw_sales" if number else "raw_stores", number): Tried(2, NOW)}

    assert decided([], memory, held=holding).memory == memory
    assert decided([], memory).memory == {}


def test_what_failed_too_often_is_given_up_with_what_hangs_on_it_and_nothing_else() -> None:
    memory = {place("raw_sales", 1): Tried(3, 0.0)}

    decision = decided([ill("raw_sales", 1), ill("sales", 1), ill("raw_footfall", 1)], memory)

    assert [(one.asset, one.day) for one in decision.given_up] == [("raw_sales", day(1))]
    readings = {"raw_footfall", "footfall_readings", "quarantine_footfall_readings"}
    assert readings <= assets(decision) == names({dg.AssetKey("raw_footfall")} | KIN.below[dg.AssetKey("raw_footfall")])


def test_a_success_forgets_the_attempts() -> None:
    assert decided([], {place("raw_sales", 1): Tried(3, NOW)}).memory == {}


def test_a_new_attempt_of_somebody_else_lets_it_begin_again() -> None:
    memory = {place("raw_sales", 1): Tried(3, NOW, "old")}

    again = decided([ill("raw_sales", 1, run_id="landed")], memory, foreign=frozenset({"landed"}))

    assert shown(again) == [("2026-03-01", 1)]
    assert again.memory[place("raw_sales", 1)] == Tried(1, NOW, "landed")
    for mine in (frozenset[str](), frozenset({"old"})):
        assert shown(decided([ill("raw_sales", 1, run_id="old")], memory, foreign=mine)) == []


def test_days_of_a_run_of_several_that_failed_are_tried_by_themselves_at_once() -> None:
    month = [one for number in range(1, 31) for one in whole_day(number, State.FAILED, "month")]
    memory = {place("raw_sales", number): Tried(1, NOW) for number in range(1, 31)}

    decision = decided(month, memory, broad=frozenset({"month"}))

    assert shown(decision) == [(f"2026-03-0{number}", 2) for number in (1, 2, 3, 4)]


def test_they_are_tried_by_themselves_however_few_attempts_there_are() -> None:
    month = [ill("raw_sales", number, run_id="month") for number in range(1, 4)]
    memory = {place("raw_sales", number): Tried(RULES.attempts, NOW, "month") for number in range(1, 4)}

    apart = decided(month, memory, broad=frozenset({"month"}))
    again = [ill("raw_sales", number, run_id=f"day {number}") for number in range(1, 4)]

    assert [days for days, _ in shown(apart)] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert apart.given_up == []
    assert decided(again, dict(apart.memory), now=NOW + 10**6).requests == []


def test_there_is_room_for_so_many_runs() -> None:
    scattered = [one for number in range(1, 31, 2) for one in whole_day(number)]

    assert shown(decided(scattered)) == [(f"2026-03-0{number}", 1) for number in (1, 3, 5, 7)]
    assert shown(decided(scattered, under_way=3)) == [("2026-03-01", 1)]
    assert shown(decided(scattered, under_way=9)) == []


def test_retries_hold_back_no_first_try() -> None:
    old = {place("raw_sales", number): Tried(2, 0.0) for number in range(1, 5)}
    failed = [ill("raw_sales", number) for number in range(1, 5)]

    assert shown(decided([*failed, *whole_day(9)], old)) == [
        ("2026-03-01", 3),
        ("2026-03-02", 3),
        ("2026-03-03", 3),
        ("2026-03-09", 1),
    ]


def test_what_lacks_a_store_is_delivered_again() -> None:
    decision = decided([ill("sales", 1, State.INCOMPLETE)])

    assert {"raw_sales", "sales", "product_daily_metrics"} <= assets(decision)
    assert "raw_footfall" not in assets(decision)
    assert set(decision.memory) == {place("sales", 1)}


def test_a_stale_day_is_made_again_from_there_on() -> None:
    assert assets(decided([ill("store_days", 1, State.STALE)])) == {"store_days"}


@pytest.mark.parametrize("state", [State.RUNNING])
def test_what_is_running_is_left_alone_and_remembered(state: State) -> None:
    memory = {place("raw_sales", 1): Tried(1, 0.0)}

    decision = decided([ill("raw_sales", 1, state), ill("sales", 1)], memory, held=Held(frozenset({day(1)})))

    assert decision == Decision([], memory, [])


PLACES = st.one_of(st.tuples(st.sampled_from(DAILY), st.integers(1, 40)), st.tuples(st.sampled_from(TABLES), st.none()))
ILL = st.lists(st.tuples(PLACES, st.sampled_from([*State][1:])), max_size=40, unique_by=lambda one: one[0]).map(
    lambda found: [ill(asset, number, state) for (asset, number), state in found]
)
HELD = st.builds(Held, st.frozensets(st.integers(1, 40).map(day), max_size=10), st.booleans())
MEMORY = st.dictionaries(
    PLACES.map(lambda one: place(*one)), st.builds(Tried, st.integers(1, 4), st.floats(0, NOW)), max_size=20
)


@given(ILL, HELD, MEMORY)
@settings(max_examples=200, deadline=None)
def test_never_a_day_that_is_held_nor_one_given_up_oldest_first_and_each_once(
    unhealthy: list[Unhealthy], held: Held, memory: dict[Place, Tried]
) -> None:
    decision = decided(unhealthy, memory, held=held)

    days = [one for request in decision.requests if request.days for one in request.days.days()]
    assert held.days.isdisjoint(days)
    assert len(days) == len(set(days))
    firsts = [request.days.first for request in decision.requests if request.days]
    assert firsts == sorted(firsts)
    assert len(decision.requests) <= RULES.runs
    assert all(len(request.days or ()) <= RULES.days_per_run for request in decision.requests)
    if held.whole:
        assert all(request.days for request in decision.requests)
    ills = {(one.asset, one.day) for one in unhealthy}
    assert all(
        (key.to_user_string(), one) in ills or (one in held.days if one else held.whole) for key, one in decision.memory
    )
    for request in decision.requests:
        for one in request.days.days() if request.days else [None]:
            assert any((key, one) in decision.memory for key in request.assets), "nothing there is to be mended"
            assert all(
                memory[key, one].attempts < RULES.attempts
                for key in request.assets
                if (key, one) in memory
                and (key, one) in decision.memory
                and decision.memory[key, one] != memory[key, one]
            )


@given(ILL, st.integers(0, 2**32), st.booleans())
@settings(max_examples=60, deadline=None)
def test_it_always_comes_to_an_end(unhealthy: list[Unhealthy], luck: int, hopeless: bool) -> None:
    """Runs mend what they make, or fail; either way there is a last request."""
    sick = {(one.asset, one.day): one for one in unhealthy if one.state is not State.RUNNING}
    memory: dict[Place, Tried] = {}
    now, ticks, runs = NOW, 0, 0
    while True:
        decision = decide(KIN, Situation(list(sick.values())), memory, RULES, now)
        memory, now, ticks = decision.memory, now + LONGEST_PAUSE, ticks + 1
        if not decision.requests:
            break
        for request in decision.requests:
            runs += 1
            luck = luck * 6364136223846793005 % 2**64 + 1442695040888963407
            for key in request.assets if not hopeless and luck >> 40 & 1 else ():
                for one in request.days.days() if request.days else [None]:
                    sick.pop((key.to_user_string(), one), None)
        assert ticks < 10_000
    assert runs <= RULES.attempts * max(len(unhealthy), 1)
    causes_left = {(one.asset, one.day) for one in decision.given_up}
    assert bool(causes_left) == bool(sick)
