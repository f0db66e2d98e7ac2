"""A day's report is the same from a run of whatever length, over frames made by hand."""

from collections.abc import Collection
from datetime import date, timedelta

import polars as pl
import pytest

from retail_platform.domains.reports.assets import materials
from retail_platform.reports import report
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.reports.pages import shown

CLOSED = pl.col("date").dt.weekday() == 7
SATURDAY, SUNDAY = date(2026, 1, 17), date(2026, 1, 18)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """S2 trades in another currency and is closed on Sundays; few units of one product are worth the most."""
    lake = lakes.small_lake(tmp_path_factory.mktemp("materials"), currency="CHF")
    days = lakes.days(currency="CHF").filter(~((pl.col("store_id") == "S2") & CLOSED))
    lake.replace("store_days", days, lakes.SPAN)
    sold = days.select("date", "store_id").unique().join(products(), how="cross")
    lake.replace("product_daily_metrics", sold, lakes.SPAN)
    return lake


def products() -> pl.DataFrame:
    return pl.DataFrame({"product_id": ["Dear", "Cheap"], "units": [1, 50], "revenue": [900.0, 50.0]})


def pages(lake: Lake, window: Window, shown: Collection[date]) -> dict[date, str]:
    """Some reports of a run, its inputs as the lake gives them."""
    before = Window(window.first - timedelta(days=28), window.last)
    tables = {
        "daily_metrics": lake.scan("store_days", window),
        "store_days": lake.scan("store_days", before),
        "product_daily_metrics": lake.scan("product_daily_metrics", window),
        "stores": lake.scan("stores"),
    }
    made = [day for day in materials(tables, lake, window) if day.window.last in shown]
    return {day.window.last: report.html(day, language="en") for day in made}


def one_by_one(lake: Lake, days: Collection[date]) -> dict[date, str]:
    """The reports of runs of one day each."""
    return {day: pages(lake, Window(day, day), [day])[day] for day in days}


def test_best_sellers_of_a_day_are_ranked_by_its_own_currency(lake: Lake) -> None:
    found = pages(lake, Window(SATURDAY, SUNDAY), (SATURDAY, SUNDAY))

    tables = {day: shown(found[day]).tables["Best sellers"] for day in found}
    assert tables[SATURDAY][:2] == [["Product", "Units"], ["Cheap", "200"]]
    assert tables[SUNDAY][:2] == [["Product", "Units", "Revenue"], ["Dear", "3", "€2,700"]]
    assert found == one_by_one(lake, found)


def test_a_run_of_a_year_counts_no_day_twice(lake: Lake) -> None:
    """Last year's days reach into the weeks before the run, and into the run itself."""
    window = Window(lakes.LAST - timedelta(days=365), lakes.LAST)

    found = pages(lake, window, (window.first, window.first + timedelta(days=1), window.last))

    assert found == one_by_one(lake, found)
