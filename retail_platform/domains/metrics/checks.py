"""What must hold of the metrics: each store's sums are those of the rows they were made from, one row a store."""

import dagster as dg
import polars as pl

from retail_platform.domains.metrics.contract import DailyMetrics, PeriodMetrics, StoreDay
from retail_platform.quality.checks import table_checks
from retail_platform.quality.reconciliation import Gap, Sums, compared, known_sum, reconciliation, sums, told
from retail_platform.quality.rules import ERROR, WARN, Rule, uniqueness
from retail_platform.retailer import Retailer
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

_COMPLETED = pl.col("status") == "completed"
_OF_LINES = {
    "revenue": pl.col("net_amount").filter(_COMPLETED).sum(),
    "units": pl.col("quantity").filter(_COMPLETED).sum(),
    "transactions": pl.col("sale_id").filter(_COMPLETED & (pl.col("quantity") > 0)).n_unique().cast(pl.Int64),
    "cancelled_lines": (~_COMPLETED).sum().cast(pl.Int64),
}
_PERIOD = ["grain", "period_start", "store_id"]
_LONGER = {"week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_PERIOD_SUMS = {name: known_sum(name) for name in ("revenue", "units", "transactions", "visitors")}


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks; a comparison with what the source does not deliver is left out."""
    products, hours = [], []
    days = [uniqueness("store_days", StoreDay.primary_key())]
    if retailer.has("sales"):
        products.append(_equal_lines("product_daily_metrics", "revenue", "units", "cancelled_lines", gap="error"))
        hours.append(_equal_lines("hourly_metrics", "revenue", "units", "transactions"))
        days.append(_equal_lines("store_days", *_OF_LINES))
    elif retailer.has("store_totals"):
        days.append(_days_equal_totals())
    if retailer.has("footfall"):
        hours.append(_hours_equal_footfall())
    daily = [uniqueness("daily_metrics", DailyMetrics.primary_key()), _metrics_equal_days()]
    rules = {"product_daily_metrics": products, "hourly_metrics": hours, "store_days": days, "daily_metrics": daily}
    periods = [uniqueness("period_metrics", PeriodMetrics.primary_key()), _periods_equal_days()]
    return [
        *(table_checks(retailer, table, found, daily=True) for table, found in rules.items() if found),
        table_checks(retailer, "period_metrics", periods, daily=False),
    ]


def _equal_lines(table: str, *measures: str, gap: Gap = "zero") -> Rule:
    named = ", ".join(name.replace("_", " ") for name in measures)
    return reconciliation(
        table,
        "sales",
        (
            sums(**{name: pl.col(name).sum() for name in measures}),
            sums(**{name: _OF_LINES[name] for name in measures}),
        ),
        what=f"The {named} of each store and day are those of its lines, exactly.",
        gap=gap,
        blocking=True,
    )


def _known(*measures: str) -> Sums:
    return sums(**{name: known_sum(name) for name in measures})


def _days_equal_totals() -> Rule:
    measures = _known("revenue", "transactions")
    return reconciliation(
        "store_days",
        "store_totals",
        (measures, measures),
        what="Revenue and transactions of each store and day are those of its totals, exactly.",
        gap="unknown",
        blocking=True,
    )


def _hours_equal_footfall() -> Rule:
    measures = _known("visitors")
    return reconciliation(
        "hourly_metrics",
        "footfall",
        (measures, measures),
        what="The visitors of each store and day are those of its footfall.",
        gap="unknown",
        name="footfall_reconciliation",
    )


def _metrics_equal_days() -> Rule:
    measures = sums(
        rows=pl.len().cast(pl.Int64), **{name: known_sum(name) for name in ("revenue", "transactions", "visitors")}
    )
    return reconciliation(
        "daily_metrics",
        "store_days",
        (measures, measures),
        what="Each store and day is there, with the revenue, transactions and visitors of store_days.",
        gap="error",
    )


def _periods_equal_days() -> Rule:
    """Periods of a day are the store days, longer ones the sums of those of a day, store by store.

    Days that were not over when `store_days` was made change by the hour and are left to the next morning. Days
    after the newest of `period_metrics` are a warning: it was not made again since.
    """

    def judge(lake: Lake, _: Window | None) -> pl.DataFrame:
        days, periods = _store_days_as_periods(lake), _sums_of_periods(lake)
        of_a_day = periods.filter(pl.col("grain") == "day")
        ours = periods.join(days.filter(~pl.col("final")), on=_PERIOD, how="anti")
        theirs = pl.concat([days.filter("final").drop("final"), _summed_up(of_a_day)])
        named = pl.concat_str(_PERIOD, separator=" ")
        found = compared(ours, theirs, _PERIOD, source="days", gap="error", named=named)
        newest = of_a_day.select(pl.col("period_start").max()).collect().item()
        newer = found.filter("differs")["period_start"] > newest
        stale = newest is not None and bool(newer.any()) and bool(newer.all())
        hint = "; newer days are not in it yet: materialize period_metrics" if stale else ""
        return found.select(**told(named)).select(
            date=pl.lit(None, dtype=pl.Date),
            periods="compared",
            differing_periods="differing",
            passed=pl.col("differing") == 0,
            severity=pl.lit(WARN if stale else ERROR),
            description=pl.when(pl.col("differing") == 0)
            .then(pl.format("{} periods are the sums of their days", "compared"))
            .otherwise(pl.format("{} of {} periods differ: {}{}", "differing", "compared", "found", pl.lit(hint))),
        )

    return Rule("reconciliation", "Periods are the sums of the store days, store by store.", judge)


def _store_days_as_periods(lake: Lake) -> pl.LazyFrame:
    key = [pl.lit("day").alias("grain"), pl.col("date").alias("period_start"), pl.col("store_id")]
    return lake.scan("store_days").group_by(key).agg(pl.col("final").all(), **_PERIOD_SUMS).collect().lazy()


def _sums_of_periods(lake: Lake) -> pl.LazyFrame:
    return lake.scan("period_metrics").group_by(_PERIOD).agg(**_PERIOD_SUMS).collect().lazy()


def _summed_up(days: pl.LazyFrame) -> pl.LazyFrame:
    grains = (
        days.with_columns(pl.lit(grain).alias("grain"), pl.col("period_start").dt.truncate(every))
        for grain, every in _LONGER.items()
    )
    return pl.concat([grain.group_by(_PERIOD).agg(**_PERIOD_SUMS) for grain in grains])
