"""The built-in mapping of a small retail API, served from what such an API delivered."""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retail_platform.settings import Settings
from retail_platform.sources.base import Source, SourceError, SourceUnavailable
from retail_platform.sources.mapping.check import check_mapping
from retail_platform.sources.registry import SYSTEMS, open_source
from retail_platform.windows import Window
from retail_platform_tests.platform import Platform
from retail_platform_tests.sources.mapping.http.server import Asked, Reply, Server, serving, told

DAY = date(2024, 12, 2)
ONE_DAY = Window(DAY, DAY)
STORES = [
    {"id": "A", "name": "Un", "location": "Paris", "capacity": 100, "opening_hour": "9", "closing_hour": "11"},
    {"id": "B", "name": "Deux", "location": "Lyon", "capacity": 100, "opening_hour": "9", "closing_hour": "11"},
]
CLIENT = {"id": "c1", "name": "Nom", "age": 40, "gender": "Femme", "loyalty_card": True}
PRODUCT = {"id": "p1", "name": "Chaise", "category": "Meubles", "price": 10.5, "cost": 4}


def sale(asked: Asked) -> dict[str, Any]:
    return {
        "sale_id": "s1",
        "nb_type_product": 1,
        "product_id": "p1",
        "client_id": "c1",
        "store_id": asked.query["store_id"],
        "quantity": 2,
        "sale_amount": 21.0,
        "sale_date": asked.query["sale_date"],
        "sale_time": "09:30:00",
    }


def hour(asked: Asked, store: str, at: int) -> dict[str, Any]:
    return {"store_id": store, "store_name": store, "date": asked.query["date"], "hour": at, "visitors": 5, "sales": 1}


def small(asked: Asked) -> Reply:
    """Two stores with one sale each."""
    match asked.path:
        case "/stores":
            return told(STORES)
        case "/products":
            return told([PRODUCT])
        case "/clients" if asked.query["city"] in ("Paris", "Lyon"):
            return told([CLIENT | {"id": asked.query["city"], "city": asked.query["city"]}])
        case "/clients":
            return told({"error": f"No clients found in city: {asked.query['city']}"}, 404)
        case "/sales":
            return told([sale(asked)])
        case _:
            return told([hour(asked, store, at) for store in "AB" for at in (9, 10)])


def without_store_b(asked: Asked) -> Reply:
    if asked.path == "/sales" and asked.query["store_id"] == "B":
        return told([{"error": f"No sales found for store ID: B on {asked.query['sale_date']}"}])
    return small(asked)


def source_of(server: Server) -> Source:
    return open_source(Settings(source="retail_api", source_url=server.url))


@pytest.fixture(scope="module")
def published(test_data: Path) -> Iterator[Server]:
    """The API's published data, served in its layout."""
    folder = test_data / "retailinsights" / "json"

    def content(name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(gzip.decompress((folder / f"{name}.json.gz").read_bytes()))
        return rows

    tables = {name: content(name) for name in ("clients", "products", "stores", "retail_data")}
    tables["sales"] = content("sales_2024-12-02")
    columns = {"sale_date": "sale_date", "store_id": "store_id", "date": "date", "city": "city"}

    def answer(asked: Asked) -> Reply:
        rows = tables[asked.path[1:]]
        for key, value in asked.query.items():
            rows = [row for row in rows if row[columns[key]] == value]
        nothing = {"clients": "No clients found in city: X", "sales": "No sales found for store ID: X on the day"}
        return told(rows or [{"error": nothing.get(asked.path[1:], "No retail data found")}])

    with serving(answer) as server:
        yield server


def test_the_published_data_arrive_whole(published: Server, test_data: Path) -> None:
    files = str(test_data / "retailinsights" / "json")
    by_file = open_source(Settings(source="retailinsights", source_dir=files))
    by_http = source_of(published)
    assert by_http.datasets == by_file.datasets
    for name in by_file.datasets:
        window = ONE_DAY if name in ("sales", "footfall") else None
        one, other = by_file.read(name, window).collect(), by_http.read(name, window).collect()
        assert one.sort(pl.all()).equals(other.sort(pl.all())), name
    assert by_http.read("clients").collect().height == 20_000


def test_the_mapping_is_sound(published: Server) -> None:
    found = check_mapping(SYSTEMS / "retail_api", None, source_url=published.url, day=DAY)
    assert [one for one in found if one.level == "error"] == []


def test_a_day_without_anything_fails(published: Server) -> None:
    """No store is known to be closed, and no rows came: who asks for stores that are open finds them missing."""
    rows = source_of(published).read("sales", Window(date(2030, 1, 1), date(2030, 1, 1))).collect()
    assert rows.is_empty()


def test_cities_without_clients_are_none_only_where_no_store_is() -> None:
    with serving(small) as server:
        assert set(source_of(server).read("clients").collect()["city"]) == {"Paris", "Lyon"}

    def no_one_in_lyon(asked: Asked) -> Reply:
        return told([{"error": "No clients found"}]) if asked.query.get("city") == "Lyon" else small(asked)

    with (
        serving(no_one_in_lyon) as server,
        pytest.raises(SourceUnavailable, match="city 'Lyon': the server has nothing"),
    ):
        source_of(server).read("clients")


@pytest.mark.parametrize("status", [200, 404])
def test_an_api_without_its_database_has_not_said_that_a_city_has_no_clients(status: int) -> None:
    def broken(asked: Asked) -> Reply:
        asked_of_nice = asked.query.get("city") == "Nice"
        return told([{"error": "No database connection"}], status) if asked_of_nice else small(asked)

    with serving(broken) as server, pytest.raises(SourceError, match=r"city 'Nice': .*No database connection"):
        source_of(server).read("clients")


def test_an_error_with_status_200_is_never_a_row() -> None:
    def broken(asked: Asked) -> Reply:
        return told([{"error": "Sales data file not found."}]) if asked.path == "/sales" else small(asked)

    with (
        serving(broken) as server,
        pytest.raises(SourceUnavailable, match=r"for 2024-12-02, store '[AB]': the answer is"),
    ):
        source_of(server).read("sales", ONE_DAY)


def test_nothing_found_is_an_empty_day_of_a_closed_store_alone(tmp_path: Path) -> None:
    """Store B opens on the second day, and on both days the API has nothing for it."""
    folder = tmp_path / "mapping"
    folder.mkdir()
    for path in (SYSTEMS / "retail_api").iterdir():
        (folder / path.name).write_text(path.read_text())
    stores = (folder / "stores.sql").read_text()
    (folder / "stores.sql").write_text(
        stores.replace("capacity\n", "capacity,\n    CASE id WHEN 'B' THEN '2024-12-03' END AS opened_on\n")
    )
    second = date(2024, 12, 3)
    with (
        serving(without_store_b) as server,
        Platform(
            tmp_path / "platform", source=folder, source_url=server.url, start_date=DAY, end_date=second
        ) as platform,
    ):
        assert platform.materialize(str(DAY), select="+sales").failures == []
        assert platform.table("sales")["store_id"].to_list() == ["A"]
        assert platform.table("quarantine_sales").is_empty()

        [failure, *_] = platform.materialize(str(second), select="raw_sales").failures
        assert "sales of retail_api lacks 1 store-days (2024-12-03: B)" in str(failure)
        assert platform.table("raw_sales")["date"].unique().to_list() == [DAY]
