"""Ratios of base measures, and a day against the four weeks before it. Pure Polars, frames in, frame out."""

import polars as pl

from retail_platform.domains.metrics.contract import COMPARED, DailyMetrics
from retail_platform.windows import Window

WEEKS = 4
_PARTS = 2.0**20  # of a visitor


def ratio(dividend: str, divisor: str) -> pl.Expr:
    """A quotient in Float64; null where the divisor is 0 or unknown."""
    below = pl.col(divisor).cast(pl.Float64)
    return pl.col(dividend).cast(pl.Float64) / pl.when(below != 0).then(below)


def in_parts(visitors: pl.Expr) -> pl.Expr:
    """Fractions of visitors as whole numbers of small parts: they add up alike in any order, to the last bit."""
    return (visitors * _PARTS).round() / _PARTS


def with_counted(days: pl.LazyFrame) -> pl.LazyFrame:
    """Add what counts for ratios per visitor: measures of days on which every counter worked all open hours.

    On another day the visitors known would make the ratios too high. Nothing counts where there are no visitors to
    divide by, as in a store without doors.
    """
    complete = pl.col("visitors").is_not_null() & (pl.col("hours_without_count").fill_null(0) == 0)
    return days.with_columns(
        counted_days=complete.cast(pl.Int64),
        counted_visitors=pl.when(complete).then(pl.col("visitors")),
        counted_transactions=pl.when(complete).then(pl.col("store_transactions")),
        counted_revenue=pl.when(complete).then(pl.col("revenue")),
        counted_margin=pl.when(complete).then(pl.col("margin")),
    )


def with_ratios(measures: pl.LazyFrame) -> pl.LazyFrame:
    """Add the ratios of `contract.Ratios` to base measures with `with_counted`'s columns, or sums of both."""
    return measures.with_columns(
        margin_rate=ratio("margin", "cost_known_revenue"),
        cost_known_share=ratio("cost_known_revenue", "revenue"),
        conversion_rate=ratio("counted_transactions", "counted_visitors"),
        atv=ratio("revenue", "transactions"),
        upt=ratio("units", "transactions"),
        aur=ratio("revenue", "units"),
        sales_per_visitor=ratio("counted_revenue", "counted_visitors"),
        margin_per_visitor=ratio("counted_margin", "counted_visitors"),
        sales_per_m2=ratio("revenue", "area_m2"),
    )


def daily_metrics(days: pl.LazyFrame, window: Window) -> pl.LazyFrame:
    """Measures, ratios and comparisons of every store and day of a window.

    Args:
        days: `StoreDay` rows of the window and of the 28 days before it, as far as there are.
        window: the days wanted.

    Returns:
        `DailyMetrics` rows. `<m>_avg_4w` is the mean over the same weekday of the 4 previous weeks, by date;
        days on which the store was closed or the measure is unknown are left out, `<m>_weeks_in_avg` counts the rest.
    """
    measured = with_ratios(with_counted(days))
    wanted = measured.filter(pl.col("date").is_between(window.first, window.last))
    open_days = measured.filter("is_open").select(
        "store_id", "date", *(pl.col(measure).cast(pl.Float64) for measure in COMPARED)
    )
    for week in range(1, WEEKS + 1):
        before = open_days.select(
            "store_id",
            pl.col("date").dt.offset_by(f"{7 * week}d"),
            *(pl.col(measure).alias(f"{measure}_{week}w_ago") for measure in COMPARED),
        )
        wanted = wanted.join(before, on=["store_id", "date"], how="left")
    return (
        wanted.with_columns(expression for measure in COMPARED for expression in _against_average(measure))
        .sort("date", "store_id")
        .pipe(DailyMetrics.cast)
    )


def _against_average(measure: str) -> list[pl.Expr]:
    weeks = [pl.col(f"{measure}_{week}w_ago") for week in range(1, WEEKS + 1)]
    average = pl.mean_horizontal(weeks)
    against = 100 * (pl.col(measure).cast(pl.Float64) / average.replace(0.0, None) - 1)
    return [
        average.alias(f"{measure}_avg_4w"),
        pl.sum_horizontal(week.is_not_null() for week in weeks).alias(f"{measure}_weeks_in_avg"),
        against.alias(f"{measure}_vs_avg_4w_pct"),
    ]
