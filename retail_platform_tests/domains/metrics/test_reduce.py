"""Sums and counts of lines and readings: exact, the same in any order and on any engine."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform.domains.engine import reduced
from retail_platform.domains.metrics import reduce
from retail_platform_tests.domains.frames import MONDAY, money
from retail_platform_tests.domains.metrics.pipeline import line, sale_lines

Reducer = Callable[[nw.LazyFrame], nw.LazyFrame]
REDUCERS = [reduce.product_sums, reduce.product_transactions, reduce.hourly_sums, reduce.hourly_transactions]


def on_polars(rows: pl.DataFrame, reducer: Reducer) -> pl.DataFrame:
    return reduced(reducer(nw.from_native(rows.lazy()))).collect()


def on_duckdb(rows: pl.DataFrame, reducer: Reducer) -> pl.DataFrame:
    plain = rows.with_columns(pl.col(pl.Enum).cast(pl.String))
    with duckdb.connect() as connection:
        connection.register("sale_lines", plain.to_arrow())
        return reduced(reducer(nw.from_native(connection.sql("SELECT * FROM sale_lines")))).collect()


def products(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    return on_polars(sale_lines(lines), reduce.product_sums).sort("product_id").to_dicts()


def test_only_completed_lines_are_summed_and_cancelled_ones_counted_apart() -> None:
    [p1] = products(line("r1", 3, "6.00"), line("r2", 5, "9.99", status="cancelled"))

    assert (p1["units"], p1["revenue"]) == (3, Decimal("6.00"))
    assert (p1["cancelled_lines"], p1["cancelled_amount"]) == (1, Decimal("9.99"))


def test_returns_are_negative_in_units_and_revenue_and_positive_by_themselves() -> None:
    [p1] = products(line("r1", 3, "6.00"), line("r2", -2, "-4.00"))

    assert (p1["units"], p1["revenue"], p1["returns"]) == (1, Decimal("2.00"), 2)


def test_a_cancelled_return_is_no_return() -> None:
    [p1] = products(line("r1", -2, "-4.00", status="cancelled"))

    assert (p1["returns"], p1["units"], p1["cancelled_amount"]) == (0, 0, Decimal("-4.00"))


def test_lines_that_state_tax_and_freight_are_counted() -> None:
    [p1] = products(
        line("r1", tax_amount=money("0.40"), freight_amount=money(5)),
        line("r2", tax_amount=money("0.10")),
        line("r3", tax_amount=money(9), status="cancelled"),
    )

    assert (p1["tax_amount"], p1["tax_lines"]) == (Decimal("0.50"), 2)
    assert (p1["freight_amount"], p1["freight_lines"]) == (Decimal("5.00"), 1)


def test_lines_that_name_no_product_are_summed_together() -> None:
    assert [row["units"] for row in products(line("r1", product_id=None), line("r2", product_id=None))] == [2]


def test_a_receipt_of_several_lines_and_hours_is_one_transaction_in_its_first_hour() -> None:
    rows = sale_lines([line("r1", hour=11), line("r1", hour=10), line("r1", -1, "-2.00", hour=9), line("r2", hour=11)])

    found = on_polars(rows, reduce.hourly_transactions).sort("hour")

    assert found.select("hour", "transactions").rows() == [(10, 1), (11, 1)]


def test_a_receipt_of_returns_or_cancelled_lines_alone_is_no_transaction() -> None:
    rows = sale_lines([line("r1", -1, "-2.00"), line("r2", status="cancelled"), line("r3"), line("r3", -1, "-2.00")])

    assert on_polars(rows, reduce.hourly_transactions)["transactions"].to_list() == [1]
    assert on_polars(rows, reduce.product_transactions)["transactions"].to_list() == [1]


def test_a_receipt_of_both_channels_is_of_the_store() -> None:
    rows = sale_lines([line("r1", channel="online"), line("r1", channel="store"), line("r2", channel="online")])

    found = on_polars(rows, reduce.hourly_transactions).sort("channel")

    assert found.select("channel", "transactions").rows() == [("online", 1), ("store", 1)]


def test_one_number_in_two_stores_or_on_two_days_is_two_receipts() -> None:
    rows = sale_lines([line("r1"), line("r1", store_id="S2"), line("r1", date=MONDAY + timedelta(days=1))])

    assert on_polars(rows, reduce.hourly_transactions)["transactions"].to_list() == [1, 1, 1]


def test_lines_without_a_time_have_an_hour_of_their_own() -> None:
    rows = sale_lines([line("r1", hour=None), line("r2", hour=9)])

    assert on_polars(rows, reduce.hourly_sums).sort("hour").select("hour", "units").rows() == [(None, 1), (9, 1)]


def test_sums_of_money_are_exact() -> None:
    rows = sale_lines([line(f"r{n}", net="0.10") for n in range(30)])

    [revenue] = on_polars(rows, reduce.hourly_sums)["revenue"].to_list()

    assert revenue == Decimal("3.00")


any_lines = st.lists(
    st.fixed_dictionaries(
        {
            "sale_id": st.sampled_from(["r1", "r2", "r3"]),
            "store_id": st.sampled_from(["S1", "S2"]),
            "hour": st.sampled_from([None, 9, 10]),
            "channel": st.sampled_from(["store", "online"]),
            "status": st.sampled_from(["completed", "cancelled"]),
            "product_id": st.sampled_from([None, "P1", "P2"]),
            "quantity": st.sampled_from([-2, -1, 1, 2, 3]),
            "net_amount": st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100),
            "discount": st.integers(0, 500).map(lambda cents: Decimal(cents) / 100),
            "tax_amount": st.none() | st.integers(0, 500).map(lambda cents: Decimal(cents) / 100),
        }
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(lines=any_lines, data=st.data())
def test_sums_do_not_depend_on_the_order_of_lines(lines: list[dict[str, Any]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(lines))

    for reducer in REDUCERS:
        expected = on_polars(sale_lines(lines), reducer)
        assert_frame_equal(on_polars(sale_lines(shuffled), reducer), expected, check_row_order=False)


@settings(max_examples=15, deadline=None)
@given(lines=any_lines)
def test_another_engine_gives_equal_sums_of_lines(lines: list[dict[str, Any]]) -> None:
    rows = sale_lines(lines)

    for reducer in REDUCERS:
        expected = on_polars(rows, reducer)
        found = on_duckdb(rows, reducer).cast(expected.schema)
        assert_frame_equal(found.select(expected.columns), expected, check_row_order=False)
