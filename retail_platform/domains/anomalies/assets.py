"""How anomalies hang together: `footfall`, `sensor_health`, the calendar and the weather -> `footfall_anomalies`."""

import dagster as dg
import polars as pl

from retail_platform.domains.anomalies import transform
from retail_platform.domains.anomalies.contract import FootfallAnomaly
from retail_platform.domains.describe import described
from retail_platform.partitions import FOOTFALL_HISTORY, run_window
from retail_platform.retailer import Retailer

_WEATHER = "weather"


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The asset, where the source delivers footfall.

    It waits for the weather only where the source itself delivers it, as it does all else. Weather that comes from
    elsewhere is days late: an alert must not wait for it.
    """
    if not retailer.has("footfall"):
        return []
    weather = {_WEATHER: FOOTFALL_HISTORY.asset_in(pl.LazyFrame)} if retailer.has(_WEATHER) else {}
    frame = dg.AssetIn(dagster_type=pl.LazyFrame)

    @dg.asset(
        group_name="anomalies",
        partitions_def=retailer.days,
        backfill_policy=retailer.backfill_policy,
        ins={
            "footfall": FOOTFALL_HISTORY.asset_in(pl.LazyFrame),
            "sensor_health": frame,
            "store_calendar": frame,
            **weather,
        },
        **described(FootfallAnomaly, domain="anomalies", layer="metrics"),
    )
    def footfall_anomalies(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> pl.LazyFrame:
        """Store-days and store-hours with visitors outside the expected band, each with its likely cause."""
        return transform.footfall_anomalies(
            tables["footfall"],
            tables["sensor_health"],
            tables["store_calendar"],
            run_window(context),
            weather=tables.get(_WEATHER),
            today=retailer.today(),
        )

    return [footfall_anomalies]
