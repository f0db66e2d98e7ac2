"""Numbers as Babel writes them; a change with its sign, and without one where nothing changed."""

from typing import Any

import pytest
from babel.numbers import format_currency, format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from retail_platform.language.formats import NONE, Formats


@pytest.mark.parametrize(
    ("per_cent", "english", "french"),
    [(12.34, "+12.3%", "+12,3 %"), (-0.06, "−0.1%", "−0,1 %"), (0.04, "0.0%", "0,0 %"), (-0.04, "0.0%", "0,0 %")],
)
def test_a_change_has_a_sign_where_there_is_one(per_cent: float, english: str, french: str) -> None:
    assert Formats("en").change(per_cent) == english
    assert Formats("fr").change(per_cent).replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\xa0", " ") == french


def test_an_unknown_change_is_a_dash() -> None:
    assert Formats("en").change(None) == NONE


@pytest.mark.parametrize(
    ("value", "english", "french"), [(1_234_567, "€1.23M", "1,23 M €"), (-1_234_567, "-€1.23M", "-1,23 M €")]
)
def test_the_sign_of_a_short_amount_stands_where_that_of_a_long_one_does(
    value: float, english: str, french: str
) -> None:
    assert Formats("en", "EUR").money(value, compact=True) == english
    assert Formats("fr", "EUR").money(value, compact=True).replace("\xa0", " ") == french


@pytest.mark.parametrize(
    ("language", "currency", "written"),
    [("en", "CHF", "CHF 1,234"), ("en", "GBP", "£1,234"), ("en", "USD", "US$1,234"), ("fr", "CHF", "1 234 CHF")],
)
def test_a_currency_of_letters_stands_apart_from_the_number(language: str, currency: str, written: str) -> None:
    shown = Formats(language, currency).money(1_234)

    assert shown.replace("\xa0", " ").replace("\N{NARROW NO-BREAK SPACE}", " ") == written


@given(st.integers(-(10**12), 10**12).filter(lambda n: n % 5), st.sampled_from(["en", "fr"]))
def test_numbers_are_those_of_babel(thousandths: int, language: Any) -> None:
    """Ties left out: Babel rounds what is written, we what is meant."""
    value, locale, formats = thousandths / 1000, {"en": "en_GB", "fr": "fr_FR"}[language], Formats(language, "EUR")

    assert formats.number(value) == format_decimal(value, "#,##0", locale)
    assert formats.number(value, decimals=2) == format_decimal(value, "#,##0.00", locale)
    assert formats.money(value, cents=True) == format_currency(value, "EUR", locale=locale)
    percent = {"en": "#,##0.0%", "fr": "#,##0.0\N{NO-BREAK SPACE}%"}[language]
    assert formats.per_cent(value) == format_percent(value / 100, percent, locale)


@pytest.mark.parametrize(
    ("language", "currency", "around"),
    [
        ("en", "EUR", ("€", "")),
        ("en", "CHF", ("CHF\N{NO-BREAK SPACE}", "")),
        ("fr", "EUR", ("", "\N{NO-BREAK SPACE}€")),
        ("en", None, ("", "")),
    ],
)
def test_axes_write_a_currency_as_amounts_do(language: Any, currency: str | None, around: tuple[str, str]) -> None:
    formats = Formats(language, currency)

    assert formats.around_money == around
    if currency:
        assert formats.money(12) == "12".join(around)
