"""Which counters are believed: what is a fault, and what is only an unusual day."""

from datetime import timedelta

import polars as pl
import pytest

from retail_platform_tests.domains.footfall.doors import DAY, FIRST, OPEN, Doors, doors, on

WEEK = timedelta(days=7)


def rejected(found: pl.DataFrame, sensor: str) -> list[int]:
    hours: list[int] = found.filter(sensor_id=sensor)["rejected_hours"].item().to_list()
    return hours


def reason(found: pl.DataFrame, sensor: str = "D1") -> str:
    return str(found.filter(sensor_id=sensor)["reason"].item())


def test_counters_that_count_as_usual_are_ok() -> None:
    found = doors().health(DAY - 3 * WEEK, DAY)

    assert set(found["status"]) == {"ok"}
    assert found["reason"].null_count() == found.height == 2 * 22
    within = (found["observed"] > found["expected_low"]) & (found["observed"] < found["expected_high"])
    assert within.mean() > 0.7


@pytest.mark.parametrize("silent", ["broken", "zeros", "nothing"])
def test_a_counter_that_counts_nobody_all_day_is_dead(silent: str) -> None:
    well, there = doors(), on(sensor="D1")
    cases = {"broken": well.broken(there), "zeros": well.said(there, 0), "nothing": well.without(there)}

    found = cases[silent].health()

    assert dict(found.select("sensor_id", pl.col("status").cast(pl.String)).rows()) == {"D1": "dead", "D2": "ok"}
    assert "no visitors counted all day; about 1," in reason(found)


@pytest.mark.parametrize("levels", [{"D1": 120.0}, {"D1": 120.0, "D2": 60.0}, {"D1": 9.0, "D2": 200.0}])
@pytest.mark.parametrize(("factor", "status"), [(0.2, "undercounting"), (4.0, "overcounting")])
def test_a_counter_far_from_what_it_should_count_is_named_and_not_used(
    levels: dict[str, float], factor: float, status: str
) -> None:
    found = doors(levels).scaled(on(sensor="D1"), factor).health()

    assert dict(found.select("sensor_id", pl.col("status").cast(pl.String)).rows()) == {
        **dict.fromkeys(levels, "ok"),
        "D1": status,
    }
    assert rejected(found, "D1") == list(OPEN)
    said = int(reason(found).rpartition("(")[2].removesuffix("%)"))
    assert said == pytest.approx(100 * factor, rel=0.2)


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_a_day_that_all_counters_see_is_the_stores_not_theirs(factor: float) -> None:
    assert set(doors().scaled(on(), factor).status().values()) == {"ok"}


@pytest.mark.parametrize(("units", "status"), [(2_000, "overcounting"), (8_000, "ok")])
def test_a_rush_at_the_only_door_is_believed_where_the_till_saw_it(units: int, status: str) -> None:
    usual = {DAY - week * WEEK: 2_000 for week in range(1, 5)}
    rush = doors({"D1": 120.0}).scaled(on(), 4.0).but(sold=usual | {DAY: units})

    assert rush.status() == {"D1": status}


def test_a_public_holiday_is_no_fault() -> None:
    quiet = doors({"D1": 120.0}).but(holidays=(DAY,)).scaled(on(), 0.5)

    assert quiet.status() == {"D1": "ok"}


def test_a_closed_day_judges_nobody() -> None:
    shut = doors().but(closed=(DAY,)).said(on(), None, "closed")

    assert shut.health().is_empty()


def test_an_hour_far_above_what_can_be_is_a_spike() -> None:
    found = doors().said(on(sensor="D1", hours=[14]), 3_000).health()

    assert rejected(found, "D1") == [14]
    assert reason(found) == "far more than can be: 14:00"


def test_an_implausible_hour_is_a_spike() -> None:
    found = doors().said(on(sensor="D1", hours=[14]), 30_000, "implausible").health()

    assert (found["status"].to_list(), rejected(found, "D1")) == (["spikes", "ok"], [14])


