"""How the footfall domain hangs together: `raw_footfall` -> `footfall_readings` -> `sensor_health` -> `footfall`."""

from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from retail_platform.domains.describe import described
from retail_platform.domains.footfall import estimates, transform
from retail_platform.domains.footfall.contract import Footfall, FootfallReading, SensorHealth
from retail_platform.domains.footfall.grid import Surroundings
from retail_platform.domains.raw import raw_asset
from retail_platform.domains.validated import Tables, validated_asset
from retail_platform.partitions import FOOTFALL_HISTORY, SAME_WEEKDAYS, run_window
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets, where the source delivers footfall."""
    if not retailer.has("footfall"):
        return []

    def judged(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
        bound = retailer.source.max_visitors_per_hour
        return transform.judged_readings(rows, tables["stores"], tables["opening_hours"], bound)

    return [
        raw_asset(retailer, "footfall", group="footfall"),
        validated_asset(
            retailer,
            "footfall",
            table="footfall_readings",
            contract=FootfallReading,
            group="footfall",
            needs=("stores", "opening_hours"),
            derive=judged,
            known={"store_id": "stores"},
        ),
        _sensor_health(retailer),
        _footfall(retailer),
    ]


def _sensor_health(retailer: Retailer) -> dg.AssetsDefinition:
    sold = {"product_daily_metrics": SAME_WEEKDAYS.asset_in(pl.LazyFrame)} if retailer.has("sales") else {}

    @dg.asset(ins=_ins() | sold, **_daily(retailer, SensorHealth))
    def sensor_health(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> pl.LazyFrame:
        """How far each door counter can be believed: against its own history, its siblings and the store's sales."""
        around = _around(tables, retailer.today(), sold=tables.get("product_daily_metrics"))
        return estimates.sensor_health(tables["footfall_readings"], around, run_window(context))

    return sensor_health


def _footfall(retailer: Retailer) -> dg.AssetsDefinition:
    health = {"sensor_health": dg.AssetIn(dagster_type=pl.LazyFrame)}

    @dg.asset(ins=_ins() | health, **_daily(retailer, Footfall))
    def footfall(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> pl.LazyFrame:
        """Visitors of each store and hour: counted, and estimated with an interval where no count can be believed."""
        around = _around(tables, retailer.today())
        return estimates.footfall(tables["footfall_readings"], tables["sensor_health"], around, run_window(context))

    return footfall


def _daily(retailer: Retailer, contract: Any) -> dict[str, Any]:
    return {
        "group_name": "footfall",
        "partitions_def": retailer.days,
        "backfill_policy": retailer.backfill_policy,
        **described(contract, domain="footfall", layer="metrics"),
    }


def _ins() -> dict[str, dg.AssetIn]:
    whole = {name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in ("stores", "opening_hours", "store_calendar")}
    return {"footfall_readings": FOOTFALL_HISTORY.asset_in(pl.LazyFrame)} | whole


def _around(tables: Tables, today: date, sold: pl.LazyFrame | None = None) -> Surroundings:
    return Surroundings(tables["stores"], tables["opening_hours"], tables["store_calendar"], sold=sold, today=today)
