"""Counters that come, go, change their names and their clocks, and stores that fall silent."""

from datetime import date, timedelta

import polars as pl
import pytest

from retail_platform_tests.domains.footfall.doors import DAY, FIRST, Doors, doors, methods, on

WEEK = timedelta(days=7)


def early(levels: dict[str, float] | None = None, days: int = 90) -> Doors:
    """Counters of hours from midnight to nine, of a store whose hours are not known."""
    night = doors(levels, days=days).but(known_hours=False)
    return night.but(readings=night.readings.with_columns(hour=(pl.col("hour") - 9).cast(pl.Int8)))


@pytest.mark.parametrize("known_hours", [True, False])
def test_a_store_dead_for_30_days_is_estimated_and_after_56_unknown(known_hours: bool) -> None:
    dead = doors(days=130).but(known_hours=known_hours).without(pl.col("date") >= DAY)

    after_30, after_60 = (dead.footfall(DAY + timedelta(days=days)) for days in (30, 60))

    assert methods(after_30) == {"history"}
    assert after_30["visitors"].null_count() == 0
    assert methods(after_60) == {"unknown"}
    assert after_60["visitors"].null_count() == after_60.height == (10 if known_hours else 24)


def test_a_store_that_is_silent_on_sundays_is_taken_for_closed_on_them_until_nothing_of_it_is_known() -> None:
    sunday = DAY + timedelta(days=2)
    closed = doors(days=130).but(known_hours=False).without(pl.col("date").dt.weekday() == 7)
    dead = closed.without(pl.col("date") >= DAY)

    assert closed.footfall(sunday).is_empty()
    assert dead.footfall(sunday + 2 * WEEK).is_empty()
    assert methods(dead.footfall(sunday + 9 * WEEK)) == {"unknown"}


def test_a_store_whose_first_days_are_followed_by_silence_does_not_vanish() -> None:
    few = doors().but(known_hours=False).without(pl.col("date") > FIRST + timedelta(days=2))

    found = few.footfall(FIRST + timedelta(days=3))

    assert (methods(found), found.height, found["visitors"].null_count()) == ({"unknown"}, 24, 24)


def test_an_hour_that_a_new_counter_missed_is_estimated_from_the_doors_beside_it() -> None:
    well = doors().without((pl.col("sensor_id") == "D2") & (pl.col("date") < DAY))
    found = well.broken(on(sensor="D2", hours=[14])).footfall()

    assert found.filter(hour=14)["method"].to_list() == ["siblings"]
    assert methods(found.filter(pl.col("hour") != 14)) == {"observed"}
    assert found["visitors"].sum() == pytest.approx(well.truth(), rel=0.03)
    unsure = found.filter(hour=14).row(0, named=True)
    assert unsure["visitors_low"] < unsure["visitors"] < unsure["visitors_high"]


@pytest.mark.parametrize("beside", [False, True])
def test_what_a_new_counter_missed_is_unknown_where_nothing_tells(beside: bool) -> None:
    levels = {"D1": 120.0, "D2": 60.0} if beside else {"D2": 60.0}
    new = doors(levels).without((pl.col("sensor_id") == "D2") & (pl.col("date") < DAY))
    few_hours = new.broken(on(sensor="D2", hours=range(11, 19)))  # two that both counted: too few

    found = few_hours.footfall()

    assert methods(found.filter(pl.col("hour") < 11)) == {"observed"}
    assert found.filter(pl.col("hour") >= 11)["visitors"].null_count() == 8


def test_a_door_that_is_shut_in_an_open_hour_is_not_missed_in_it() -> None:
    shut = (pl.col("sensor_id") == "D2") & (pl.col("hour") == 9)
    well = doors()

    assert methods(well.without(shut).footfall()) == {"observed"}
    assert well.without(shut).health()["hours_expected"].to_list() == [10, 9]
    assert methods(well.broken(shut).footfall()) == {"observed", "siblings"}  # it says that it should have counted


def test_a_renamed_counter_takes_the_history_and_is_not_counted_twice() -> None:
    named = (pl.col("sensor_id") == "D1") & (pl.col("date") >= DAY - timedelta(days=2))
    well = doors()
    renamed = well.but(
        readings=well.readings.with_columns(sensor_id=pl.when(named).then(pl.lit("N1")).otherwise("sensor_id"))
    )

    assert renamed.status() == {"D2": "ok", "N1": "ok"}
    assert renamed.footfall()["visitors"].sum() == well.truth()
    assert renamed.broken(on(sensor="N1")).footfall()["visitors"].sum() == pytest.approx(well.truth(), rel=0.08)


