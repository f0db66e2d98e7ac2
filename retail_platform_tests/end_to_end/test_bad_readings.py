"""Readings of door counters that cannot be, from a file to the visitors of an hour: kept apart, told, and estimated."""

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest

from retail_platform_tests.platform import Platform, described

MAPPING = """
name = "doors"
title = "A shop with two doors"
timezone = "Europe/Paris"
currency = "EUR"
country = "FR"
span = { first = 2026-03-08, last = 2026-03-29 }
max_visitors_per_hour = 1000

[inputs.shops]
path = "shops.csv"

[inputs.counts]
path = "counts.csv"
columns = ["day", "hour", "door", "entered"]

[datasets.stores]
delivery = "snapshot"
driving = "shops"
identity = ["store_id"]

[datasets.footfall]
delivery = "archive"
driving = "counts"
identity = ["date", "hour", "store_id", "sensor_id"]
"""
FOOTFALL = "SELECT day AS date, hour, 'quay' AS store_id, door AS sensor_id, entered AS visitors FROM counts"
FIRST, BAD, SPRING = date(2026, 3, 8), date(2026, 3, 28), date(2026, 3, 29)  # on the last 02:00 does not exist
HOURS = [1, 2, 3, *range(9, 18)]
DELIVERED = {
    9: ["130", "130"],
    10: ["140", "240"],
    11: ["-5"],
    12: ["150.5"],
    13: ["160.0"],
    14: ["many"],
    15: ["50000"],
}
"""What the main door says in some hours of the bad day."""


def usual(day: date, hour: int, door: str) -> int:
    """Visitors of an hour, which move a little from day to day."""
    level = {"main": 12, "side": 5}[door] * (10 if hour > 8 else 2)
    return level + (day.toordinal() * 7 + hour * 5) % 11


def lines() -> Iterator[str]:
    """Three weeks of both doors."""
    for number in range((SPRING - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        for hour in HOURS:
            for door in ("main", "side"):
                said = [str(usual(day, hour, door))]
                if day == BAD and door == "main":
                    said = DELIVERED.get(hour, said)
                if (day, hour) != (SPRING, 2):
                    yield from (f"{day},{hour},{door},{count}\n" for count in said)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("doors")
    sql = {"stores": "SELECT id AS store_id FROM shops", "footfall": FOOTFALL}
    files = {"shops.csv": "id\nquay\n", "counts.csv": "day,hour,door,entered\n" + "".join(lines())}
    with described(folder, MAPPING, sql=sql, files=files) as platform:
        assert platform.materialize(str(FIRST), str(SPRING), "+footfall").failures == []
        yield platform


def of_main_door(platform: Platform, hour: int) -> list[tuple[int, str, int]]:
    readings = platform.table("footfall_readings").filter(date=BAD, sensor_id="main", hour=hour)
    return readings.select("visitors", "status", "copies").rows()


def rejected(platform: Platform, hour: int) -> list[tuple[str, list[str]]]:
    rows = platform.table("quarantine_footfall_readings").filter(pl.col("date") == BAD, pl.col("hour") == str(hour))
    return rows.sort("visitors").select("visitors", "reasons").rows()


def test_two_equal_readings_of_an_hour_are_one_and_counted(platform: Platform) -> None:
    assert of_main_door(platform, 9) == [(130, "ok", 2)]
    assert rejected(platform, 9) == []


def test_two_different_readings_of_an_hour_are_both_quarantined(platform: Platform) -> None:
    assert of_main_door(platform, 10) == []
    assert rejected(platform, 10) == [("140", ["identity|conflict"]), ("240", ["identity|conflict"])]


@pytest.mark.parametrize(
    ("hour", "delivered", "reason"),
    [(11, "-5", "visitors|min"), (12, "150.5", "visitors|dtype"), (14, "many", "visitors|dtype")],
)
def test_what_is_no_count_is_quarantined_with_the_reason(
    platform: Platform, hour: int, delivered: str, reason: str
) -> None:
    assert of_main_door(platform, hour) == []
    assert rejected(platform, hour) == [(delivered, [reason])]


def test_a_whole_number_may_be_written_with_a_point(platform: Platform) -> None:
    assert of_main_door(platform, 13) == [(160, "ok", 1)]


def test_a_count_above_the_bound_stays_and_is_not_used(platform: Platform) -> None:
    assert of_main_door(platform, 15) == [(50_000, "implausible", 1)]
    assert rejected(platform, 15) == []


def test_the_hours_without_a_good_count_are_estimated_and_marked(platform: Platform) -> None:
    hours = platform.table("footfall").filter(pl.col("date") == BAD).sort("hour")

    estimated = hours.filter(pl.col("method") != "observed")
    assert dict(estimated.select("hour", "method").rows()) == dict.fromkeys([10, 11, 12, 14, 15], "siblings")
    truth = [usual(BAD, hour, "main") + usual(BAD, hour, "side") for hour in estimated["hour"]]
    assert estimated["visitors"].to_list() == pytest.approx(truth, rel=0.15)
    assert (estimated["imputed_share"] > 0.5).all()
    assert hours["hour"].to_list() == HOURS


def test_the_counter_is_named(platform: Platform) -> None:
    health = platform.table("sensor_health").filter(pl.col("date") == BAD).sort("sensor_id")

    assert health.select("sensor_id", "status", "hours_counted").rows() == [
        ("main", "partial_day", 7),
        ("side", "ok", 12),
    ]


def test_the_hour_that_clocks_skip_is_not_missed(platform: Platform) -> None:
    hours = platform.table("footfall").filter(pl.col("date") == SPRING)

    assert sorted(hours["hour"]) == [hour for hour in HOURS if hour != 2]
    assert set(hours["method"]) == {"observed"}


def test_no_row_is_lost_and_each_day_is_there(platform: Platform) -> None:
    results = platform.check(str(FIRST), str(SPRING), "footfall_readings or footfall")

    by_check = {one.check for one in results if one.passed and str(one.day) == str(BAD)}
    assert by_check >= {"conservation", "uniqueness", "every_store_day"}
    assert platform.table("footfall").select("date").n_unique() == 22
