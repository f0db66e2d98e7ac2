"""The printable report of the dashboard: the chosen stores and days, linked on the pages, guarded as they are."""

import logging
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from retail_platform.dashboard.app import ACTIVITY, known_of
from retail_platform.dashboard.data.measures import changes, summed
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.filters import parse
from retail_platform.dashboard.page import View
from retail_platform.dashboard.pages import PAGES
from retail_platform.dashboard.pages.common import TILES
from retail_platform.dashboard.serving import Access, make_server
from retail_platform.language.formats import Formats
from retail_platform.reports.figures import BASES
from retail_platform.storage.lake import Lake
from retail_platform.storage.sql import connect
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.dashboard.test_serving import HOSTILE, shown
from retail_platform_tests.reports.pages import shown as read


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return lakes.small_data(tmp_path_factory.mktemp("printed"))


@pytest.fixture(scope="module")
def client(data: Data) -> FlaskClient:
    return make_server(data).test_client()


def test_the_numbers_are_those_of_sql_on_the_same_filters(data: Data, client: FlaskClient) -> None:
    query = """
        SELECT sum(visitors), sum(transactions), sum(revenue)::DOUBLE FROM store_days JOIN stores USING (store_id)
        WHERE region = 'South' AND date BETWEEN '2026-01-05' AND '2026-01-20'
    """
    row = connect(data.lake, query).execute(query).fetchone()
    assert row is not None

    found = read(client.get("/report?region=South&from=2026-01-05&to=2026-01-20").text)

    formats = Formats("en", "EUR")
    names = {"Visitors": "visitors", "Transactions": "transactions", "Revenue": "revenue"}
    for (title, name), value in zip(names.items(), row, strict=True):
        assert found.tiles[title][0] == formats.measure(name, value)
    assert "South" in found.text
    assert "2 stores" in found.text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "period=1d",
        "store=S3&period=91d",
        "region=South&from=2025-12-15&to=2026-01-05",
        "from=2026-01-01&to=2026-02-28",
    ],
)
def test_figures_and_changes_are_those_of_the_pages(data: Data, client: FlaskClient, query: str) -> None:
    view = View(PAGES[0], data, parse(query, known_of(data)).filters)
    formats, total = Formats("en", "EUR"), summed(view.rows)

    tiles = read(client.get(f"/report?{query}").text).tiles

    for name in TILES:
        shown = [formats.change(changes(view.rows, basis)[name].per_cent) for basis in BASES]
        value, *told = tiles[view.t(name)]
        assert value == formats.measure(name, total[name]), name
        assert [change.lstrip("▲▼ ") for change in told] == shown, name


def test_a_day_without_rows_of_the_store_is_not_missing_where_others_have_some(tmp_path: Path) -> None:
    lake = lakes.small_lake(tmp_path)
    closed = pl.col("date") == date(2026, 1, 20), pl.col("store_id") == "S1"
    lake.replace("store_days", lakes.days().filter(~pl.all_horizontal(closed)), lakes.SPAN)

    told = read(make_server(Data(lake)).test_client().get("/report?store=S1").text).trust

    assert "No day is missing." in told


def test_one_store_in_french(client: FlaskClient) -> None:
    found = read(client.get("/report?store=S3&lang=fr&period=7d").text)

    assert "=Nice" in found.text
    assert "Chiffre d’affaires" in found.tiles


@pytest.mark.parametrize("path", ["/", "/store"])
def test_pages_lead_to_the_report_of_what_they_show(data: Data, path: str) -> None:
    content = shown(data, f"{path}?region=North&from=2026-01-05&to=2026-01-20")

    assert "Print report" in content
    assert "/report?from=2026-01-05&to=2026-01-20" in content
    assert "region=North" in content


def test_it_is_served_as_a_page_without_scripts(client: FlaskClient) -> None:
    answer = client.get("/report")

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", HOSTILE)
def test_what_cannot_be_used_is_refused_in_plain_text(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/report?{query}")

    assert (answer.status_code, answer.mimetype) == (400, "text/plain")


def test_a_choice_without_stores_says_so(client: FlaskClient) -> None:
    answer = client.get("/report?region=North&format=mall&lang=fr")

    assert answer.status_code == 404
    assert "Aucune ligne pour ces filtres" in answer.text


def test_days_before_the_data_say_so(tmp_path: Path) -> None:
    lake = lakes.small_lake(tmp_path)
    month = Window(lakes.LAST.replace(day=1), lakes.LAST)
    lake.replace("store_days", lakes.days(month), lakes.SPAN)

    answer = make_server(Data(lake)).test_client().get("/report?period=last_quarter")

    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert "There are no rows for these filters" in answer.text


def test_an_empty_lake_says_what_is_missing(tmp_path: Path) -> None:
    answer = make_server(Data(Lake(str(tmp_path)))).test_client().get("/report")

    assert (answer.status_code, answer.mimetype) == (503, "text/plain")
    assert "The table store_days is not there yet" in answer.text


def test_without_name_and_password_nothing_is_shown(data: Data) -> None:
    guarded = make_server(data, access=Access(user="ann", password=SecretStr("secret"))).test_client()

    assert guarded.get("/report").status_code == 401


def test_several_currencies_are_told_apart(tmp_path: Path) -> None:
    client = make_server(lakes.small_data(tmp_path, currency="CHF")).test_client()

    found = read(client.get("/report").text)

    assert found.tables["By currency"][1][0] == "CHF"
    assert "Revenue" not in found.tiles
    assert "Revenue" in read(client.get("/report?currency=CHF").text).tiles


def test_best_sellers_are_ranked_by_the_currency_of_the_days_shown(tmp_path: Path) -> None:
    lake = lakes.small_lake(tmp_path)
    changed = pl.when(pl.col("date") < date(2025, 6, 1)).then(pl.lit("FRF")).otherwise(pl.col("currency"))
    lake.replace("store_days", lakes.days().with_columns(currency=changed), lakes.SPAN)
    sold = {"date": [date(2026, 1, 20)] * 2, "store_id": ["S1"] * 2, "product_id": ["Dear", "Cheap"]}
    sold |= {"units": [1, 50], "revenue": [900.0, 50.0]}
    lake.replace("product_daily_metrics", pl.DataFrame(sold), lakes.SPAN)

    found = read(make_server(Data(lake)).test_client().get("/report").text)

    assert found.tables["Best sellers"] == [
        ["Product", "Units", "Revenue"],
        ["Dear", "1", "€900"],
        ["Cheap", "50", "€50"],
    ]


def test_it_is_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger=ACTIVITY):
        client.get("/report?store=S1")

    record = caplog.records[-1]
    assert (record.__dict__["page"], record.__dict__["filters"]) == ("/report", "?store=S1")
