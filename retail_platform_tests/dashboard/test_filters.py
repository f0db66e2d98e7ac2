"""Filters and their form in an address: each way and back, and whatever an address may hold."""

from datetime import date, timedelta
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retail_platform.dashboard.data.measures import Grain
from retail_platform.dashboard.filters import NAMES, Filters, Known, Option, Parsed, chosen_stores, parse
from retail_platform.dashboard.periods import CUSTOM, PRESETS, preset
from retail_platform.dashboard.texts import CATALOGUE, LANGUAGES, text
from retail_platform.reports.figures import BASES
from retail_platform.windows import Window

SPAN = Window(date(2025, 1, 1), date(2026, 1, 31))
ODD = "a&b=c?#%/é 'x\"<"
KNOWN = Known(
    SPAN,
    date(2026, 1, 30),
    pl.DataFrame(
        {
            "store_id": ["S1", "S2", ODD],
            "region": ["North", "Île, & co", None],
            "format": ["city", "mall", "online"],
            "channel": ["store", "store", "online"],
            "currency": ["EUR", "CHF", "EUR"],
        }
    ),
    ("fresh food", "toys & games"),
)
OPTION = Option("tolerance", "10", pattern=r"\d{1,3}")


def some(column: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(KNOWN.values(column)), unique=True, max_size=3).map(tuple)


@st.composite
def chosen(draw: st.DrawFn) -> Filters:
    first = draw(st.dates(SPAN.first, SPAN.last))
    window = Window(first, draw(st.dates(first, SPAN.last)))
    period = draw(st.sampled_from((*PRESETS, CUSTOM)))
    return Filters(
        window if period == CUSTOM else preset(period, KNOWN.anchor, SPAN),
        period,
        draw(st.sampled_from(get_args(Grain))),
        draw(some("store_id")),
        draw(some("region")),
        draw(some("format")),
        draw(st.sampled_from([None, "store", "online"])),
        draw(st.sampled_from([None, "EUR", "CHF"])),
        draw(st.lists(st.sampled_from(KNOWN.categories), unique=True).map(tuple)),
        draw(st.sampled_from(BASES)),
        draw(st.sampled_from(["en", "fr"])),
        draw(st.sampled_from(["light", "dark"])),
        draw(st.sampled_from([(), (("tolerance", "25"),)])),
    )


@given(chosen(), st.sampled_from(["en", "fr"]))
def test_an_address_restores_all_that_was_chosen(filters: Filters, language: Any) -> None:
    read = parse(filters.query(language), KNOWN, [OPTION], default_language=language)

    assert read.filters == filters
    assert read.problems == ()


NAME = st.sampled_from(sorted(NAMES | {"tolerance"})) | st.text(max_size=8)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NAME, st.text(max_size=20)), max_size=6))
def test_whatever_an_address_says_gives_filters_that_exist_and_texts_for_the_rest(pairs: list[tuple[str, str]]) -> None:
    read = parse("?" + "&".join(f"{name}={value}" for name, value in pairs), KNOWN, [OPTION])

    assert set(read.filters.stores) <= set(KNOWN.values("store_id"))
    assert set(read.filters.regions) <= set(KNOWN.values("region"))
    assert read.filters.window.first <= SPAN.last
    assert read.filters.window.first.year >= SPAN.first.year - 1
    assert read.filters.window.last.year <= SPAN.last.year + 1
    assert parse(read.filters.query(), KNOWN, [OPTION]).problems == ()
    for problem in read.problems:
        for language in LANGUAGES:
            assert text(language, problem.key, problem.facts)


@pytest.mark.parametrize(
    "query",
    [
        "?store=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "?store=S1'%20OR%201=1--",
        "?region=..%2F..%2Fetc%2Fpasswd",
        "?format=%00",
        "?category=nothing",
        "?from=2026-02-30",
        "?from=tomorrow",
        "?from=0001-01-01&to=0001-01-02",
        "?from=0001-01-01",
        "?to=9999-12-31",
        "?from=2026-01-20&to=2026-01-10",
        "?to=20260110",
        "?period=forever",
        "?by=hour",
        "?against=fate",
        "?channel=phone",
        "?currency=USD",
        "?lang=de",
        "?theme=../dark",
        "?tolerance=1e9",
        "?tolerance=10%0A",
        "?constructor=x",
        "?" + "store=S1&" * 9000,
    ],
)
def test_what_does_not_exist_is_a_problem(query: str) -> None:
    assert len(parse(query, KNOWN, [OPTION]).problems) == 1


def test_days_far_from_the_data_are_told_and_cut_off_a_year_before_and_after_its_years() -> None:
    read = parse("?from=0001-01-01&to=9999-12-31", KNOWN)

    assert [problem.facts["value"] for problem in read.problems] == ["0001-01-01", "9999-12-31"]
    assert read.filters.window == Window(date(2024, 1, 1), date(2027, 12, 31))
    assert parse("?from=2024-01-01&to=2027-12-31", KNOWN) == Parsed(read.filters)


def test_a_wrong_value_is_repeated_short_and_without_signs_that_do_not_show() -> None:
    [problem] = parse("?store=" + "a%0a%00" + "b" * 500, KNOWN).problems

    assert problem.facts["value"].startswith("a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}bbb")
    assert len(problem.facts["value"]) < 70


def test_all_conditions_on_stores_hold_at_once() -> None:
    filters = parse("?store=S1&store=S2&currency=EUR&channel=store", KNOWN).filters

    assert chosen_stores(filters, KNOWN.stores)["store_id"].to_list() == ["S1"]
    assert chosen_stores(filters.but(regions=("Île, & co",)), KNOWN.stores).is_empty()


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("7d", date(2026, 1, 24), date(2026, 1, 30)),
        ("wtd", date(2026, 1, 26), date(2026, 1, 30)),
        ("mtd", date(2026, 1, 1), date(2026, 1, 30)),
        ("qtd", date(2026, 1, 1), date(2026, 1, 30)),
        ("last_week", date(2026, 1, 19), date(2026, 1, 25)),
        ("last_month", date(2025, 12, 1), date(2025, 12, 31)),
        ("last_quarter", date(2025, 10, 1), date(2025, 12, 31)),
        ("364d", date(2025, 2, 1), date(2026, 1, 30)),
        ("all", SPAN.first, SPAN.last),
    ],
)
def test_a_preset_is_a_window_that_ends_with_the_last_day_that_is_over(name: str, first: date, last: date) -> None:
    assert preset(name, KNOWN.anchor, SPAN) == Window(first, last)


def test_a_preset_begins_with_the_first_day_there_is() -> None:
    short = Window(date(2026, 1, 29), date(2026, 1, 30))

    assert preset("28d", short.last, short) == short
    assert preset("last_month", short.last, short).last < short.first - timedelta(days=1)


def test_every_text_is_there_in_both_languages() -> None:
    for key, found in CATALOGUE.items():
        assert all(found), key
        named = [{part for part in one.split("{")[1:]} for one in found]
        assert {part.split("}")[0] for part in named[0]} == {part.split("}")[0] for part in named[1]}, key
