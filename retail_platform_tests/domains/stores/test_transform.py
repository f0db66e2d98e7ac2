"""When stores are open, and which of them deliver."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from retail_platform.domains.calendar.contract import StoreCalendarDay
from retail_platform.domains.calendar.transform import calendar_days
from retail_platform.domains.stores.contract import OpeningHours, OpeningPattern, Store
from retail_platform.domains.stores.transform import day_openings, expected_stores, open_hours, opening_hours
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import MONDAY, frame

WEEK = Window(MONDAY, date(2026, 1, 11))
TUESDAY = date(2026, 1, 6)
CALENDAR = calendar_days(WEEK, {date(2026, 1, 8): "A holiday of the retailer's country"})
EPIPHANY = {"store_id": "S1", "date": TUESDAY, "public_holiday": "Epiphany"}
ALWAYS = {"store_id": "S1"}


def hours_of(
    *patterns: dict[str, Any], stores: pl.DataFrame | None = None, special: dict[str, Any] = EPIPHANY
) -> pl.LazyFrame:
    places = frame(Store, ALWAYS) if stores is None else stores
    rows = frame(OpeningPattern, *({"store_id": "S1", **pattern} for pattern in patterns), copies=1)
    return opening_hours(rows.lazy(), places.lazy(), CALENDAR, frame(StoreCalendarDay, special).lazy())


def pattern(day: str, opens: str | None = None, closes: str | None = None, *, open: bool = True) -> dict[str, Any]:
    return {"day": day, "open": open, "opens": opens, "closes": closes}


def intervals(hours: pl.LazyFrame, day: date) -> list[tuple[bool, str | None, str | None]]:
    found = hours.filter(pl.col("date") == day).select("open", "opens", "closes").collect()
    return found.rows()


def hours_on(interval: tuple[str, str], day: date = MONDAY, timezone: str = "Europe/Paris") -> list[int]:
    opening = frame(OpeningHours, {"opens": interval[0], "closes": interval[1]}, store_id="S1", date=day, open=True)
    stores = frame(Store, {"store_id": "S1", "timezone": timezone}, {"store_id": "S2", "timezone": "Africa/Tunis"})
    return sorted(open_hours(opening.lazy(), stores.lazy()).collect()["hour"])


def test_the_most_specific_pattern_of_a_day_decides_alone() -> None:
    hours = hours_of(
        pattern("daily", "10:00", "18:00"),
        pattern("3", "11:00", "12:00"),
        pattern("2", "11:00", "13:00"),
        pattern("holiday", open=False),
        pattern("2026-01-07", "08:00", "09:00"),
        pattern("2026-01-06", "07:00", "08:00"),
    )

    assert intervals(hours, date(2026, 1, 5)) == [(True, "10:00", "18:00")]  # daily
    assert intervals(hours, date(2026, 1, 6)) == [(True, "07:00", "08:00")]  # the date before the holiday
    assert intervals(hours, date(2026, 1, 7)) == [(True, "08:00", "09:00")]  # the date before the weekday


def test_a_holiday_comes_before_the_weekday() -> None:
    hours = hours_of(pattern("2", "11:00", "13:00"), pattern("holiday", open=False))

    assert intervals(hours, TUESDAY) == [(False, None, None)]


def test_a_holiday_is_a_public_one_of_the_store_itself() -> None:
    stores = frame(Store, {"store_id": "S1"}, {"store_id": "S2"})
    patterns = [
        {"store_id": store, **row}
        for store in ("S1", "S2")
        for row in (pattern("daily", "09:00", "19:00"), pattern("holiday", open=False))
    ]

    open_on = [
        set(
            hours_of(*patterns, stores=stores, special=special)
            .filter("open")
            .select("store_id", "date")
            .collect()
            .rows()
        )
        for special in (EPIPHANY, EPIPHANY | {"public_holiday": None, "school_holiday": "Winter", "event": "Sales"})
    ]

    every_day = {(store, day) for store in ("S1", "S2") for day in WEEK.days()}
    assert open_on == [every_day - {("S1", TUESDAY)}, every_day]


def test_a_holiday_beyond_the_calendar_opens_nothing() -> None:
    hours = hours_of(pattern("holiday", "09:00", "12:00"), special=EPIPHANY | {"date": date(2026, 1, 12)})

    assert hours.collect().is_empty()


def test_a_weekday_comes_before_every_day() -> None:
    hours = hours_of(pattern("daily", "10:00", "18:00"), pattern("7", open=False))

    assert intervals(hours, date(2026, 1, 11)) == [(False, None, None)]


def test_a_lunch_break_makes_two_intervals() -> None:
    hours = hours_of(pattern("daily", "14:00", "18:00"), pattern("daily", "09:00", "12:00"))

    assert intervals(hours, MONDAY) == [(True, "09:00", "12:00"), (True, "14:00", "18:00")]
    assert sorted(
        open_hours(hours, frame(Store, ALWAYS).lazy()).filter(pl.col("date") == MONDAY).collect()["hour"]
    ) == [9, 10, 11, 14, 15, 16, 17]


def test_patterns_of_one_store_say_nothing_of_another() -> None:
    stores = frame(Store, {"store_id": "S1"}, {"store_id": "S2"})

    hours = hours_of(pattern("1", "09:00", "12:00"), stores=stores).collect()

    assert hours.select("store_id", "date").rows() == [("S1", MONDAY)]


def test_a_store_is_closed_before_its_first_and_after_its_last_day() -> None:
    stores = frame(Store, {"store_id": "S1", "opened_on": date(2026, 1, 6), "closed_on": date(2026, 1, 10)})

    hours = hours_of(pattern("daily", "09:00", "12:00"), stores=stores).collect()

    assert hours.select("date", "open").rows() == [
        (day, date(2026, 1, 6) <= day <= date(2026, 1, 10)) for day in WEEK.days()
    ]


def test_without_patterns_hours_are_unknown_only_while_the_store_exists() -> None:
    stores = frame(Store, {"store_id": "S1", "closed_on": date(2026, 1, 9)}, {"store_id": "S2"})

    hours = hours_of(stores=stores).collect()

    assert hours.select("store_id", "date", "open").rows() == [
        ("S1", date(2026, 1, 10), False),
        ("S1", date(2026, 1, 11), False),
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "hours"),
    [
        ("09:00", "12:00", [9, 10, 11]),
        ("09:30", "12:15", [9, 10, 11, 12]),
        ("09:59", "10:01", [9, 10]),
        ("09:15", "09:45", [9]),
        ("22:00", "24:00", [22, 23]),
        ("23:30", "23:59", [23]),
        ("00:00", "24:00", list(range(24))),
        ("00:00", "00:30", [0]),
    ],
)
def test_an_hour_open_in_part_is_open(opens: str, closes: str, hours: list[int]) -> None:
    assert hours_on((opens, closes)) == hours


@pytest.mark.parametrize(
    ("timezone", "day", "skipped"),
    [
        ("Europe/Paris", date(2026, 3, 29), [2]),
        ("Europe/Paris", date(2026, 3, 28), []),
        ("Europe/Paris", date(2026, 10, 25), []),  # the hour that comes twice is one
        ("Africa/Tunis", date(2026, 3, 29), []),
        ("America/Santiago", date(2026, 9, 6), [0]),
        ("Australia/Lord_Howe", date(2026, 10, 4), []),  # half of the hour is there
        (
            "Pacific/Apia",
            date(2011, 12, 30),
            list(range(24)),
        ),  # on the other side of the date line from one day to the next
    ],
)
def test_an_hour_that_the_stores_clocks_skip_is_not_open(timezone: str, day: date, skipped: list[int]) -> None:
    assert hours_on(("00:00", "24:00"), day, timezone) == [hour for hour in range(24) if hour not in skipped]


def test_intervals_that_meet_within_an_hour_count_it_once() -> None:
    hours = hours_of(pattern("1", "09:00", "12:30"), pattern("1", "12:45", "14:00"))

    assert sorted(open_hours(hours, frame(Store, ALWAYS).lazy()).collect()["hour"]) == [9, 10, 11, 12, 13]


def test_open_at_unknown_hours_closed_and_known_are_told_apart() -> None:
    hours = hours_of(pattern("1"), pattern("2", open=False), pattern("3", "09:00", "10:00"))

    known = day_openings(hours).sort("date").collect()

    assert known.select("is_open", "hours_known").rows() == [(True, False), (False, True), (True, True)]
    assert open_hours(hours, frame(Store, ALWAYS).lazy()).collect()["date"].to_list() == [date(2026, 1, 7)]


def test_a_closed_day_with_hours_beside_it_is_closed() -> None:
    hours = hours_of(pattern("1", "09:00", "12:00", open=False))

    assert open_hours(hours, frame(Store, ALWAYS).lazy()).collect().is_empty()


def test_open_stores_and_those_of_unknown_hours_deliver() -> None:
    stores = frame(Store, {"store_id": "S1"}, {"store_id": "S2"}, {"store_id": "S3", "format": "online"}, format="shop")
    hours = hours_of(pattern("1", open=False), pattern("2", "09:00", "10:00"), stores=stores)
    dates = pl.LazyFrame({"date": [MONDAY, date(2026, 1, 6)]})

    sales = expected_stores(stores.lazy(), hours, dates, with_doors_only=False).collect()
    footfall = expected_stores(stores.lazy(), hours, dates, with_doors_only=True).collect()

    tuesday = date(2026, 1, 6)
    assert sales.rows() == [(MONDAY, "S2"), (MONDAY, "S3"), (tuesday, "S1"), (tuesday, "S2"), (tuesday, "S3")]
    assert footfall.rows() == [(MONDAY, "S2"), (tuesday, "S1"), (tuesday, "S2")]
