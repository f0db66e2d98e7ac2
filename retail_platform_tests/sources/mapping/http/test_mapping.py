"""A mapping that joins a till's API with files of shops: what its SQL sees, and what is refused."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr

from retail_platform.settings import Settings, SettingsError
from retail_platform.sources.base import Source, SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.check import check_mapping
from retail_platform.sources.registry import open_source
from retail_platform.windows import Window
from retail_platform_tests.sources.mapping.http.server import Asked, Reply, Server, serving, told

MAPPING = """
name = "corner"
title = "Corner shops"
timezone = "Europe/Paris"
currency = "EUR"
country = "FR"
default_start = 2026-03-01

[inputs.lines]
kind = "http"
path = "sales"
params = { on = "{date}", shop = "{shop}" }
for_each = { shop = "shops.id" }
columns = ["day", "receipt", "pieces", "amount"]
nothing = "^No "
retry_seconds = 0

[inputs.shops]
path = "shops.csv"

[datasets.stores]
delivery = "snapshot"
driving = "shops"
identity = ["store_id"]

[datasets.sales]
delivery = "store_day"
driving = "lines"
"""

SALES = """SELECT
    file_date AS date,
    request_shop AS store_id,
    receipt AS sale_id,
    pieces AS quantity,
    amount AS net_amount,
    shops.name AS payment_method
