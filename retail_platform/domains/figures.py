"""How a day's key figures show in the Dagster UI, on whatever asset tells of them, and the days they need."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

if TYPE_CHECKING:
    from retail_platform.reports.material import Material

_STORE_DAYS = "store_days"


def metadata(material: "Material", language: str) -> dict[str, dg.MetadataValue[Any]]:
    """A small table and a summary with a plot; nothing of a day without rows."""
    from retail_platform.reports import summary

    if not material.shown or not material.rows.height:
        return {}
    records = [dg.TableRecord(dict(row)) for row in summary.table(material, language=language)]
    return {
        "key figures": dg.MetadataValue.table(records),
        "summary": dg.MetadataValue.md(summary.markdown(material, language=language)),
    }


def with_last_year(days: pl.DataFrame, lake: Lake, window: Window) -> pl.DataFrame:
    """Add the same weekdays of last year, each day once.

    They are read as they are: what is shown does not become stale when one of them is made again. Of a run of many
    months they reach into the weeks before it, and into the run itself.

    Args:
        days: columns of `StoreDay` rows of a window and of the weeks before it.
        lake: where last year's days are.
        window: the days of the run.
    """
    from retail_platform.reports import figures

    back = timedelta(days=figures.YEAR)
    year_ago = lake.scan(_STORE_DAYS, Window(window.first - back, window.last - back)).select(days.columns)
    return pl.concat([days, year_ago.join(days.lazy().select("date"), on="date", how="anti").collect()])
