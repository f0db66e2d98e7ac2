"""The overview in a browser: real numbers, filters in the address, Back, clicks, languages, widths, new days."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from retail_platform.dashboard.data.source import Data
from retail_platform.storage.sql import connect
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.dashboard.accessibility import faults
from retail_platform_tests.dashboard.servers import served

pytestmark = pytest.mark.browser
_MOST_TABS = 30
_PATIENCE = 30.0  # seconds


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return lakes.small_data(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def address(data: Data) -> Iterator[str]:
    with served(data) as address:
        yield address


def revenue(data: Data, condition: str) -> str:
    """What the tile says in full of the revenue that SQL finds."""
    with connect(data.lake) as connection:
        [[found]] = connection.execute(f"SELECT sum(revenue)::DOUBLE FROM store_days WHERE {condition}").fetchall()
    return f"€{found:,.0f}"


def choose(page: Page, filter_name: str, option: str) -> None:
    page.locator(f"#filter-{filter_name}").click()
    page.get_by_role("option", name=option).click()
    page.keyboard.press("Escape")


def test_filters_move_the_numbers_and_the_address_and_back_undoes_them(page: Page, address: str, data: Data) -> None:
    tile = page.locator("#tile-revenue")
    page.goto(address)
    expect(tile).to_have_attribute("title", revenue(data, "date BETWEEN '2026-01-03' AND '2026-01-30'"))

    choose(page, "period", "Last week")
    expect(page).to_have_url(f"{address}/?period=last_week")
    week = "date BETWEEN '2026-01-19' AND '2026-01-25'"
    expect(tile).to_have_attribute("title", revenue(data, week))

    choose(page, "stores", "Lyon")
    expect(page).to_have_url(f"{address}/?period=last_week&store=S2")
    expect(tile).to_have_attribute("title", revenue(data, f"{week} AND store_id = 'S2'"))
    expect(page.locator("main tbody tr")).to_have_count(1)

    page.go_back()
    expect(tile).to_have_attribute("title", revenue(data, week))
    expect(page.locator("#filter-stores")).not_to_contain_text("Lyon")
    page.reload()
    expect(tile).to_have_attribute("title", revenue(data, week))
    expect(page.locator("#filter-period")).to_contain_text("Last week")


def test_a_click_on_a_bar_or_a_store_filters_the_page(page: Page, address: str) -> None:
    page.goto(f"{address}/?period=7d")
    page.locator("#card-revenue_over_time").wait_for()
    bars = page.locator("figure").first.locator(".point path")
    expect(bars).to_have_count(7)

    bars.nth(2).hover(force=True)
    expect(page.locator("figure").first.locator(".hoverlayer")).to_contain_text("26 Jan")  # a click needs a hover first
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(f"{address}/?from=2026-01-26&to=2026-01-26")
    expect(page.locator("#filter-from")).to_have_value("2026-01-26")

    page.get_by_role("link", name="Paris").click()
    expect(page).to_have_url(f"{address}/?from=2026-01-26&to=2026-01-26&store=S1")
    expect(page.locator(".lead")).to_contain_text("Mon 26 Jan 2026 · Paris")


def test_days_are_chosen_by_typing_them(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#filter-from")).to_have_value("2026-01-03")

    page.locator("#filter-from").fill("2026-01-12")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{address}/?from=2026-01-12&to=2026-01-30")


def test_it_speaks_french_in_labels_dates_and_numbers(page: Page, address: str) -> None:
    page.goto(f"{address}/?period=7d")
    page.get_by_role("link", name="Français").click()

    expect(page).to_have_url(f"{address}/?period=7d&lang=fr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Synthèse")
    expect(page.locator("#label-grain")).to_have_text("Par")
    expect(page.locator("#filter-period")).to_contain_text("7 derniers jours")
    expect(page.locator(".lead")).to_contain_text("24 janv. – 30 janv. 2026")
    expect(page.locator("html")).to_have_attribute("lang", "fr")


@pytest.mark.parametrize("width", [390, 1366])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_hangs_over_the_edge_or_is_out_of_reach(page: Page, address: str, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/?theme={theme}")
    expect(page.locator("figure .point path").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    assert faults(page) == []


def test_the_keyboard_reaches_the_content_and_the_filters(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#tile-revenue")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    for landmark in ("banner", "navigation", "main"):
        expect(page.get_by_role(landmark)).to_have_count(1)  # type: ignore[arg-type]
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if page.locator("#filter-grain").evaluate("control => control === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.get_by_role("option", name="Week").press("Enter")
    expect(page).to_have_url(f"{address}/?by=week")


def test_a_script_in_the_address_is_text(page: Page, address: str) -> None:
    page.goto(f"{address}/?store=%3Cimg%20src%3Dx%20onerror%3D%22document.title%3D'owned'%22%3E")

    expect(page.get_by_role("alert")).to_contain_text("There is no store “<img src=x")
    page.get_by_role("link", name="Show the page without it").click()
    expect(page.locator("#tile-revenue")).to_be_visible()
    assert "owned" not in page.title()


def test_a_download_is_what_is_shown(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/?period=7d&by=day")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Revenue over time (EUR) as CSV").click()
    download.value.save_as(tmp_path / "file.csv")

    rows = pl.read_csv(tmp_path / "file.csv")
    assert rows.height == 7
    expect(page.locator("figure").first.locator(".point path")).to_have_count(7)


def test_a_new_day_shows_without_a_restart(page: Page, tmp_path: Path) -> None:
    data = lakes.small_data(tmp_path)
    next_day = lakes.LAST + timedelta(days=1)
    with served(data) as address:
        page.goto(f"{address}/?period=all")
        expect(page.locator(".lead")).to_contain_text("31 Jan 2026")

        data.lake.replace("store_days", lakes.days(Window(next_day, next_day)), Window(next_day, next_day))

        until = time.monotonic() + _PATIENCE
        while "1 Feb 2026" not in page.locator(".lead").inner_text():  # a version is looked for once a second
            assert time.monotonic() < until
            page.reload()
