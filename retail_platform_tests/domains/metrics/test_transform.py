"""Hours and products of a store: the definitions of the measures, null where unknown."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from retail_platform_tests.domains.frames import MONDAY, money
from retail_platform_tests.domains.metrics.pipeline import NINE_TO_TWELVE, SHOP, Measured, counted, line

ALL_COUNTED = [counted(9, 10), counted(10, 20), counted(11, 10)]
ONLINE_SHOP = {**SHOP, "format": "online"}
UNKNOWN_HOURS: list[dict[str, Any]] = []


def hours(measured: Measured, *columns: str) -> list[tuple[Any, ...]]:
    return measured.hourly().select("hour", *columns).rows()


def test_an_open_hour_without_lines_has_0_and_without_count_an_unknown_number_of_visitors() -> None:
    found = Measured([line("r1", 2, "4.00", hour=10)], [counted(9, 5)])

    assert hours(found, "open", "transactions", "units", "revenue", "visitors", "visitors_complete") == [
        (9, True, 0, 0, 0, 5, True),
        (10, True, 1, 2, 4, None, False),
        (11, True, 0, 0, 0, None, False),
    ]


def test_what_a_source_does_not_have_is_null_in_every_hour() -> None:
    without_footfall, without_sales = Measured([line("r1")]), Measured(footfall=[counted(9, 5)])

    assert set(hours(without_footfall, "visitors", "visitors_complete")) == {(h, None, None) for h in (9, 10, 11)}
    assert {row[1:] for row in hours(without_sales, "transactions", "units", "revenue")} == {(None, None, None)}


def test_sales_of_a_day_that_state_no_time_are_unknown_in_every_hour_and_kept_without_one() -> None:
    lines = [line("r1", 2, "40.00", hour=None), line("r2", net="60.00", hour=None, channel="online")]

    found = Measured(lines, [*ALL_COUNTED, counted(20, 3)])

    assert hours(found, "transactions", "store_transactions", "units", "revenue") == [
        (None, 2, 1, 3, Decimal("100.00")),
        *((hour, None, None, None, None) for hour in (9, 10, 11, 20)),
    ]


def test_an_hour_without_lines_has_0_where_some_of_the_day_state_their_time() -> None:
    found = Measured([line("r1", hour=None), line("r2", hour=10)])

    assert hours(found, "transactions", "units") == [(None, 1, 1), (9, 0, 0), (10, 1, 1), (11, 0, 0)]


@pytest.mark.parametrize("lines", [[], [line("r1", hour=None, status="cancelled")]])
def test_the_hours_of_a_day_that_sold_nothing_have_0(lines: list[dict[str, Any]]) -> None:
    assert hours(Measured(lines), "transactions", "revenue") == [(hour, 0, 0) for hour in (9, 10, 11)]


def test_hours_are_unknown_of_the_stores_and_days_alone_that_state_no_time() -> None:
    stores = [SHOP, {**SHOP, "store_id": "S2"}]
    openings = [{**NINE_TO_TWELVE[0], "store_id": store} for store in ("S1", "S2")]
    lines = [line("r1", hour=None), line("r1", store_id="S2", hour=10)]

    found = Measured(lines, stores=stores, hours=openings).hourly()

    assert found.filter(store_id="S2")["transactions"].to_list() == [0, 1, 0]


def test_hours_outside_opening_hours_show_and_are_not_open() -> None:
    found = Measured([line("r1", hour=8)], [*ALL_COUNTED, counted(20, 3)])

    assert [(row[0], row[1]) for row in hours(found, "open")] == [
        (8, False),
        (9, True),
        (10, True),
        (11, True),
        (20, False),
    ]


def test_where_hours_are_unknown_those_with_data_are_open() -> None:
    closed = counted(13, 0, sensors_ok=0, sensors_total=0)

    found = Measured(
        [line("r1", hour=8), line("r2", -1, "-2.00", hour=7)], [counted(9, 0), closed], hours=UNKNOWN_HOURS
    )

    assert hours(found, "open") == [(7, True), (8, True), (9, True), (13, False)]


def test_an_hour_is_complete_when_it_was_counted_or_estimated() -> None:
    footfall = [
        counted(9, None, sensors_ok=1, sensors_total=2),
        counted(10, 5, sensors_ok=1, sensors_total=2, imputed_share=0.4),
        counted(11, 5),
    ]

    assert hours(Measured(footfall=footfall), "visitors_complete", "imputed_visitors") == [
        (9, False, None),
        (10, True, 2.0),
        (11, True, 0.0),
    ]


def test_an_online_store_has_no_doors_to_be_complete() -> None:
    found = Measured([line("r1", channel="online")], [], stores=[ONLINE_SHOP])

    assert {row[1:] for row in hours(found, "visitors", "visitors_complete")} == {(None, None)}


def test_cost_is_net_units_times_the_cost_in_force_on_the_date() -> None:
    prices = [
        {"unit_cost": money("1.10"), "valid_to": MONDAY - timedelta(days=1)},
        {"unit_cost": money("1.25"), "valid_from": MONDAY},
    ]

    row = Measured([line("r1", 3, "6.00"), line("r2", -1, "-2.00")], prices=prices).products().row(0, named=True)

    assert (row["unit_cost"], row["cost"], row["margin"]) == (Decimal("1.25"), Decimal("2.50"), Decimal("1.50"))
    assert row["margin_rate"] == pytest.approx(0.375)


def test_cost_and_margin_of_an_unknown_product_are_null() -> None:
    row = Measured([line("r1")]).products().row(0, named=True)

    assert (row["cost"], row["margin"], row["margin_rate"], row["revenue"]) == (None, None, None, Decimal("2.00"))


def test_cost_of_a_store_that_trades_in_another_currency_than_the_prices_is_unknown() -> None:
    stores = [SHOP, {**SHOP, "store_id": "S2", "currency": "PLN"}]
    lines = [line("r1", net="10.00"), line("r1", net="43.00", store_id="S2"), line("r1", net="9.00", store_id="S9")]

    found = Measured(lines, prices=[{"unit_cost": money(6)}], stores=stores).products()

    assert found.select("store_id", "revenue", "unit_cost", "cost", "margin", "margin_rate").rows() == [
        ("S1", Decimal("10.00"), Decimal("6.00"), Decimal("6.00"), Decimal("4.00"), 0.4),
        ("S2", Decimal("43.00"), None, None, None, None),
        ("S9", Decimal("9.00"), None, None, None, None),  # not among the stores: in what it trades is not known
    ]


def test_a_product_that_was_only_cancelled_or_returned_has_no_transactions() -> None:
    found = Measured([line("r1", status="cancelled"), line("r2", -1, "-2.00", product_id="P2")]).products()

    assert found.select("product_id", "transactions", "units", "returns", "revenue", "cancelled_lines").rows() == [
        ("P1", 0, 0, 0, Decimal("0.00"), 1),
        ("P2", 0, -1, 1, Decimal("-2.00"), 0),
    ]


def test_tax_and_freight_that_no_line_states_are_null() -> None:
    found = Measured([line("r1", tax_amount=money("0.20"))]).products()

    assert found.select("tax_amount", "freight_amount").rows() == [(Decimal("0.20"), None)]
