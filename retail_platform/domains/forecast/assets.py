"""How the forecast hangs together: all of `footfall` -> the coming 14 days, by hour and by day, and the backtest."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import dataframely as dy
import polars as pl

from retail_platform.domains.describe import KINDS, OWNERS, metadata, tags
from retail_platform.domains.forecast.contract import (
    FootfallBacktest,
    FootfallForecast,
    FootfallForecastDay,
)
from retail_platform.retailer import Retailer

GROUP = "forecast"
_NAMED = 10
_TABLES: dict[str, type[dy.Schema]] = {
    "footfall_forecast": FootfallForecast,
    "footfall_forecast_days": FootfallForecastDay,
    "footfall_backtest": FootfallBacktest,
}


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets, where the source delivers footfall."""
    if not retailer.has("footfall"):
        return []
    frame = dg.AssetIn(dagster_type=pl.LazyFrame)

    @dg.multi_asset(
        name="footfall_forecasts",
        ins={
            "footfall": dg.AssetIn(dagster_type=pl.LazyFrame, partition_mapping=dg.AllPartitionMapping()),
            "stores": frame,
            "opening_hours": frame,
            "store_calendar": frame,
        },
        outs={name: _out(contract) for name, contract in _TABLES.items()},
    )
    def footfall_forecasts(
        context: dg.AssetExecutionContext,
        footfall: pl.LazyFrame,
        stores: pl.LazyFrame,
        opening_hours: pl.LazyFrame,
        store_calendar: pl.LazyFrame,
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        from retail_platform.domains.forecast.transform import footfall_forecast

        over = footfall.filter(pl.col("date") < retailer.today())
        found = footfall_forecast(
            over,
            stores,
            opening_hours,
            store_calendar,
            visitors_per_employee=retailer.settings.visitors_per_employee,
        )
        if found.without_history:
            context.log.warning(f"no forecast, for want of counts in 8 weeks: {_some(found.without_history)}")
        if found.repeated:
            context.log.warning(f"last week is repeated, for want of history: {_some(found.repeated)}")
        said: dict[str, Any] = {
            "made on": str(found.made_on or "no footfall yet"),
            "origins of the backtest": found.origins,
            "stores without history": len(found.without_history),
            "stores that repeat last week": len(found.repeated),
        }
        yield dg.Output(found.hours, output_name="footfall_forecast", metadata=said)
        yield dg.Output(found.days, output_name="footfall_forecast_days", metadata=said)
        yield dg.Output(found.backtest, output_name="footfall_backtest", metadata=said)

    return [footfall_forecasts]


def _out(contract: type[dy.Schema]) -> dg.AssetOut:
    return dg.AssetOut(
        group_name=GROUP,
        description=contract.__doc__,
        metadata=metadata(contract),
        kinds=KINDS | {"lightgbm"},
        owners=OWNERS,
        tags=tags(GROUP, "metrics"),
    )


def _some(stores: tuple[str, ...]) -> str:
    more = f" and {len(stores) - _NAMED} more" if len(stores) > _NAMED else ""
    return ", ".join(stores[:_NAMED]) + more
