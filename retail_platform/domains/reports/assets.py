"""How the reports hang together: the metrics of a day, the weeks before it, and what was found -> a page to print.

A report is made again when a day is that its averages are made from, as `daily_metrics`. The day before, the other
days of its charts and last year's day are read as they are: a late correction must not reach every day of four weeks.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from retail_platform.domains.describe import OWNERS, tags
from retail_platform.domains.figures import metadata, with_last_year
from retail_platform.partitions import SAME_WEEKDAYS, run_window
from retail_platform.retailer import Retailer
from retail_platform.storage import documents
from retail_platform.storage.io_manager import LEAVES_OUT_ABSENT_DAYS
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

if TYPE_CHECKING:
    from retail_platform.reports.material import Material

GROUP = "reports"
_DAYS, _SOLD, _PRODUCTS = "store_days", "product_daily_metrics", "products"
_HEALTH, _ANOMALIES = "sensor_health", "footfall_anomalies"


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The asset `daily_report`."""
    found = [
        *([_SOLD] if retailer.has("sales") else []),
        *([_PRODUCTS] if retailer.has("sales") and retailer.has("products") else []),
        *([_HEALTH, _ANOMALIES] if retailer.has("footfall") else []),
    ]
    language = retailer.settings.language

    @dg.asset(
        group_name=GROUP,
        partitions_def=retailer.days,
        backfill_policy=retailer.backfill_policy,
        ins={name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in ("daily_metrics", "stores", *found)}
        | {_DAYS: SAME_WEEKDAYS.asset_in(pl.LazyFrame)},
        io_manager_key=documents.KEY,
        metadata={LEAVES_OUT_ABSENT_DAYS: True},
        kinds={"html"},
        owners=OWNERS,
        tags=tags(GROUP, "published"),
    )
    def daily_report(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> dict[date, str]:
        """The day of all stores on one page to print: key figures, best sellers, stores, and what is doubtful."""
        from retail_platform.reports import report

        window = run_window(context)
        pages = {}
        for day in materials(tables, Lake(retailer.settings.lake_uri), window):
            pages[day.window.last] = report.html(day, language=language)
            context.add_asset_metadata(metadata(day, language), partition_key=str(day.window.last))
        return pages

    return [daily_report]


def materials(tables: Mapping[str, pl.LazyFrame], lake: Lake, window: Window) -> Iterator["Material"]:
    """What the report of each day of a run is made of.

    Args:
        tables: the inputs of `daily_report` by name.
        lake: where last year's days are.
        window: the days of the run.
    """
    from retail_platform.reports import material

    days = with_last_year(_store_days(tables, window), lake, window)
    stores = tables["stores"].select("store_id", label=pl.coalesce("name", "store_id")).collect()
    sold, health, anomalies = None, tables.get(_HEALTH), tables.get(_ANOMALIES)
    if _SOLD in tables:
        best = material.best_sellers(
            tables[_SOLD].select(material.SOLD),
            tables.get(_PRODUCTS),
            money=material.addable_days(material.between(days, window)),
            daily=True,
        )
        sold = best.collect()
    return material.of_each_day(
        days,
        window,
        stores,
        sold=sold,
        sensors=None if health is None else health.select(material.SENSORS).collect(),
        anomalies=None if anomalies is None else anomalies.select(material.ANOMALIES).collect(),
    )


def _store_days(tables: Mapping[str, pl.LazyFrame], window: Window) -> pl.DataFrame:
    """The days of the run, and the weeks before it."""
    from retail_platform.reports import figures

    before = tables[_DAYS].filter(pl.col("date") < window.first)
    return pl.concat([part.select(figures.COLUMNS) for part in (tables["daily_metrics"], before)]).collect()
