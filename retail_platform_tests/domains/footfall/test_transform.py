"""Working, closed, broken and implausible hours of door counters, and what a store's hour sums up to."""

from typing import Any

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform.domains.engine import reduced
from retail_platform.domains.footfall.contract import STATUSES, Footfall, FootfallDelivery, FootfallReading
from retail_platform.domains.footfall.transform import footfall, hourly_footfall, judged_readings
from retail_platform.domains.stores.contract import OpeningHours, Store
from retail_platform_tests.domains.frames import MONDAY, frame

OPEN_9_TO_12 = {"open": True, "opens": "09:00", "closes": "12:00"}
CLOSED = {"open": False}
UNKNOWN_HOURS = {"open": True}


def judged(*readings: dict[str, Any], opening: dict[str, Any] | None = None, capacity: int | None = 10) -> list[str]:
    """Statuses, with a bound of 100 visitors an hour by the source unless `capacity` is to give it."""
    return statuses(*readings, opening=opening, capacity=capacity, bound=100)


def statuses(
    *readings: dict[str, Any], opening: dict[str, Any] | None, capacity: int | None, bound: int | None
) -> list[str]:
    common = {"date": MONDAY, "store_id": "S1"}
    delivered = frame(FootfallDelivery, *readings, **common, sensor_id="D1")
    hours = frame(OpeningHours, *([opening] if opening else []), **common)
    stores = frame(Store, {"store_id": "S1", "capacity": capacity})
    found = judged_readings(delivered.lazy(), stores.lazy(), hours.lazy(), bound).collect()
    assert found.columns == delivered.columns
    return found["status"].to_list()


def test_in_opening_hours_a_count_works_and_none_is_broken() -> None:
    readings = [{"hour": 9, "visitors": 5}, {"hour": 10, "visitors": 0}, {"hour": 11, "visitors": None}]

    assert judged(*readings, opening=OPEN_9_TO_12) == ["ok", "ok", "broken"]


def test_out_of_opening_hours_nobody_is_closed_and_somebody_counts() -> None:
    readings = [{"hour": 8, "visitors": None}, {"hour": 12, "visitors": 0}, {"hour": 13, "visitors": 3}]

    assert judged(*readings, opening=OPEN_9_TO_12) == ["closed", "closed", "ok"]


def test_on_a_closed_day_nobody_is_closed() -> None:
    assert judged({"hour": 10, "visitors": None}, {"hour": 11, "visitors": 0}, opening=CLOSED) == ["closed", "closed"]


@pytest.mark.parametrize("opening", [None, UNKNOWN_HOURS])
def test_where_hours_are_unknown_no_count_is_broken_at_any_hour(opening: dict[str, Any] | None) -> None:
    assert judged({"hour": 3, "visitors": None}, {"hour": 4, "visitors": 0}, opening=opening) == ["broken", "ok"]


def test_the_sources_own_word_comes_first() -> None:
    readings = [
        {"hour": 9, "visitors": 5, "status": "broken"},
        {"hour": 10, "visitors": None, "status": "Closed"},
        {"hour": 11, "visitors": 5000, "status": "broken"},
        {"hour": 9, "visitors": None, "status": "ok"},
        {"hour": 10, "visitors": 7, "status": "OK"},
        {"hour": 11, "visitors": 101, "status": "ok"},
    ]

    assert judged(*readings, opening=OPEN_9_TO_12) == ["broken", "closed", "broken", "broken", "ok", "implausible"]


def test_counts_over_the_bound_of_the_source_are_implausible() -> None:
    assert judged({"hour": 9, "visitors": 100}, {"hour": 9, "visitors": 101}) == ["ok", "implausible"]


@pytest.mark.parametrize(("capacity", "expected"), [(10, ["ok", "implausible"]), (None, ["ok", "ok"])])
def test_without_a_bound_of_the_source_the_capacity_gives_one(capacity: int | None, expected: list[str]) -> None:
    readings = [{"hour": 9, "visitors": 120}, {"hour": 9, "visitors": 121}]

    assert statuses(*readings, opening=None, capacity=capacity, bound=None) == expected


def summed(*readings: tuple[str, int, int | None, str]) -> pl.DataFrame:
    """Hours of one store from (sensor, hour, visitors, status)."""
    rows = [{"sensor_id": s, "hour": h, "visitors": v, "status": w} for s, h, v, w in readings]
    found = frame(FootfallReading, *rows, date=MONDAY, store_id="S1", copies=1)
    result = footfall(reduced(hourly_footfall(nw.from_native(found.lazy())))).collect()
    Footfall.validate(result)
    return result.select("hour", "visitors", "sensors_ok", "sensors_total")


def test_working_counters_are_summed() -> None:
    assert summed(("D1", 9, 5, "ok"), ("D2", 9, 0, "ok")).rows() == [(9, 5, 2, 2)]


@pytest.mark.parametrize("status", ["broken", "implausible"])
def test_a_counter_that_did_not_work_is_missed_not_summed(status: str) -> None:
    assert summed(("D1", 9, 5, "ok"), ("D2", 9, 40_000, status)).rows() == [(9, 5, 1, 2)]


def test_where_no_counter_worked_the_hour_is_unknown_not_0() -> None:
    assert summed(("D1", 9, None, "broken"), ("D2", 9, 40_000, "implausible")).rows() == [(9, None, 0, 2)]


def test_a_closed_hour_is_known_and_0() -> None:
    assert summed(("D1", 9, None, "closed"), ("D2", 9, 0, "closed"), ("D1", 10, 4, "ok")).rows() == [
        (9, 0, 0, 0),
        (10, 4, 1, 2),
    ]


def test_a_counter_that_delivers_only_some_hours_is_missed_in_the_others() -> None:
    assert summed(("D1", 9, 5, "ok"), ("D2", 9, 6, "ok"), ("D1", 10, 7, "ok")).rows() == [(9, 11, 2, 2), (10, 7, 1, 2)]


def test_nothing_is_estimated() -> None:
    found = frame(FootfallReading, {"status": "ok", "visitors": 5}, {"status": "broken"}, date=MONDAY, store_id="S1")
    hours = found.with_columns(hour=pl.Series([9, 10], dtype=pl.Int8), sensor_id=pl.lit("D1"))

    result = footfall(reduced(hourly_footfall(nw.from_native(hours.lazy())))).collect()

    assert result.select("observed_visitors", "imputed_share").rows() == [(5, 0.0), (None, None)]


readings = st.lists(
    st.tuples(st.sampled_from(["D1", "D2", "D3"]), st.integers(8, 11), st.integers(0, 50), st.sampled_from(STATUSES)),
    unique_by=lambda reading: reading[:2],
    min_size=1,
)


@settings(max_examples=50, deadline=None)
@given(rows=readings, data=st.data())
def test_every_working_count_is_summed_once_in_any_order(
    rows: list[tuple[str, int, int, str]], data: st.DataObject
) -> None:
    hours = summed(*rows)

    assert hours["visitors"].sum() == sum(visitors for _, _, visitors, status in rows if status == "ok")
    assert hours.filter(pl.col("sensors_ok") > pl.col("sensors_total")).is_empty()
    assert_frame_equal(hours, summed(*data.draw(st.permutations(rows))))
