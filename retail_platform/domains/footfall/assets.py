"""How the footfall domain hangs together: `raw_footfall` -> `footfall_readings` -> `footfall`."""

import dagster as dg
import narwhals as nw
import polars as pl

from retail_platform.domains.describe import described
from retail_platform.domains.engine import reduced
from retail_platform.domains.footfall import transform
from retail_platform.domains.footfall.contract import Footfall, FootfallReading
from retail_platform.domains.raw import raw_asset
from retail_platform.domains.validated import Tables, validated_asset
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets, where the source delivers footfall."""
    if not retailer.has("footfall"):
        return []

    def judged(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
        bound = retailer.source.max_visitors_per_hour
        return transform.judged_readings(rows, tables["stores"], tables["opening_hours"], bound)

    @dg.asset(
        group_name="footfall",
        partitions_def=retailer.days,
        backfill_policy=retailer.backfill_policy,
        **described(Footfall, domain="footfall", layer="metrics"),
    )
    def footfall(footfall_readings: nw.LazyFrame) -> pl.LazyFrame:
        """Visitors of each store and hour: the sum of the counters that worked, and how many did not."""
        return transform.footfall(reduced(transform.hourly_footfall(footfall_readings)))

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
        footfall,
    ]