def test_hours_without_a_count_make_a_partial_day() -> None:
    found = doors().broken(on(sensor="D1", hours=range(9, 13))).health()

    assert found.select(pl.col("status").cast(pl.String), "hours_expected", "hours_counted").rows() == [
        ("partial_day", 10, 6),
        ("ok", 10, 10),
    ]
    assert reason(found) == "no count at 9:00, 10:00, 11:00, 12:00"


def test_zeros_in_busy_hours_are_not_believed() -> None:
    found = doors().said(on(sensor="D1", hours=range(9, 13)), 0).health()

    assert (found["status"].to_list()[0], rejected(found, "D1")) == ("partial_day", [9, 10, 11, 12])


def test_half_a_day_of_zeros_leaves_the_other_half_in_use() -> None:
    found = doors().said(on(sensor="D1", hours=range(9, 14)), 0).health()

    assert (found["status"].to_list()[0], rejected(found, "D1")) == ("partial_day", [9, 10, 11, 12, 13])


def test_a_counter_that_is_covered_for_two_weeks_is_named_to_the_end() -> None:
    fault = doors().scaled(on(sensor="D1") | ((pl.col("sensor_id") == "D1") & (pl.col("date") > DAY - 2 * WEEK)), 0.2)

    assert fault.status() == {"D1": "undercounting", "D2": "ok"}


def test_one_missing_hour_is_no_partial_day() -> None:
    found = doors().broken(on(sensor="D1", hours=[11])).health()

    assert found.select(pl.col("status").cast(pl.String), "hours_counted").rows() == [("ok", 9), ("ok", 10)]


def test_the_same_count_over_and_over_is_stuck() -> None:
    found = doors().said(on(sensor="D1", hours=range(10, 17)), 120).health()

    assert (found["status"].to_list()[0], rejected(found, "D1")) == ("stuck", list(range(10, 17)))


@pytest.mark.parametrize("hours", [-2, 3])
def test_a_clock_that_is_wrong_is_named_and_its_sum_used(hours: int) -> None:
    well = doors().but(known_hours=False)
    late = well.but(
        readings=well.readings.with_columns(
            hour=pl.when(on(sensor="D1")).then(pl.col("hour") + hours).otherwise("hour").cast(pl.Int8)
        )
    )

    found = late.health()

    assert (found["status"].to_list()[0], rejected(found, "D1")) == ("clock_shift", [])
    assert f"{hours:+d} h" in reason(found)
    assert late.footfall()["visitors"].sum() >= well.truth()


def test_a_new_counter_is_counted_and_not_judged() -> None:
    new = doors().without((pl.col("sensor_id") == "D2") & (pl.col("date") < DAY))

    assert new.status() == {"D1": "ok", "D2": "unjudged"}
    assert new.footfall()["visitors"].sum() == new.truth()


def test_a_counter_on_the_very_first_day_is_unjudged() -> None:
    assert set(doors().status(FIRST).values()) == {"unjudged"}


def test_a_faulty_day_is_nobodys_measure() -> None:
    faulty = doors()
    for week in (1, 3, 5):
        faulty = faulty.scaled(on(DAY - week * WEEK, "D1"), 0.2)

    expected, clean = (one.health().filter(sensor_id="D1")["expected"].item() for one in (faulty, doors()))

    assert expected == pytest.approx(clean, rel=0.05)


def case(number: int) -> Doors:
    return [doors().scaled(on(sensor="D1"), 0.2), doors().broken(on(sensor="D2")), doors()][number]


@pytest.mark.parametrize("number", range(3))
def test_the_order_of_readings_does_not_matter(number: int) -> None:
    one = case(number)
    shuffled = one.but(readings=one.readings.sample(fraction=1.0, shuffle=True, seed=3))

    assert one.health().equals(shuffled.health())
    assert one.footfall().equals(shuffled.footfall())
