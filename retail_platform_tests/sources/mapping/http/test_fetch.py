"""What is asked, what is asked again, and what a failure says."""

import gzip
import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from datetime import date, datetime

import polars as pl
import pytest

from retail_platform.settings import SettingsError
from retail_platform.sources.base import SourceContractError, SourceError, SourceUnavailable
from retail_platform.sources.mapping.http.client import open_api
from retail_platform_tests.sources.mapping.http import conftest
from retail_platform_tests.sources.mapping.http.conftest import DAY, TOKEN, Till
from retail_platform_tests.sources.mapping.http.server import Asked, Reply, told

Tills = Callable[[Callable[[Asked], Reply]], Till]
ROW = {"receipt": "r1", "pieces": 2}


def test_each_day_and_shop_is_asked_for(till: Tills) -> None:
    lines = till(lambda asked: told([{"receipt": asked.query["shop"] + asked.query["date"], "pieces": 1}]))
    lines.shops = ["A", "B"]

    rows = lines.fetch(days=2, params={"date": "{date:%d/%m/%Y}", "shop": "{shop}", "v": "2"})

    assert sorted(rows.rows()) == [
        ("A01/03/2026", "1", date(2026, 3, 1), "A"),
        ("A02/03/2026", "1", date(2026, 3, 2), "A"),
        ("B01/03/2026", "1", date(2026, 3, 1), "B"),
        ("B02/03/2026", "1", date(2026, 3, 2), "B"),
    ]
    assert rows.columns == ["receipt", "pieces", "file_date", "request_shop"]
    assert {one.path for one in lines.server.asked} == {"/api/sales"}
    assert {one.query["v"] for one in lines.server.asked} == {"2"}


def test_values_keep_their_place_in_a_path(till: Tills) -> None:
    lines = till(lambda _: told([ROW]))
    lines.shops = ["../../x", "a b/c?d=1#e", "é"]

    lines.fetch(path="shops/{shop}/lines", params={"on": "{date}"}, concurrency=1)

    paths = [one.path for one in lines.server.asked]
    assert paths == [
        "/api/shops/..%2F..%2Fx/lines",
        "/api/shops/a%20b%2Fc%3Fd%3D1%23e/lines",
        "/api/shops/%C3%A9/lines",
    ]
    lines.shops = [".."]
    with pytest.raises(SourceContractError, match=r"'..' cannot be a part of a path"):
        lines.fetch(path="shops/{shop}/lines", params={})


def test_values_land_as_they_are_written(till: Tills) -> None:
    body = b"""[{"receipt": "r1", "pieces": 1.10, "big": 123456789012345678901234567890, "e": 1E400, "yes": true},
        {"pieces": "2", "nested": {"a": [1.50, "x\\u00e9\\"", null, false]}, "list": [], "nan": NaN}]"""
    rows = till(lambda _: Reply(body)).fetch()

    assert set(rows.dtypes) == {pl.String, pl.Date}
    assert rows.drop("file_date", "request_shop").to_dicts() == [
        {"receipt": "r1", "pieces": "1.10", "big": "123456789012345678901234567890", "e": "1E400", "yes": "true"}
        | dict.fromkeys(["nested", "list", "nan"]),
        dict.fromkeys(["receipt", "big", "e", "yes"])
        | {"pieces": "2", "nested": '{"a":[1.50,"xé\\"",null,false]}', "list": "[]", "nan": "NaN"},
    ]


def test_an_empty_answer_has_the_declared_columns(till: Tills) -> None:
    rows = till(lambda _: told([])).fetch(optional=["discount"])
    assert rows.is_empty()
    assert rows.columns == ["receipt", "pieces", "discount", "file_date", "request_shop"]


def test_columns_bear_their_declared_names(till: Tills) -> None:
    rows = till(lambda _: told([{"Receipt": "r1", "PIECES": 1}])).fetch()
    assert rows.columns[:2] == ["receipt", "pieces"]


@pytest.mark.parametrize(
    ("auth", "header", "sent"),
    [
        ("bearer", "Authorization", f"Bearer {TOKEN}"),
        ({"header": "X-Api-Key"}, "X-Api-Key", TOKEN),
        ("none", "Authorization", None),
    ],
)
def test_the_token_is_sent_as_declared(till: Tills, auth: object, header: str, sent: str | None) -> None:
    lines = till(lambda _: told([ROW]))
    lines.fetch(auth=auth)
    assert lines.server.asked[0].headers.get(header) == sent


