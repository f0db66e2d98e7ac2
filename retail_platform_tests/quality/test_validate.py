"""No delivered row is lost: it is accepted, quarantined with reasons, or a counted duplicate."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform.domains.clients.contract import Client, ClientDelivery
from retail_platform.domains.footfall.contract import FootfallDelivery, FootfallReading
from retail_platform.domains.sales.contract import Sale, SaleDelivery
from retail_platform.domains.sales.transform import sale_lines
from retail_platform.domains.stores.contract import Store
from retail_platform.quality.validate import CONFLICT, REASONS, Validated, conflicts, validate
from retail_platform_tests.domains.frames import frame, text

STORES = frame(Store, {"store_id": "S1"}, {"store_id": "S2"}, format="shop", timezone="Europe/Paris", currency="EUR")
LINE = {"date": "2026-01-05", "store_id": "S1", "sale_id": "r1", "quantity": "1", "unit_price": "2.00"}
CLIENTS, PRODUCTS = pl.Series(["C1"]), pl.Series(["P1", "P2"])


def judged(delivered: pl.DataFrame, **options: Any) -> Validated:
    """Sale lines, judged."""
    return validate(
        delivered,
        delivery=SaleDelivery,
        contract=Sale,
        derive=lambda rows: sale_lines(rows, STORES, CLIENTS, PRODUCTS),
        known={"store_id": STORES["store_id"]},
        **options,
    )


def lines(*rows: dict[str, str | None]) -> pl.DataFrame:
    return text(SaleDelivery, *rows, **LINE)


def clients(*rows: dict[str, str | None], **options: Any) -> Validated:
    return validate(
        text(ClientDelivery, *rows), delivery=ClientDelivery, contract=Client, identity=["client_id"], **options
    )


def reasons(verdict: Validated) -> list[list[str]]:
    return verdict.quarantined[REASONS].to_list()


def test_a_good_row_is_accepted_with_its_types() -> None:
    verdict = judged(lines({"sold_at": "2026-01-05T10:20", "quantity": "2.0", "discount": "0.5"}))

    row = verdict.accepted.row(0, named=True)
    assert verdict.quarantined.is_empty()
    assert (row["date"], row["quantity"], row["net_amount"]) == (date(2026, 1, 5), 2, Decimal("3.50"))
    assert (row["line_number"], row["hour"], row["copies"]) == (1, 10, 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"quantity": "1.5"}, "quantity|dtype"),
        ({"quantity": "abc"}, "quantity|dtype"),
        ({"quantity": None}, "quantity|nullability"),
        ({"quantity": "0"}, "something_was_sold"),
        ({"quantity": "1000001"}, "quantity|max"),
        ({"unit_price": "1e400"}, "unit_price|dtype"),
        ({"unit_price": "NaN"}, "unit_price|dtype"),
        ({"unit_price": "-1", "net_amount": "1"}, "unit_price|min"),
        ({"unit_price": None}, "net_amount|nullability"),
        ({"net_amount": "-2.00"}, "amount_has_the_sign_of_the_quantity"),
        ({"net_amount": "5.00"}, "amounts_agree"),
        ({"unit_price": "9999999999999999.99"}, "amounts_can_be_summed"),
        ({"tax_amount": "-9999999999999999.99"}, "amounts_can_be_summed"),
        ({"sold_at": "yesterday"}, "sold_at|dtype"),
        ({"status": "frozen"}, "status|dtype"),
        ({"channel": "web"}, "channel|dtype"),
        ({"sale_id": ""}, "sale_id|nullability"),
        ({"sale_id": " "}, "sale_id|nullability"),
        ({"store_id": ""}, "store_id|nullability"),
        ({"sale_id": None}, "sale_id|nullability"),
        ({"store_id": "S9"}, "store_id|unknown"),
        ({"store_id": " S1"}, "store_id|unknown"),
        ({"line_number": "0"}, "line_number|min"),
        ({"date": None}, "date|nullability"),
    ],
)
def test_a_bad_row_says_why(change: dict[str, str | None], why: str) -> None:
    verdict = judged(lines(change))

    assert verdict.accepted.is_empty()
    assert why in verdict.quarantined[REASONS][0]


def test_what_did_not_cast_is_not_called_null_as_well() -> None:
    verdict = clients({"client_id": "C1", "age": "old", "birth_year": "1.5"})

    assert reasons(verdict) == [["age|dtype", "birth_year|dtype"]]


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "1000000", "unit_price": "9999999999999999.99"},
        {"quantity": "9223372036854775807", "unit_price": "9999999999999999.99"},
        {"quantity": "-9223372036854775808"},
        {"quantity": "-9223372036854775808", "net_amount": "-1"},
        {"unit_price": "9999999999999999.99", "discount": "-9999999999999999.99"},
        {"sold_at": "0000-01-01 00:00"},
    ],
)
def test_absurd_numbers_reject_their_row_and_no_other(change: dict[str, str | None]) -> None:
    verdict = judged(lines(change, {"sale_id": "r2"}))

    assert verdict.accepted["sale_id"].to_list() == ["r2"]
    assert verdict.quarantined.height == 1


def test_quarantined_rows_are_as_delivered() -> None:
    delivered = lines({"quantity": " 1.5 ", "client_id": "a\x00b", "sold_at": "never"}, {"store_id": "S9"})

    verdict = judged(delivered)

    assert_frame_equal(verdict.quarantined.select(delivered.columns), delivered)


def test_all_rows_bad() -> None:
    verdict = judged(lines(*({"quantity": "none"} for _ in range(3))))

    assert (verdict.accepted.height, verdict.quarantined.height) == (0, 3)
    assert verdict.accepted.schema == pl.Schema(Sale)


def test_an_empty_delivery_gives_empty_typed_tables() -> None:
    verdict = judged(lines(), identity=["sale_id"])

    assert (verdict.accepted.height, verdict.quarantined.height, verdict.duplicates) == (0, 0, 0)
    assert verdict.accepted.schema == pl.Schema(Sale)
    assert verdict.quarantined.schema[REASONS] == pl.List(pl.String)


def test_a_column_that_was_not_delivered_at_all_is_null() -> None:
    delivered = lines({}).with_columns(pl.lit(None).alias("sold_at"))

    assert judged(delivered).accepted["sold_at"].to_list() == [None]


def test_unknown_products_and_clients_stay_with_a_flag() -> None:
    verdict = judged(lines({"product_id": "P9", "client_id": "C9"}, {"product_id": "P1", "client_id": "C1"}, {}))

    assert verdict.accepted["product_known"].to_list() == [False, True, None]
    assert verdict.accepted["client_known"].to_list() == [False, True, None]


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_blank_text_is_absent(blank: str | None) -> None:
    verdict = judged(lines({name: blank for name in ("status", "channel", "client_id", "product_id", "promotion_id")}))

    row = verdict.accepted.row(0, named=True)
    assert (row["status"], row["channel"]) == ("completed", "store")
    assert (row["client_id"], row["client_known"], row["product_id"], row["product_known"]) == (None,) * 4
    assert row["promotion_id"] is None


def test_equal_rows_with_an_identity_are_duplicates_and_counted() -> None:
    verdict = judged(lines({}, {"sale_id": "r2"}, {}, {}), identity=["sale_id"])

    assert verdict.accepted.select("sale_id", "copies").rows() == [("r1", 3), ("r2", 1)]
    assert verdict.duplicates == 2


def test_equal_rows_without_an_identity_are_two_sales() -> None:
    verdict = judged(lines({}, {}))

    assert verdict.accepted.select("line_number", "copies").rows() == [(1, 1), (2, 1)]


def test_line_numbers_are_given_after_duplicates_are_out() -> None:
    sandwich, water = {"product_id": "P1"}, {"product_id": "P2"}

    verdict = judged(lines(sandwich, sandwich, water), identity=["sale_id", "product_id"])

    assert verdict.accepted.select("product_id", "line_number").rows() == [("P1", 1), ("P2", 2)]


@pytest.mark.parametrize("absent", [None, "", " "])
def test_rows_without_identity_value_are_never_duplicates(absent: str | None) -> None:
    verdict = clients({"client_id": absent}, {"client_id": absent})

    assert verdict.quarantined["copies"].to_list() == [1, 1]
    assert all("client_id|nullability" in why for why in reasons(verdict))


def test_one_identity_with_two_contents_is_a_conflict_of_all() -> None:
    verdict = clients(
        {"client_id": "C1", "city": "Lyon"}, {"client_id": "C1", "city": "Nice"}, {"client_id": "C1", "city": "Lyon"}
    )

    assert verdict.accepted.is_empty()
    assert verdict.quarantined.select("city", "copies", REASONS).rows() == [
        ("Lyon", 2, ["identity|conflict"]),
        ("Nice", 1, ["identity|conflict"]),
    ]


@pytest.mark.parametrize("ordered_by", [None, "created_on"])
def test_conflicts_are_the_rows_that_would_be_quarantined_for_one(ordered_by: str | None) -> None:
    rows: list[dict[str, str | None]] = [
        {"client_id": "C1", "city": "Lyon"},
        {"client_id": "C2", "created_on": "2026-01-01"},
        {"client_id": "C1", "city": "Nice"},
        {"client_id": "C2", "created_on": "2026-01-09"},
        {"client_id": "C1", "city": "Lyon"},
        {"client_id": None, "city": "Lyon"},
        {"client_id": None, "city": "Nice"},
    ]

    found = conflicts(
        text(ClientDelivery, *rows), delivery=ClientDelivery, identity=["client_id"], ordered_by=ordered_by
    )

    quarantined = clients(*rows, ordered_by=ordered_by).quarantined
    assert_frame_equal(found, quarantined.filter(pl.col(REASONS).list.contains(CONFLICT)).drop(REASONS))
    assert found.height == (4 if ordered_by is None else 2)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_newest_row_of_an_identity_supersedes_the_others(order: tuple[int, ...]) -> None:
    versions: list[dict[str, str | None]] = [
        {"client_id": "C1", "created_on": "2026-01-01"},
        {"client_id": "C1", "created_on": None},
        {"client_id": "C1", "created_on": "2026-01-09"},
    ]

    verdict = clients(*(versions[index] for index in order), ordered_by="created_on")

    assert verdict.accepted["created_on"].to_list() == [date(2026, 1, 9)]
    assert reasons(verdict) == [["identity|superseded"]] * 2


def test_order_is_that_of_the_values_not_of_their_text() -> None:
    verdict = clients({"client_id": "C1", "birth_year": "1990", "age": "9"}, {"client_id": "C1", "age": "10"})
    by_age = clients({"client_id": "C1", "age": "9"}, {"client_id": "C1", "age": "10"}, ordered_by="age")

    assert verdict.accepted.is_empty()
    assert by_age.accepted["age"].to_list() == [10]


@pytest.mark.parametrize("newest", ["2026-01-09", None])
def test_a_tie_of_the_newest_is_a_conflict(newest: str | None) -> None:
    verdict = clients(
        {"client_id": "C1", "created_on": newest, "city": "Lyon"},
        {"client_id": "C1", "created_on": newest, "city": "Nice"},
        ordered_by="created_on",
    )

    assert verdict.accepted.is_empty()
    assert reasons(verdict) == [["identity|conflict"]] * 2


def test_a_superseding_row_that_is_bad_leaves_none() -> None:
    verdict = clients(
        {"client_id": "C1", "created_on": "2026-01-01"},
        {"client_id": "C1", "created_on": "2026-01-09", "age": "200"},
        ordered_by="created_on",
    )

    assert verdict.accepted.is_empty()
    assert reasons(verdict) == [["identity|superseded"], ["age|max"]]


def test_a_key_of_the_contract_that_repeats_rejects_all_of_it() -> None:
    verdict = judged(lines({"line_number": "1"}, {"line_number": "1", "quantity": "2"}))

    assert reasons(verdict) == [["primary_key"]] * 2


def test_a_negative_or_absurd_count_is_rejected() -> None:
    hour = {"date": "2026-01-05", "store_id": "S1", "sensor_id": "D1"}
    verdict = validate(
        text(FootfallDelivery, *({"hour": str(n), "visitors": v} for n, v in enumerate(["-1", "1000001", "3.5", "7"]))),
        delivery=FootfallDelivery,
        contract=FootfallReading,
        derive=lambda rows: rows.with_columns(
            date=pl.lit(date(2026, 1, 5)),
            store_id=pl.lit(hour["store_id"]),
            sensor_id=pl.lit(hour["sensor_id"]),
            status=pl.lit("ok"),
        ),
    )

    assert verdict.accepted["visitors"].to_list() == [7]
    assert reasons(verdict) == [["visitors|min"], ["visitors|max"], ["visitors|dtype", "working_sensor_has_a_count"]]


odd = st.one_of(
    st.none(),
    st.sampled_from(
        ["", " ", "1", "2", "-1", "0", "3.0", "1.5", "1e400", "NaN", "inf", "9" * 25, "-9223372036854775808"]
    ),
    st.text(max_size=6),
)
delivered_rows = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.sampled_from(["2026-01-05", None]),
            "store_id": st.sampled_from(["S1", "S2", "S9", "", None]),
            "sale_id": st.sampled_from(["r1", "r2", "", None]) | st.text(max_size=3),
            "line_number": st.sampled_from([None, "1", "2"]) | odd,
            "quantity": st.sampled_from(["1", "-1", "2"]) | odd,
            "unit_price": st.sampled_from(["2.00", "9999999999999999.99"]) | odd,
            "net_amount": st.sampled_from([None, "2.00"]) | odd,
            "sold_at": st.sampled_from([None, "2026-03-29 02:30", "2026-10-25 02:30:00"]) | odd,
            "status": st.sampled_from([None, "completed", "cancelled"]) | odd,
            "product_id": odd,
        }
    ),
    max_size=12,
)


@settings(max_examples=50, deadline=None)
@given(
    rows=delivered_rows,
    repeat=st.integers(0, 3),
    identity=st.sampled_from([[], ["sale_id"], ["store_id", "sale_id", "line_number"]]),
    ordered_by=st.sampled_from([None, "sold_at", "quantity"]),
)
def test_no_row_is_lost(
    rows: list[dict[str, str | None]], repeat: int, identity: list[str], ordered_by: str | None
) -> None:
    delivered = text(SaleDelivery, *rows, *rows[:repeat])

    verdict = judged(delivered, identity=identity, ordered_by=ordered_by)

    copies = verdict.accepted["copies"].sum() + verdict.quarantined["copies"].sum()
    assert copies == delivered.height
    assert verdict.accepted.height + verdict.quarantined.height + verdict.duplicates == delivered.height
    Sale.validate(verdict.accepted)
    assert all(verdict.quarantined[REASONS].list.len() > 0)
    everything = Counter(delivered.rows())
    for row in verdict.quarantined.drop(REASONS).iter_rows():
        assert everything[row[:-1]] >= row[-1]


@settings(max_examples=25, deadline=None)
@given(rows=delivered_rows.filter(bool), repeat=st.integers(0, 4), data=st.data())
def test_verdicts_do_not_depend_on_the_order_of_delivery(
    rows: list[dict[str, str | None]], repeat: int, data: st.DataObject
) -> None:
    numbered = [{**row, "line_number": row["line_number"] or "1"} for row in [*rows, *rows[:repeat]]]
    shuffled = data.draw(st.permutations(numbered))

    first, second = (
        judged(text(SaleDelivery, *some), identity=["store_id", "sale_id"], ordered_by="quantity")
        for some in (numbered, shuffled)
    )

    assert_frame_equal(first.accepted, second.accepted, check_row_order=False)
    assert_frame_equal(first.quarantined, second.quarantined, check_row_order=False)
