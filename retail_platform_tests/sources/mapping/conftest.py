"""A small retailer to describe: two shops, a file of sale lines a day."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from retail_platform.settings import Settings
from retail_platform.sources.base import Source
from retail_platform.sources.registry import open_source
from retail_platform.windows import Window

MAPPING = """
name = "corner"
title = "Corner shops"
timezone = "Europe/Paris"
currency = "EUR"
country = "FR"
default_start = 2026-03-01

[inputs.shops]
path = "shops.csv"

[inputs.lines]
path = "sales/{date}.csv"
columns = ["day", "shop", "receipt", "article", "pieces", "amount"]

[datasets.stores]
delivery = "snapshot"
driving = "shops"
identity = ["store_id"]

[datasets.sales]
delivery = "day"
driving = "lines"
"""

STORES = "SELECT id AS store_id, name FROM shops\n"

SALES = """SELECT
    day AS date,
    shop AS store_id,
    receipt AS sale_id,
    article AS product_id,
    pieces AS quantity,
    amount AS net_amount
FROM lines
"""

HEADER = "day,shop,receipt,article,pieces,amount\n"


@dataclass
class Retailer:
    """A mapping's folder and the files it describes."""

    mapping: Path
    files: Path

    def describe(self, text: str) -> None:
        (self.mapping / "mapping.toml").write_text(text)

    def sql(self, dataset: str, text: str) -> None:
        (self.mapping / f"{dataset}.sql").write_text(text)

    def deliver(self, name: str, content: str | bytes) -> Path:
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def source(self, source_dir: str | None = None) -> Source:
        return open_source(Settings(source=str(self.mapping), source_dir=source_dir or str(self.files)))


@pytest.fixture
def retailer(tmp_path: Path) -> Retailer:
    """Two shops, three days: 2, 1 and 0 lines."""
    one = Retailer(tmp_path / "corner", tmp_path / "files")
    one.mapping.mkdir()
    one.describe(MAPPING)
    one.sql("stores", STORES)
    one.sql("sales", SALES)
    one.deliver("shops.csv", "id,name\nA,Étoile\nB,Port\n")
    one.deliver("sales/2026-03-01.csv", HEADER + "2026-03-01,A,r1,apple,2,3.00\n2026-03-01,B,r1,pear,1,0.80\n")
    one.deliver("sales/2026-03-02.csv", HEADER + "2026-03-02,A,r2,apple,-1,-1.50\n")
    one.deliver("sales/2026-03-03.csv", HEADER)
    return one


def days(first: int, last: int) -> Window:
    """Days of March 2026."""
    return Window(date(2026, 3, first), date(2026, 3, last))
