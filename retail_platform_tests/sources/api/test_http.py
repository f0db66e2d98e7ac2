"""What clients of the source API rely on: tokens, checksums, ETags, gzip, errors, its description and its log."""

import gzip
import hashlib
import json
import logging
from datetime import timedelta

import httpx
import pytest

from retail_platform.sources.api.access import LOGGER
from retail_platform.sources.api.content import Content
from retail_platform.sources.api.serve import ApiServer
from retail_platform_tests.sources.api.conftest import DAY, Clock

PAGE = {"date": DAY, "limit": "10"}


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic czNjcmV0"}])
@pytest.mark.parametrize("method", ["GET /stores", "GET /sales", "GET /faults", "PUT /faults", "DELETE /faults"])
def test_without_the_token_nothing_is_told(api: ApiServer, method: str, header: dict[str, str]) -> None:
    response = httpx.request(*method.split(" /")[:1], f"{api.url}/{method.split(' /')[1]}", headers=header)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert list(response.json()) == ["error"]


def test_health_and_description_need_no_token(api: ApiServer) -> None:
    assert httpx.get(f"{api.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{api.url}/docs").status_code == 200
    description = httpx.get(f"{api.url}/openapi.json").json()
    sales = description["paths"]["/sales"]["get"]
    assert {(one["name"], one["required"]) for one in sales["parameters"]} == {
        ("date", True),
        ("store_id", False),
        ("limit", False),
        ("cursor", False),
    }
    page = sales["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    assert page["rows"]["items"]["properties"]["net_amount"] == {"type": ["string", "null"], "format": "decimal"}


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_checksum_is_of_the_body_unpacked(api: ApiServer, client: httpx.Client, coding: str) -> None:
    with client.stream("GET", "/sales", params=PAGE, headers={"Accept-Encoding": coding}) as response:
        sent = b"".join(response.iter_raw())

    assert response.headers.get("Content-Encoding", "identity") == coding
    body = gzip.decompress(sent) if coding == "gzip" else sent
    assert hashlib.sha256(body).hexdigest() == response.headers["X-Content-SHA256"]
    assert json.loads(body)["row_count"] == 10


def test_etag_changes_if_and_only_if_the_content_does(api: ApiServer, client: httpx.Client) -> None:
    first = client.get("/sales", params=PAGE).headers["ETag"]

    again = client.get("/sales", params=PAGE, headers={"If-None-Match": f'"other", {first}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first)

    api.faults.change(corrected_days=["2026-03-05"], missing_stores=["S0003"])
    other_store = client.get("/sales", params={**PAGE, "store_id": "S0001"}).headers["ETag"]
    api.faults.clear()
    assert client.get("/sales", params={**PAGE, "store_id": "S0001"}).headers["ETag"] == other_store

    api.faults.change(corrected_days=[DAY])
    corrected = client.get("/sales", params=PAGE, headers={"If-None-Match": first})
    assert (corrected.status_code, corrected.headers["ETag"] == first) == (200, False)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/sales", 422, "date: Field required"),
        ("/sales?date=20260302", 422, "YYYY-MM-DD"),
        ("/sales?date=2026-02-30", 422, "date: "),
        (f"/sales?date={DAY}&limit=0", 422, "limit: "),
        (f"/sales?date={DAY}&limit=10001", 422, "limit: "),
        (f"/sales?date={DAY}&store=S0001", 422, "store: is not known"),
        (f"/sales?date={DAY}&date=2026-03-03", 422, "date is given 2 times"),
        (f"/sales?date={DAY}&cursor=abc", 422, "cursor is not one of this answer"),
        (f"/stores?date={DAY}", 422, "date: is not known"),
        ("/sales?date=2025-12-31", 404, "the days served are 2026-01-01..2026-03-20"),
        ("/sales?date=2026-03-21", 404, "the days served are"),
        (f"/sales?date={DAY}&store_id=S0004", 404, "there is no store S0004"),
        ("/store_totals", 404, "no such path"),
    ],
)
def test_errors_say_what_is_wrong(client: httpx.Client, path: str, status: int, said: str) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert said in response.json()["error"]


def test_a_failure_of_the_server_itself_is_told_and_noted_as_one(
    api: ApiServer, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a row of Ann")

    monkeypatch.setattr(Content, "rows", broken)

    response = client.get("/stores")

    assert (response.status_code, response.json()) == (500, {"error": "the server failed: its log says why"})
    assert [(access.status, access.fault) for access in api.requests] == [(500, None)]


def test_days_go_on_to_today_in_the_retailers_zone(client: httpx.Client, clock: Clock) -> None:
    assert client.get("/sales?date=2026-03-21").status_code == 404

    clock.now += timedelta(hours=11, minutes=30)  # 23:30 UTC is past midnight in Paris

    assert client.get("/sales?date=2026-03-21").status_code == 200


def test_cursor_of_one_answer_is_none_of_another(client: httpx.Client) -> None:
    cursor = client.get("/sales", params=PAGE).json()["next_cursor"]

    for other in ({"date": "2026-03-03"}, {"store_id": "S0001"}):
        assert client.get("/sales", params={**PAGE, **other, "cursor": cursor}).status_code == 422
    assert client.get("/footfall", params={**PAGE, "cursor": cursor}).status_code == 422


def test_answer_begun_goes_on_in_its_version(api: ApiServer, client: httpx.Client) -> None:
    begun = client.get("/sales", params=PAGE).json()
    undisturbed = client.get("/sales", params={**PAGE, "cursor": begun["next_cursor"]}).json()

    api.faults.change(corrected_days=[DAY], missing_stores=["S0001"])

    assert client.get("/sales", params={**PAGE, "cursor": begun["next_cursor"]}).json() == undisturbed


def test_log_tells_requests_and_no_secrets(
    api: ApiServer, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)

    client.get("/sales", params={**PAGE, "store_id": "S0001"})
    client.get("/sales", params={**PAGE, "token": "s3cret", "store_id": "ann@example.com"})
    client.get("/clients/ann@example.com")

    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert lines[0].startswith(f"GET /sales?date={DAY}&limit=10&store_id=S0001 200 rows=10 ")
    assert lines[1].startswith(f"GET /sales?date={DAY}&limit=10&***=***&store_id=*** 422 rows=- ")
    assert lines[2].startswith("GET *** 404 rows=- ")
    assert [access.status for access in api.requests] == [200, 422, 404]
    assert not any(secret in line for secret in ("s3cret", "ann", "Bearer") for line in lines)
