"""What the frames of several pages share: what is remembered of a look."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retail_platform.dashboard.data import tables
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.page import Page, View
from retail_platform.dashboard.pages import PAGES
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes, sales

MONTH = Window(date(2026, 1, 1), date(2026, 1, 31))


def look(data: Data, page: Page, **chosen: Any) -> View:
    return View(page, data, Filters(**{"window": MONTH} | chosen))


def text(page: Page, view: View) -> str:
    return str(page.layout(view).to_plotly_json())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_a_look_that_began_before_a_commit_does_not_answer_for_later_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: Page
) -> None:
    monkeypatch.setattr(tables, "_LOOK_AGAIN", -1.0)  # whoever asks for a version sees the newest
    data = sales.data(tmp_path)
    early = look(data, page, regions=("South",))
    assert early.facts.span == lakes.SPAN
    moved = pl.when(store_id="S3").then(pl.lit("North")).otherwise("region")
    data.lake.replace("stores", data.lake.scan("stores").with_columns(region=moved), None)
    data.lake.replace("store_days", lakes.days(seed=8).filter(pl.col("date") != MONTH.first), lakes.SPAN)

    text(page, early)

    expected = text(page, look(Data(data.lake, data.timezone), page, regions=("South",)))
    assert text(page, look(data, page, regions=("South",))) == expected