FROM lines JOIN shops ON shops.id = request_shop
"""
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
DAYS = Window(FIRST, SECOND)


def line(asked: Asked) -> Reply:
    return told([{"day": asked.query["on"], "receipt": "r1", "pieces": 2, "amount": 1.50}])


@dataclass
class Corner:
    """The mapping, its file of shops, and the till."""

    folder: Path
    server: Server

    @property
    def mapping(self) -> Path:
        return self.folder / "corner"

    def describe(self, text: str) -> None:
        (self.mapping / "mapping.toml").write_text(text)

    def sql(self, text: str) -> None:
        (self.mapping / "sales.sql").write_text(text)

    def source(self) -> Source:
        return open_source(Settings(source=str(self.mapping), source_dir=str(self.folder), source_url=self.server.url))

    def findings(self) -> list[tuple[str, str | None, str]]:
        found = check_mapping(self.mapping, str(self.folder), source_url=self.server.url, day=FIRST)
        return [(one.level, one.dataset, one.message) for one in found]


@pytest.fixture
def corner(tmp_path: Path) -> Iterator[Callable[..., Corner]]:
    """Makes the corner shops with a till that answers as told."""
    with ExitStack() as stack:

        def make(answer: Callable[[Asked], Reply] = line) -> Corner:
            one = Corner(tmp_path, stack.enter_context(serving(answer)))
            one.mapping.mkdir()
            one.describe(MAPPING)
            one.sql(SALES)
            (one.mapping / "stores.sql").write_text("SELECT id AS store_id, name FROM shops")
            (tmp_path / "shops.csv").write_text("id,name\nA,Étoile\nB,Port\n")
            return one

        yield make


def test_sql_joins_answers_and_files(corner: Callable[..., Corner]) -> None:
    rows = corner().source().read("sales", DAYS).collect().sort("date", "store_id")
    assert rows.schema["date"] == pl.Date
    assert rows.rows() == [
        (FIRST, "A", "r1", "2", "1.5", "Étoile"),
        (FIRST, "B", "r1", "2", "1.5", "Port"),
        (SECOND, "A", "r1", "2", "1.5", "Étoile"),
        (SECOND, "B", "r1", "2", "1.5", "Port"),
    ]  # fmt: skip


def test_a_dataset_of_files_alone_asks_nothing(corner: Callable[..., Corner]) -> None:
    shops = corner()
    assert shops.source().read("stores").collect().height == 2
    assert shops.server.asked == []


def test_rows_that_the_sql_drops_or_multiplies(corner: Callable[..., Corner]) -> None:
    shops = corner()
    shops.sql(SALES + "WHERE request_shop = 'A'")
    with pytest.raises(SourceContractError, match="delivers 2 rows, its driving input lines has 4"):
        shops.source().read("sales", DAYS)


def test_rows_of_another_day_than_asked_for(corner: Callable[..., Corner]) -> None:
    shops = corner(lambda _: told([{"day": "2026-03-01", "receipt": "r1", "pieces": 2, "amount": 1}]))
    shops.sql(SALES.replace("file_date AS date", "day AS date"))
    with pytest.raises(SourceContractError, match="rows must bear its date"):
        shops.source().read("sales", DAYS)


def test_a_shop_without_rows_is_left_to_who_knows_the_opening_hours(corner: Callable[..., Corner]) -> None:
    shops = corner(lambda asked: told([{"error": "No sales"}]) if asked.query["shop"] == "B" else line(asked))
    rows = shops.source().read("sales", DAYS).collect()
    assert rows["store_id"].to_list() == ["A", "A"]


def test_a_day_without_rows_is_none_where_nobody_else_would_know(corner: Callable[..., Corner]) -> None:
    shops = corner(lambda _: told([{"error": "No sales"}]))
    shops.describe(MAPPING.replace('"store_day"', '"day"'))
    source = shops.source()
    with pytest.raises(SourceUnavailable, match=r"2026-03-0[12], shop '[AB]': the server has nothing: No sales"):
        source.read("sales", DAYS)
    assert source.read("sales", DAYS, may_be_absent=[FIRST, SECOND]).collect().is_empty()


def test_an_archive_has_days_without_rows(corner: Callable[..., Corner]) -> None:
    shops = corner(lambda asked: line(asked) if asked.query["on"] == str(FIRST) else told([{"error": "No sales"}]))
    span = "span = { first = 2026-03-01, last = 2026-03-02 }"
    shops.describe(MAPPING.replace('"store_day"', '"archive"').replace("default_start = 2026-03-01", span))
    assert set(shops.source().read("sales", DAYS).collect()["date"]) == {FIRST}


def test_an_error_with_status_200_is_never_a_row(corner: Callable[..., Corner]) -> None:
    shops = corner(lambda _: told([{"error": "database is locked"}]))
    with pytest.raises(
        SourceUnavailable, match=r"2026-03-0[12], shop '[AB]': the answer is an error: database is locked"
    ):
        shops.source().read("sales", DAYS)


def test_inputs_may_ask_for_values_of_other_answers(corner: Callable[..., Corner]) -> None:
    shops = corner(lambda asked: told([{"id": "C", "name": "Gare"}]) if asked.path == "/shops" else line(asked))
    shops.describe(MAPPING.replace('path = "shops.csv"', 'kind = "http"\npath = "/shops"\ncolumns = ["id", "name"]'))
    source = open_source(Settings(source=str(shops.mapping), source_url=shops.server.url))  # no files, no folder
    assert source.read("sales", DAYS).collect()["store_id"].to_list() == ["C", "C"]


def test_answers_are_asked_for_at_each_read(corner: Callable[..., Corner]) -> None:
    shops = corner(lambda asked: told([{"receipt": "r1", "pieces": asked.times, "amount": 1, "day": ""}]))
    source = shops.source()
    for times in ("1", "2"):
        assert set(source.read("sales", DAYS).collect()["quantity"]) == {times}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"shops.id"', '"shop.id"', "inputs.lines.for_each.shop: shop is no input; did you mean shops?"),
        ('"shops.id"', '"lines.receipt"', "inputs.lines: its for_each asks, by way of others, for itself"),
        ("pieces", "", 'inputs.lines.columns: found'),
        ("nothing =", "nothin =", "inputs.lines.nothin: unknown key; did you mean nothing?"),
        ('path = "sales"', 'path = ""', "inputs.lines.path: found ''"),
        ("[inputs.lines]", "[http.lines]", "http: unknown key; an HTTP input is one of inputs"),
        ("[inputs.lines]", "[[inputs.lines]]\npath = 'x.csv'\n[[inputs.lines]]", "found 'http'; input should be"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_told(corner: Callable[..., Corner], old: str, new: str, message: str) -> None:
    shops = corner()
    shops.describe(MAPPING.replace(old, new) if new else MAPPING.replace('"day", "receipt", "pieces", "amount"', "1"))
    with pytest.raises(SourceContractError, match=re.escape(message)):
        shops.source()


def test_a_column_to_ask_for_that_is_none(corner: Callable[..., Corner]) -> None:
    shops = corner()
    shops.describe(MAPPING.replace('"shops.id"', '"shops.number"'))
    with pytest.raises(SourceContractError, match=re.escape("for_each names shops.number, which is no column")):
        shops.source().read("sales", DAYS)


def test_a_snapshot_cannot_be_asked_for_by_day(corner: Callable[..., Corner]) -> None:
    shops = corner()
    (shops.mapping / "stores.sql").write_text("SELECT receipt AS store_id FROM lines")
    shops.describe(MAPPING.replace('driving = "shops"', 'driving = "lines"'))
    with pytest.raises(SourceContractError, match="is asked for by day, a snapshot has no days"):
        shops.source().read("stores")


def test_without_an_address_or_a_folder(corner: Callable[..., Corner]) -> None:
    shops = corner()
    with pytest.raises(SettingsError, match="RETAIL_SOURCE_URL is not set: the mapping has HTTP inputs"):
        open_source(Settings(source=str(shops.mapping), source_dir=str(shops.folder)))
    with pytest.raises(SettingsError, match="RETAIL_SOURCE_DIR is not set"):
        open_source(Settings(source=str(shops.mapping), source_url=shops.server.url))


def test_opening_a_source_asks_nothing_and_hides_the_token(corner: Callable[..., Corner]) -> None:
    shops = corner()
    settings = Settings(
        source=str(shops.mapping),
        source_dir=str(shops.folder),
        source_url=shops.server.url,
        source_token=SecretStr("s3cret"),
    )
    assert "s3cret" not in repr(open_source(settings))
    assert shops.server.asked == []


def test_a_sound_mapping_is_checked_on_one_day(corner: Callable[..., Corner]) -> None:
    shops = corner()
    found = shops.findings()
    assert [one for one in found if one[0] == "error"] == []
    wanted = f"input lines: GET /sales?on={{date}}&shop={{shop}} of {shops.server.url} for 2026-03-01"
    assert ("info", None, wanted) in found
    assert {one.query["on"] for one in shops.server.asked} == {"2026-03-01"}


def test_a_file_of_all_days_joined_to_an_endpoint_of_days_is_checked_on_one_day(corner: Callable[..., Corner]) -> None:
    shops = corner()
    driven = '[datasets.sales]\ndelivery = "day"\ndriving = "slips"\n\n[inputs.slips]\npath = "slips.csv"\n'
    shops.describe(MAPPING.split("[datasets.sales]", maxsplit=1)[0] + driven)
    (shops.folder / "slips.csv").write_text("day,shop,receipt,pieces\n2026-03-01,A,r1,1\n2026-03-09,B,r2,1\n")
    shops.sql(
        "SELECT slips.day AS date, shop AS store_id, slips.receipt AS sale_id, slips.pieces AS quantity, "
        "amount AS net_amount FROM slips LEFT JOIN lines ON file_date::VARCHAR = slips.day AND request_shop = shop"
    )
    assert [one for one in shops.findings() if one[0] == "error"] == []
    assert {one.query["on"] for one in shops.server.asked} == {"2026-03-01"}


def test_what_is_wrong_with_answers_is_found(corner: Callable[..., Corner]) -> None:
    shops = corner(lambda _: told([{"day": "x", "receipt": "r1", "piece": 1, "amount": "x"}]))
    found = shops.findings()
    [told_of_sales] = [message for level, dataset, message in found if (level, dataset) == ("error", "sales")]
    assert re.match(
        r"input lines: GET /sales for 2026-03-01, shop '[AB]': column 'pieces' is missing; did you mean piece\?",
        told_of_sales,
    )