@pytest.mark.parametrize(
    "fault",
    [
        told({"error": "busy"}, 500),
        told({"error": "busy"}, 503, Retry_After="0"),
        told({"error": "slow down"}, 429, Retry_After="1"),
        Reply(b'[{"receipt": "r1", "pie'),
        Reply(b"\xff\xfe\x00junk"),
        Reply(json.dumps([ROW]).encode(), cut=5),
        Reply(b"no gzip", headers={"Content-Encoding": "gzip"}),
        Reply(status=0),
    ],
)
def test_what_may_pass_is_tried_again(till: Tills, fault: Reply) -> None:
    lines = till(lambda asked: fault if asked.times < 3 else told([ROW]))

    rows = lines.fetch(retry_seconds=20)

    assert rows["receipt"].to_list() == ["r1"]
    assert len(lines.server.asked) == 3


def test_a_server_may_ask_for_a_pause(till: Tills) -> None:
    times: list[datetime] = []

    def answer(asked: Asked) -> Reply:
        times.append(datetime.now())
        return told([], 429, Retry_After="1") if asked.times == 1 else told([ROW])

    till(answer).fetch(retry_seconds=20)
    assert (times[1] - times[0]).total_seconds() >= 1


def test_a_pause_beyond_the_time_is_not_waited_for(till: Tills) -> None:
    started = datetime.now()
    with pytest.raises(SourceUnavailable, match="status 429") as raised:
        till(lambda _: told([], 429, Retry_After="3600")).fetch(retry_seconds=5)
    assert (datetime.now() - started).total_seconds() < 5
    assert raised.value.retry_after == 3600


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (told({"error": "boom"}, 500), SourceUnavailable, "failed, 1 attempt: status 500 Internal Server Error: boom"),
        (told({}, 401), SourceContractError, "status 401 Unauthorized; mend RETAIL_SOURCE_TOKEN"),
        (told({}, 403), SourceContractError, "status 403 Forbidden; mend RETAIL_SOURCE_TOKEN"),
        (told({"detail": "no such day"}, 404), SourceUnavailable, "status 404 Not Found: no such day"),
        (told({"error": "date?"}, 422), SourceContractError, "status 422 Unprocessable Entity: date?"),
        (
            Reply(status=302, headers={"Location": "/x"}),
            SourceContractError,
            "status 302 Found; mend RETAIL_SOURCE_URL",
        ),
        (Reply(b"<html>"), SourceUnavailable, "the body is no JSON, or cut"),
        (Reply(b""), SourceUnavailable, "the body is no JSON, or cut"),
        (told({"rows": [ROW]}), SourceContractError, "a list of objects is expected as body, found an object"),
        (told([[1]]), SourceContractError, "a list of objects is expected as body, the list holds a list"),
        (told(None), SourceContractError, "a list of objects is expected as body, found nothing"),
        (told([ROW, "x"]), SourceContractError, "the list holds a text"),
        (told([{"error": "nothing found"}]), SourceUnavailable, "the answer is an error: nothing found"),
        (told({"error": {"code": 7}}), SourceUnavailable, 'the answer is an error: {"code": "7"}'),
        (told([ROW, {"error": "lost the rest"}]), SourceUnavailable, "the answer is an error: lost the rest"),
        (told([{"receipt": "r1", "piece": 1}]), SourceContractError, "column 'pieces' is missing; did you mean piece?"),
        (told([ROW | {"file_date": "x"}]), SourceContractError, "the key 'file_date' is the platform's own name"),
        (Reply(b'[{"a": 1, "a": 2}]'), SourceContractError, "an object holds the key 'a' twice"),
        (
            told([ROW | {"Pieces": 3}]),
            SourceContractError,
            "the keys 'pieces' and 'Pieces' differ in capital letters only",
        ),
        (told([ROW | {"": 3}]), SourceContractError, "the key '' cannot be a column"),
        (told([{str(n): n} for n in range(501)]), SourceContractError, "501 different keys; 500 are allowed"),
        (told([ROW | {"x": "\ud800"}]), SourceContractError, "half a character"),
        (Reply(b"[" * 100_000), SourceContractError, "nested too deeply"),
        (Reply(b'[{"receipt":' + b"[" * 600 + b"]" * 600 + b"}]"), SourceContractError, "nested too deeply"),
        (Reply(b'["' + b"x" * (1 << 20) + b'"]'), SourceContractError, "the body is beyond 1 MB"),
        (
            Reply(gzip.compress(b" " * (50 << 20)), headers={"Content-Encoding": "gzip"}),
            SourceContractError,
            "the body is beyond 1 MB",
        ),
    ],
)
def test_a_failure_names_path_day_shop_and_cause(
    till: Tills, reply: Reply, error: type[SourceError], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)) as caught:
        till(lambda _: reply).fetch(max_page_mb=1)

    assert str(caught.value).startswith("input lines: GET /sales for 2026-03-01, shop 'A'")
    assert "\n" not in str(caught.value)


