"""Answers of several pages: each way to ask for the next, and pages that do not add up."""

import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any

import polars as pl
import pytest

from retail_platform.sources.base import SourceContractError, SourceError, SourceUnavailable
from retail_platform_tests.sources.mapping.http.conftest import Till
from retail_platform_tests.sources.mapping.http.server import Asked, Reply, told

Tills = Callable[[Callable[[Asked], Reply]], Till]
ROWS = [{"receipt": f"r{number}", "pieces": number} for number in range(7)]
CURSOR = {
    "rows": "data.rows",
    "paginator": {"kind": "cursor", "param": "after", "next": "meta.next"},
    "page_rows": "meta.count",
    "total_rows": "meta.total",
}


def receipts(rows: pl.DataFrame) -> list[str]:
    return sorted(rows["receipt"].to_list())


def cursor_page(asked: Asked, size: int = 3, **changes: Any) -> Reply:
    start = int(asked.query.get("after", 0))
    rows = ROWS[start : start + size]
    following = str(start + size) if start + size < len(ROWS) else None
    return told({"data": {"rows": rows}, "meta": {"count": len(rows), "total": len(ROWS), "next": following} | changes})


def numbered(asked: Asked) -> Reply:
    start = (int(asked.query["page"]) - 1) * 3 if "page" in asked.query else 0
    return told(ROWS[start : start + 3])


def offset(asked: Asked) -> Reply:
    start = int(asked.query.get("offset", 0))
    return told(ROWS[start : start + 3])


def linked_by_header(asked: Asked) -> Reply:
    start = int(asked.query.get("from", 0))
    link = {"Link": f'</api/sales?from={start + 3}>; rel="next"'} if start + 3 < len(ROWS) else {}
    return told(ROWS[start : start + 3], **link)


def linked_by_body(asked: Asked) -> Reply:
    start = int(asked.query.get("from", 0))
    return told({"rows": ROWS[start : start + 3], "next": f"?from={start + 3}" if start + 3 < len(ROWS) else None})


@pytest.mark.parametrize(
    ("answer", "layout", "pages"),
    [
        (cursor_page, CURSOR, 3),
        (numbered, {"paginator": {"kind": "page"}}, 4),
        (offset, {"paginator": {"kind": "offset"}}, 4),
        (linked_by_header, {"paginator": {"kind": "link"}}, 3),
        (linked_by_body, {"rows": "rows", "paginator": {"kind": "link", "next": "next"}}, 3),
    ],
)
def test_all_pages_are_read(till: Tills, answer: Callable[[Asked], Reply], layout: dict[str, Any], pages: int) -> None:
    lines = till(answer)
    assert receipts(lines.fetch(**layout)) == [row["receipt"] for row in ROWS]
    assert len(lines.server.asked) == pages


def test_a_known_total_ends_numbered_pages(till: Tills) -> None:
    lines = till(lambda asked: told({"rows": json.loads(numbered(asked).body), "total": 7}))
    assert lines.fetch(rows="rows", total_rows="total", paginator={"kind": "page"}).height == 7
    assert len(lines.server.asked) == 3


def test_nothing_found_behind_the_last_page_is_the_end(till: Tills) -> None:
    lines = till(lambda asked: numbered(asked) if asked.query["page"] in "123" else told([{"error": "No more rows"}]))
    assert lines.fetch(paginator={"kind": "page"}, params={"page": "1"}, nothing="^No", for_each={}).height == 7


@pytest.mark.parametrize("size", [3, 0])
def test_a_promised_page_that_the_server_does_not_have_is_no_end(till: Tills, size: int) -> None:
    def answer(asked: Asked) -> Reply:
        if "cursor" in asked.query:
            return told({"error": "no such cursor"})
        return told({"rows": ROWS[:size], "next": "3"})

    with pytest.raises(SourceUnavailable, match="page 2 is promised, the server says it has nothing: no such cursor"):
        till(answer).fetch(rows="rows", paginator={"kind": "cursor", "next": "next"}, nothing="(?i)^no", absent=None)


def test_pages_may_lack_what_others_have(till: Tills) -> None:
    rows = till(
        lambda asked: told({"rows": [{"receipt": "r1"}], "next": "2"} if "cursor" not in asked.query
                           else {"rows": [{"pieces": 2, "note": "x"}], "next": None})
    ).fetch(rows="rows", paginator={"kind": "cursor", "next": "next"})  # fmt: skip
    assert rows.select("receipt", "pieces", "note").rows() == [("r1", None, None), (None, "2", "x")]


@pytest.mark.parametrize("fault", [{"count": 2}, {"total": 8}, {"next": "0"}])
def test_pages_that_do_not_add_up_are_read_again(till: Tills, fault: dict[str, Any]) -> None:
    def answer(asked: Asked) -> Reply:
        first_time = asked.times == 1 and asked.query.get("after") == "3"
        return cursor_page(asked, **(fault if first_time else {}))

    assert receipts(till(answer).fetch(**CURSOR, retry_seconds=20)) == [row["receipt"] for row in ROWS]


