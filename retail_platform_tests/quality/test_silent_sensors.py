"""A door counter that sends no rows at all is named, on the days its store is open, for four weeks."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from retail_platform.domains.footfall.checks import silent_sensors
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.stores.contract import OpeningHours, Store
from retail_platform.quality.rules import WARN
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import MONDAY, frame

GOOD = "3 of 3 sensors of open stores delivered"


def day(number: int) -> date:
    """Days from Monday on; earlier ones are negative."""
    return MONDAY + timedelta(days=number)


WEEK = Window(day(0), day(6))


def deliver(lake: Lake, numbers: Iterable[int], *sensors: str) -> None:
    """Two hours of each of the sensors, named store/sensor, on each of the days, and nothing else."""
    for number in numbers:
        rows = [
            {"hour": hour, **dict(zip(("store_id", "sensor_id"), sensor.split("/"), strict=True))}
            for sensor in sensors
            for hour in (10, 11)
        ]
        readings = frame(FootfallReading, *rows, date=day(number), visitors=3, status="ok", copies=1)
        lake.replace("footfall_readings", readings, Window(day(number), day(number)))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A week of two stores with a counter each and one of them with a second; hours are unknown."""
    lake = Lake(str(tmp_path / "lake"))
    lake.replace("stores", frame(Store, {"store_id": "S1"}, {"store_id": "S2"}, format="shop"), None)
    lake.replace("opening_hours", frame(OpeningHours), None)
    deliver(lake, range(7), "S1/A", "S1/B", "S2/A")
    return lake


def verdicts(lake: Lake, window: Window = WEEK, today: date = date(2026, 11, 21)) -> pl.DataFrame:
    found = silent_sensors(today=lambda: today).judge(lake, window)
    assert found["date"].to_list() == list(window.days())
    assert set(found["severity"]) == {WARN}
    return found


def failed(lake: Lake, window: Window = WEEK) -> dict[date, str]:
    found = verdicts(lake, window).filter(~pl.col("passed"))
    return dict(found.select("date", "description").iter_rows())


def test_counters_that_deliver_each_day_are_not_silent(lake: Lake) -> None:
    assert verdicts(lake)["description"].to_list() == [GOOD] * 7


def test_a_silent_counter_stops_nothing() -> None:
    assert not silent_sensors(today=lambda: MONDAY).blocking


def test_a_counter_without_rows_is_named_on_that_day(lake: Lake) -> None:
    deliver(lake, [2], "S1/B", "S2/A")

    assert failed(lake) == {day(2): "2 of 3 sensors of open stores delivered; silent: S1/A"}


def test_counters_of_one_name_in_two_stores_are_two(lake: Lake) -> None:
    deliver(lake, [5], "S1/A", "S1/B")

    assert failed(lake) == {day(5): "2 of 3 sensors of open stores delivered; silent: S2/A"}


def test_a_day_without_any_rows_names_all(lake: Lake) -> None:
    deliver(lake, [3])

    assert failed(lake) == {day(3): "0 of 3 sensors of open stores delivered; silent: S1/A, S1/B, S2/A"}


def test_a_broken_hour_is_a_delivery(lake: Lake) -> None:
    broken = lake.scan("footfall_readings", Window(day(2), day(2))).with_columns(
        status=pl.lit("broken"), visitors=pl.lit(None, dtype=pl.Int64)
    )
    lake.replace("footfall_readings", broken.collect(), Window(day(2), day(2)))

    assert failed(lake) == {}


def test_a_closed_store_owes_nothing(lake: Lake) -> None:
    closed = frame(OpeningHours, {"store_id": "S1", "date": day(2), "open": False})
    lake.replace("opening_hours", closed, None)
    deliver(lake, [2, 3])

    assert failed(lake) == {
        day(2): "0 of 1 sensors of open stores delivered; silent: S2/A",
        day(3): "0 of 3 sensors of open stores delivered; silent: S1/A, S1/B, S2/A",
    }


def test_a_counter_is_missed_for_four_weeks_and_a_new_one_from_its_first_day(lake: Lake) -> None:
    deliver(lake, [-28], "S2/OLD")
    deliver(lake, [6], "S1/A", "S1/B", "S2/A", "S2/NEW")

    assert failed(lake) == {day(0): "3 of 4 sensors of open stores delivered; silent: S2/OLD"}


def test_a_day_alone_is_judged_as_in_a_range(lake: Lake) -> None:
    deliver(lake, [2, 4], "S2/A")

    alone = [verdicts(lake, Window(day, day)) for day in WEEK.days()]

    assert pl.concat(alone).equals(verdicts(lake))


def test_a_day_that_is_not_over_may_still_be_delivered(lake: Lake) -> None:
    deliver(lake, [6], "S2/A")

    last = verdicts(lake, today=day(6)).row(-1, named=True)

    assert (last["passed"], last["silent"]) == (True, 2)
    assert last["description"] == "1 of 3 sensors of open stores delivered; the day is not over"
