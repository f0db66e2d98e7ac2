"""What must hold of anomalies: each is listed once, and has a reason that is known."""

import dagster as dg
import polars as pl

from retail_platform.domains.anomalies.contract import KEY
from retail_platform.quality.checks import table_checks
from retail_platform.quality.rules import TOLD, WARN, Rule, uniqueness
from retail_platform.retailer import Retailer
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

TABLE = "footfall_anomalies"
_NAMED = 3
_COUNTED = ("unexplained", "major", "stores")


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where the source delivers footfall."""
    if not retailer.has("footfall"):
        return []
    return [table_checks(retailer, TABLE, [uniqueness(TABLE, KEY), unexplained_anomalies()], daily=True)]


def unexplained_anomalies() -> Rule:
    """Every anomaly has a known reason; a major one without is told of, although it is a warning."""

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        assert window is not None
        days = pl.LazyFrame({"date": list(window.days())})
        unexplained = lake.scan(TABLE, window).filter(pl.col("cause").cast(pl.String) == "unexplained")
        major = pl.col("severity").cast(pl.String) == "major"
        named = pl.format("{}: {}", "store_id", "detail")
        worst = [pl.col("severity").cast(pl.String) == "minor", pl.col("hour").is_not_null(), -pl.col("score").abs()]
        counted = unexplained.group_by("date").agg(
            unexplained=pl.len().cast(pl.Int64),
            stores=pl.col("store_id").n_unique().cast(pl.Int64),
            major=major.sum().cast(pl.Int64),
            named=named.sort_by(*worst, "store_id").head(_NAMED).str.join(" "),
        )
        none = pl.col("unexplained") == 0
        return (
            days.join(counted, on="date", how="left")
            .sort("date")
            .with_columns(pl.col(*_COUNTED).fill_null(0))
            .with_columns(
                pl.when(pl.col("major") > 0).then(1).otherwise(0).alias(TOLD),
                passed=none,
                severity=pl.lit(WARN),
                description=pl.when(none)
                .then(pl.lit("no anomaly without a known reason"))
                .otherwise(pl.format("{} unexplained ({} major) in {} stores. {}", *_COUNTED, "named")),
            )
            .drop("named")
            .collect()
        )

    return Rule("unexplained_anomalies", "Visitors outside the expected band have a known reason.", judge)
