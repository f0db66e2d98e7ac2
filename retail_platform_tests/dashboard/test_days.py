"""Empty is not absent: a day on which every store was closed is missing on no page, a day not made is on all."""

from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from retail_platform.dashboard import printed
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.frames import quality as quality_frames
from retail_platform.dashboard.page import Page, View
from retail_platform.dashboard.pages import overview, quality
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes

WEEKS = Window(lakes.LAST - timedelta(days=27), lakes.LAST)
SUNDAYS = [day for day in WEEKS.days() if day.isoweekday() == 7]


def opening(stores: Collection[str] = lakes.STORES) -> pl.DataFrame:
    """Every store is closed on Sundays, and open from 9 to 19 on other days."""
    closed = [day.isoweekday() == 7 for day in WEEKS.days()]
    rows = [
        {"store_id": store, "date": day, "open": not shut, "opens": None if shut else "09:00", "closes": None}
        for store in stores
        for day, shut in zip(WEEKS.days(), closed, strict=True)
    ]
    texts = dict.fromkeys(("store_id", "opens", "closes"), pl.String)
    return pl.DataFrame(rows, schema=texts | {"date": pl.Date, "open": pl.Boolean})


def closed_on_sundays(folder: Path, *, known: Collection[str] = lakes.STORES, lacking: Collection[date] = ()) -> Data:
    """A chain that has no rows on Sundays, nor on the days that it lacks; the hours of some stores are known."""
    lake = lakes.small_lake(folder)
    there = (pl.col("date").dt.weekday() < 7) & ~pl.col("date").is_in(list(lacking))
    lake.replace("store_days", lakes.days(WEEKS).filter(there), WEEKS)
    lake.replace("opening_hours", opening(known), None)
    return Data(lake, "Europe/Paris")


def look(data: Data, page: Page, window: Window = WEEKS) -> View:
    return View(page, data, Filters(window=window))


def said(data: Data) -> str:
    """What the overview says in its part about trust."""
    return str(overview.layout(look(data, overview.PAGE)).to_plotly_json())


def states(data: Data) -> dict[date, str]:
    """The state of each day that is not as it should be, by the calendar of the data quality page."""
    found = quality_frames.calendar(look(data, quality.PAGE)).filter(~pl.col("state").is_in(["complete", "open"]))
    return dict(found.select("date", "state").iter_rows())


def test_days_on_which_every_store_was_closed_are_not_missing(tmp_path: Path) -> None:
    data = closed_on_sundays(tmp_path)

    assert "'no day missing'" in said(data)
    assert states(data) == dict.fromkeys(SUNDAYS, "closed")
    assert "No day is missing." in printed.html(look(data, overview.PAGE))
    assert quality_frames.calendar(look(data, quality.PAGE)).filter(state="closed")["lacks"].to_list() == [""] * 4


def test_a_closed_day_is_none_to_look_at(tmp_path: Path) -> None:
    data = closed_on_sundays(tmp_path)
    window = Window(WEEKS.first, WEEKS.last - timedelta(days=1))  # without the one that is not final

    shown = str(quality.layout(look(data, quality.PAGE, window)).to_plotly_json())

    assert "Every day of the period is complete." in shown
    assert "all stores closed" in shown


def test_a_day_that_should_have_rows_is_missing_beside_closed_ones(tmp_path: Path) -> None:
    data = closed_on_sundays(tmp_path, lacking=[date(2026, 1, 21)])

    assert "'1 day missing'" in said(data)
    assert states(data) == dict.fromkeys(SUNDAYS, "closed") | {date(2026, 1, 21): "missing"}
    assert "1 day is missing: Wed 21 Jan 2026" in printed.html(look(data, overview.PAGE))


@pytest.mark.parametrize("known", [(), ("S1", "S2", "S3")], ids=["no hours", "one store of unknown hours"])
def test_a_day_on_which_a_store_may_have_been_open_is_missing(tmp_path: Path, known: Collection[str]) -> None:
    data = closed_on_sundays(tmp_path, known=known)

    assert "'4 days missing'" in said(data)
    assert states(data) == dict.fromkeys(SUNDAYS, "missing")
    assert "4 days are missing" in printed.html(look(data, overview.PAGE))


def test_without_opening_hours_every_day_should_have_rows(tmp_path: Path) -> None:
    gap = lakes.LAST - timedelta(days=40)
    data = lakes.small_data(tmp_path)

    found = quality_frames.calendar(look(data, quality.PAGE, Window(gap, lakes.LAST)))

    assert found.filter(state="missing")["date"].to_list() == [gap]


def test_a_closed_day_of_which_sales_came_is_missing(tmp_path: Path) -> None:
    data = closed_on_sundays(tmp_path)
    came = Window(SUNDAYS[1], SUNDAYS[1])
    data.lake.replace("sales", pl.DataFrame({"date": [came.first], "sale_id": "1"}), came)

    assert "'1 day missing'" in said(data)
    assert states(data)[came.first] == "missing"
    assert "1 day is missing: Sun 11 Jan 2026" in printed.html(look(data, overview.PAGE))


def test_a_store_that_left_the_master_data_opens_no_closed_day(tmp_path: Path) -> None:
    data = closed_on_sundays(tmp_path, known=("S1", "S2", "WEB"))
    data.lake.replace("stores", lakes.stores().filter(pl.col("store_id") != "S3"), None)

    assert "'no day missing'" in said(data)
