"""The data quality page against what was put into the lake, and in a browser; personal columns stay hidden."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.frames import quality as frames
from retail_platform.dashboard.page import View
from retail_platform.dashboard.pages import quality
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.dashboard.accessibility import faults
from retail_platform_tests.dashboard.servers import served

WEEK = Window(lakes.LAST - timedelta(days=6), lakes.LAST)
WITHOUT_SALES = WEEK.first + timedelta(days=1)


def checked() -> pl.DataFrame:
    """The sales of two days were found wanting."""
    when = datetime(2026, 1, 31, 6, tzinfo=UTC)
    facts = {"checks": 3, "failing": 1, "days_failing": 2, "last_day": WEEK.last, "judged": when}
    return pl.DataFrame([{"table": "sales", **facts, "found": "conservation: a row is lost"}])


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
    return Data(lake, "Europe/Paris", "http://dagster.example", checked)


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


def test_failing_checks_are_said_and_lead_into_the_ui(data: Data) -> None:
    shown = str(quality.layout(look(data)).to_plotly_json())

    assert "conservation: a row is lost" in shown
    assert "http://dagster.example/assets/sales?view=checks" in shown


def test_without_a_history_of_dagster_the_page_says_so_and_shows_the_rest(data: Data) -> None:
    def broken() -> pl.DataFrame:
        raise RuntimeError("no such database")

    for checks in (None, broken):
        page: Any = quality.layout(look(replace(data, checks=checks)))
        shown = str(page.to_plotly_json())
        assert "No history of Dagster is at hand" in shown
        assert "card-quarantine" in shown


@pytest.mark.browser
def test_the_page_in_a_browser(page: Page, data: Data) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    with served(data) as address:
        page.goto(f"{address}/quality?from={WEEK.first}&to={WEEK.last}&lang=fr&theme=dark")
        expect(page.get_by_role("heading", level=1)).to_have_text("Qualité des données")
        days = page.locator("section[aria-labelledby=card-days] tbody tr")
        expect(days).to_have_count(2)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert faults(page) == []
        checked = page.locator("section[aria-labelledby=card-checks]").get_by_role("link", name="sales")
        assert checked.evaluate("link => link.href") == "http://dagster.example/assets/sales?view=checks"
        days.nth(1).get_by_role("link").press("Enter")
        expect(days).to_have_count(1)
        expect(days).to_contain_text("sales")
