"""What must hold of the forecast: it beats repeating last week, and every store has one."""

import dagster as dg
import polars as pl

from retail_platform.domains.forecast.contract import (
    SEASONAL_NAIVE,
    FootfallBacktest,
    FootfallForecast,
    FootfallForecastDay,
)
from retail_platform.quality.checks import table_checks
from retail_platform.quality.rules import WARN, Rule, uniqueness
from retail_platform.retailer import Retailer
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

_NAMED = 5
_WAPES = ("wape", "wape_seasonal_naive")


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where the source delivers footfall."""
    if not retailer.has("footfall"):
        return []
    rules = {
        "footfall_forecast": [uniqueness("footfall_forecast", FootfallForecast.primary_key())],
        "footfall_forecast_days": [uniqueness("footfall_forecast_days", FootfallForecastDay.primary_key())],
        "footfall_backtest": [uniqueness("footfall_backtest", FootfallBacktest.primary_key()), beats_seasonal_naive()],
    }
    return [table_checks(retailer, table, found, daily=False) for table, found in rules.items()]


def beats_seasonal_naive() -> Rule:
    """Over its backtest each store's forecast is nearer to what came than the same weekday of the week before.

    Compared are the sums of absolute errors on days that the model forecast; a store for which it made none, for
    want of history, is not judged.
    """

    def judge(lake: Lake, _: Window | None) -> pl.DataFrame:
        stores = backtest_by_store(lake.scan("footfall_backtest").filter(pl.col("model") != SEASONAL_NAIVE))
        worse = pl.col("wape") >= pl.col("wape_seasonal_naive")
        named = pl.format("{} ({} against {})", "store_id", *(pl.col(c).round(3) for c in _WAPES))
        return (
            stores.select(
                stores=pl.len().cast(pl.Int64),
                worse=worse.sum().cast(pl.Int64),
                wape=pl.col("error").sum() / pl.col("visitors").sum(),
                wape_seasonal_naive=pl.col("naive_error").sum() / pl.col("visitors").sum(),
                named=named.filter(worse).sort_by(pl.col("store_id").filter(worse)).head(_NAMED).str.join(", "),
            )
            .with_columns(pl.col(*_WAPES).fill_nan(None))
            .with_columns(
                date=pl.lit(None, dtype=pl.Date),
                passed=pl.col("worse") == 0,
                severity=pl.lit(WARN),
                description=pl.when(pl.col("stores") == 0)
                .then(pl.lit("history is too short to judge; last week is repeated"))
                .when(pl.col("worse") == 0)
                .then(
                    pl.format(
                        "all {} stores: error {} of visitors against {} of repeating last week",
                        "stores",
                        *(pl.col(c).round(3) for c in _WAPES),
                    )
                )
                .otherwise(pl.format("{} of {} stores do no better than last week: {}", "worse", "stores", "named")),
            )
            .drop("named")
            .collect()
        )

    return Rule("beats_seasonal_naive", "The forecast is better than repeating last week, in each store.", judge)


def backtest_by_store(backtest: pl.LazyFrame) -> pl.LazyFrame:
    """Sums of absolute errors and of visitors of each store, and their ratio: the weighted absolute percentage error.

    Args:
        backtest: `FootfallBacktest` rows.
    """

    def error(forecast: str) -> pl.Expr:
        return (pl.col("visitors") - pl.col(forecast)).abs().sum()

    return (
        backtest.group_by("store_id")
        .agg(error=error("forecast"), naive_error=error("seasonal_naive"), visitors=pl.col("visitors").sum())
        .filter(pl.col("visitors") > 0)
        .with_columns(
            wape=pl.col("error") / pl.col("visitors"), wape_seasonal_naive=pl.col("naive_error") / pl.col("visitors")
        )
        .sort("store_id")
    )
