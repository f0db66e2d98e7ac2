"""How the metrics hang together: hours and products from the lines, days from both, periods from the days."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import dagster as dg
import narwhals as nw
import polars as pl

from retail_platform.domains.describe import described
from retail_platform.domains.engine import reduced
from retail_platform.domains.figures import metadata, with_last_year
from retail_platform.domains.metrics import compare, periods, reduce, transform
from retail_platform.domains.metrics.contract import (
    DailyMetrics,
    HourlyMetrics,
    PeriodMetrics,
    ProductDailyMetrics,
    StoreDay,
)
from retail_platform.domains.products.contract import ProductPrice
from retail_platform.partitions import SAME_WEEKDAYS, materialized_at, materialized_days, run_window
from retail_platform.retailer import Retailer
from retail_platform.sources.base import DAILY_DATASETS
from retail_platform.storage.lake import Lake

GROUP = "metrics"
_COUNTED = DAILY_DATASETS - {"weather"}  # which may come days later, and changes no measure


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets; a measure whose dataset the source does not deliver is null."""
    products = [_product_daily_metrics(retailer)] if retailer.has("sales") else []
    return [
        *products,
        _hourly_metrics(retailer),
        _store_days(retailer),
        _daily_metrics(retailer),
        _period_metrics(retailer),
    ]


def _daily(retailer: Retailer, contract: Any) -> dict[str, Any]:
    return {
        "group_name": GROUP,
        "partitions_def": retailer.days,
        "backfill_policy": retailer.backfill_policy,
        **described(contract, domain=GROUP, layer="metrics"),
    }


def _ins(*frames: str, lines: tuple[str, ...] = ()) -> dict[str, dg.AssetIn]:
    lazy = {name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in frames}
    return lazy | {name: dg.AssetIn(dagster_type=nw.LazyFrame) for name in lines}


def _product_daily_metrics(retailer: Retailer) -> dg.AssetsDefinition:
    priced = retailer.has("products")

    @dg.asset(
        ins=_ins("stores", *(["product_prices"] if priced else []), lines=("sales",)),
        **_daily(retailer, ProductDailyMetrics),
    )
    def product_daily_metrics(sales: nw.LazyFrame, **tables: pl.LazyFrame) -> pl.LazyFrame:
        """What every product sold, brought and cost in each store and day."""
        return transform.product_daily_metrics(
            reduced(reduce.product_sums(sales)),
            reduced(reduce.product_transactions(sales)),
            prices=tables.get("product_prices", ProductPrice.create_empty(lazy=True)),
            stores=tables["stores"],
            currency=retailer.currency,
        )

    return product_daily_metrics


def _hourly_metrics(retailer: Retailer) -> dg.AssetsDefinition:
    footfall = ["footfall"] if retailer.has("footfall") else []
    lines = ("sales",) if retailer.has("sales") else ()

    @dg.asset(ins=_ins("stores", "opening_hours", *footfall, lines=lines), **_daily(retailer, HourlyMetrics))
    def hourly_metrics(context: dg.AssetExecutionContext, **tables: Any) -> pl.LazyFrame:
        """Visitors, transactions, units and revenue of each store and hour."""
        sales = tables.get("sales")
        return transform.hourly_metrics(
            stores=tables["stores"],
            hours=tables["opening_hours"],
            dates=_dates(context),
            sums=None if sales is None else reduced(reduce.hourly_sums(sales)),
            transactions=None if sales is None else reduced(reduce.hourly_transactions(sales)),
            footfall=tables.get("footfall"),
        )

    return hourly_metrics