def test_a_token_that_a_server_repeats_is_not_told(till: Tills, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for reply in (told({"error": f"token {TOKEN}\r\n expired"}, 401), told([{"error": TOKEN}]), told({}, 500)):
        with pytest.raises(SourceError) as caught:
            till(lambda _, reply=reply: reply).fetch()  # type: ignore[misc]
        assert TOKEN not in str(caught.value)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("status", [200, 401, 503])
def test_no_part_of_a_token_is_told_either(till: Tills, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "eyJhbGciOiJSUzI1NiJ9." + "A1b2C3d4" * 80
    monkeypatch.setattr(conftest, "TOKEN", long)

    with pytest.raises(SourceError) as caught:
        till(lambda _: told([{"error": f"invalid token {long}"}], status)).fetch()

    assert "invalid token ***" in str(caught.value)
    assert long[:20] not in str(caught.value)


def test_a_server_that_is_not_there(till: Tills) -> None:
    lines = till(lambda _: told([]))
    lines.server.url = "http://127.0.0.1:1"
    with pytest.raises(SourceUnavailable, match=r"GET /sales for 2026-03-01, shop 'A' failed.*refused"):
        lines.fetch(retry_seconds=1)


def test_a_server_that_does_not_answer(till: Tills) -> None:
    done = threading.Event()

    def answer(_: Asked) -> Reply:
        done.wait(10)
        return told([])

    try:
        with pytest.raises(SourceUnavailable, match="timed out"):
            till(answer).fetch(timeout=0.2)
    finally:
        done.set()


def test_a_first_attempt_that_takes_all_the_time_is_followed_by_a_second(till: Tills) -> None:
    done = threading.Event()

    def answer(asked: Asked) -> Reply:
        if asked.times == 1:
            done.wait(10)
        return told([ROW])

    lines = till(answer)
    try:
        assert lines.fetch(timeout=1, retry_seconds=1)["receipt"].to_list() == ["r1"]
    finally:
        done.set()
    assert len(lines.server.asked) == 2


@pytest.mark.parametrize(("status", "told_of"), [(200, "came too slowly"), (503, "status 503")])
def test_a_body_that_comes_byte_by_byte_is_not_waited_for(till: Tills, status: int, told_of: str) -> None:
    lines = till(lambda _: Reply(b" " * 60_000, status, drip=0.02))
    with pytest.raises(SourceUnavailable, match=told_of):
        lines.fetch(timeout=0.1)


def test_nor_after_another_request_has_failed(till: Tills) -> None:
    begun_to_answer = threading.Event()

    def answer(asked: Asked) -> Reply:
        if asked.query["shop"] == "B":
            begun_to_answer.wait(10)
            return told({}, 422)
        begun_to_answer.set()
        return Reply(b" " * 60_000, drip=0.05)

    lines = till(answer)
    lines.shops = ["A", "B"]
    begun = time.monotonic()
    with pytest.raises(SourceContractError, match="shop 'B'"):
        lines.fetch(timeout=30)
    assert time.monotonic() - begun < 15


def test_a_body_of_several_compressed_parts_is_whole(till: Tills) -> None:
    rows = json.dumps([ROW | {"receipt": f"r{number}"} for number in range(20_000)]).encode()
    body = gzip.compress(rows[:500_000]) + gzip.compress(rows[500_000:])
    assert till(lambda _: Reply(body, headers={"Content-Encoding": "gzip"})).fetch().height == 20_000


def test_a_body_is_compressed_once(till: Tills) -> None:
    """Twice compressed, some kilobytes are gigabytes before their size is known."""
    twice = gzip.compress(gzip.compress(json.dumps([ROW]).encode()))
    with pytest.raises(SourceContractError, match="encoded as 'gzip, gzip'; gzip is asked for, or nothing"):
        till(lambda _: Reply(twice, headers={"Content-Encoding": "gzip, gzip"})).fetch()


@pytest.mark.parametrize("url", ["http://[till", "http://till:port/", "http://till:99999"])
def test_an_address_that_is_none_is_refused_by_its_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="RETAIL_SOURCE_URL: an address as https"):
        open_api(url, None)


def test_one_shop_of_ten_fails_and_is_named(till: Tills) -> None:
    lines = till(lambda asked: told({}, 500) if asked.query["shop"] == "S7" else told([ROW]))
    lines.shops = [f"S{number}" for number in range(10)]
    with pytest.raises(SourceUnavailable, match="2026-03-01, shop 'S7' failed"):
        lines.fetch()


def test_after_a_failure_nothing_more_is_asked(till: Tills) -> None:
    lines = till(lambda _: told({}, 422))
    lines.shops = [f"S{number:03}" for number in range(200)]
    with pytest.raises(SourceContractError, match="shop 'S00"):
        lines.fetch(concurrency=2, retry_seconds=60)
    assert len(lines.server.asked) < 50


def test_shops_without_values_are_no_empty_day(till: Tills) -> None:
    lines = till(lambda _: told([]))
    lines.shops = []
    with pytest.raises(SourceUnavailable, match=r"shops\.id has no values"):
        lines.fetch()


def test_so_many_requests_at_a_time(till: Tills) -> None:
    meet = threading.Barrier(3)

    def answer(_: Asked) -> Reply:
        meet.wait(20)
        return told([ROW])

    lines = till(answer)
    lines.shops = [f"S{number}" for number in range(9)]
    assert lines.fetch(concurrency=3).height == 9
    assert lines.server.most_at_once == 3


def test_requests_keep_their_distance(till: Tills) -> None:
    lines = till(lambda _: told([ROW]))
    lines.shops = [f"S{number}" for number in range(5)]
    started = datetime.now()
    lines.fetch(requests_per_second=10)
    assert (datetime.now() - started).total_seconds() >= 0.4


NOTHING = told([{"error": "No sales found for store ID: A on 2026-03-01"}])


@pytest.mark.parametrize("reply", [NOTHING, told({"error": "No sales found"}, 404), told({"error": "No sales found"})])
def test_nothing_found_is_empty_only_where_it_may_be(till: Tills, reply: Reply) -> None:
    lines = till(lambda _: reply)
    assert lines.fetch(nothing="^No .* found", absent=[DAY]).is_empty()
    assert lines.fetch(nothing="^No .* found", absent=None).is_empty()
    with pytest.raises(SourceUnavailable, match="2026-03-01, shop 'A': the server has nothing: No sales found"):
        lines.fetch(nothing="^No .* found")
    with pytest.raises(SourceUnavailable):
        lines.fetch(absent=[DAY])


@pytest.mark.parametrize("rows", [[ROW], [ROW, ROW], [{"error": "No sales found"}, ROW]])
def test_rows_beside_such_an_error_are_not_nothing(till: Tills, rows: list[object]) -> None:
    lines = till(lambda _: told({"error": "No discounts found", "items": rows}))
    with pytest.raises(SourceUnavailable, match="the answer is an error: No discounts found"):
        lines.fetch(rows="items", nothing="^No .* found", absent=None)


def test_another_error_is_one_on_a_closed_day_too(till: Tills) -> None:
    with pytest.raises(SourceUnavailable, match="data file not found"):
        till(lambda _: told([{"error": "Sales data file not found."}])).fetch(nothing="^No .* found", absent=None)


def test_values_that_need_not_be_there(till: Tills) -> None:
    lines = till(lambda asked: NOTHING if asked.query["shop"] == "Nice" else told([ROW]))
    rows = lines.fetch(nothing="^No", for_each={"shop": {"column": "shops.id", "maybe": ["Nice", "A"]}})
    assert rows["request_shop"].to_list() == ["A"]


def test_a_fetch_is_logged_once(till: Tills, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    lines = till(lambda asked: told({}, 500) if asked.times == 1 else told([ROW, ROW]))

    lines.fetch(retry_seconds=20)

    [line] = [one for one in caplog.records if one.name == "retail_platform.sources"]
    assert re.fullmatch(
        r"fetched input=lines path=/sales day=2026-03-01 shop='A' rows=2 seconds=\d+\.\d\d attempts=2",
        line.getMessage(),
    )
    assert not [one for one in caplog.records if one.name == "httpx"]


def test_a_checksum_that_does_not_add_up(till: Tills) -> None:
    body = json.dumps([ROW]).encode()
    good = Reply(body, headers={"X-Content-SHA256": hashlib.sha256(body).hexdigest().upper()})
    zipped = Reply(gzip.compress(body), headers={**good.headers, "Content-Encoding": "gzip"})
    bad = Reply(body.replace(b"r1", b"r2"), headers=good.headers)

    assert till(lambda asked: bad if asked.times == 1 else zipped).fetch(
        sha256_header="X-Content-SHA256", retry_seconds=20
    )["receipt"].to_list() == ["r1"]
    with pytest.raises(SourceUnavailable, match="the body is not what X-Content-SHA256 says"):
        till(lambda _: bad).fetch(sha256_header="X-Content-SHA256")
    with pytest.raises(SourceContractError, match="X-Content-SHA256 is missing"):
        till(lambda _: Reply(body)).fetch(sha256_header="X-Content-SHA256")
