"""docs/connecting-http.md is true: its example runs as written, and it explains every key."""

import re
from pathlib import Path

import pytest

from retail_platform.settings import Settings
from retail_platform.sources.mapping.http.model import HttpInput
from retail_platform.sources.registry import open_source
from retail_platform_tests.platform import PROJECT
from retail_platform_tests.sources.mapping.http.server import Asked, Reply, serving, told
from retail_platform_tests.sources.mapping.http.test_mapping import DAYS, FIRST, MAPPING, SECOND

PAGE = (PROJECT / "docs/connecting-http.md").read_text()


def snippet(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_example_works_as_written(tmp_path: Path) -> None:
    head, datasets = MAPPING[: MAPPING.index("[inputs.lines]")], MAPPING[MAPPING.index("[datasets.stores]") :]
    (tmp_path / "mapping.toml").write_text(head + snippet("toml") + datasets)
    (tmp_path / "sales.sql").write_text(snippet("sql"))
    (tmp_path / "stores.sql").write_text("SELECT id AS store_id FROM shops")
    (tmp_path / "shops.csv").write_text("id\nA\n")

    def answer(asked: Asked) -> Reply:
        item = {"ticket": asked.query["day"], "sku": "p", "qty": 1, "amount": asked.query["limit"]}
        last = "after" in asked.query
        return told(
            {"data": {"items": [item | {"sku": "q"} if last else item], "next": None if last else "2", "total": 2}}
        )

    with serving(answer) as server:
        source = open_source(Settings(source=str(tmp_path), source_dir=str(tmp_path), source_url=server.url + "/api"))
        rows = source.read("sales", DAYS).collect().sort("date", "product_id")

    assert server.asked[0].path == "/api/v2/sales"
    assert rows.select("date", "store_id", "sale_id", "product_id", "net_amount").rows() == [
        (FIRST, "A", "01/03/2026", "p", "5000"),
        (FIRST, "A", "01/03/2026", "q", "5000"),
        (SECOND, "A", "02/03/2026", "p", "5000"),
        (SECOND, "A", "02/03/2026", "q", "5000"),
    ]


@pytest.mark.parametrize("key", [key for key in HttpInput.model_fields if key != "kind"])
def test_every_key_is_explained(key: str) -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", PAGE, flags=re.MULTILINE)
    assert any(f"`{key}`" in row for row in rows)
