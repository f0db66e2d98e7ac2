"""A store and its day: the definitions of the measures, null where unknown."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform_tests.domains.frames import MONDAY, money
from retail_platform_tests.domains.metrics.pipeline import NINE_TO_TWELVE, SHOP, Measured, counted, line

ALL_COUNTED = [counted(9, 10), counted(10, 20), counted(11, 10)]
ONLINE_SHOP = {**SHOP, "format": "online"}
UNKNOWN_HOURS: list[dict[str, Any]] = []


def test_a_plain_day() -> None:
    lines = [line("r1", 2, "4.00"), line("r1", 1, "3.50", product_id="P2"), line("r2", 1, "2.50", hour=11)]
    day = Measured(lines, ALL_COUNTED, prices=[{"unit_cost": money(1)}]).day()

    assert (day["visitors"], day["transactions"], day["units"], day["returns"]) == (40, 2, 4, 0)
    assert (day["revenue"], day["cost"], day["margin"]) == (Decimal("10.00"), Decimal("3.00"), Decimal("3.50"))
    assert (day["open_hours"], day["hours_without_count"], day["visitors_imputed_share"]) == (3, 0, 0.0)
    assert (day["is_open"], day["final"], day["currency"]) == (True, True, "EUR")
    expected = {
        "conversion_rate": 2 / 40,
        "atv": 10 / 2,
        "upt": 4 / 2,
        "aur": 10 / 4,
        "margin_rate": 3.5 / 6.5,
        "cost_known_share": 6.5 / 10,
        "sales_per_visitor": 10 / 40,
        "margin_per_visitor": 3.5 / 40,
        "sales_per_m2": 10 / 100,
    }
    assert {name: day[name] for name in expected} == pytest.approx(expected)


def test_cancelled_lines_count_apart_and_nowhere_else() -> None:
    lines = [line("r1"), line("r2", 9, "90.00", status="cancelled", product_id="P2")]

    day = Measured(lines, ALL_COUNTED).day()

    assert (day["transactions"], day["units"], day["revenue"]) == (1, 1, Decimal("2.00"))
    assert (day["cancelled_lines"], day["cancelled_amount"]) == (1, Decimal("90.00"))
    assert day["best_selling_product_id"] == "P1"


def test_returns_count_negative() -> None:
    lines = [line("r1", 3, "6.00"), line("r2", -2, "-4.00")]

    day = Measured(lines, prices=[{"unit_cost": money("0.50")}]).day()

    assert (day["transactions"], day["units"], day["returns"]) == (1, 1, 2)
    assert (day["revenue"], day["cost"], day["margin"]) == (Decimal("2.00"), Decimal("0.50"), Decimal("1.50"))


def test_a_day_of_returns_alone_has_no_receipt_to_divide_by() -> None:
    day = Measured([line("r1", -2, "-4.00")], ALL_COUNTED).day()

    assert (day["transactions"], day["revenue"], day["atv"], day["upt"]) == (0, Decimal("-4.00"), None, None)
    assert day["best_selling_product_id"] is None
    assert day["peak_hour_sales"] is None
    assert day["conversion_rate"] == 0.0


def test_an_open_store_that_sold_nothing_has_0_and_no_ratios() -> None:
    day = Measured([], ALL_COUNTED).day()

    zero = ["transactions", "units", "returns", "revenue", "discount", "cancelled_lines", "cancelled_amount"]
    assert {day[name] for name in zero} == {0}
    unknown = ["atv", "upt", "aur", "margin", "cost", "margin_rate", "cost_known_share", "best_selling_product_id"]
    assert {day[name] for name in [*unknown, "peak_hour_sales"]} == {None}
    assert (day["conversion_rate"], day["sales_per_visitor"], day["sales_per_m2"]) == (0.0, 0.0, 0.0)


def test_a_source_without_footfall_knows_no_visitors() -> None:
    day = Measured([line("r1")]).day()

    unknown = ["visitors", "visitors_imputed_share", "hours_without_count", "conversion_rate", "sales_per_visitor"]
    assert {day[name] for name in [*unknown, "peak_hour_visitors", "margin_per_visitor"]} == {None}
    assert (day["transactions"], day["atv"]) == (1, 2.0)


def test_a_source_without_sales_knows_no_sales() -> None:
    day = Measured(footfall=ALL_COUNTED).day()

    unknown = ["transactions", "store_transactions", "units", "returns", "revenue", "discount", "cost", "margin"]
    ratios = ["conversion_rate", "atv", "upt", "aur", "sales_per_visitor", "sales_per_m2", "cost_known_share"]
    others = ["cancelled_lines", "cancelled_amount", "peak_hour_sales", "best_selling_product_id"]
    assert {day[name] for name in [*unknown, *ratios, *others]} == {None}
    assert (day["visitors"], day["peak_hour_visitors"], day["is_open"]) == (40, 10, True)


def test_a_source_of_totals_knows_revenue_and_transactions_but_no_lines() -> None:
    day = Measured(totals=[{"transactions": 4, "visitors": 50, "revenue": money(100)}]).day()

    assert (day["transactions"], day["revenue"], day["visitors"]) == (4, Decimal("100.00"), 50)
    assert (day["atv"], day["conversion_rate"], day["sales_per_visitor"]) == (25.0, 0.08, 2.0)
    unknown = ["units", "returns", "margin", "upt", "aur", "best_selling_product_id", "peak_hour_sales", "discount"]
    assert {day[name] for name in unknown} == {None}


def test_totals_without_visitors_know_none() -> None:
    day = Measured(totals=[{"transactions": 4, "revenue": money(100)}], hours=UNKNOWN_HOURS).day()

    assert (day["visitors"], day["conversion_rate"], day["is_open"]) == (None, None, True)


def test_an_open_store_without_totals_sold_nothing() -> None:
    stores = [SHOP, {**SHOP, "store_id": "S2"}]
    hours = [{**NINE_TO_TWELVE[0], "store_id": store} for store in ("S1", "S2")]

    found = Measured(totals=[{"transactions": None, "revenue": money(100)}], stores=stores, hours=hours).days()

    sold = found.select("store_id", "is_open", "transactions", "store_transactions", "revenue", "visitors", "units")
    assert sold.rows() == [
        ("S1", True, None, None, Decimal("100.00"), None, None),
        ("S2", True, 0, 0, Decimal("0.00"), None, None),
    ]


def test_a_store_of_unknown_hours_that_counted_visitors_sold_nothing_without_totals() -> None:
    day = Measured(totals=[], footfall=[counted(9, 5)], hours=UNKNOWN_HOURS).day()

    assert (day["is_open"], day["transactions"], day["revenue"], day["visitors"]) == (True, 0, Decimal("0.00"), 5)


def test_a_store_that_is_closed_or_of_unknown_hours_has_no_row_without_totals() -> None:
    for hours in ([{"open": False}], UNKNOWN_HOURS):
        assert Measured(totals=[], hours=hours).days().is_empty()


def test_conversion_takes_receipts_of_the_store_only() -> None:
    day = Measured([line("r1"), line("r2", channel="online")], ALL_COUNTED).day()

    assert (day["transactions"], day["store_transactions"], day["conversion_rate"]) == (2, 1, 1 / 40)


def test_an_online_store_sells_without_visitors() -> None:
    day = Measured([line("r1", channel="online")], [], stores=[ONLINE_SHOP]).day()

    assert (day["visitors"], day["hours_without_count"], day["conversion_rate"]) == (None, None, None)
    assert (day["transactions"], day["store_transactions"], day["revenue"]) == (1, 0, Decimal("2.00"))


def test_visitors_of_a_day_with_a_broken_hour_are_the_rest_and_conversion_is_unknown() -> None:
    day = Measured([line("r1")], [counted(9, 10), counted(10, None), counted(11, 5)]).day()

    assert (day["visitors"], day["hours_without_count"], day["open_hours"]) == (15, 1, 3)
    assert (day["conversion_rate"], day["sales_per_visitor"]) == (None, None)


def test_an_hour_that_one_of_two_counters_missed_and_that_was_estimated_is_complete() -> None:
    footfall = [counted(9, 10, sensors_total=2, imputed_share=0.5), counted(10, 5), counted(11, 5)]

    day = Measured([line("r1")], footfall).day()

    assert (day["visitors"], day["hours_without_count"], day["conversion_rate"]) == (20, 0, 1 / 20)


def test_an_open_hour_without_any_reading_is_missing() -> None:
    day = Measured([line("r1")], [counted(9, 10), counted(10, 5)]).day()

    assert (day["visitors"], day["hours_without_count"], day["conversion_rate"]) == (15, 1, None)


def test_visitors_are_unknown_where_no_hour_was_counted() -> None:
    day = Measured([line("r1")], [counted(hour, None) for hour in (9, 10, 11)]).day()

    assert (day["visitors"], day["hours_without_count"], day["visitors_imputed_share"]) == (None, 3, None)


def test_visitors_out_of_opening_hours_do_not_count() -> None:
    day = Measured([], [*ALL_COUNTED, counted(7, 99), counted(20, 99)]).day()

    assert (day["visitors"], day["peak_hour_visitors"], day["hours_without_count"]) == (40, 10, 0)


def test_the_imputed_share_is_of_the_visitors_not_of_the_hours() -> None:
    day = Measured([], [counted(9, 30), counted(10, 10, imputed_share=0.5), counted(11, 0)]).day()

    assert day["visitors_imputed_share"] == pytest.approx(5 / 40)


def test_nobody_came_is_0_and_conversion_unknown() -> None:
    day = Measured([line("r1")], [counted(hour, 0) for hour in (9, 10, 11)]).day()

    assert (day["visitors"], day["conversion_rate"], day["sales_per_visitor"]) == (0, None, None)
    assert day["peak_hour_visitors"] is None


@pytest.mark.parametrize(
    ("counts", "peak"), [((10, 20, 5), 10), ((20, 20, 5), 9), ((5, 20, 20), 10), ((7, 7, 7), 9), ((1, 2, 3), 11)]
)
def test_the_peak_hour_of_visitors_is_the_earliest_of_the_maximum(counts: tuple[int, ...], peak: int) -> None:
    footfall = [counted(hour, visitors) for hour, visitors in zip((9, 10, 11), counts, strict=True)]

    assert Measured(footfall=footfall[::-1]).day()["peak_hour_visitors"] == peak


@pytest.mark.parametrize(
    ("amounts", "peak"), [(("3.00", "5.00", "1.00"), 10), (("5.00", "5.00", "1.00"), 9), (("2.00",) * 3, 9)]
)
def test_the_peak_hour_of_sales_is_the_earliest_of_the_greatest_revenue(amounts: tuple[str, ...], peak: int) -> None:
    lines = [line(f"r{hour}", net=net, hour=hour) for hour, net in zip((11, 10, 9), reversed(amounts), strict=True)]

    assert Measured(lines).day()["peak_hour_sales"] == peak


def test_sales_without_a_time_count_in_the_day_and_are_no_peak() -> None:
    day = Measured([line("r1", net="9.00", hour=None), line("r2", hour=10)], ALL_COUNTED).day()

    assert (day["transactions"], day["revenue"], day["peak_hour_sales"]) == (2, Decimal("11.00"), 10)
    assert (day["hours_without_count"], day["conversion_rate"]) == (0, 2 / 40)


def test_a_source_that_states_no_times_knows_its_days_and_no_peak() -> None:
    day = Measured([line("r1", 2, "40.00", hour=None), line("r2", net="60.00", hour=None)], ALL_COUNTED).day()

    assert (day["transactions"], day["store_transactions"], day["units"]) == (2, 2, 3)
    assert (day["revenue"], day["is_open"], day["conversion_rate"]) == (Decimal("100.00"), True, 2 / 40)
    assert (day["peak_hour_sales"], day["peak_hour_visitors"]) == (None, 10)


@pytest.mark.parametrize(
    ("lines", "best"),
    [
        ([("P1", 2, "1.00"), ("P2", 3, "0.50")], "P2"),  # units
        ([("P1", 2, "1.00"), ("P2", 2, "5.00")], "P2"),  # then revenue
        ([("P2", 2, "1.00"), ("P1", 2, "1.00")], "P1"),  # then the id
        ([("P1", 1, "1.00"), (None, 9, "9.00")], "P1"),  # lines of no product are none
        ([("P1", -1, "-1.00")], None),
    ],
)
def test_there_is_one_best_selling_product(lines: list[tuple[str | None, int, str]], best: str | None) -> None:
    sold = [line(f"r{n}", units, net, product_id=product) for n, (product, units, net) in enumerate(lines)]

    assert Measured(sold).day()["best_selling_product_id"] == best


def test_best_sellers_are_of_net_units() -> None:
    lines = [line("r1", 5, "5.00"), line("r2", -4, "-4.00"), line("r3", 2, "2.00", product_id="P2")]

    assert Measured(lines).day()["best_selling_product_id"] == "P2"


def test_margin_is_over_the_lines_with_known_cost() -> None:
    lines = [line("r1", 1, "6.00"), line("r2", 1, "2.00", product_id="P9"), line("r3", 1, "2.00", product_id=None)]

    day = Measured(lines, prices=[{"unit_cost": money(3)}]).day()

    assert (day["cost"], day["margin"], day["revenue"]) == (Decimal("3.00"), Decimal("3.00"), Decimal("10.00"))
    assert (day["margin_rate"], day["cost_known_share"]) == (0.5, 0.6)


def test_without_any_known_cost_margin_is_null_and_its_share_0() -> None:
    day = Measured([line("r1", product_id="P9")]).day()

    assert (day["cost"], day["margin"], day["margin_rate"], day["cost_known_share"]) == (None, None, None, 0.0)


def test_costs_in_another_currency_are_not_taken_off_revenue_and_said_to_be_unknown() -> None:
    stores = [{**SHOP, "currency": "PLN"}]

    day = Measured([line("r1", net="43.00")], ALL_COUNTED, prices=[{"unit_cost": money(6)}], stores=stores).day()

    assert (day["currency"], day["revenue"], day["cost_known_share"]) == ("PLN", Decimal("43.00"), 0.0)
    assert {day[name] for name in ("cost", "margin", "margin_rate", "margin_per_visitor")} == {None}


def test_a_closed_store_that_sold_has_a_row_that_says_so() -> None:
    day = Measured([line("r1")], [], hours=[{"open": False}]).day()

    assert (day["is_open"], day["open_hours"], day["revenue"], day["visitors"]) == (False, 0, Decimal("2.00"), None)


def test_a_closed_store_without_anything_has_no_row() -> None:
    assert Measured([], [], hours=[{"open": False}]).days().is_empty()


def test_a_store_of_unknown_hours_is_open_when_it_sold_counted_or_took_back() -> None:
    for lines, footfall in ([line("r1")], []), ([line("r1", -1, "-2.00")], []), ([], [counted(9, 5)]):
        assert Measured(lines, footfall, hours=UNKNOWN_HOURS).day()["is_open"] is True


def test_a_store_of_unknown_hours_without_anything_has_no_row() -> None:
    assert Measured([], [], hours=UNKNOWN_HOURS).days().is_empty()


def test_there_is_one_row_for_each_open_store_and_day_whatever_it_delivered() -> None:
    stores = [SHOP, {**SHOP, "store_id": "S2"}, {**SHOP, "store_id": "S3"}]
    tuesday = MONDAY + timedelta(days=1)
    openings = [
        {**NINE_TO_TWELVE[0], "store_id": store, "date": day} for store in ("S1", "S2") for day in (MONDAY, tuesday)
    ]

    found = Measured(
        [line("r1"), line("r1", store_id="S3")], [], stores=stores, hours=openings, dates=[MONDAY, tuesday]
    )

    assert found.days().select("date", "store_id", "transactions").rows() == [
        (MONDAY, "S1", 1),
        (MONDAY, "S2", 0),
        (MONDAY, "S3", 1),
        (tuesday, "S1", 0),
        (tuesday, "S2", 0),
    ]


def test_only_the_days_asked_for_are_made() -> None:
    openings = [{**NINE_TO_TWELVE[0], "date": MONDAY + timedelta(days=n)} for n in range(3)]

    assert Measured([], [], hours=openings).days()["date"].to_list() == [MONDAY]


@pytest.mark.parametrize(
    ("read_at", "finals"),
    [
        (datetime(2026, 1, 5, 14, 59, tzinfo=UTC), [False, False]),
        (datetime(2026, 1, 5, 15, 0, tzinfo=UTC), [False, True]),  # midnight in Tokyo
        (datetime(2026, 1, 5, 23, 0, tzinfo=UTC), [True, True]),  # midnight in Paris
        (None, [False, False]),  # no record
    ],
)
def test_a_day_is_final_when_it_was_over_where_the_store_is_before_its_deliveries_were_read(
    read_at: datetime | None, finals: list[bool]
) -> None:
    stores = [{**SHOP, "store_id": "paris"}, {**SHOP, "store_id": "tokyo", "timezone": "Asia/Tokyo"}]
    lines = [line("r1", store_id="paris"), line("r1", store_id="tokyo")]

    assert Measured(lines, stores=stores, hours=UNKNOWN_HOURS, read_at=read_at).days()["final"].to_list() == finals


def test_amounts_beyond_a_float_are_exact() -> None:
    lines = [line("r1", net="9007199254740993.01"), line("r2", net="0.01"), line("r3", net="0.01")]

    assert Measured(lines).day()["revenue"] == Decimal("9007199254740993.03")


lines_of_a_day = st.lists(
    st.builds(
        line,
        st.sampled_from(["r1", "r2", "r3"]),
        st.sampled_from([1, 2, 3]),
        st.sampled_from(["0.10", "0.20", "3.33"]),
        hour=st.sampled_from([None, 8, 9, 10]),
        product_id=st.sampled_from([None, "P1", "P2", "P3"]),
        channel=st.sampled_from(["store", "online"]),
        status=st.sampled_from(["completed", "cancelled"]),
        date=st.just(date(2026, 1, 5)),
    ),
    max_size=10,
)


@settings(max_examples=25, deadline=None)
@given(lines=lines_of_a_day, data=st.data())
def test_a_day_is_the_sum_of_its_lines_in_any_order(lines: list[dict[str, Any]], data: st.DataObject) -> None:
    day = Measured(lines, ALL_COUNTED).days()

    sold = [row for row in lines if row["status"] == "completed"]
    assert day["revenue"].to_list() == [sum((row["net_amount"] for row in sold), Decimal("0.00"))]
    assert day["units"].to_list() == [sum(row["quantity"] for row in sold)]
    assert day["transactions"].to_list() == [len({row["sale_id"] for row in sold})]
    numbered = [{"line_number": number, **row} for number, row in enumerate(lines, 1)]
    assert_frame_equal(Measured(data.draw(st.permutations(numbered)), ALL_COUNTED).days(), day)
