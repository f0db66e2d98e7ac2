"""Looks at pages over a month of `sales`, and what they are compared with: SQL over the same lake."""

from datetime import date
from typing import Any

from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.page import Page, View
from retail_platform.storage.sql import connect
from retail_platform.windows import Window

MONTH = Window(date(2026, 1, 1), date(2026, 1, 31))
IN_MONTH = "date BETWEEN '2026-01-01' AND '2026-01-31'"


def look(data: Data, page: Page, *, language: str = "en", **chosen: Any) -> View:
    options = tuple(sorted(chosen.pop("options", {}).items()))
    return View(page, data, Filters(**{"window": MONTH, "options": options, "language": language} | chosen))


def sql(data: Data, query: str) -> list[dict[str, Any]]:
    with connect(data.lake) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def text(component: Any) -> str:
    """All that a component says, headings of tables and captions among it."""
    return str(component.to_plotly_json() if not isinstance(component, str) else component)
