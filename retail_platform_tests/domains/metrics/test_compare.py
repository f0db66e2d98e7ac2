"""A day against the same weekday of the four weeks before it."""

from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform.domains.metrics.compare import daily_metrics, in_parts
from retail_platform.domains.metrics.contract import COMPARED, DailyMetrics, StoreDay
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import MONDAY, frame, money

DEFAULTS = {"store_id": "S1", "currency": "EUR", "is_open": True, "final": True, "hours_without_count": 0}


def ago(weeks: int, days: int = 0) -> date:
    return MONDAY - timedelta(weeks=weeks, days=days)


def compared(*days: dict[str, Any]) -> dict[str, Any]:
    """Monday's metrics."""
    return metrics(*days).row(0, named=True)


def metrics(*days: dict[str, Any], window: Window | None = None) -> pl.DataFrame:
    found = daily_metrics(frame(StoreDay, *days, **DEFAULTS).lazy(), window or Window(MONDAY, MONDAY)).collect()
    return DailyMetrics.validate(found)


def visits(day: date, visitors: int | None, **more: Any) -> dict[str, Any]:
    return {"date": day, "visitors": visitors, **more}


def against(row: dict[str, Any], measure: str) -> tuple[Any, ...]:
    return row[f"{measure}_avg_4w"], row[f"{measure}_weeks_in_avg"], row[f"{measure}_vs_avg_4w_pct"]


def test_the_average_is_over_the_four_previous_weeks_without_today() -> None:
    row = compared(visits(MONDAY, 150), *(visits(ago(week), 80 + 10 * week) for week in range(1, 5)))

    assert against(row, "visitors") == (105.0, 4, pytest.approx(100 * (150 / 105 - 1)))


def test_the_fifth_week_and_other_weekdays_do_not_count() -> None:
    row = compared(
        visits(MONDAY, 150), visits(ago(1), 100), visits(ago(5), 1), visits(ago(1, 1), 1), visits(ago(0, 1), 1)
    )

    assert against(row, "visitors") == (100.0, 1, pytest.approx(50.0))


def test_weeks_are_counted_by_date_not_by_row() -> None:
    row = compared(visits(MONDAY, 150), visits(ago(2), 100), visits(ago(4), 50), visits(ago(6), 7), visits(ago(8), 7))

    assert against(row, "visitors") == (75.0, 2, pytest.approx(100.0))


def test_closed_days_do_not_count_even_with_data() -> None:
    row = compared(visits(MONDAY, 150), visits(ago(1), 0, is_open=False), visits(ago(2), 100))

    assert against(row, "visitors") == (100.0, 1, pytest.approx(50.0))


def test_days_on_which_a_measure_is_unknown_do_not_count_for_it_alone() -> None:
    row = compared(
        visits(MONDAY, 150, transactions=15),
        visits(ago(1), None, transactions=10),
        visits(ago(2), 100, transactions=20),
    )

    assert against(row, "visitors") == (100.0, 1, pytest.approx(50.0))
    assert against(row, "transactions") == (15.0, 2, pytest.approx(0.0))


def test_0_is_a_value_and_counts() -> None:
    assert against(compared(visits(MONDAY, 50), visits(ago(1), 0), visits(ago(2), 50)), "visitors")[:2] == (25.0, 2)


def test_at_the_edge_of_history_there_is_no_average() -> None:
    row = compared(visits(MONDAY, 150))

    for measure in COMPARED:
        assert against(row, measure) == (None, 0, None)


def test_an_average_of_0_has_no_percentage() -> None:
    assert against(compared(visits(MONDAY, 150), visits(ago(1), 0)), "visitors") == (0.0, 1, None)


def test_an_average_below_0_has_no_percentage() -> None:
    row = compared(visits(MONDAY, 150, margin=money(50)), visits(ago(1), 100, margin=money(-20)))

    assert against(row, "margin") == (-20.0, 1, None)


def test_visitors_of_a_partly_counted_day_are_shown_and_not_compared() -> None:
    whole = [visits(ago(week), 100) for week in (1, 2)]
    partly = {"hours_without_count": 8}

    before = compared(visits(MONDAY, 110, transactions=11), *whole, visits(ago(3), 20, transactions=10, **partly))
    today = compared(visits(MONDAY, 20, **partly), *whole)

    assert against(before, "visitors") == (100.0, 2, pytest.approx(10.0))
    assert against(before, "transactions") == (10.0, 1, pytest.approx(10.0))
    assert (today["visitors"], *against(today, "visitors")) == (20, 100.0, 2, None)


def test_a_day_without_value_has_an_average_and_no_percentage() -> None:
    assert against(compared(visits(MONDAY, None), visits(ago(1), 10)), "visitors") == (10.0, 1, None)


