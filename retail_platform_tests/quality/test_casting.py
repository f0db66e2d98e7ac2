"""What a delivered value must look like to be a number, day, time or truth value."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from retail_platform.quality.casting import typed

INT, MONEY, TIME = pl.Int64(), pl.Decimal(18, 2), pl.Datetime("us")


def cast(value: Any, have: pl.DataType, want: pl.DataType) -> Any:
    return pl.DataFrame({"x": [value]}, schema={"x": have}).select(typed("x", have, want))["x"].item()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("3.0", 3),
        ("-3.000", -3),
        ("+3", 3),
        ("007", 7),
        (" 3\t", 3),
        ("\u00a03", 3),
        ("3.5", None),
        ("3.", None),
        (".0", None),
        ("1e3", None),
        ("1e400", None),
        ("1,000", None),
        ("1_000", None),
        ("0x10", None),
        ("nan", None),
        ("inf", None),
        ("--3", None),
        ("3\x00", None),
        ("\N{ARABIC-INDIC DIGIT THREE}", None),
        ("\N{FULLWIDTH DIGIT NINE}", None),
        ("9" * 30, None),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_whole_numbers(text: str | None, value: int | None) -> None:
    assert cast(text, pl.String(), INT) == value


def test_whole_numbers_too_large_for_their_column_are_none() -> None:
    assert cast("127", pl.String(), pl.Int8()) == 127
    assert cast("128", pl.String(), pl.Int8()) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", "3.00"),
        ("3.", "3.00"),
        (".5", "0.50"),
        ("-.5", "-0.50"),
        (" +1.5 ", "1.50"),
        ("1.005", "1.00"),  # half to even
        ("1.015", "1.02"),
        ("1.0050000000000000000001", "1.01"),
        ("1e3", "1000.00"),
        ("9999999999999999.99", "9999999999999999.99"),
        ("99999999999999999.99", None),
        ("1e400", None),
        ("1,50", None),
        ("1_000", None),
        ("NaN", None),
        ("Infinity", None),
        ("\N{ARABIC-INDIC DIGIT THREE}", None),
        ("-", None),
        ("", None),
    ],
)
def test_amounts(text: str, value: str | None) -> None:
    assert cast(text, pl.String(), MONEY) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-05", date(2026, 1, 5)),
        (" 2026-01-05 ", date(2026, 1, 5)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2026-02-29", None),
        ("2026-13-01", None),
        ("05/01/2026", None),
        ("20260105", None),
        ("2026-01-05T00:00:00", None),
        ("26-01-05", None),  # not the year 26
        ("0000-01-01", None),
        ("-2026-01-05", None),
        ("99999-01-05", None),
        ("202\N{ARABIC-INDIC DIGIT SIX}-01-05", None),
        ("", None),
    ],
)
def test_days(text: str, value: date | None) -> None:
    assert cast(text, pl.String(), pl.Date()) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-05 10:20:30", datetime(2026, 1, 5, 10, 20, 30)),
        ("2026-01-05T10:20:30", datetime(2026, 1, 5, 10, 20, 30)),
        ("2026-01-05T10:20", datetime(2026, 1, 5, 10, 20)),
        ("2026-01-05 10:20:30.5", datetime(2026, 1, 5, 10, 20, 30, 500_000)),
        ("2026-01-05 10:20:30.123456789", datetime(2026, 1, 5, 10, 20, 30, 123_456)),
        ("2026-01-05", None),
        ("2026-01-05 24:00", None),
        ("2026-01-05 10:60", None),
        ("2026-01-05T10:20:30Z", None),  # local wall time is wanted, not an instant
        ("0000-01-01 00:00", None),
        ("26-01-05 10:20", None),
        ("T", None),
    ],
)
def test_wall_times(text: str, value: datetime | None) -> None:
    assert cast(text, pl.String(), TIME) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, True) for text in ("TRUE", "t", "Yes", "1", " true ")),
        *((text, False) for text in ("False", "f", "NO", "0")),
        *((text, None) for text in ("oui", "2", "1.0", "\N{FULLWIDTH DIGIT ONE}", "")),
    ],
)
def test_truth_values(text: str, value: bool | None) -> None:
    assert cast(text, pl.String(), pl.Boolean()) is value


def test_text_stays_as_it_is() -> None:
    assert cast("  a\x00b ", pl.String(), pl.String()) == "  a\x00b "
    assert cast("null", pl.String(), pl.String()) == "null"


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0", None])
@pytest.mark.parametrize("want", [pl.String(), pl.Enum(["ok"]), INT, MONEY, TIME, pl.Boolean()])
def test_blank_text_is_null_whatever_is_wanted(blank: str | None, want: pl.DataType) -> None:
    assert cast(blank, pl.String(), want) is None


@pytest.mark.parametrize(
    ("value", "have", "want", "expected"),
    [
        (3.0, pl.Float64(), INT, 3),
        (3.5, pl.Float64(), INT, None),
        (float("nan"), pl.Float64(), INT, None),
        (float("inf"), pl.Float64(), INT, None),
        (1e300, pl.Float64(), INT, None),
        (Decimal("3.0"), pl.Decimal(9, 1), INT, 3),
        (Decimal("3.5"), pl.Decimal(9, 1), INT, None),
        (300, pl.Int64(), pl.Int8(), None),
        (1.5, pl.Float64(), MONEY, Decimal("1.50")),
        (float("nan"), pl.Float64(), MONEY, None),
        (1e300, pl.Float64(), MONEY, None),
        (1, pl.Int64(), pl.Boolean(), True),
        (0, pl.Int64(), pl.Boolean(), False),
        (2, pl.Int64(), pl.Boolean(), None),
        (20_458, pl.Int64(), pl.Date(), None),
        (1.0, pl.Float64(), TIME, None),
        (7, pl.Int64(), pl.String(), "7"),
        (datetime(2026, 1, 5), pl.Datetime("ms"), TIME, datetime(2026, 1, 5)),
    ],
)
def test_values_of_another_type(value: Any, have: pl.DataType, want: pl.DataType, expected: Any) -> None:
    assert cast(value, have, want) == expected


def test_a_time_with_a_zone_gives_the_wall_time_of_that_zone() -> None:
    noon = pl.Series("x", [datetime(2026, 7, 1, 12)]).dt.replace_time_zone("Europe/Paris")

    wall = noon.to_frame().select(typed("x", noon.dtype, TIME))["x"].item()

    assert wall == datetime(2026, 7, 1, 12)


def test_a_column_without_any_value_is_of_the_wanted_type() -> None:
    empty = pl.DataFrame({"x": [None]}, schema={"x": pl.Null()})

    assert empty.select(typed("x", pl.Null(), MONEY)).schema == {"x": MONEY}
