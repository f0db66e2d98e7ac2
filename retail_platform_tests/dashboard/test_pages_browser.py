"""The pages of stores, of one store and of products in a browser: filters, headings, clicks, downloads, widths."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from retail_platform.dashboard.data.source import Data
from retail_platform_tests.dashboard import sales
from retail_platform_tests.dashboard.accessibility import faults
from retail_platform_tests.dashboard.servers import served

pytestmark = pytest.mark.browser
PATHS = ("/stores", "/store?store=S1", "/products")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return sales.data(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def address(data: Data) -> Iterator[str]:
    with served(data) as address:
        yield address


def choose(page: Page, control: str, option: str) -> None:
    page.locator(control).click()
    page.get_by_role("option", name=option, exact=True).click()


def rows(page: Page, card: str) -> list[list[str]]:
    """The cells of a card's table."""
    body = page.locator(f"section[aria-labelledby=card-{card}] tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in body.all()]


def downloaded(page: Page, card: str, folder: Path) -> pl.DataFrame:
    with page.expect_download() as download:
        page.locator(f"section[aria-labelledby=card-{card}]").get_by_text("CSV").click()
    download.value.save_as(folder / "file.csv")
    return pl.read_csv(folder / "file.csv")


def test_stores_are_ranked_by_a_heading_and_the_download_is_the_table(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/stores?period=7d")
    expect(page.get_by_role("heading", level=1)).to_have_text("Stores")

    page.get_by_role("link", name="Units per transaction").click()
    expect(page).to_have_url(f"{address}/stores?period=7d&sort=upt")
    expect(page.locator("#card-compare")).to_have_text("Compared over time: Units per transaction")
    shown = rows(page, "ranking")
    file = downloaded(page, "ranking", tmp_path)
    assert [row[0] for row in shown] == [label.removeprefix("'") for label in file["label"]]
    assert [row[1] for row in shown] == [f"{value:.2f}" for value in file["upt"]]

    page.get_by_role("link", name="Units per transaction ▼").click()
    expect(page).to_have_url(f"{address}/stores?period=7d&order=asc&sort=upt")
    expect(page.locator("tbody tr").first).to_contain_text(shown[-1][0])


def test_a_filter_moves_table_and_charts_of_the_stores(page: Page, address: str) -> None:
    page.goto(f"{address}/stores")
    dots = page.locator("section[aria-labelledby=card-map] .point")
    expect(dots).to_have_count(3)

    choose(page, "#filter-regions", "South")
    page.keyboard.press("Escape")

    expect(dots).to_have_count(2)
    expect(page.locator("section[aria-labelledby=card-ranking] tbody tr")).to_have_count(2)
    expect(page.locator("section[aria-labelledby=card-compare] .scatterlayer .trace")).to_have_count(2)


def test_a_store_is_opened_from_the_ranking_and_another_chosen(page: Page, address: str) -> None:
    page.goto(f"{address}/stores?period=7d")
    page.get_by_role("link", name="Lyon").click()
    expect(page).to_have_url(f"{address}/store?period=7d&store=S2")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lyon")

    choose(page, "main .choices .dash-dropdown >> nth=0", "Paris")
    expect(page).to_have_url(f"{address}/store?period=7d&store=S1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paris")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lyon")


def test_the_hours_of_a_store_change_with_their_measure(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/store?store=S1")
    expect(page.locator("section[aria-labelledby=card-hours] .heatmaplayer image")).to_be_visible()
    before = rows(page, "peaks")

    choose(page, "section[aria-labelledby=card-hours] .dash-dropdown", "Revenue")

    expect(page).to_have_url(f"{address}/store?store=S1&hours=revenue")
    expect(page.locator("#card-hours")).to_have_text("Hours: Revenue per open hour (EUR)")
    after = rows(page, "peaks")
    assert after != before
    file = downloaded(page, "peaks", tmp_path)
    assert [row[1] for row in after] == [f"{hour:02}:00" for hour in file["peak_hour"]]
    assert [row[2] for row in after] == [f"€{value:,.0f}" for value in file["peak"]]


def test_products_are_searched_ranked_and_put_into_the_charts(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/products?period=7d")
    expect(page.locator("section[aria-labelledby=card-ranking] tbody tr")).to_have_count(7)

    page.get_by_label("Product, brand or number").fill("tea")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/products?period=7d&search=tea")
    expect(page.locator("section[aria-labelledby=card-ranking] tbody tr")).to_have_count(2)
    expect(page.locator("section[aria-labelledby=card-margin] .scatterlayer .trace")).to_have_count(2)
    file = downloaded(page, "ranking", tmp_path)
    shown = rows(page, "ranking")
    assert [row[0].removeprefix("● ") for row in shown] == file["product"].to_list()
    assert [row[1] for row in shown] == [f"€{value:,.0f}" for value in file["revenue"]]

    page.get_by_role("link", name="Green tea").click()
    expect(page).to_have_url(f"{address}/products?period=7d&product=P1&search=tea")
    expect(page.locator("section[aria-labelledby=card-margin] .scatterlayer .trace")).to_have_count(1)


def test_a_click_on_a_category_filters_the_products(page: Page, address: str) -> None:
    page.goto(f"{address}/products")
    page.locator("section[aria-labelledby=card-tree] text.slicetext", has_text="toys").click(force=True)

    expect(page).to_have_url(f"{address}/products?category=toys")
    expect(page.locator("section[aria-labelledby=card-categories] tbody tr")).to_have_count(1)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_hangs_over_the_edge_or_is_out_of_reach_and_french_works(page: Page, address: str, path: str) -> None:
    joined = path + ("&" if "?" in path else "?")
    for width, theme in ((390, "dark"), (1366, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{address}{joined}theme={theme}&lang=fr")
        expect(page.locator("figure .main-svg").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.locator("section.card").first).to_contain_text("€")
        assert faults(page) == []


@pytest.mark.parametrize("query", ["sort=nonsense", "search=%00", "portion=0", "hours=night", "product=%0A"])
def test_a_wrong_choice_is_said_and_no_number_shown(page: Page, address: str, query: str) -> None:
    path = "/store" if query.startswith("hours") else "/products"
    page.goto(f"{address}{path}?{query}")

    expect(page.get_by_role("alert")).to_contain_text("is no value for")
    expect(page.locator("table")).to_have_count(0)
