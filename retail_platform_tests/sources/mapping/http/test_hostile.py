"""Whatever a server answers and is asked for: text, or a clear error, and nothing beside the folder of the read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from retail_platform.settings import Settings
from retail_platform.sources.base import SourceError
from retail_platform.sources.registry import open_source
from retail_platform.windows import Window
from retail_platform_tests.sources.mapping.http.conftest import DAY, Till
from retail_platform_tests.sources.mapping.http.server import Asked, Reply, serving, told

NASTY = st.sampled_from(
    ["../../x", "..", "/etc/passwd", "C:\\x", "'; DROP TABLE lines; --", '"', "\x00", "\x1b[31m", "\u202e", "%2e%2e%2f"]
) | st.text(max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | NASTY
    | st.just("\ud800")
    | st.text(min_size=1000, max_size=1000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.fixed_dictionaries({"receipt": VALUES, "pieces": VALUES}, optional={"x": VALUES, "error": VALUES}))
JSON = VALUES | ROWS | st.lists(VALUES) | st.dictionaries(NASTY, VALUES)
BODIES = st.one_of(
    st.binary(max_size=300).map(lambda body: (body, None)),
    JSON.map(lambda content: (json.dumps(content).encode(), content)),
    st.tuples(JSON, st.integers(0, 200)).map(lambda one: (json.dumps(one[0]).encode()[: one[1]], None)),
)
EXAMPLES = settings(
    max_examples=100,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_unicode(content: Any) -> bool:
    """Whether no text of it holds half a character."""
    return "\ud800" not in json.dumps(content, ensure_ascii=False)


@dataclass
class Nasty:
    """A till whose body is set from outside."""

    till: Till
    body: bytes = b"[]"


@pytest.fixture
def nasty(till: Callable[[Callable[[Asked], Reply]], Till]) -> Nasty:
    """A till that answers anything."""
    one: Nasty = Nasty(till(lambda _: Reply(one.body)))
    return one


def written(folder: Path) -> set[str]:
    """What lies anywhere below a folder, but where answers land."""
    return {str(path) for path in folder.rglob("*") if "landed" not in path.parts}


@EXAMPLES
@given(answer=BODIES)
@example(answer=(b'[{"receipt": 1, "receipt": 2, "pieces": 3}]', None))
@example(answer=(b'[{"receipt": ' + b"9" * 100_000 + b', "pieces": 1e999999999}]', None))
@example(answer=(b"[" * 2000 + b"]" * 2000, None))
@example(answer=(b'{"a":' * 2000, None))
@example(answer=(b"[{}]", [{}]))
@example(answer=(b"\xef\xbb\xbf[]", []))
def test_any_body(nasty: Nasty, tmp_path: Path, answer: tuple[bytes, Any]) -> None:
    nasty.body, content = answer
    before = written(tmp_path)
    rows, error = pl.DataFrame(), ""

    try:
        rows = nasty.till.fetch(concurrency=1)
    except SourceError as raised:
        error = str(raised)

    assert error.isprintable()
    if error:
        assert "GET /sales for 2026-03-01, shop 'A'" in error
    else:
        assert set(rows.dtypes) <= {pl.String, pl.Date}
        assert content is None or rows.height == len(content)
    assert written(tmp_path) == before


@EXAMPLES
@given(value=NASTY.filter(lambda text: text.strip() not in ("", ".", "..")))
def test_any_value_asked_for(nasty: Nasty, tmp_path: Path, value: str) -> None:
    nasty.till.shops = [value]
    nasty.body = json.dumps([{"receipt": value, "pieces": 1}]).encode()
    nasty.till.server.asked.clear()

    rows = nasty.till.fetch(path="shops/{shop}/lines", params={"date": "{date}", "again": "{shop}"}, concurrency=1)

    assert rows.select("receipt", "request_shop").rows() == [(value, value)]
    [asked] = nasty.till.server.asked
    assert asked.query["again"] == value
    assert unquote(asked.path) == f"/api/shops/{value}/lines"
    assert len(asked.path.split("/")) == 5
    assert {path.name for path in tmp_path.iterdir()} == {"landed"}


@settings(EXAMPLES, max_examples=30)
@given(rows=st.lists(st.fixed_dictionaries({"receipt": NASTY, "pieces": VALUES}), max_size=3).filter(is_unicode))
def test_sql_sees_every_row(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    folder = tmp_path / "mapping"
    folder.mkdir(exist_ok=True)
    (folder / "mapping.toml").write_text(
        """
        name = "nasty"
        title = "A till that answers anything"
        timezone = "Europe/Paris"
        currency = "EUR"
        country = "FR"
        default_start = 2026-03-01
        inputs.lines = { kind = "http", path = "lines", params = { on = "{date}" }, columns = ["receipt", "pieces"],
                         retry_seconds = 0 }
        datasets.sales = { delivery = "day", driving = "lines" }
        """.replace("\n                         ", " ")
    )
    (folder / "sales.sql").write_text(
        "SELECT file_date AS date, receipt AS sale_id, 'A' AS store_id, pieces AS quantity FROM lines"
    )
    with serving(lambda _: told(rows)) as server:
        source = open_source(Settings(source=str(folder), source_url=server.url))
        read = source.read("sales", Window(DAY, DAY)).collect()
    assert read["sale_id"].to_list() == [row["receipt"] for row in rows]