@pytest.mark.parametrize(("gap", "factor"), [(5, 1.0), (1, 3.0)])
def test_a_counter_that_comes_late_or_counts_otherwise_is_a_new_one_beside_a_dead_one(gap: int, factor: float) -> None:
    begins = DAY - timedelta(days=1)
    ends = begins - timedelta(days=gap)
    named = (pl.col("sensor_id") == "D1") & (pl.col("date") >= begins)
    well = doors()
    renamed = well.scaled(named, factor).without(
        (pl.col("sensor_id") == "D1") & (pl.col("date") > ends) & (pl.col("date") < begins)
    )
    renamed = renamed.but(
        readings=renamed.readings.with_columns(sensor_id=pl.when(named).then(pl.lit("N1")).otherwise("sensor_id"))
    )

    assert renamed.status() == {"D1": "dead", "D2": "ok", "N1": "unjudged"}
    assert renamed.footfall()["visitors"].sum() > 1.4 * well.truth()


def test_a_counter_that_was_taken_down_is_estimated_for_four_weeks_and_then_gone() -> None:
    gone = doors(days=100).without((pl.col("sensor_id") == "D2") & (pl.col("date") >= DAY))

    assert gone.status(DAY + timedelta(days=20)) == {"D1": "ok", "D2": "dead"}
    assert gone.status(DAY + timedelta(days=30)) == {"D1": "ok"}
    assert methods(gone.footfall(DAY + timedelta(days=30))) == {"observed"}


def test_the_hour_that_clocks_skip_is_not_missed() -> None:
    spring = date(2026, 3, 29)  # in Paris 02:00 is followed by 03:00

    found = early({"D1": 80.0}).without(on(spring, hours=[2])).footfall(spring)

    assert 2 not in found["hour"].to_list()
    assert methods(found) == {"observed"}


def test_a_count_of_the_hour_that_clocks_skip_is_used() -> None:
    spring = date(2026, 3, 29)
    counted = early({"D1": 80.0})

    found = counted.footfall(spring)

    assert (found["visitors"].sum(), methods(found)) == (counted.truth(spring), {"observed"})


def test_the_hour_that_clocks_repeat_is_used_with_the_counts_of_both() -> None:
    autumn = date(2026, 10, 25)  # in Paris 02:59 is followed by 02:00
    twice = early(days=294).scaled(on(autumn, hours=[2]), 2.0)

    found = twice.footfall(autumn)

    assert set(twice.status(autumn).values()) == {"ok"}
    assert (found["visitors"].sum(), methods(found)) == (twice.truth(autumn), {"observed"})


@pytest.mark.parametrize(("known_hours", "named"), [(False, 4), (True, 8)])
@pytest.mark.parametrize("hours", [-1, 2])
def test_a_change_of_time_zone_is_named_until_it_is_usual_and_sums_stay_right(
    known_hours: bool, named: int, hours: int
) -> None:
    well = doors(days=130).but(known_hours=known_hours)
    here = (pl.col("sensor_id") == "D1") & (pl.col("date") >= DAY)
    then = pl.when(here).then(pl.col("hour") + hours).otherwise("hour").cast(pl.Int8)
    moved = well.but(readings=well.readings.with_columns(hour=then))

    weeks = [DAY + week * WEEK for week in range(10)]

    assert [moved.status(day)["D1"] for day in weeks] == ["clock_shift"] * named + ["ok"] * (10 - named)
    assert [moved.footfall(day)["visitors"].sum() for day in weeks] == [moved.truth(day) for day in weeks]


def test_hours_of_a_shifted_clock_are_not_estimated_beside_its_counts() -> None:
    well = doors()
    moved = pl.when(on(sensor="D1")).then(pl.col("hour") + 3).otherwise("hour").cast(pl.Int8)
    late = well.but(readings=well.readings.with_columns(hour=moved))

    assert late.status()["D1"] == "clock_shift"
    assert late.footfall()["visitors"].sum() == well.truth()
