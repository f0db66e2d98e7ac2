"""Working, closed, broken and implausible hours of door counters."""

from typing import Any

import pytest

from retail_platform.domains.footfall.contract import FootfallDelivery
from retail_platform.domains.footfall.transform import judged_readings
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
