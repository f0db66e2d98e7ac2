"""What a product costs on a day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_platform.domains.products.contract import Product, ProductPrice
from retail_platform.domains.products.transform import open_ended_prices, with_unit_cost
from retail_platform_tests.domains.frames import frame, money


def day(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number - 1)


def price(cost: int | None, first: int, last: int | None, product_id: str = "P1") -> dict[str, Any]:
    return {
        "product_id": product_id,
        "unit_cost": money(cost),
        "valid_from": day(first),
        "valid_to": None if last is None else day(last),
    }


def costs(*prices: dict[str, Any], on: list[int], product_id: str | None = "P1") -> list[int | None]:
    rows = pl.DataFrame({"date": [day(number) for number in on], "product_id": [product_id] * len(on)})
    rows = rows.with_columns(pl.col("product_id").cast(pl.String))
    found = with_unit_cost(rows.lazy(), frame(ProductPrice, *prices).lazy()).sort("date").collect()
    assert found.columns == ["date", "product_id", "unit_cost"]
    assert found.height == len(on)
    return [None if cost is None else int(cost) for cost in found["unit_cost"]]


def test_both_ends_of_a_price_are_inclusive() -> None:
    assert costs(price(5, 3, 6), on=[2, 3, 6, 7]) == [None, 5, 5, None]


def test_an_open_end_holds_for_ever() -> None:
    assert costs(price(5, 3, None), on=[3, 3000]) == [5, 5]


def test_prices_follow_each_other() -> None:
    assert costs(price(5, 1, 4), price(6, 5, None), on=[4, 5]) == [5, 6]


def test_in_a_gap_the_cost_is_unknown() -> None:
    assert costs(price(5, 1, 4), price(6, 8, 9), on=[4, 5, 7, 8]) == [5, None, None, 6]


def test_of_two_that_overlap_the_later_one_holds() -> None:
    assert costs(price(5, 1, 5), price(6, 5, 9), on=[4, 5, 6]) == [5, 6, 6]


def test_after_a_price_within_another_the_outer_one_holds_again() -> None:
    assert costs(price(5, 1, None), price(4, 10, 12), price(3, 20, 22), on=[9, 10, 12, 13, 20, 23]) == [
        5,
        4,
        4,
        5,
        3,
        5,
    ]


def test_an_unknown_cost_hides_an_earlier_one() -> None:
    assert costs(price(5, 1, None), price(None, 3, 4), on=[2, 3, 5]) == [5, None, 5]


def test_prices_of_other_products_and_no_product_do_not_matter() -> None:
    assert costs(price(5, 1, None, "P2"), on=[2]) == [None]
    assert costs(price(5, 1, None), on=[2], product_id=None) == [None]


def test_without_prices_every_cost_is_unknown() -> None:
    assert costs(on=[1, 2]) == [None, None]


def test_a_source_without_history_has_one_price_since_ever() -> None:
    products = frame(Product, {"product_id": "P1", "unit_price": money(9), "unit_cost": money(5), "copies": 2})

    prices = open_ended_prices(products.lazy()).collect()

    ProductPrice.validate(prices)
    assert prices.select("unit_price", "unit_cost", "valid_to", "copies").rows() == [
        (Decimal("9.00"), Decimal("5.00"), None, 1)
    ]
    assert prices["valid_from"][0] < date(1901, 1, 1)


histories = st.lists(
    st.tuples(st.sampled_from(["P1", "P2"]), st.integers(1, 12), st.none() | st.integers(0, 8)),
    max_size=8,
    unique_by=lambda period: period[:2],
)


@settings(max_examples=80, deadline=None)
@given(histories)
def test_the_latest_price_that_covers_the_day_holds(periods: list[tuple[str, int, int | None]]) -> None:
    prices = [
        price(cost, first, None if length is None else first + length, product_id)
        for cost, (product_id, first, length) in enumerate(periods)
    ]
    numbers = list(range(1, 24))

    def expected(number: int) -> int | None:
        covering = [
            (first, cost)
            for cost, (product_id, first, length) in enumerate(periods)
            if product_id == "P1" and first <= number and (length is None or number <= first + length)
        ]
        return max(covering)[1] if covering else None

    assert costs(*prices, on=numbers) == [expected(number) for number in numbers]
