"""The data quality page against what was put into the lake, and in a browser; personal columns stay hidden."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import expect

from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.frames import quality as frames
from retail_platform.dashboard.page import View
from retail_platform.dashboard.pages import quality
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.dashboard.servers import served
from retail_platform_tests.end_to_end import ui

WEEK = Window(lakes.LAST - timedelta(days=6), lakes.LAST)
WITHOUT_SALES = WEEK.first + timedelta(days=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """Sales on all days of a week but one; three clients set aside."""
    lake = lakes.small_lake(tmp_path_factory.mktemp("quality"))
    days = [day for day in WEEK.days() if day != WITHOUT_SALES]
    lake.replace("sales", pl.DataFrame({"date": days, "sale_id": "1"}), WEEK)
    clients = {
        "client_id": ["C1", "C2", "C3"],
        "email": ["secret@example.com"] * 3,
        "reasons": [["no_id"], ["no_id", "age|max"], ["no_id"]],
    }
    lake.replace("quarantine_clients", pl.DataFrame(clients), None)
    return Data(lake, "Europe/Paris", "http://dagster.example")


def look(data: Data, window: Window = WEEK) -> View:
    return View(quality.PAGE, data, Filters(window=window))


def test_a_day_is_partial_open_missing_or_complete(data: Data) -> None:
    week = dict(frames.calendar(look(data)).select("date", "state").rows())
    gap = lakes.LAST - timedelta(days=40)

    assert week.pop(WITHOUT_SALES) == "partial"
    assert week.pop(lakes.LAST) == "open"
    assert set(week.values()) == {"complete"}
    assert frames.calendar(look(data, Window(gap, gap)))["state"].to_list() == ["missing"]


def test_freshness_counts_the_days_with_rows(data: Data) -> None:
    found = {row["table"]: row for row in frames.freshness(look(data)).to_dicts()}

    assert (found["sales"]["days"], found["sales"]["days_without"], found["sales"]["last_day"]) == (6, 1, lakes.LAST)
    assert found["stores"]["days"] is None


def test_rows_set_aside_are_counted_by_reason_and_shown_without_persons(data: Data) -> None:
    view = look(data)
    page: Any = quality.layout(view)

    assert frames.quarantine(view).rows() == [("clients", "no_id", 3), ("clients", "age|max", 1)]
    assert frames.sample(view).columns == ["reasons", "client_id"]
    assert "secret" not in str(page.to_plotly_json())


@pytest.mark.browser
@pytest.mark.skipif(ui.CHROMIUM is None, reason="no `chromium` on the PATH: apt-get install chromium")
def test_the_page_in_a_browser(data: Data) -> None:
    with served(data) as address, ui.browser_page(390, 900) as page:
        page.goto(f"{address}/quality?from={WEEK.first}&to={WEEK.last}&lang=fr&theme=dark")
        expect(page.get_by_role("heading", level=1)).to_have_text("Qualité des données")
        days = page.locator("section[aria-labelledby=card-days] tbody tr")
        expect(days).to_have_count(2)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        days.nth(1).get_by_role("link").press("Enter")
        expect(days).to_have_count(1)
        expect(days).to_contain_text("sales")
