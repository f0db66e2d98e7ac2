"""Visitors of a store's hours: what was counted, what stands in for it, and what stays unknown."""

import random
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_platform.domains.footfall import layout
from retail_platform_tests.domains.footfall.doors import DAY, FIRST, OPEN, Doors, doors, methods, on

WEEK = timedelta(days=7)


def test_where_all_counters_work_visitors_are_their_sum() -> None:
    well = doors()
    found = well.footfall()

    assert found["visitors"].sum() == found["observed_visitors"].sum() == well.truth()
    assert (found["visitors_low"] == found["visitors"]).all()
    assert (found["visitors_high"] == found["visitors"]).all()
    assert (methods(found), set(found["imputed_share"])) == ({"observed"}, {0.0})
    assert found["hour"].to_list() == list(OPEN)


def test_a_dead_counter_is_estimated_from_its_sibling_and_the_store_stays() -> None:
    well = doors()
    found = well.broken(on(sensor="D1")).footfall()

    assert methods(found) == {"siblings"}
    assert found["visitors"].sum() == pytest.approx(well.truth(), rel=0.08)
    assert found["imputed_share"].mean() == pytest.approx(2 / 3, abs=0.06)
    assert found["observed_visitors"].sum() == well.readings.filter(on(sensor="D2"))["visitors"].sum()
    assert (found["sensors_ok"].to_list(), found["sensors_total"].to_list()) == ([1] * 10, [2] * 10)


def test_the_level_of_the_day_reaches_the_estimate() -> None:
    busy = doors().scaled(on(), 1.8)

    assert busy.broken(on(sensor="D1")).footfall()["visitors"].sum() == pytest.approx(busy.truth(), rel=0.12)


def test_hours_of_the_only_door_are_estimated_from_the_other_hours_of_the_day() -> None:
    busy = doors({"D1": 120.0}).scaled(on(), 1.6)
    found = busy.broken(on(hours=[13, 14])).footfall()

    assert found.filter(pl.col("hour").is_in([13, 14]))["method"].to_list() == ["history", "history"]
    assert found["visitors"].sum() == pytest.approx(busy.truth(), rel=0.08)


def test_a_store_without_any_count_is_there_with_an_interval() -> None:
    well = doors({"D1": 120.0})
    found = well.without(on()).footfall()

    assert (methods(found), found.height, set(found["sensors_ok"])) == ({"history"}, 10, {0})
    assert found["observed_visitors"].null_count() == 10
    assert found["visitors"].sum() == pytest.approx(well.truth(), rel=0.3)
    assert (found["visitors_low"] < found["visitors"]).all()
    assert (found["visitors"] < found["visitors_high"]).all()


def test_the_other_stores_tell_the_level_of_the_day() -> None:
    stores = ("S1", "S2", "S3", "S4", "S5")
    quiet = doors({"D1": 120.0}, stores=stores).scaled(pl.col("date") == DAY, 0.6)

    found = quiet.broken(on()).footfall().filter(store_id="S1")

    assert found["visitors"].sum() == pytest.approx(quiet.truth(), rel=0.2)


def test_a_counter_that_counts_a_fifth_is_scaled_by_what_was_expected() -> None:
    well = doors({"D1": 120.0})
    found = well.scaled(on(), 0.2).footfall()

    assert methods(found) == {"corrected"}
    assert found["visitors"].sum() == pytest.approx(well.truth(), rel=0.25)
    assert found["observed_visitors"].null_count() == 10


def test_a_spike_is_replaced_and_its_hour_alone() -> None:
    well = doors()
    found = well.said(on(sensor="D1", hours=[14]), 20_000, "implausible").footfall()

    assert found["visitors"].sum() == pytest.approx(well.truth(), rel=0.05)
    assert [method == "observed" for method in found["method"]] == [hour != 14 for hour in OPEN]


def test_closed_hours_are_zero_and_known() -> None:
    found = doors().said(on(hours=[9, 10]), 0, "closed").but(known_hours=False).footfall()

    first = found.head(2).select("visitors", "visitors_high", "imputed_share", "sensors_total", "method")
    assert [tuple(map(str, row)) for row in first.rows()] == [("0", "0", "0.0", "0", "closed")] * 2


def test_who_comes_in_a_closed_hour_stays_and_no_counter_should_have_counted_them() -> None:
    staff = doors().readings.filter(on(hours=[9])).with_columns(hour=pl.lit(8, pl.Int8), visitors=pl.lit(7, pl.Int64))
    early = doors().but(readings=pl.concat([doors().readings, staff]))
    columns = ["hour", "visitors", "observed_visitors", "sensors_ok", "sensors_total", "imputed_share"]

    known, guessed = (early.but(known_hours=known).footfall() for known in (True, False))

    assert known.filter(hour=8).select(columns).rows() == [(8, 14, 14, 0, 0, 0.0)]
    assert guessed.filter(hour=8).select(columns).rows() == [(8, 14, 14, 2, 2, 0.0)]
    assert methods(known) == methods(guessed) == {"observed"}
    assert known.filter(pl.col("hour") > 8).equals(doors().footfall())


def test_nobody_should_count_on_a_closed_day() -> None:
    found = doors().but(closed=(DAY,)).footfall()

    assert (found["visitors"].sum(), set(found["sensors_total"])) == (doors().truth(), {0})


