"""Cursors, ETags and codings by themselves."""

import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_platform.sources.api.content import Asked, Version
from retail_platform.sources.api.pages import (
    Place,
    WrongCursor,
    etag,
    is_known,
    make_page,
    read_cursor,
    wants_gzip,
    write_cursor,
)

ASKED = Asked("sales", date(2026, 3, 2), "S0001")
ROWS = pl.DataFrame({"n": range(25)})
versions = st.builds(Version, st.lists(st.text(max_size=8), max_size=3).map(tuple), st.booleans())


@given(st.builds(Place, st.integers(0, 10**9), versions))
def test_cursor_leads_to_its_place(place: Place) -> None:
    assert read_cursor(write_cursor(place, ASKED, "seed 1"), ASKED, "seed 1") == place


@given(st.text(max_size=60))
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(WrongCursor, match="next_cursor"):
        read_cursor(text, ASKED, "seed 1")


def test_cursor_of_another_server_is_refused() -> None:
    with pytest.raises(WrongCursor):
        read_cursor(write_cursor(Place(10, Version()), ASKED, "seed 1"), ASKED, "seed 2")


@given(st.integers(1, 30))
def test_pages_hold_each_row_once(limit: int) -> None:
    place: Place | None = Place(0, Version())
    rows: list[dict[str, int]] = []
    while place:
        page = json.loads(make_page(ROWS, place, limit, asked=ASKED, signed_for="seed 1").body)
        rows += page["rows"]
        place = read_cursor(page["next_cursor"], ASKED, "seed 1") if page["next_cursor"] else None

    assert [row["n"] for row in rows] == list(range(25))


def test_answer_without_rows_is_one_empty_page() -> None:
    page = make_page(ROWS.clear(), Place(0, Version()), 10, asked=ASKED, signed_for="")

    assert json.loads(page.body) == {"rows": [], "row_count": 0, "total_rows": 0, "next_cursor": None}


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (None, False),
        ('"abc"', True),
        ('"abc-gzip"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ("*", True),
        ("abc", False),
    ],
)
def test_if_none_match_names_the_content_in_any_coding(header: str | None, known: bool) -> None:
    assert is_known(header, "abc") is known
    assert etag("abc", zipped=True) != etag("abc", zipped=False)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("deflate", False),
    ],
)
def test_gzip_only_on_request(header: str | None, wanted: bool) -> None:
    assert wants_gzip(header) is wanted
