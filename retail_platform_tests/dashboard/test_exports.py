"""Downloads: what a spreadsheet would run is text, and nothing else changes."""

import io
from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from retail_platform.dashboard.exports import csv, parquet

ROWS = pl.DataFrame(
    {
        "name": ["Paris", "=1+1", "+49 30", "-2", "@SUM(A1)", "\tx", " =cmd|' /C calc'!A0", None],
        "amount": [-1.5, 2.0, 0.0, 1.0, 1.0, 1.0, 1.0, None],
        "day": [date(2026, 1, 1)] * 8,
        "price": [Decimal("-1.25")] * 8,
        "reasons": [["=a", "b"]] * 8,
    }
)


def read(content: bytes) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(content), infer_schema=False)


def test_texts_like_formulas_get_an_apostrophe_and_numbers_do_not() -> None:
    found = read(csv(ROWS))

    assert found["name"].to_list() == [
        "Paris",
        "'=1+1",
        "'+49 30",
        "'-2",
        "'@SUM(A1)",
        "'\tx",
        "' =cmd|' /C calc'!A0",
        None,
    ]
    assert found["amount"].to_list() == ["-1.5", "2.0", "0.0", "1.0", "1.0", "1.0", "1.0", None]
    assert found["price"][0] == "-1.25"
    assert found["day"][0] == "2026-01-01"
    assert found["reasons"][0] == "'=a; b"


def test_a_heading_like_a_formula_is_text_too() -> None:
    assert csv(pl.DataFrame({"=x": [1]})).decode("utf-8-sig").splitlines()[0] == "'=x"


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_no_cell_begins_like_a_formula(texts: list[str]) -> None:
    found = read(csv(pl.DataFrame({"x": [text or "a" for text in texts]})))

    for cell in found["x"]:
        assert cell is None or not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_parquet_holds_the_rows_as_they_are() -> None:
    assert pl.read_parquet(io.BytesIO(parquet(ROWS))).equals(ROWS)