def test_with_nothing_to_go_on_visitors_are_unknown_never_0() -> None:
    found = doors().broken(on(FIRST)).footfall(FIRST)

    assert methods(found) == {"unknown"}
    assert found["visitors"].null_count() == found["visitors_low"].null_count() == found.height == 10


def test_a_store_with_doors_that_never_counted_is_there_and_unknown() -> None:
    found = doors().but(stores=("S1", "S2")).footfall().filter(store_id="S2")

    assert (methods(found), found.height, found["visitors"].null_count()) == ({"unknown"}, 10, 10)


def test_hours_of_today_that_are_not_over_are_not_estimated() -> None:
    running = doors().but(today=DAY).without(on(hours=range(13, 19))).broken(on(sensor="D1", hours=[11]))

    found = running.footfall()

    assert found.filter(pl.col("sensors_total") > 0)["hour"].to_list() == [9, 10, 11, 12]
    assert found.filter(hour=11)["method"].item() == "siblings"
    assert found.filter(pl.col("hour") > 12)["visitors"].drop_nulls().is_empty()


def test_a_faulty_day_does_not_reach_later_estimates() -> None:
    well = doors({"D1": 120.0}).broken(on())
    faulty = well
    for week in (1, 2, 4):
        faulty = faulty.scaled(on(DAY - week * WEEK), 0.2)

    assert faulty.footfall()["visitors"].sum() == pytest.approx(well.footfall()["visitors"].sum(), rel=0.06)


def troubled() -> Doors:
    chance = random.Random(5)
    found = doors(stores=("S1", "S2"), days=75)
    for number in range(75):
        store, sensor = chance.choice(["S1", "S2"]), chance.choice(["D1", "D2"])
        day = FIRST + timedelta(days=number)
        match chance.randrange(5):
            case 0:
                found = found.broken(on(day, sensor, store=store))
            case 1:
                found = found.scaled(on(day, sensor, store=store), 0.2)
            case 2:
                found = found.said(on(day, sensor, [12], store=store), 9_000, "implausible")
    return found


TROUBLED = troubled()
WHOLE = TROUBLED.footfall(DAY, DAY + timedelta(days=9))


@settings(max_examples=8, deadline=None)
@given(cuts=st.sets(st.integers(1, 9)))
def test_days_made_together_or_apart_are_the_same(cuts: set[int]) -> None:
    starts = [0, *sorted(cuts), 10]
    parts = [
        TROUBLED.footfall(DAY + timedelta(days=first), DAY + timedelta(days=last - 1))
        for first, last in pairwise(starts)
    ]

    assert pl.concat(parts).equals(WHOLE)


@settings(max_examples=6, deadline=None)
@given(order=st.permutations(range(5)))
def test_the_order_in_which_days_come_does_not_matter(order: list[int]) -> None:
    """A day that comes is made, and those there are that look at it are made again: no more is needed."""
    coming = [DAY + timedelta(days=number) for number in range(5)]
    there, made = {FIRST + timedelta(days=number) for number in range(60)}, dict[date, pl.DataFrame]()
    for day in (coming[number] for number in order):
        there.add(day)
        known = TROUBLED.without(~pl.col("date").is_in(list(there)))
        made |= {later: known.footfall(later) for later in coming if later >= day and later in there}

    whole = WHOLE.filter(pl.col("date") <= coming[-1])
    assert pl.concat(made[day] for day in coming).equals(whole)


@settings(max_examples=10, deadline=None)
@given(day=st.integers(0, 74), factor=st.sampled_from([0.0, 0.2, 1.0, 3.0]))
def test_no_open_hour_is_lost_and_estimates_lie_within_their_intervals(day: int, factor: float) -> None:
    there = FIRST + timedelta(days=day)
    found = TROUBLED.scaled(on(there, "D1"), factor).footfall(there)

    assert found.group_by("store_id").len()["len"].to_list() == [10, 10]
    known = found.filter(pl.col("visitors").is_not_null())
    assert (known["visitors_low"] <= known["visitors"]).all()
    assert (known["visitors"] <= known["visitors_high"]).all()
    assert known.filter(pl.col("observed_visitors") > pl.col("visitors")).is_empty()


def test_very_many_counters_are_numbered_to_the_same_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_TABLE", 0)

    assert TROUBLED.footfall(DAY, DAY + timedelta(days=9)).equals(WHOLE)


def test_readings_after_the_day_do_not_matter() -> None:
    later = TROUBLED.scaled(pl.col("date") > DAY, 5.0)

    assert later.footfall(DAY).equals(TROUBLED.footfall(DAY))


def apart(one: Doors, first: date, last: date) -> pl.DataFrame:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return pl.concat([one.footfall(day) for day in days])


@pytest.mark.parametrize("change", ["begins", "ends", "clocks"])
def test_what_changes_within_a_range_is_seen_day_by_day(change: str) -> None:
    middle, few = FIRST + timedelta(days=40), timedelta(days=4)
    match change:
        case "begins":
            one = doors().without(pl.col("date") < middle)
        case "ends":
            middle = DAY + timedelta(days=55)
            one = doors(days=130).without(pl.col("date") >= DAY)
        case _:
            middle = date(2026, 3, 29)
            night = doors(days=90).but(known_hours=False)
            early = night.readings.with_columns(hour=(pl.col("hour") - 9).cast(pl.Int8))
            one = night.but(readings=early).without(on(middle, hours=[2]))

    assert one.footfall(middle - few, middle + few).equals(apart(one, middle - few, middle + few))
