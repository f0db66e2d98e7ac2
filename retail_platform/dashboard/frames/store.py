"""What the page of one store shows, as frames: charts, tables and downloads have the same."""

from datetime import timedelta

import polars as pl

from retail_platform.dashboard.data import hours as hourly
from retail_platform.dashboard.data.measures import (
    ADDITIVE,
    compared_by_period,
    periods,
)
from retail_platform.dashboard.data.products import PRODUCTS as PRODUCT_TABLE
from retail_platform.dashboard.data.products import TABLE as SOLD
from retail_platform.dashboard.data.products import named, sold
from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.filters import Option
from retail_platform.dashboard.frames.common import history, numbers_key, remembered
from retail_platform.dashboard.frames.days import HOURS as HOURS_TABLE
from retail_platform.dashboard.frames.days import HOURS_COLUMNS
from retail_platform.dashboard.page import View
from retail_platform.windows import Window

MEASURE = Option("measure", "revenue", ADDITIVE)
HOURS = Option("hours", "visitors", hourly.MEASURES)
_BEST = 10
_DAYS_OF_OPENING = 7


def days(view: View) -> pl.DataFrame:
    """Measures of the store by period, with what the chosen measure is compared with and the estimated share."""
    one = one_store(view)
    measure, chosen = chosen_measure(one), one.filters

    def compute() -> pl.DataFrame:
        then = compared_by_period(one.rows, chosen.basis, chosen.grain)
        names = [pl.col(name).alias(f"{name}_compared") for name in ADDITIVE]
        every = periods(one.facts.between(chosen.window), chosen.grain)  # of any store: a day it is closed is a gap
        now = every.to_frame().join(history(one), on="period", how="left", maintain_order="left")
        return now.join(then.select("period", *names), on="period", how="left", maintain_order="left")

    rows = remembered(one, ("store days", numbers_key(one), chosen.grain), compute)
    return rows.select("period", measure, f"{measure}_compared", "visitors_imputed_share", "hours_without_count")


def hours(view: View) -> pl.DataFrame:
    """Mean of each weekday's open hours."""
    one = one_store(view)
    store = one.filters.stores[0]
    key = ("store hours", store, one.filters.window)
    return one.data.tables.result(hourly.TABLE, key, lambda: hourly.usual_hours(one.data, store, one.filters.window))


def peaks(view: View) -> pl.DataFrame:
    """Peak and power hours of each weekday, by the measure chosen for the hours."""
    return hourly.peaks(hours(view), view.filters.option(HOURS))


def best_sellers(view: View) -> pl.DataFrame:
    """The products of most revenue."""
    one = one_store(view)
    store = one.filters.stores[0]
    tables = (SOLD, PRODUCT_TABLE) if one.data.tables.exists(PRODUCT_TABLE) else (SOLD,)

    def compute() -> pl.DataFrame:
        rows = sold(one.data, (store,), one.filters.window).filter(pl.col("product_id").is_not_null())
        first = rows.sort("revenue", "product_id", descending=[True, False]).head(_BEST)
        found = named(one.data, first).sort("revenue", "product_id", descending=[True, False])
        return found.select("product_id", "product", "category", "units", "revenue", "margin", "margin_rate")

    return one.data.tables.result(tables, ("store best", store, one.filters.window), compute)


def opening(view: View) -> pl.DataFrame:
    """The opening hours of the last days of the period: `hours` is empty on a closed day, null where not known."""
    one = one_store(view)
    store = one.filters.stores[0]
    last = min(one.filters.window.last, one.facts.span.last)
    window = Window(max(one.filters.window.first, last - timedelta(days=_DAYS_OF_OPENING - 1)), last)

    def of_store(rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.filter(pl.col("store_id") == store, pl.col("date").is_between(window.first, window.last)).sort(
            "date", "opens"
        )

    def compute() -> pl.DataFrame:
        rows = collected(one.data, HOURS_TABLE, HOURS_COLUMNS, of_store)
        interval = pl.col("opens") + "–" + pl.col("closes")
        by_day = rows.group_by("date").agg(
            open=pl.col("open").any(),
            hours=pl.when(pl.col("open")).then(interval).drop_nulls().str.join(", "),
        )
        every = pl.DataFrame({"date": list(window.days())}, schema={"date": pl.Date})
        return every.join(by_day, on="date", how="left").sort("date").with_columns(store_id=pl.lit(store))

    found = one.data.tables.result(HOURS_TABLE, ("store opening", store, window), compute)
    return found.select("store_id", "date", "open", "hours")


def chosen_measure(view: View) -> str:
    """The measure of the line over time."""
    return view.filters.option(MEASURE)


def one_store(view: View) -> View:
    """The look at one store: the first of those chosen."""
    if view.filters.stores == (store := view.stores["store_id"][0],):
        return view
    return View(view.page, view.data, view.filters.but(stores=(store,)), view.language)