def _store_days(retailer: Retailer) -> dg.AssetsDefinition:
    sold = [
        name
        for name, dataset in (("product_daily_metrics", "sales"), ("store_totals", "store_totals"))
        if retailer.has(dataset)
    ]

    @dg.asset(ins=_ins("stores", "opening_hours", "hourly_metrics", *sold), **_daily(retailer, StoreDay))
    def store_days(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> pl.LazyFrame:
        """The base measures of each store and day, exact sums."""
        return transform.store_days(
            stores=tables["stores"],
            hours=tables["opening_hours"],
            dates=_dates(context),
            hourly=tables["hourly_metrics"],
            products=tables.get("product_daily_metrics"),
            totals=tables.get("store_totals"),
            has_footfall=retailer.has("footfall"),
            read_at=_read_at(context, retailer, run_window(context).days()),
        )

    return store_days


def _daily_metrics(retailer: Retailer) -> dg.AssetsDefinition:
    @dg.asset(
        ins={"store_days": SAME_WEEKDAYS.asset_in(pl.DataFrame)},
        freshness_policy=retailer.freshness_policy,
        **_daily(retailer, DailyMetrics),
    )
    def daily_metrics(context: dg.AssetExecutionContext, store_days: pl.DataFrame) -> pl.LazyFrame:
        """Measures and ratios of each store and day, against the same weekday of the 4 weeks before."""
        _tell(context, retailer, store_days)
        return compare.daily_metrics(store_days.lazy(), run_window(context))

    return daily_metrics


def _period_metrics(retailer: Retailer) -> dg.AssetsDefinition:
    @dg.asset(
        ins={"store_days": dg.AssetIn(dagster_type=pl.DataFrame, partition_mapping=dg.AllPartitionMapping())},
        group_name=GROUP,
        **described(PeriodMetrics, domain=GROUP, layer="metrics"),
    )
    def period_metrics(context: dg.AssetExecutionContext, store_days: pl.DataFrame) -> pl.LazyFrame:
        """Measures and ratios of each store and day, week, month, quarter and year, against last year."""
        return periods.period_metrics(store_days.lazy(), _made(context, retailer, store_days), retailer.timezone)

    return period_metrics


def _tell(context: dg.AssetExecutionContext, retailer: Retailer, store_days: pl.DataFrame) -> None:
    """Show the key figures of each day with its materialization."""
    from retail_platform.reports import figures, material

    window, lake = run_window(context), Lake(retailer.settings.lake_uri)
    days = with_last_year(store_days.select(figures.COLUMNS), lake, window)
    for day in material.of_each_day(days, window):
        context.add_asset_metadata(metadata(day, retailer.settings.language), partition_key=str(day.window.last))


def _dates(context: dg.AssetExecutionContext) -> pl.LazyFrame:
    return pl.LazyFrame({"date": list(run_window(context).days())})


def _made(context: dg.AssetExecutionContext, retailer: Retailer, store_days: pl.DataFrame) -> pl.LazyFrame:
    """The days there are of `store_days`, and when the deliveries of those without a row were read."""
    span = (str(day) for day in retailer.span().days())
    days = sorted(materialized_days(context.instance, dg.AssetKey("store_days"), span))
    made = pl.DataFrame({"date": [date.fromisoformat(day) for day in days]}, schema={"date": pl.Date})
    empty = made.join(store_days, on="date", how="anti").to_series().sort()
    return made.lazy().join(_read_at(context, retailer, empty), on="date", how="left")


def _read_at(context: dg.AssetExecutionContext, retailer: Retailer, days: Iterable[date]) -> pl.LazyFrame:
    """When the deliveries of each day were read: the earliest of its datasets; no row for a day that lacks one."""
    keys = [str(day) for day in days]
    raw = [dg.AssetKey(f"raw_{dataset}") for dataset in sorted(_COUNTED) if retailer.has(dataset)]
    read = [materialized_at(context.instance, key, keys) for key in raw]
    whole = [key for key in keys if read and all(key in at for at in read)]
    rows = [(date.fromisoformat(key), min(at[key] for at in read)) for key in whole]
    return pl.LazyFrame(rows, schema={"date": pl.Date(), "read_at": pl.Datetime("us", "UTC")}, orient="row")
