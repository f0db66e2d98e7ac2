"""What must hold of the metrics: each day's sums are those of the rows they were made from, one row a store."""

import dagster as dg
import polars as pl

from retail_platform.domains.metrics.contract import DailyMetrics, PeriodMetrics, StoreDay
from retail_platform.quality.checks import table_checks
from retail_platform.quality.rules import Rule, reconciliation, uniqueness
from retail_platform.retailer import Retailer

_MONEY = pl.Decimal(18, 2)


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks."""
    days = [uniqueness("store_days", StoreDay.primary_key())]
    if retailer.has("sales"):
        days.append(_days_equal_lines())
    elif retailer.has("store_totals"):
        days.append(_days_equal_totals())
    daily = [uniqueness("daily_metrics", DailyMetrics.primary_key())]
    periods = [uniqueness("period_metrics", PeriodMetrics.primary_key())]
    return [
        table_checks(retailer, "store_days", days, daily=True),
        table_checks(retailer, "daily_metrics", daily, daily=True),
        table_checks(retailer, "period_metrics", periods, daily=False),
    ]


def _days_equal_lines() -> Rule:
    completed = pl.col("status") == "completed"
    receipt = pl.struct("store_id", "sale_id").filter(completed & (pl.col("quantity") > 0))
    money = pl.col("net_amount").filter(completed).sum().cast(_MONEY)
    return reconciliation(
        "store_days",
        "sales",
        {
            "revenue": (pl.col("revenue").sum().cast(_MONEY), money),
            "units": (pl.col("units").sum(), pl.col("quantity").filter(completed).sum()),
            "transactions": (pl.col("transactions").sum(), receipt.n_unique().cast(pl.Int64)),
            "cancelled": (pl.col("cancelled_lines").sum(), (~completed).sum().cast(pl.Int64)),
        },
        what="Revenue, units, transactions and cancelled lines of a day are those of its lines, exactly.",
    )


def _days_equal_totals() -> Rule:
    return reconciliation(
        "store_days",
        "store_totals",
        {
            "revenue": (pl.col("revenue").sum().cast(_MONEY), pl.col("revenue").sum().cast(_MONEY)),
            "transactions": (pl.col("transactions").sum(), pl.col("transactions").sum()),
        },
        what="Revenue and transactions of a day are those of its store totals, exactly.",
    )
