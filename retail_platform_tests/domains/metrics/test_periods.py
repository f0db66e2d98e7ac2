"""Days summed to periods: bases first, ratios then; and compared with 364 days before."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
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
SUNDAY = MONDAY + timedelta(days=6)
WEEK = [MONDAY + timedelta(days=n) for n in range(7)]

Made = Mapping[date, datetime | None]


def periods(*days: dict[str, Any], made: Made | None = None) -> pl.DataFrame:
    """The periods of days; made were those, or the ones named, with the time that one without a row was read at."""
    there = {day["date"]: None for day in days} if made is None else made
    schema = {"date": pl.Date(), "read_at": pl.Datetime("us", "UTC")}
    calendar = pl.LazyFrame(list(there.items()), schema=schema, orient="row")
    return PeriodMetrics.validate(
        period_metrics(frame(StoreDay, *days, **DEFAULTS).lazy(), calendar, "Europe/Paris").collect()
    )


def period(grain: str, *days: dict[str, Any], made: Made | None = None) -> dict[str, Any]:
    """The newest period of the grain."""
    return periods(*days, made=made).filter(pl.col("grain") == grain).sort("period_start").row(-1, named=True)


def sold(day: date, revenue: str | None, transactions: int | None = 1, **more: Any) -> dict[str, Any]:
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


def test_the_order_of_the_days_changes_no_bit() -> None:
    first, span = date(2025, 1, 1), 300
    days = [
        sold(first + timedelta(days=n), "1", visitors=1000 + 7 * n, visitors_imputed_share=1 / (3 + n % 17))
        for n in range(span)
    ]

    orders = [days, days[::-1], days[1::2] + days[::2]]

    assert len({tuple(periods(*order)["visitors_imputed_share"].sort()) for order in orders}) == 1


def test_the_imputed_share_is_weighed_by_visitors() -> None:
    days = [
        sold(MONDAY, "1", visitors=30, visitors_imputed_share=0.0),
        sold(TUESDAY, "1", visitors=10, visitors_imputed_share=0.5),
    ]

    assert period("week", *days)["visitors_imputed_share"] == pytest.approx(5 / 40)


def test_the_area_of_a_period_is_that_of_its_newest_day() -> None:
    days = [
        sold(day, "1", area_m2=area) for day, area in zip(WEEK, (10.0, 10.0, 30.0, 30.0, 20.0, 20.0, 20.0), strict=True)
    ]

    for rows in (days, days[::-1], days[3:] + days[:3]):
        week = period("week", *rows)
        assert (week["area_m2"], week["sales_per_m2"]) == (20.0, 7 / 20)


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


def test_amounts_in_another_currency_a_year_ago_are_not_compared() -> None:
    days = [
        sold(MONDAY - YEAR, "19.56", 2, currency="BGN", margin=money(9)),
        sold(MONDAY, "10", 3, margin=money(5)),
        sold(TUESDAY - YEAR, "10", 2, margin=money(5)),
        sold(TUESDAY, "12", 3, margin=money(6)),
    ]

    day, week = period("day", *days[:2]), period("week", *days)

    assert (day["comparable"], day["revenue_vs_364d_pct"], day["margin_vs_364d_pct"]) == (True, None, None)
    assert (week["revenue_vs_364d_pct"], week["margin_vs_364d_pct"]) == (pytest.approx(20.0), pytest.approx(20.0))
    assert (week["transactions_vs_364d_pct"], week["comparable_days"]) == (pytest.approx(50.0), 2)


def test_against_0_there_is_no_percentage() -> None:
    assert period("day", sold(MONDAY - YEAR, "0"), sold(MONDAY, "12"))["revenue_vs_364d_pct"] is None


def test_against_less_than_0_there_is_no_percentage() -> None:
    day = period("day", sold(MONDAY - YEAR, "10", margin=money(-20)), sold(MONDAY, "12", margin=money(50)))

    assert (day["revenue_vs_364d_pct"], day["margin_vs_364d_pct"]) == (pytest.approx(20.0), None)


@pytest.mark.parametrize("partly", [MONDAY, MONDAY - YEAR])
def test_visitors_of_a_partly_counted_day_are_not_compared(partly: date) -> None:
    days = [
        sold(TUESDAY - YEAR, "10", visitors=100),
        sold(TUESDAY, "10", visitors=150),
        *(
            sold(day, "10", visitors=20, hours_without_count=8 if day == partly else 0)
            for day in (MONDAY - YEAR, MONDAY)
        ),
    ]

    week = period("week", *days)

    assert (week["visitors"], week["visitors_vs_364d_pct"]) == (170, pytest.approx(50.0))


def test_a_period_is_final_when_none_of_its_days_is_missing_and_all_are_final() -> None:
    whole = [sold(day, "1") for day in WEEK]

    over = period("week", *whole)
    lacking = period("week", *whole[:2], *whole[3:])
    partial = period("week", *whole[:6], sold(SUNDAY, "1", final=False))

    assert [(week["final"], week["days_missing"]) for week in (over, lacking, partial)] == [
        (True, 0),
        (False, 1),
        (False, 0),
    ]


def test_the_days_of_a_running_period_that_are_still_to_come_are_missing() -> None:
    month = period("month", *(sold(day, "1") for day in WEEK))

    assert (month["final"], month["days_missing"]) == (False, 31 - 7)


def test_what_another_store_delivered_is_not_missing() -> None:
    days = [sold(MONDAY, "1"), *(sold(day, "1", store_id="S2") for day in WEEK)]

    found = periods(*days).filter(pl.col("grain") == "week")

    assert found.select("store_id", "final", "days_missing").rows() == [("S1", True, 0), ("S2", True, 0)]


@pytest.mark.parametrize(
    ("read_at", "final"),
    [
        (datetime(2026, 1, 11, 22, 59, tzinfo=UTC), False),  # Sunday, a minute to midnight in Paris
        (datetime(2026, 1, 11, 23, 0, tzinfo=UTC), True),
        (None, False),
    ],
)
def test_a_day_on_which_all_stores_were_closed_is_not_missing_once_it_was_read_after_its_end(
    read_at: datetime | None, final: bool
) -> None:
    made = dict.fromkeys(WEEK[:6], None) | {SUNDAY: read_at}

    week = period("week", *(sold(day, "1") for day in WEEK[:6]), made=made)

    assert (week["final"], week["days_missing"], week["days"]) == (final, 0, 6)


def test_no_days_give_no_periods() -> None:
    assert periods().is_empty()


def test_a_total_over_stores_sums_first_and_divides_then() -> None:
    days = [sold(MONDAY, "10", 1, visitors=4), sold(MONDAY, "30", 3, store_id="S2", visitors=6)]

    found = total(periods(*days).lazy()).filter(pl.col("grain") == "day").row(0, named=True)

    assert (found["revenue"], found["visitors"], found["stores"], found["atv"]) == (Decimal("40.00"), 10, 2, 10.0)
    assert (found["area_m2"], found["sales_per_m2"]) == (20.0, 2.0)


def of_all(*days: dict[str, Any]) -> dict[str, Any]:
    return total(periods(*days).lazy()).filter(pl.col("grain") == "month").row(0, named=True)


def test_a_store_that_does_not_know_its_transactions_makes_no_ratio_of_a_total_wrong() -> None:
    whole = sold(MONDAY, "100", 10, store_transactions=10, visitors=40, units=30)
    totals = sold(MONDAY, "300", None, store_id="S2", visitors=60)

    both, alone = of_all(whole, totals), of_all(whole)

    for name in ("conversion_rate", "atv", "upt", "aur"):
        assert both[name] == alone[name] is not None, name
    assert (both["conversion_rate"], both["sales_per_visitor"]) == (0.25, 4.0)


def test_units_per_transaction_and_revenue_per_unit_are_of_the_days_with_known_units() -> None:
    lines = sold(MONDAY, "100", 10, units=30)
    totals = sold(TUESDAY, "300", 20)

    for found in (period("week", lines, totals), of_all(lines, totals | {"store_id": "S2"})):
        assert (found["upt"], found["aur"], found["atv"]) == (3.0, pytest.approx(100 / 30), pytest.approx(400 / 30))
        assert (found["itemised_transactions"], found["itemised_revenue"]) == (10, Decimal("100.00"))


def test_margin_per_visitor_is_of_the_days_whose_costs_are_known_or_that_sold_nothing() -> None:
    days = [
        sold(MONDAY, "10", visitors=10, margin=money(5)),
        sold(TUESDAY, "90", visitors=90),
        sold(SUNDAY, "0", 0, visitors=10),
    ]

    week = period("week", *days)

    assert (week["margin_per_visitor"], week["sales_per_visitor"]) == (0.25, pytest.approx(100 / 110))


def test_a_store_of_unknown_area_is_left_out_of_revenue_by_area() -> None:
    days = [sold(MONDAY, "10"), sold(MONDAY, "40", store_id="S2", area_m2=None)]

    found = of_all(*days, sold(MONDAY, None, None, store_id="S3", area_m2=90.0))

    assert (found["sales_per_m2"], found["area_m2"], found["revenue"]) == (1.0, 100.0, Decimal("50.00"))


def test_a_retailer_that_counts_visitors_alone_or_sells_without_counting_knows_what_it_can() -> None:
    counting = of_all(sold(MONDAY, None, None, visitors=10))
    selling = of_all(sold(MONDAY, "10", 2))

    assert (counting["visitors"], counting["counted_days"], counting["sales_per_visitor"]) == (10, 1, None)
    assert (selling["atv"], selling["conversion_rate"], selling["upt"]) == (5.0, None, None)


def test_amounts_of_several_currencies_are_not_added() -> None:
    found = periods(sold(MONDAY, "10"), sold(MONDAY, "10", store_id="S2", currency="CHF"))

    with pytest.raises(ValueError, match="amounts in CHF, EUR cannot be added: filter the stores by currency"):
        total(found.lazy())


def test_a_period_in_which_a_store_s_currency_changed_is_one_for_each() -> None:
    week = periods(sold(MONDAY, "10", currency="HRK"), sold(TUESDAY, "3")).filter(pl.col("grain") == "week")

    assert week.select("currency", "revenue", "days").rows() == [("EUR", Decimal("3.00"), 1), ("HRK", Decimal(10), 1)]


def test_amounts_whose_currency_is_unknown_are_kept_and_not_added() -> None:
    found = periods(sold(MONDAY, "10"), sold(MONDAY, "10", store_id="S9", currency=None))

    assert found.filter(pl.col("store_id") == "S9")["currency"].unique().to_list() == ["XXX"]
    for unknown in ("XXX", None):
        rows = found.lazy().with_columns(pl.col("currency").replace("XXX", unknown))
        with pytest.raises(ValueError, match="amounts of S9 cannot be added, as their currency is not known: leave"):
            total(rows)
        assert total(rows.filter(pl.col("store_id") == "S1")).height == len(GRAINS)


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
