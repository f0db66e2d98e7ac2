"""The footfall page against numbers counted by hand, without the tables it can do without, and in a browser."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.frames import footfall as frames
from retail_platform.dashboard.page import View
from retail_platform.dashboard.pages import footfall
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.dashboard.accessibility import faults
from retail_platform_tests.dashboard.servers import served

WEEK = Window(lakes.LAST - timedelta(days=6), lakes.LAST)
FAR = WEEK.first + timedelta(days=2)
"""A day of 200 visitors an hour; all others have 100."""


def hours(day: date) -> list[dict[str, Any]]:
    """Two open hours, one of them half estimated, and two closed ones, in one of which the cleaners came."""
    usual = {"date": day, "store_id": "S1", "sensors_ok": 1, "sensors_total": 1}
    n = 200 if day == FAR else 100
    counted = {"visitors": n, "visitors_low": n, "visitors_high": n, "observed_visitors": n, "imputed_share": 0.0}
    guessed = {"visitors": n, "visitors_low": n - 30, "visitors_high": n + 40, "observed_visitors": n // 2}
    cleaners = {"visitors": 7, "visitors_low": 7, "visitors_high": 7, "observed_visitors": 7, "imputed_share": 0.0}
    closed = {"sensors_ok": 0, "sensors_total": 0}
    none = {"visitors": 0, "visitors_low": 0, "visitors_high": 0, "observed_visitors": 0, "imputed_share": 0.0}
    return [
        usual | counted | {"hour": 10, "method": "observed"},
        usual | guessed | {"hour": 11, "method": "siblings", "imputed_share": 0.5},
        usual | cleaners | {"hour": 6, "method": "observed"} | closed,
        usual | none | {"hour": 20, "method": "closed"} | closed,
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """A lake with visitors and readings of five weeks, and nothing else of footfall."""
    lake = lakes.small_lake(tmp_path_factory.mktemp("footfall"))
    span = Window(lakes.LAST - timedelta(days=34), lakes.LAST)
    rows = [row for day in span.days() for row in hours(day)]
    lake.replace("footfall", pl.DataFrame(rows).with_columns(pl.col("hour").cast(pl.Int8)), span)
    read = [
        {"date": day, "hour": 10, "store_id": "S1", "sensor_id": name, "visitors": count, "status": "ok", "copies": 1}
        for day in span.days()
        for name, count in (("D1", 60), ("D2", 40))
    ]
    lake.replace("footfall_readings", pl.DataFrame(read).with_columns(pl.col("hour").cast(pl.Int8)), span)
    return Data(lake, "Europe/Paris")


@pytest.fixture(scope="module")
def address(data: Data) -> Iterator[str]:
    with served(data) as address:
        yield address


def look(data: Data, language: Literal["en", "fr"] = "en", **options: str) -> View:
    chosen = Filters(window=WEEK, stores=("S1",), language=language, options=tuple(sorted(options.items())))
    return View(footfall.PAGE, data, chosen)


def test_visitors_fall_into_counted_and_estimated_with_the_interval_of_their_hours(data: Data) -> None:
    by_day = frames.visitors(look(data)).to_dicts()
    by_hour = frames.visitors(look(data, detail="hour"))

    assert len(by_day) == 7
    sums = {key: by_day[0][key] for key in ("visitors", "counted", "estimated", "low", "high", "unknown_hours")}
    assert sums == {"visitors": 200, "counted": 150, "estimated": 50, "low": 170, "high": 240, "unknown_hours": 0}
    assert by_hour["at"].dt.hour().unique().sort().to_list() == [10, 11]  # closed hours are none of 0 or 7 visitors


def test_hours_are_those_of_the_last_days_there_are_where_the_period_ends_later(data: Data) -> None:
    view = look(data, detail="hour")
    ahead = view.filters.but(window=Window(WEEK.first, lakes.LAST + timedelta(days=200)))

    found = frames.visitors(View(view.page, data, ahead))

    assert found["at"].dt.date().unique().sort().to_list() == list(WEEK.days())


@pytest.mark.parametrize("tolerance", ["20", "50"])
def test_a_day_outside_of_the_tolerance_is_listed(data: Data, tolerance: str) -> None:
    found = frames.exceedances(look(data, tolerance=tolerance))

    assert found["date"].to_list() == [FAR]
    assert found.row(0, named=True) == {
        "date": FAR,
        "visitors": 400,
        "average": 200.0,
        "low": pytest.approx(200 * (1 - int(tolerance) / 100)),
        "high": pytest.approx(200 * (1 + int(tolerance) / 100)),
        "deviation": 1.0,
    }


def test_readings_are_of_the_counter_chosen_and_of_all_where_there_is_no_such(data: Data) -> None:
    assert frames.readings(look(data, sensor="D2"))["visitors"].to_list() == [40] * 7
    assert set(frames.readings(look(data, sensor="gone"))["sensor_id"]) == {"D1", "D2"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_does_without_health_anomalies_and_forecast_and_says_so(
    data: Data, language: Literal["en", "fr"]
) -> None:
    page: Any = footfall.layout(look(data, language))
    shown = str(page.to_plotly_json())

    assert all(part in shown for part in ("card-visitors", "card-band"))
    assert all(table in shown for table in ("sensor_health", "footfall_anomalies", "footfall_forecast_days"))


@pytest.mark.browser
def test_the_page_in_a_browser(page: Page, address: str) -> None:
    page.goto(f"{address}/footfall?period=7d&store=S1")
    days = page.locator("section[aria-labelledby=card-exceedances] tbody tr")
    expect(days).to_have_count(1)
    expect(days).to_contain_text("+100.0%")
    assert faults(page) == []

    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{address}/footfall?period=7d&store=S1&lang=fr&theme=dark&tolerance=50")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fréquentation")
    expect(page.locator("#card-band")).to_contain_text("±50")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(page) == []
