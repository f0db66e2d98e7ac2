"""The dashboard over HTTP: who may look, headers, health, downloads, hostile addresses, the activity log."""

import base64
import gzip
import io
import json
import logging
import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from retail_platform.dashboard.app import ACTIVITY, answered
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.page import Page
from retail_platform.dashboard.pages import PAGES
from retail_platform.dashboard.serving import Access, make_server, warm
from retail_platform.storage.lake import Lake
from retail_platform_tests.dashboard import lakes

HOSTILE = (
    "store=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "store=S1%27%20OR%201%3D1--",
    "region=..%2F..%2F..%2Fetc%2Fpasswd",
    "from=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
    "period=%00",
    "nothing=at%20all",
    "format=" + "A" * 20_000,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return lakes.small_data(tmp_path_factory.mktemp("serving"))


def client(data: Data, **access: Any) -> FlaskClient:
    return make_server(data, access=Access(**access)).test_client()


def shown(data: Data, address: str) -> str:
    """The content of a page, as it goes to the browser."""
    path, _, query = address.partition("?")
    found, _view = answered(data, PAGES, (path, f"?{query}"), None, "en")
    return json.dumps(found[0].to_plotly_json(), default=lambda part: part.to_plotly_json())


def test_every_answer_says_what_the_browser_may_do(data: Data) -> None:
    headers = client(data).get("/").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'sha256-" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_nothing_is_loaded_from_elsewhere(data: Data) -> None:
    page = client(data).get("/").text

    assert 'src="http' not in page
    assert 'href="http' not in page


def test_health_is_open_and_tells_the_last_day(data: Data) -> None:
    answer = client(data, user="ann", password=SecretStr("secret")).get("/health")

    assert (answer.status_code, answer.json) == (200, {"status": "ok", "last_day": str(lakes.LAST)})


def test_a_server_that_still_reads_says_so_and_looks_at_every_page_before_it_is_ready(data: Data) -> None:
    ready = threading.Event()
    server = make_server(data, ready=ready).test_client()

    assert (server.get("/health").status_code, server.get("/health").json) == (503, {"status": "starting"})
    warm(data)
    ready.set()
    assert server.get("/health").status_code == 200


def test_large_answers_are_compressed_for_who_takes_it(data: Data) -> None:
    packed = client(data).get("/_dash-layout", headers={"Accept-Encoding": "gzip"})
    plain = client(data).get("/_dash-layout")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain.data) / 3


def test_an_empty_lake_is_no_fault_of_the_server(tmp_path: Path) -> None:
    answer = client(Data(Lake(str(tmp_path)))).get("/health")

    assert (answer.status_code, answer.json) == (200, {"status": "ok", "reason": "table_missing"})


@pytest.mark.parametrize("given", [None, "ann:wrong", "bob:secret", "ann", "ann:sécret"])
def test_without_name_and_password_nothing_is_shown(data: Data, given: str | None) -> None:
    guarded = client(data, user="ann", password=SecretStr("secret"))
    headers = {} if given is None else {"Authorization": "Basic " + base64.b64encode(given.encode()).decode()}

    for path in ("/", "/_dash-layout", "/assets/style.css", "/download/overview/store_top.csv"):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_name_and_password_open_the_page(data: Data) -> None:
    guarded = client(data, user="ann", password=SecretStr("a:b é"))

    headers = {"Authorization": "Basic " + base64.b64encode("ann:a:b é".encode()).decode()}
    assert guarded.get("/", headers=headers).status_code == 200
    assert guarded.get("/", headers={"Authorization": "Basic %%%"}).status_code == 401


def test_a_trusted_proxy_opens_the_page(data: Data) -> None:
    guarded = client(data, proxy_header="X-Forwarded-User")

    assert guarded.get("/", headers={"X-Forwarded-User": "ann"}).status_code == 200
    assert guarded.get("/").status_code == 401


def test_the_csv_is_the_table_shown(data: Data) -> None:
    address = "/download/overview/store_all.csv?period=7d&store=S1&store=S3"
    answer = client(data).get(address)

    found = pl.read_csv(io.BytesIO(answer.data))
    whole = pl.read_parquet(io.BytesIO(client(data).get(address.replace(".csv", ".parquet")).data))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="store_all_2026-01-24_2026-01-30.csv"'
    assert found["label"].sort().to_list() == ["'=Nice", "Paris"]
    assert found["revenue"].to_list() == whole["revenue"].to_list()
    page = shown(data, "/?period=7d&store=S1&store=S3")
    for revenue in found["revenue"]:
        assert f"\\u20ac{revenue:,.0f}" in page


@pytest.mark.parametrize("query", HOSTILE)
def test_a_hostile_address_is_told_and_gives_no_number(data: Data, query: str) -> None:
    page = shown(data, f"/?{query}")

    assert "This address cannot be used" in page
    assert "tile-revenue" not in page
    assert "Traceback" not in page
    assert client(data).get(f"/download/overview/store_all.csv?{query}").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/download/overview/store_all.exe",
        "/download/overview/nothing.csv",
        "/download/nothing/store_all.csv",
        "/download/overview/..%2f..%2fetc%2fpasswd.csv",
    ],
)
def test_an_unknown_download_is_not_found(data: Data, path: str) -> None:
    assert client(data).get(path).status_code in (200, 404)
    assert "root:" not in client(data).get(path).text


def test_days_without_data_say_so(data: Data) -> None:
    assert "There is no data on these days" in shown(data, "/?from=2031-01-01&to=2031-01-05")
    assert "There are no rows for these filters" in shown(data, "/?store=S1&region=South")


@pytest.mark.parametrize("page", [page for page in PAGES if "period" in page.filters], ids=lambda page: page.title)
def test_days_far_from_the_data_are_told_and_give_no_number(data: Data, page: Page) -> None:
    told = shown(data, f"{page.path}?from=0001-01-01&to={lakes.LAST}")

    assert "is too far from the data: days from 2023-01-01 to 2027-12-31 can be chosen" in told
    for name in page.downloads:
        assert client(data).get(f"/download/{page.title}/{name}.csv?from=0001-01-01").status_code == 400


def test_an_empty_lake_names_what_to_materialize(tmp_path: Path) -> None:
    assert "Materialize the asset store_days" in shown(Data(Lake(str(tmp_path))), "/?store=S1")


def test_an_unknown_page_leads_back(data: Data) -> None:
    assert "There is no such page" in shown(data, "/nowhere")


def test_two_currencies_are_refused_and_one_of_them_is_shown(tmp_path: Path) -> None:
    mixed = lakes.small_data(tmp_path, currency="CHF")

    assert "never added" in shown(mixed, "/")
    assert "tile-revenue" in shown(mixed, "/?currency=CHF")


def test_the_log_tells_page_filters_and_time_and_nothing_personal(data: Data, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=ACTIVITY)

    client(data).get(
        "/download/overview/store_all.csv?store=S1", headers={"User-Agent": "Eve", "X-Forwarded-For": "10.1.2.3"}
    )

    [record] = caplog.records
    assert vars(record)["page"] == "/"
    assert vars(record)["filters"] == "?store=S1"
    assert vars(record)["milliseconds"] > 0
    assert not any(sign in str(vars(record)) for sign in ("Eve", "10.1.2.3", "127.0.0.1"))
