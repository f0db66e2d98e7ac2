"""What a date is called in the ISO and the retail calendar."""

from datetime import date, timedelta

import polars as pl
import pytest

from retail_platform.domains.calendar.contract import CalendarDay
from retail_platform.domains.calendar.transform import calendar_days, retail_year_start
from retail_platform.windows import Window
from retail_platform_tests.domains.calendar.events import declared

# 2023 has 53 weeks: https://nrf.com/resources/4-5-4-calendar
NRF_STARTS = {
    2017: date(2017, 1, 29),
    2018: date(2018, 2, 4),
    2022: date(2022, 1, 30),
    2023: date(2023, 1, 29),
    2024: date(2024, 2, 4),
    2025: date(2025, 2, 2),
    2026: date(2026, 2, 1),
}


def named(day: date, *columns: str) -> tuple[object, ...]:
    return calendar_days(Window(day, day), {}).select(columns).collect().row(0)


@pytest.mark.parametrize(
    ("day", "iso"),
    [
        (date(2024, 12, 29), (2024, 52, 7)),
        (date(2024, 12, 30), (2025, 1, 1)),
        (date(2021, 1, 3), (2020, 53, 7)),
        (date(2026, 12, 31), (2026, 53, 4)),
        (date(2027, 1, 1), (2026, 53, 5)),
        (date(2024, 2, 29), (2024, 9, 4)),
    ],
)
def test_iso_weeks_at_the_ends_of_years(day: date, iso: tuple[int, int, int]) -> None:
    assert named(day, "iso_year", "iso_week", "weekday") == iso == tuple(day.isocalendar())


def test_a_day_has_its_year_quarter_month_and_number() -> None:
    assert named(date(2026, 5, 9), "year", "quarter", "month", "day") == (2026, 2, 5, 9)


@pytest.mark.parametrize(("year", "start"), NRF_STARTS.items())
def test_retail_years_begin_as_the_national_retail_federation_says(year: int, start: date) -> None:
    retail = ["retail_year", "retail_week", "retail_period", "retail_quarter"]

    assert retail_year_start(year) == start
    assert named(start, *retail) == (year, 1, 1, 1)
    last_week = (start - retail_year_start(year - 1)).days // 7
    assert named(start - timedelta(days=1), *retail) == (year - 1, last_week, 12, 4)


def test_retail_2023_has_53_weeks_of_which_the_last_belongs_to_period_12() -> None:
    assert named(date(2024, 2, 3), "retail_year", "retail_week", "retail_period") == (2023, 53, 12)
    assert named(date(2024, 1, 27), "retail_year", "retail_week", "retail_period") == (2023, 52, 12)


def test_periods_of_a_retail_year_have_4_5_and_4_weeks() -> None:
    year = calendar_days(Window(date(2025, 2, 2), date(2026, 1, 31)), {}).collect()

    weeks = year.group_by("retail_quarter", "retail_period", maintain_order=True).agg(pl.col("retail_week").n_unique())

    assert year["retail_year"].unique().to_list() == [2025]
    assert weeks["retail_week"].to_list() == [4, 5, 4] * 4
    assert weeks["retail_quarter"].to_list() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]


def test_a_calendar_of_decades_has_every_day_once_and_keeps_the_contract() -> None:
    window = Window(date(1999, 1, 1), date(2040, 12, 31))

    days = calendar_days(window, {}).collect()

    assert days["date"].to_list() == list(window.days())
    CalendarDay.validate(days)
    lengths = days.group_by("retail_year").len().filter(pl.col("retail_year").is_between(1999, 2039))
    assert set(lengths["len"]) == {364, 371}


def test_public_holidays_are_named_and_those_of_other_days_ignored() -> None:
    holidays = {date(2026, 1, 1): "Jour de l'an", date(2027, 1, 1): "Jour de l'an"}

    days = calendar_days(Window(date(2026, 1, 1), date(2026, 1, 2)), holidays).collect()

    assert days["public_holiday"].to_list() == ["Jour de l'an", None]


def test_events_cover_their_days_both_ends_inclusive_and_several_are_joined() -> None:
    first, second, third = (date(2026, 1, day) for day in (1, 2, 3))
    events = declared(
        ("event", "Sales", first, second),
        ("strike", "Fair", second, date(2026, 2, 1)),
        ("school_holiday", "Winter", second, second),
    )

    days = calendar_days(Window(first, third), {}, events).collect()

    assert days["event"].to_list() == ["Sales", "Fair; Sales", "Fair"]
    assert days["school_holiday"].to_list() == [None, "Winter", None]


def test_the_calendar_takes_the_events_of_all_stores_and_public_holidays_besides_the_known() -> None:
    day = date(2026, 1, 1)
    events = declared(
        ("public_holiday", "Patron saint", day, day),
        ("strike", "Tram", day, day, "a"),
        ("works", "Square", day, day, None, "Bretagne"),
    )

    [row] = calendar_days(Window(day, day), {day: "Jour de l'an"}, events).collect().to_dicts()

    assert (row["public_holiday"], row["event"]) == ("Jour de l'an; Patron saint", None)


def test_an_event_without_an_end_in_sight_holds_within_the_window_alone() -> None:
    day = date(2026, 1, 1)

    days = calendar_days(Window(day, day), {}, declared(("works", "Tower", date.min, date.max))).collect()

    assert days["event"].to_list() == ["Tower"]
