"""What must hold of footfall."""

from collections.abc import Callable
from datetime import date, timedelta

import dagster as dg
import polars as pl

from retail_platform.domains.checks import validated_checks
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.stores.transform import expected_stores
from retail_platform.quality.rules import WARN, Rule, referential_integrity
from retail_platform.retailer import Retailer
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

_REMEMBERED = 28  # days after which a counter that is silent is taken for one that was removed
_NAMED = 5


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where the source delivers footfall."""
    if not retailer.has("footfall"):
        return []
    more = [referential_integrity("footfall_readings"), silent_sensors(today=retailer.today)]
    return [validated_checks(retailer, "footfall", FootfallReading, table="footfall_readings", more=more)]


def silent_sensors(*, today: Callable[[], date]) -> Rule:
    """Every counter that delivered within 28 days before delivers on a day its store is open.

    A counter without rows leaves no trace in the store's sums, which look complete without it. A day that is
    not over may still be delivered: it passes.
    """

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        assert window is not None
        days = pl.LazyFrame({"date": list(window.days())})
        wider = Window(window.first - timedelta(days=_REMEMBERED), window.last)
        readings = lake.scan("footfall_readings", wider).select("store_id", "sensor_id", "date").unique()
        hours = lake.scan("opening_hours").filter(pl.col("date").is_between(window.first, window.last))
        opened = expected_stores(lake.scan("stores"), hours, days, with_doors_only=False)
        expected = _latest_readings(readings.collect().lazy(), days).join(opened, on=["date", "store_id"])
        silent = pl.col("delivered_on") < pl.col("date")
        counted = (
            expected.filter(silent.is_not_null())
            .group_by("date")
            .agg(
                sensors=pl.len().cast(pl.Int64),
                silent=silent.sum().cast(pl.Int64),
                named=pl.format("{}/{}", "store_id", "sensor_id").filter(silent).sort().head(_NAMED).str.join(", "),
            )
        )
        return (
            days.join(counted, on="date", how="left")
            .sort("date")
            .with_columns(pl.col("sensors", "silent").fill_null(0), over=pl.col("date") < today())
            .with_columns(
                passed=(pl.col("silent") == 0) | ~pl.col("over"),
                severity=pl.lit(WARN),
                description=pl.format(
                    "{} of {} sensors of open stores delivered{}",
                    pl.col("sensors") - pl.col("silent"),
                    "sensors",
                    pl.when(pl.col("silent") == 0)
                    .then(pl.lit(""))
                    .when(~pl.col("over"))
                    .then(pl.lit("; the day is not over"))
                    .otherwise(pl.format("; silent: {}", "named")),
                ),
            )
            .drop("over", "named")
            .collect()
        )

    return Rule("silent_sensors", "Every sensor of the 28 days before delivers while its store is open.", judge)


def _latest_readings(readings: pl.LazyFrame, days: pl.LazyFrame) -> pl.LazyFrame:
    """For each day and counter the newest day, up to it, that the counter delivered on; none if long ago."""
    return (
        readings.select("store_id", "sensor_id")
        .unique()
        .join(days, how="cross")
        .sort("date")
        .join_asof(
            readings.sort("date").with_columns(delivered_on="date"),
            on="date",
            by=["store_id", "sensor_id"],
            tolerance=timedelta(days=_REMEMBERED),
            check_sortedness=False,
        )
    )