def test_ratios_are_compared_as_ratios() -> None:
    days = [
        visits(MONDAY, 100, transactions=30, store_transactions=30, revenue=money(60), units=60),
        visits(ago(1), 100, transactions=10, store_transactions=10, revenue=money(10), units=10),
        visits(ago(2), 50, transactions=10, store_transactions=10, revenue=money(30), units=20),
    ]

    row = compared(*days)

    assert against(row, "conversion_rate") == (pytest.approx(0.15), 2, pytest.approx(100.0))
    assert against(row, "atv") == (pytest.approx(2.0), 2, pytest.approx(0.0))
    assert against(row, "revenue") == (20.0, 2, pytest.approx(200.0))


def test_weeks_in_another_currency_are_left_out_of_amounts_alone() -> None:
    before = {"transactions": 10, "revenue": money(1956), "margin": money(978), "currency": "BGN"}

    row = compared(
        visits(MONDAY, 100, transactions=10, revenue=money(1100), margin=money(550)),
        visits(ago(1), 100, transactions=10, revenue=money(1000), margin=money(500)),
        *(visits(ago(week), 100, **before) for week in (2, 3, 4)),
    )

    assert against(row, "revenue") == (1000.0, 1, pytest.approx(10.0))
    assert against(row, "margin") == (500.0, 1, pytest.approx(10.0))
    assert against(row, "atv") == (100.0, 1, pytest.approx(10.0))
    assert against(row, "visitors") == (100.0, 4, pytest.approx(0.0))


def test_each_store_is_compared_with_itself() -> None:
    found = metrics(visits(MONDAY, 10), visits(MONDAY, 10, store_id="S2"), visits(ago(1), 5, store_id="S2"))

    assert found.select("store_id", "visitors_avg_4w").rows() == [("S1", None), ("S2", 5.0)]


def test_only_days_of_the_window_come_out() -> None:
    found = metrics(*(visits(MONDAY + timedelta(days=n), 1) for n in range(-3, 4)))

    assert found["date"].to_list() == [MONDAY]


def test_ratios_per_visitor_need_every_counter_in_every_open_hour() -> None:
    whole = compared(visits(MONDAY, 100, store_transactions=10, revenue=money(50)))
    partly = compared(visits(MONDAY, 100, store_transactions=10, revenue=money(50), hours_without_count=1))

    assert (whole["conversion_rate"], whole["sales_per_visitor"]) == (0.1, 0.5)
    assert (partly["conversion_rate"], partly["sales_per_visitor"]) == (None, None)


SPAN = Window(date(2026, 1, 1), date(2026, 2, 19))
store_days = st.lists(
    st.tuples(st.sampled_from(list(SPAN.days())), st.integers(0, 99) | st.none(), st.booleans()),
    min_size=1,
    max_size=40,
    unique_by=lambda day: day[0],
)


@settings(max_examples=40, deadline=None)
@given(days=store_days, data=st.data())
def test_a_correction_reaches_its_day_and_the_four_weeks_after_it_and_nothing_else(
    days: list[tuple[date, int | None, bool]], data: st.DataObject
) -> None:
    rows = [visits(day, visitors, is_open=is_open) for day, visitors, is_open in days]
    wrong = data.draw(st.sampled_from(rows))
    corrected = [{**row, "visitors": 12345, "is_open": True} if row is wrong else row for row in rows]

    before, after = metrics(*rows, window=SPAN), metrics(*corrected, window=SPAN)

    reached = {wrong["date"] + timedelta(weeks=week) for week in range(5)}
    others = ~pl.col("date").is_in(reached)
    assert_frame_equal(before.filter(others), after.filter(others))
    there = after.filter(~others, pl.col("date") != wrong["date"])
    assert all(count >= 1 for count in there["visitors_weeks_in_avg"])


@settings(max_examples=25, deadline=None)
@given(days=store_days, data=st.data(), cut=st.integers(1, len(SPAN) - 1))
def test_rows_in_any_order_and_ranges_of_any_size_give_the_same(
    days: list[tuple[date, int | None, bool]], data: st.DataObject, cut: int
) -> None:
    rows = [visits(day, visitors, is_open=is_open) for day, visitors, is_open in days]
    middle = SPAN.first + timedelta(days=cut)

    whole = metrics(*rows, window=SPAN)

    shuffled = data.draw(st.permutations(rows))
    halves = [Window(SPAN.first, middle - timedelta(days=1)), Window(middle, SPAN.last)]
    assert_frame_equal(pl.concat([metrics(*shuffled, window=half) for half in halves]), whole)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 1)), min_size=3, max_size=200), st.randoms())
@settings(max_examples=50)
def test_parts_of_visitors_add_up_alike_in_any_order(hours: list[tuple[int, float]], chance: Random) -> None:
    shuffled = chance.sample(hours, len(hours))

    sums = [
        pl.DataFrame(rows, schema=["visitors", "share"], orient="row")
        .select(in_parts(pl.col("visitors") * pl.col("share")).sum())
        .item()
        for rows in (hours, shuffled)
    ]

    assert sums[0] == sums[1] == pytest.approx(sum(visitors * share for visitors, share in hours), abs=1e-3)