def test_a_page_that_came_twice_is_read_again(till: Tills) -> None:
    again: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        if asked.query.get("after") == "3" and not again:
            again.append(asked)
            return cursor_page(Asked(asked.path, {}, {}, 1))
        return cursor_page(asked)

    assert receipts(till(answer).fetch(**CURSOR, retry_seconds=20)) == [row["receipt"] for row in ROWS]


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda asked: cursor_page(asked, count=4), SourceUnavailable, "meta.count is 4, the page has 3 rows"),
        (
            lambda asked: cursor_page(asked, total=8),
            SourceUnavailable,
            "s: meta.total is 8, the pages (3) have 7 rows",
        ),
        (
            lambda asked: cursor_page(asked, total=7 + len(asked.query)),
            SourceUnavailable,
            "meta.total was 9, page 2 says 10",
        ),
        (lambda asked: cursor_page(asked, next="3"), SourceUnavailable, "page 2 leads back to page 2"),
        (
            lambda asked: cursor_page(asked, count="3"),
            SourceContractError,
            "declares a count at meta.count, found a text",
        ),
        (lambda asked: cursor_page(asked, total=None), SourceContractError, "count at meta.total, found nothing"),
        (
            lambda asked: cursor_page(asked, next=[3]),
            SourceContractError,
            "expected at meta.next, or null; found a list",
        ),
    ],
)
def test_pages_that_never_add_up_are_an_error(
    till: Tills, answer: Callable[[Asked], Reply], error: type[SourceError], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        till(answer).fetch(**CURSOR)


def test_the_same_page_over_and_over_ends(till: Tills) -> None:
    with pytest.raises(SourceUnavailable, match="page 2 is page 1 once more"):
        till(lambda _: told(ROWS)).fetch(paginator={"kind": "page"})


def test_the_same_rows_over_and_over_end_whatever_is_said_beside_them(till: Tills) -> None:
    moments = count()
    lines = till(lambda _: told({"generated_at": next(moments), "rows": ROWS}))

    with pytest.raises(SourceUnavailable, match="page 2 is page 1 once more"):
        lines.fetch(rows="rows", paginator={"kind": "page"})


@pytest.mark.parametrize(
    "layout", [{"paginator": {"kind": "offset"}}, {"rows": "rows", "paginator": {"kind": "link", "next": "next"}}]
)
def test_pages_without_an_end_are_refused(till: Tills, layout: dict[str, Any]) -> None:
    numbers = count()

    def answer(_: Asked) -> Reply:
        rows, number = [{"receipt": "r1", "pieces": 1, "printed": next(numbers)}], next(numbers)
        return told({"rows": rows, "next": f"?from={number}"} if "rows" in layout else rows)

    lines = till(answer)
    with pytest.raises(
        SourceContractError, match=r"after 5 pages with 5 rows .* or set max_pages of the input"
    ) as raised:
        lines.fetch(**layout, max_pages=5, retry_seconds=20)

    assert str(raised.value).startswith("input lines: GET /sales")
    assert len(lines.server.asked) == 6


def test_as_many_pages_as_are_allowed_are_read(till: Tills) -> None:
    assert till(numbered).fetch(paginator={"kind": "page"}, max_pages=3).height == 7
    assert till(cursor_page).fetch(**CURSOR, max_pages=3).height == 7


@pytest.mark.parametrize(
    "link",
    [
        '</api/sales?from={}>; cursor="MDAy="; rel="next"',
        "</api/sales?from={}>; title=a=b; rel=next",
        '</api/sales?from={}>; title="a, \\"b\\"; rel=prev"; REL="Next last"; rel="prev"',
        '</api/sales?from=0>; rel="first", </api/sales?from={}>; rel="next";',
        '</api/sales?from=0>, , <?from={}>;rel="last  next"',
    ],
)
def test_a_link_is_read_however_it_is_written(till: Tills, link: str) -> None:
    def answer(asked: Asked) -> Reply:
        start = int(asked.query.get("from", 0))
        return told(ROWS[start : start + 3], **({"Link": link.format(start + 3)} if start + 3 < len(ROWS) else {}))

    assert receipts(till(answer).fetch(paginator={"kind": "link"})) == receipts(pl.DataFrame(ROWS))


@pytest.mark.parametrize("link", ["/api/sales?from=3", "</api/sales?from=3", '</x> rel="next"', '</x>; rel="next'])
def test_a_link_that_cannot_be_read_is_not_the_end(till: Tills, link: str) -> None:
    with pytest.raises(SourceContractError, match="the header Link cannot be read"):
        till(lambda _: told(ROWS[:3], Link=link)).fetch(paginator={"kind": "link"})


def test_pages_may_be_alike_where_their_rows_are_declared(till: Tills) -> None:
    def answer(asked: Asked) -> Reply:
        page = int(asked.query.get("after", 0)) + 1
        return told({"rows": [{"receipt": None, "pieces": 1}] * 2, "total": 6, "next": str(page) if page < 3 else None})

    layout = {"rows": "rows", "total_rows": "total", "paginator": {"kind": "cursor", "param": "after", "next": "next"}}
    assert till(answer).fetch(**layout).height == 6


@pytest.mark.parametrize("link", ["http://example.invalid/steal", "//example.invalid/", "https://127.0.0.1/"])
def test_the_token_is_sent_to_no_other_server(till: Tills, link: str) -> None:
    with pytest.raises(SourceContractError, match="the next page is on another server"):
        till(lambda _: told(ROWS, Link=f'<{link}>; rel="next"')).fetch(paginator={"kind": "link"})


def test_a_link_that_is_no_address_is_refused(till: Tills) -> None:
    with pytest.raises(SourceContractError, match="the next page's link is no address"):
        till(lambda _: told(ROWS, Link='<http://[broken/>; rel="next"')).fetch(paginator={"kind": "link"})


def test_rows_that_say_that_they_have_no_error_are_rows(till: Tills) -> None:
    assert till(lambda _: told([ROWS[0] | {"error": None}])).fetch().height == 1
