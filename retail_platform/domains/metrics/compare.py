"""Ratios of base measures, and a day against the four weeks before it. Pure Polars, frames in, frame out."""

from collections.abc import Iterable

import polars as pl

from retail_platform.domains.metrics.contract import COMPARED, OF_MONEY, DailyMetrics
from retail_platform.windows import Window

WEEKS = 4
_PARTS = 2.0**20  # of a visitor

RATIOS = {
    "margin_rate": ("margin", "cost_known_revenue"),
    "cost_known_share": ("cost_known_revenue", "revenue"),
    "conversion_rate": ("counted_transactions", "conversion_visitors"),
    "atv": ("receipt_revenue", "transactions"),
    "upt": ("units", "itemised_transactions"),
    "aur": ("itemised_revenue", "units"),
    "sales_per_visitor": ("counted_revenue", "sales_visitors"),
    "margin_per_visitor": ("counted_margin", "margin_visitors"),
}
"""What is divided by what: both sides are sums over the same store days, but for `cost_known_share`, a share of all."""


def ratio(dividend: str, divisor: str) -> pl.Expr:
    """A quotient in Float64; null where the divisor is 0 or unknown."""
    below = pl.col(divisor).cast(pl.Float64)
    return pl.col(dividend).cast(pl.Float64) / pl.when(below != 0).then(below)


def change(now: pl.Expr, then: pl.Expr) -> pl.Expr:
    """Per cent above what was; null where that is 0 or less, or either is unknown: of a loss there is no share."""
    before = then.cast(pl.Float64)
    return 100 * (now.cast(pl.Float64) / pl.when(before > 0).then(before) - 1)


def change_of(now: float | None, then: float | None) -> float | None:
    """`change` of two numbers."""
    return 100 * (now / then - 1) if now is not None and then is not None and then > 0 else None


def compared_as(measure: str) -> str:
    """What stands for a measure where days are compared: of visitors those of days without an unknown hour alone."""
    return "counted_visitors" if measure == "visitors" else measure


def in_parts(visitors: pl.Expr) -> pl.Expr:
    """Fractions of visitors as whole numbers of small parts: they add up alike in any order, to the last bit."""
    return (visitors * _PARTS).round() / _PARTS


def with_ratio_bases(days: pl.LazyFrame) -> pl.LazyFrame:
    """Add what ratios are made of besides the base measures: each side over the days on which the other is known.

    A day that knows units knows transactions, and one that knows transactions knows revenue. Nothing counts per visitor
    on a day on which a counter failed in an open hour: the visitors known would make the ratio too high; nor where
    there are no visitors to divide by, as in a store without doors. Where nothing was sold the margin is 0.
    """
    complete = pl.col("visitors").is_not_null() & (pl.col("hours_without_count").fill_null(0) == 0)
    visitors, revenue = pl.col("visitors"), pl.col("revenue")
    known = {name: pl.col(name).is_not_null() for name in ("store_transactions", "transactions", "units", "margin")}
    return days.with_columns(
        counted_days=complete.cast(pl.Int64),
        counted_visitors=pl.when(complete).then(visitors),
        counted_transactions=pl.when(complete).then(pl.col("store_transactions")),
        conversion_visitors=pl.when(complete & known["store_transactions"]).then(visitors),
        counted_revenue=pl.when(complete).then(revenue),
        sales_visitors=pl.when(complete & revenue.is_not_null()).then(visitors),
        counted_margin=pl.when(complete).then(pl.col("margin")),
        margin_visitors=pl.when(complete & (known["margin"] | (revenue == 0))).then(visitors),
        receipt_revenue=pl.when(known["transactions"]).then(revenue),
        itemised_revenue=pl.when(known["units"]).then(revenue),
        itemised_transactions=pl.when(known["units"]).then(pl.col("transactions")),
    )


def with_ratios(measures: pl.LazyFrame, names: Iterable[str] = tuple(RATIOS)) -> pl.LazyFrame:
    """Add `RATIOS`, all or some, to base measures with those of `with_ratio_bases`, or to sums of both."""
    return measures.with_columns(**{name: ratio(*RATIOS[name]) for name in names})


def daily_metrics(days: pl.LazyFrame, window: Window) -> pl.LazyFrame:
    """Measures, ratios and comparisons of every store and day of a window.

    Args:
        days: `StoreDay` rows of the window and of the 28 days before it, as far as there are.
        window: the days wanted.

    Returns:
        `DailyMetrics` rows. `<m>_avg_4w` is the mean over the same weekday of the 4 previous weeks, by date;
        days on which the store was closed or the measure is unknown are left out, as are amounts in another currency
        than the day's. `<m>_weeks_in_avg` counts the rest. Measures are those of `compared_as`.
    """
    measured = with_ratios(with_ratio_bases(days)).with_columns(sales_per_m2=ratio("revenue", "area_m2"))
    wanted = measured.filter(pl.col("date").is_between(window.first, window.last))
    open_days = measured.filter("is_open").select(
        *("store_id", "date", "currency"),
        *(pl.col(compared_as(measure)).cast(pl.Float64).alias(measure) for measure in COMPARED),
    )
    for week in range(1, WEEKS + 1):
        before = open_days.select(
            "store_id",
            pl.col("date").dt.offset_by(f"{7 * week}d"),
            pl.col("currency").alias("currency_before"),
            *(pl.col(measure).alias(f"{measure}_{week}w_ago") for measure in COMPARED),
        )
        wanted = (
            wanted.join(before, on=["store_id", "date"], how="left")
            .with_columns(in_one_currency(measure, f"{measure}_{week}w_ago") for measure in COMPARED)
            .drop("currency_before")
        )
    return (
        wanted.with_columns(expression for measure in COMPARED for expression in _against_average(measure))
        .sort("date", "store_id")
        .pipe(DailyMetrics.cast)
    )


def in_one_currency(measure: str, before: str) -> pl.Expr:
    """A measure of an earlier day; null if it is an amount in another `currency` (`currency_before`) than the day's."""
    if measure not in OF_MONEY:
        return pl.col(before)
    return pl.when(pl.col("currency").eq_missing(pl.col("currency_before"))).then(before)


def _against_average(measure: str) -> list[pl.Expr]:
    weeks = [pl.col(f"{measure}_{week}w_ago") for week in range(1, WEEKS + 1)]
    average = pl.mean_horizontal(weeks)
    return [
        average.alias(f"{measure}_avg_4w"),
        pl.sum_horizontal(week.is_not_null() for week in weeks).alias(f"{measure}_weeks_in_avg"),
        change(pl.col(compared_as(measure)), average).alias(f"{measure}_vs_avg_4w_pct"),
    ]
