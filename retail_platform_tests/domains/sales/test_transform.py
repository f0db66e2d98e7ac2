"""What a delivered line becomes: number, amount, instant, channel, flags."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from retail_platform.domains.sales.contract import Sale, SaleDelivery
from retail_platform.domains.sales.transform import sale_lines
from retail_platform.domains.stores.contract import Store
from retail_platform_tests.domains.frames import MONDAY, frame, money

STORES = frame(
    Store,
    {"store_id": "paris", "timezone": "Europe/Paris"},
    {"store_id": "tokyo", "timezone": "Asia/Tokyo"},
    {"store_id": "web", "timezone": "Europe/Paris", "format": "online"},
    {"store_id": "new york", "timezone": "America/New_York"},
    format="shop",
)


def completed(*lines: dict[str, Any], stores: pl.DataFrame = STORES) -> pl.DataFrame:
    common = {"date": MONDAY, "store_id": "paris", "sale_id": "r1", "quantity": 1, "unit_price": money(2)}
    delivered = frame(SaleDelivery, *lines, **common)
    return sale_lines(delivered.lazy(), stores, pl.Series(["C1"]), pl.Series(["P1"])).collect()


def test_lines_are_numbered_in_the_order_delivered_within_their_sale() -> None:
    lines = completed({}, {"sale_id": "r2"}, {}, {"store_id": "tokyo"}, {})

    assert lines["line_number"].to_list() == [1, 1, 2, 1, 3]


def test_the_sources_own_numbers_stay() -> None:
    assert completed({"line_number": 7}, {"line_number": 3})["line_number"].to_list() == [7, 3]


def test_lines_without_a_number_come_after_those_with_one() -> None:
    lines = completed({}, {"line_number": 1}, {}, {"line_number": 4}, {"sale_id": "r2"})

    assert lines["line_number"].to_list() == [5, 1, 6, 4, 1]


@pytest.mark.parametrize(
    ("line", "net"),
    [
        ({"quantity": 3, "unit_price": money("1.99")}, "5.97"),
        ({"quantity": 3, "unit_price": money("1.99"), "discount": money("0.50")}, "5.47"),
        ({"quantity": -2, "unit_price": money("1.99")}, "-3.98"),
        ({"quantity": -2, "unit_price": money("1.99"), "discount": money("-0.50")}, "-3.48"),
        ({"quantity": 3, "unit_price": money("1.99"), "net_amount": money("5.96")}, "5.96"),
        ({"quantity": 1, "unit_price": None, "net_amount": money("4.00")}, "4.00"),
        ({"quantity": 1, "unit_price": money("4.00"), "discount": money("4.00")}, "0.00"),
    ],
)
def test_net_amount_is_as_delivered_else_derived(line: dict[str, Any], net: str) -> None:
    assert completed(line)["net_amount"].to_list() == [Decimal(net)]


def test_without_price_and_amount_there_is_no_net_amount() -> None:
    assert completed({"unit_price": None})["net_amount"].to_list() == [None]


@pytest.mark.parametrize(
    ("quantity", "net", "good"),
    [(1, "2.00", True), (1, "0.00", True), (1, "-2.00", False), (-1, "-2.00", True), (-1, "2.00", False)],
)
def test_an_amount_has_the_sign_of_its_quantity(quantity: int, net: str, good: bool) -> None:
    lines = completed({"quantity": quantity, "unit_price": None, "net_amount": money(net)})

    assert Sale.is_valid(lines.with_columns(copies=pl.lit(1, dtype=pl.Int64)), cast=True) is good


@pytest.mark.parametrize(
    ("quantity", "net", "good"), [(3, "6.03", True), (3, "6.04", False), (3, "5.97", True), (-3, "-6.03", True)]
)
def test_a_stated_amount_agrees_with_the_price_to_a_cent_a_unit(quantity: int, net: str, good: bool) -> None:
    lines = completed({"quantity": quantity, "net_amount": money(net)})

    assert Sale.is_valid(lines.with_columns(copies=pl.lit(1, dtype=pl.Int64)), cast=True) is good


def test_a_line_is_completed_unless_it_says_otherwise() -> None:
    assert completed({}, {"status": "cancelled"})["status"].to_list() == ["completed", "cancelled"]


def test_the_channel_is_that_of_the_stores_format_unless_stated() -> None:
    lines = completed({}, {"store_id": "web"}, {"channel": "online"}, {"store_id": "web", "channel": "store"})

    assert lines["channel"].to_list() == ["store", "online", "online", "store"]


def test_a_store_without_format_sells_in_the_store() -> None:
    stores = frame(Store, {"store_id": "paris", "timezone": "Europe/Paris"})

    assert completed({}, stores=stores)["channel"].to_list() == ["store"]


@pytest.mark.parametrize(
    ("store", "wall", "instant"),
    [
        ("paris", datetime(2026, 1, 5, 10, 30), datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("paris", datetime(2026, 7, 5, 10, 30), datetime(2026, 7, 5, 8, 30, tzinfo=UTC)),
        ("tokyo", datetime(2026, 1, 5, 8, 30), datetime(2026, 1, 4, 23, 30, tzinfo=UTC)),
        ("new york", datetime(2026, 1, 5, 23, 30), datetime(2026, 1, 6, 4, 30, tzinfo=UTC)),
        ("paris", datetime(2026, 3, 29, 1, 59), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("paris", datetime(2026, 3, 29, 2, 30), None),  # the clock was set forward over it
        ("paris", datetime(2026, 3, 29, 3, 0), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("paris", datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the earlier of two
        ("paris", datetime(2026, 10, 25, 3, 0), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        ("new york", datetime(2026, 11, 1, 1, 30), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("paris", None, None),
    ],
)
def test_wall_times_become_instants_in_the_zone_of_their_store(
    store: str, wall: datetime | None, instant: datetime | None
) -> None:
    lines = completed({"store_id": store, "sold_at": wall})

    assert lines["sold_at"].to_list() == [instant]
    assert lines["hour"].to_list() == [None if wall is None else wall.hour]


def test_lines_of_stores_in_several_zones_are_converted_each_in_its_own() -> None:
    noon = datetime(2026, 7, 5, 12)

    lines = completed(*({"store_id": store, "sold_at": noon} for store in ("tokyo", "paris", "new york")))

    assert lines["sold_at"].dt.hour().to_list() == [3, 10, 16]
    assert lines["hour"].to_list() == [12, 12, 12]


def test_names_that_nobody_knows_are_flagged() -> None:
    lines = completed({"client_id": "C1", "product_id": "P1"}, {"client_id": "C9", "product_id": "P9"}, {})

    assert lines.select("client_known", "product_known").rows() == [(True, True), (False, False), (None, None)]


def test_where_the_source_has_no_clients_none_is_called_unknown() -> None:
    delivered = frame(SaleDelivery, {"date": MONDAY, "store_id": "paris", "client_id": "C1", "product_id": "P1"})

    lines = sale_lines(delivered.lazy(), STORES, None, None).collect()

    assert lines.select("client_known", "product_known").rows() == [(None, None)]


def test_lines_stay_in_order_also_of_stores_nobody_knows() -> None:
    lines = completed({"store_id": "nowhere"}, {"store_id": "tokyo"}, {"store_id": "paris"})

    assert lines["store_id"].to_list() == ["nowhere", "tokyo", "paris"]
