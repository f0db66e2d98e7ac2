"""Days summed to periods: bases first, ratios then; and compared with 364 days before."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform.domains.metrics.contract import GRAINS, PeriodMetrics, StoreDay
from retail_platform.domains.metrics.periods import period_metrics, total
from retail_platform_tests.domains.frames import MONDAY, frame, money

DEFAULTS = {
    "store_id": "S1",
    "currency": "EUR",
    "is_open": True,
    "final": True,
    "hours_without_count": 0,
    "area_m2": 10.0,
}
TUESDAY = MONDAY + timedelta(days=1)
YEAR = timedelta(days=364)


def periods(*days: dict[str, Any]) -> pl.DataFrame:
    return PeriodMetrics.validate(period_metrics(frame(StoreDay, *days, **DEFAULTS).lazy()).collect())


def period(grain: str, *days: dict[str, Any]) -> dict[str, Any]:
    """The newest period of the grain."""
    return periods(*days).filter(pl.col("grain") == grain).sort("period_start").row(-1, named=True)


def sold(day: date, revenue: str | None, transactions: int = 1, **more: Any) -> dict[str, Any]:
    return {"date": day, "revenue": money(revenue), "transactions": transactions, **more}


def test_each_day_lies_in_one_period_of_each_grain() -> None:
    found = periods(sold(date(2026, 2, 28), "1"))

    assert dict(zip(found["grain"], found.select("period_start", "period_end").rows(), strict=True)) == {
        "day": (date(2026, 2, 28), date(2026, 2, 28)),
        "week": (date(2026, 2, 23), date(2026, 3, 1)),
        "month": (date(2026, 2, 1), date(2026, 2, 28)),
        "quarter": (date(2026, 1, 1), date(2026, 3, 31)),
        "year": (date(2026, 1, 1), date(2026, 12, 31)),
    }


def test_ratios_of_a_period_are_of_its_sums_never_averages_of_ratios() -> None:
    days = [
        sold(MONDAY, "10", 1, store_transactions=1, visitors=2, units=1, margin=money(1), cost_known_revenue=money(10)),
        sold(
            TUESDAY, "30", 9, store_transactions=9, visitors=98, units=19, margin=money(9), cost_known_revenue=money(10)
        ),
    ]

    week = period("week", *days)

    assert (week["atv"], week["upt"], week["aur"]) == (4.0, 2.0, 2.0)
    assert (week["conversion_rate"], week["sales_per_visitor"]) == (0.1, 0.4)
    assert (week["margin_rate"], week["cost_known_share"], week["sales_per_m2"]) == (0.5, 0.5, 4.0)


def test_sums_are_exact() -> None:
    week = period("week", *(sold(MONDAY + timedelta(days=n), "0.10") for n in range(3)))

    assert (week["revenue"], week["transactions"], week["days"]) == (Decimal("0.30"), 3, 3)


def test_what_no_day_knows_is_null_and_what_some_know_is_their_sum() -> None:
    week = period("week", sold(MONDAY, None, visitors=5), sold(TUESDAY, None))

    assert (week["revenue"], week["visitors"], week["atv"]) == (None, 5, None)


def test_ratios_per_visitor_are_of_the_days_with_a_complete_count() -> None:
    days = [
        sold(MONDAY, "10", store_transactions=1, visitors=10),
        sold(TUESDAY, "90", store_transactions=9, visitors=10, hours_without_count=2),
    ]

    week = period("week", *days)

    assert (week["visitors"], week["counted_visitors"], week["counted_days"], week["hours_without_count"]) == (
        20,
        10,
        1,
        2,
    )
    assert (week["counted_transactions"], week["counted_revenue"]) == (1, Decimal("10.00"))
    assert (week["conversion_rate"], week["sales_per_visitor"]) == (0.1, 1.0)


def test_the_imputed_share_is_weighed_by_visitors() -> None:
    days = [
        sold(MONDAY, "1", visitors=30, visitors_imputed_share=0.0),
        sold(TUESDAY, "1", visitors=10, visitors_imputed_share=0.5),
    ]

    assert period("week", *days)["visitors_imputed_share"] == pytest.approx(5 / 40)


def test_days_counts_open_days_only() -> None:
    assert period("week", sold(MONDAY, "1"), sold(TUESDAY, "1", is_open=False))["days"] == 1


def test_a_period_is_comparable_when_all_its_open_days_were_open_364_days_before() -> None:
    last_year = [sold(MONDAY - YEAR, "10"), sold(TUESDAY - YEAR, "10")]
    wednesday = TUESDAY + timedelta(days=1)

    both = period("week", *last_year, sold(MONDAY, "12"), sold(TUESDAY, "18"))
    more = period("week", *last_year, sold(MONDAY, "12"), sold(TUESDAY, "18"), sold(wednesday, "100"))

    assert (both["comparable"], both["comparable_days"], both["revenue_vs_364d_pct"]) == (True, 2, pytest.approx(50.0))
    assert (more["comparable"], more["comparable_days"], more["revenue_vs_364d_pct"]) == (False, 2, pytest.approx(50.0))


def test_a_day_that_was_closed_a_year_ago_is_not_comparable() -> None:
    day = period("day", sold(MONDAY - YEAR, "10", is_open=False), sold(MONDAY, "12"))

    assert (day["comparable"], day["revenue_vs_364d_pct"]) == (False, None)


def test_the_year_ago_is_364_days_not_a_calendar_year() -> None:
    day = period("day", sold(MONDAY.replace(year=2025), "10"), sold(MONDAY, "12"))

    assert day["comparable"] is False


def test_closed_days_of_a_period_do_not_make_it_less_comparable() -> None:
    days = [sold(MONDAY - YEAR, "10"), sold(MONDAY, "12"), sold(TUESDAY, "1", is_open=False)]

    week = period("week", *days)
    closed = period("day", sold(MONDAY, "1", is_open=False), sold(MONDAY - YEAR, "1"))

    assert (week["comparable"], week["comparable_days"]) == (True, 1)
    assert closed["comparable"] is False


def test_a_measure_unknown_on_one_side_is_not_compared() -> None:
    days = [
        sold(MONDAY - YEAR, "10", visitors=None),
        sold(MONDAY, "12", visitors=99),
        sold(TUESDAY - YEAR, "10", visitors=10),
        sold(TUESDAY, "8", visitors=20),
    ]

    week = period("week", *days)

    assert (week["visitors_vs_364d_pct"], week["revenue_vs_364d_pct"]) == (pytest.approx(100.0), pytest.approx(0.0))


def test_against_0_there_is_no_percentage() -> None:
    assert period("day", sold(MONDAY - YEAR, "0"), sold(MONDAY, "12"))["revenue_vs_364d_pct"] is None


def test_a_period_is_final_when_it_is_over_and_all_its_days_are() -> None:
    sunday = MONDAY + timedelta(days=6)

    running = period("week", sold(MONDAY, "1"), sold(TUESDAY, "1"))
    over = period("week", sold(MONDAY, "1"), sold(sunday, "1"))
    partial = period("week", sold(MONDAY, "1"), sold(sunday, "1", final=False))

    assert [running["final"], over["final"], partial["final"]] == [False, True, False]


def test_no_days_give_no_periods() -> None:
    assert periods().is_empty()


def test_a_total_over_stores_sums_first_and_divides_then() -> None:
    days = [sold(MONDAY, "10", 1, visitors=4), sold(MONDAY, "30", 3, store_id="S2", visitors=6)]

    found = total(periods(*days).lazy()).filter(pl.col("grain") == "day").row(0, named=True)

    assert (found["revenue"], found["visitors"], found["stores"], found["atv"]) == (Decimal("40.00"), 10, 2, 10.0)
    assert (found["area_m2"], found["sales_per_m2"]) == (20.0, 2.0)


def test_amounts_of_several_currencies_are_not_added() -> None:
    found = periods(sold(MONDAY, "10"), sold(MONDAY, "10", store_id="S2", currency="CHF"))

    with pytest.raises(ValueError, match="amounts in CHF, EUR cannot be added: filter the stores by currency"):
        total(found.lazy())


history = st.lists(
    st.tuples(
        st.dates(date(2024, 12, 25), date(2026, 1, 10)),
        st.sampled_from(["S1", "S2"]),
        st.none() | st.integers(-500, 500),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda day: day[:2],
)


@settings(max_examples=30, deadline=None)
@given(days=history, data=st.data())
def test_every_grain_adds_up_to_the_same_sum_in_any_order(
    days: list[tuple[date, str, int | None, bool]], data: st.DataObject
) -> None:
    rows = [
        sold(day, None if cents is None else str(Decimal(cents) / 100), store_id=store, is_open=is_open)
        for day, store, cents, is_open in days
    ]

    found = periods(*rows)

    expected = sum((row["revenue"] for row in rows if row["revenue"] is not None), Decimal("0.00"))
    for grain in GRAINS if rows else ():
        assert found.filter(pl.col("grain") == grain)["revenue"].sum() == expected
    assert_frame_equal(periods(*data.draw(st.permutations(rows))), found)
