"""An input of sale lines, asked for by day and shop, and what a server answers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import polars as pl
import pytest
from pydantic import SecretStr

from retail_platform.sources.mapping.http.client import open_api
from retail_platform.sources.mapping.http.fetch import fetch
from retail_platform.sources.mapping.http.model import HttpInput
from retail_platform.windows import Window
from retail_platform_tests.sources.mapping.http.server import Asked, Reply, Server, serving

TOKEN = "s3cret-t0ken"
DAY = date(2026, 3, 1)
LINES: dict[str, Any] = {
    "kind": "http",
    "path": "sales",
    "params": {"date": "{date}", "shop": "{shop}"},
    "for_each": {"shop": "shops.id"},
    "columns": ["receipt", "pieces"],
    "retry_seconds": 0,
}


@dataclass
class Till:
    """Fetches of one input from a server whose answers the test decides."""

    server: Server
    folder: Path
    shops: list[str] = field(default_factory=lambda: ["A"])

    def fetch(self, *, days: int = 1, absent: Any = (), **changes: Any) -> pl.DataFrame:
        layout = HttpInput.model_validate(LINES | changes)
        folder = Path(mkdtemp(dir=self.folder))
        window = Window(DAY, DAY.replace(day=days))
        api = open_api(self.server.url + "/api/", SecretStr(TOKEN))
        values = {"shop": self.shops} if "shop" in layout.for_each else {}
        files = fetch(api, "lines", layout, window, values, folder=folder, may_be_absent=absent)
        assert sorted(folder.iterdir()) == files
        return pl.concat([pl.read_parquet(file) for file in files], how="diagonal") if files else pl.DataFrame()


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Callable[[Callable[[Asked], Reply]], Till]]:
    """Makes a server of a function from requests to replies."""
    with ExitStack() as stack:
        (tmp_path / "landed").mkdir()
        yield lambda answer: Till(stack.enter_context(serving(answer)), tmp_path / "landed")
