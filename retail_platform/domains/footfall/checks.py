"""What must hold of footfall."""

from collections.abc import Callable
from datetime import date

import dagster as dg
import polars as pl

from retail_platform.domains.checks import validated_checks
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.stores.contract import ONLINE
from retail_platform.domains.stores.transform import open_hours
from retail_platform.quality.checks import table_checks
from retail_platform.quality.rules import WARN, Rule, referential_integrity
from retail_platform.retailer import Retailer
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

_BELIEVED = ["ok", "unjudged"]
_STORE_DAY = ["date", "store_id"]
_NAMED = 5


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where the source delivers footfall."""
    if not retailer.has("footfall"):
        return []
    stores = [referential_integrity("footfall_readings")]
    return [
        validated_checks(retailer, "footfall", FootfallReading, table="footfall_readings", more=stores),
        table_checks(retailer, "sensor_health", [suspect_sensors(today=retailer.today)], daily=True),
        table_checks(retailer, "footfall", [every_store_day()], daily=True),
    ]


def suspect_sensors(*, today: Callable[[], date]) -> Rule:
    """Every counter of an open store can be believed; a day that is not over may still be: it passes.

    A warning: visitors are estimated meanwhile, and what is taken down for good is suspect for four weeks.
    """

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        assert window is not None
        days = pl.LazyFrame({"date": list(window.days())})
        status = pl.col("status").cast(pl.String)
        suspect = ~status.is_in(_BELIEVED)
        named = pl.format("{}/{} {}", "store_id", "sensor_id", status.str.replace_all("_", " "))
        counted = (
            lake.scan("sensor_health", window)
            .group_by("date")
            .agg(
                sensors=pl.len().cast(pl.Int64),
                suspect=suspect.sum().cast(pl.Int64),
                named=named.filter(suspect).sort().head(_NAMED).str.join(", "),
            )
        )
        few = pl.col("suspect") <= _NAMED
        return (
            days.join(counted, on="date", how="left")
            .sort("date")
            .with_columns(pl.col("sensors", "suspect").fill_null(0), over=pl.col("date") < today())
            .with_columns(
                passed=(pl.col("suspect") == 0) | ~pl.col("over"),
                severity=pl.lit(WARN),
                description=pl.format(
                    "{} of {} sensors of open stores are believed{}{}{}",
                    pl.col("sensors") - pl.col("suspect"),
                    "sensors",
                    pl.when(pl.col("over")).then(pl.lit("")).otherwise(pl.lit("; the day is not over")),
                    pl.when(pl.col("suspect") == 0).then(pl.lit("")).otherwise(pl.format("; not: {}", "named")),
                    pl.when(few).then(pl.lit("")).otherwise(pl.format(" and {} more", pl.col("suspect") - _NAMED)),
                ),
            )
            .drop("over", "named")
            .collect()
        )

    return Rule("suspect_sensors", "Every sensor of an open store counts as it should.", judge)


def every_store_day() -> Rule:
    """No store with doors is without footfall on a day on which it is known to open, or reported anything.

    A warning: a store whose opening hours became known after a day was made lacks that day until it is made again.
    """

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        assert window is not None
        stores = lake.scan("stores").filter(pl.col("format") != ONLINE)
        within = pl.col("date").is_between(window.first, window.last)
        opened = open_hours(lake.scan("opening_hours").filter(within), stores).select(_STORE_DAY)
        reported = lake.scan("footfall_readings", window).select(_STORE_DAY)
        expected = pl.concat([opened, reported]).unique().join(stores, on="store_id", how="semi")
        there = lake.scan("footfall", window).select(_STORE_DAY).unique().with_columns(there=pl.lit(value=True))
        lacks = pl.col("store_id").filter(pl.col("there").is_null())
        counted = (
            expected.join(there, on=_STORE_DAY, how="left")
            .group_by("date")
            .agg(
                expected=pl.len().cast(pl.Int64),
                missing=lacks.len().cast(pl.Int64),
                named=lacks.sort().head(_NAMED).str.join(", "),
            )
        )
        return (
            pl.LazyFrame({"date": list(window.days())})
            .join(counted, on="date", how="left")
            .sort("date")
            .with_columns(pl.col("expected", "missing").fill_null(0))
            .with_columns(
                passed=pl.col("missing") == 0,
                severity=pl.lit(WARN),
                description=pl.format(
                    "{} of {} open stores have footfall{}",
                    pl.col("expected") - pl.col("missing"),
                    "expected",
                    pl.when(pl.col("missing") == 0).then(pl.lit("")).otherwise(pl.format("; missing: {}", "named")),
                ),
            )
            .drop("named")
            .collect()
        )

    return Rule("every_store_day", "Every store with doors has footfall on each day it opens, be it unknown.", judge)
