"""How the footfall domain hangs together: `raw_footfall` -> `footfall_readings` -> `sensor_health` and `footfall`."""

from collections.abc import Iterator

import dagster as dg
import dataframely as dy
import polars as pl

from retail_platform.domains.describe import described
from retail_platform.domains.footfall import estimates, transform
from retail_platform.domains.footfall.contract import Footfall, FootfallReading, SensorHealth
from retail_platform.domains.footfall.layout import Surroundings
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
        _footfall(retailer),
    ]


def _footfall(retailer: Retailer) -> dg.AssetsDefinition:
    whole = {name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in ("stores", "opening_hours", "store_calendar")}
    sold = {"product_daily_metrics": SAME_WEEKDAYS.asset_in(pl.LazyFrame)} if retailer.has("sales") else {}

    @dg.multi_asset(
        name="footfall",
        ins={"footfall_readings": FOOTFALL_HISTORY.asset_in(pl.LazyFrame)} | whole | sold,
        outs={
            "sensor_health": _out(
                SensorHealth,
                "How far each door counter can be believed: against its history, its siblings and the store's sales.",
            ),
            "footfall": _out(
                Footfall,
                "Visitors of each store and hour: counted, and estimated with an interval where no count is believed.",
            ),
        },
        partitions_def=retailer.days,
        backfill_policy=retailer.backfill_policy,
    )
    def footfall(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> Iterator[dg.Output[pl.LazyFrame]]:
        around = Surroundings(
            tables["stores"],
            tables["opening_hours"],
            tables["store_calendar"],
            sold=tables.get("product_daily_metrics"),
            today=retailer.today(),
        )
        health, visitors = estimates.sensor_health_and_footfall(
            tables["footfall_readings"], around, run_window(context)
        )
        yield dg.Output(health, output_name="sensor_health")
        yield dg.Output(visitors, output_name="footfall")

    return footfall


def _out(contract: type[dy.Schema], description: str) -> dg.AssetOut:
    return dg.AssetOut(
        group_name="footfall", description=description, **described(contract, domain="footfall", layer="metrics")
    )
