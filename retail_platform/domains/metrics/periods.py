"""Days summed to weeks, months, quarters and years, and compared with last year. Pure Polars, frames in, frame out."""

import polars as pl

from retail_platform.domains.metrics.compare import (
    change,
    compared_as,
    in_one_currency,
    in_parts,
    ratio,
    with_ratio_bases,
    with_ratios,
)
from retail_platform.domains.metrics.contract import (
    COMPARED_WITH_LAST_YEAR,
    GRAINS,
    UNKNOWN_CURRENCY,
    PeriodMeasures,
    PeriodMetrics,
)

_EVERY = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_AVERAGED = ("visitors_imputed_share", "area_m2")
_SUMMED = [name for name in PeriodMeasures.column_names() if name not in _AVERAGED]


def period_metrics(days: pl.LazyFrame, made: pl.LazyFrame, timezone: str) -> pl.LazyFrame:
    """Measures of every store and day, ISO week, month, quarter and year.

    Args:
        days: all `StoreDay` rows.
        made: `date`, `read_at`: the days that `days` was made of, also those without a row. Of these `read_at` says
            when their deliveries were read (UTC); of the others the rows say whether they are final.
        timezone: the retailer's, by which a day without a row is over.

    Returns:
        `PeriodMetrics` rows. A sum is null where no day knows the measure. A period is final when none of its days is
        missing and all are final. `comparable_days` counts the open days whose store was also open 364 days earlier
        (the same weekday); `comparable` says that all were; `<m>_vs_364d_pct` compares the sums over the comparable
        days alone, and leaves out of amounts those whose currency was another one then, and of visitors those with an
        unknown hour now or then.
    """
    measured = _with_last_year(with_ratio_bases(days)).with_columns(pl.col("currency").fill_null(UNKNOWN_CURRENCY))
    any_final = days.group_by("date").agg(over=pl.col("final").any())
    over_when_read = pl.col("date") < pl.col("read_at").dt.convert_time_zone(timezone).dt.date()
    calendar = made.join(any_final, on="date", how="left").select(
        "date", over=pl.coalesce("over", over_when_read).fill_null(value=False)
    )
    return (
        pl.concat([_summed(measured, grain).pipe(_with_missing_days, calendar, grain) for grain in GRAINS])
        .pipe(with_ratios)
        .with_columns(sales_per_m2=ratio("revenue", "area_m2"))
        .sort("grain", "period_start", "store_id", "currency")
        .pipe(PeriodMetrics.cast)
    )


def total(periods: pl.LazyFrame) -> pl.DataFrame:
    """Sum periods over stores, by grain and period; the ratios follow from the sums.

    Raises:
        ValueError: where amounts of several currencies, or of unknown ones, would be added.
    """
    currencies = periods.select(pl.col("currency").fill_null(UNKNOWN_CURRENCY), "store_id").unique().collect()
    unknown = currencies.filter(pl.col("currency") == UNKNOWN_CURRENCY)["store_id"].unique().sort().to_list()
    if unknown:
        raise ValueError(
            f"amounts of {', '.join(unknown)} cannot be added, as their currency is not known: leave these stores out, "
            "or deliver them among the stores again and materialize their days"
        )
    found = currencies["currency"].unique().sort().to_list()
    if len(found) > 1:
        raise ValueError(f"amounts in {', '.join(found)} cannot be added: filter the stores by currency first")
    sides = {"area_revenue": ("revenue", "area_m2"), "revenue_area": ("area_m2", "revenue")}
    return (
        periods.with_columns(
            *(pl.when(pl.col(other).is_not_null()).then(one).alias(name) for name, (one, other) in sides.items()),
            imputed=pl.col("visitors") * pl.col("visitors_imputed_share"),
        )
        .group_by("grain", "period_start", "period_end", "currency")
        .agg(
            *(_known_sum(name) for name in [*_SUMMED, "area_m2", "imputed", *sides]),
            stores=pl.len(),
            days_missing=pl.col("days_missing").max(),
            final=pl.col("final").all(),
        )
        .pipe(with_ratios)
        .with_columns(sales_per_m2=ratio("area_revenue", "revenue_area"))
        .drop(*sides)
        .sort("grain", "period_start")
        .collect()
    )


def _with_last_year(days: pl.LazyFrame) -> pl.LazyFrame:
    year_ago = days.filter("is_open").select(
        "store_id",
        pl.col("date").dt.offset_by("364d"),
        *(pl.col(compared_as(measure)).alias(f"{measure}_year_ago") for measure in COMPARED_WITH_LAST_YEAR),
        currency_before="currency",
        was_open=pl.lit(value=True),
    )
    return days.join(year_ago, on=["store_id", "date"], how="left").with_columns(
        *(in_one_currency(measure, f"{measure}_year_ago") for measure in COMPARED_WITH_LAST_YEAR),
        comparable_day=pl.col("is_open") & pl.col("was_open").fill_null(value=False),
    )


def _summed(days: pl.LazyFrame, grain: str) -> pl.LazyFrame:
    start = pl.col("date").dt.truncate(_EVERY[grain])
    imputed = in_parts(pl.col("visitors") * pl.col("visitors_imputed_share")).sum()
    return (
        days.with_columns(period_start=start)
        .group_by("period_start", "store_id", "currency")
        .agg(
            *(_known_sum(name) for name in _SUMMED),
            *(_against_last_year(measure) for measure in COMPARED_WITH_LAST_YEAR),
            area_m2=pl.col("area_m2").sort_by("date").last(),
            visitors_imputed_share=imputed / pl.col("visitors").sum().cast(pl.Float64).replace(0.0, None),
            days=pl.col("is_open").sum().cast(pl.Int64),
            comparable_days=pl.col("comparable_day").sum().cast(pl.Int64),
            comparable=(pl.col("comparable_day") | ~pl.col("is_open")).all() & pl.col("is_open").any(),
            final=pl.col("final").all(),
        )
        .with_columns(
            grain=pl.lit(grain),
            period_end=pl.col("period_start").dt.offset_by(_EVERY[grain]).dt.offset_by("-1d"),
        )
    )


def _with_missing_days(periods: pl.LazyFrame, calendar: pl.LazyFrame, grain: str) -> pl.LazyFrame:
    made = calendar.group_by(period_start=pl.col("date").dt.truncate(_EVERY[grain])).agg(
        days_made=pl.len().cast(pl.Int64), days_over=pl.col("over").sum().cast(pl.Int64)
    )
    length = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
    return periods.join(made, on="period_start", how="left").with_columns(
        days_missing=length - pl.col("days_made").fill_null(0),
        final=pl.col("final") & (pl.col("days_over").fill_null(0) == length),
    )


def _known_sum(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)


def _against_last_year(measure: str) -> pl.Expr:
    now, then = pl.col(compared_as(measure)), pl.col(f"{measure}_year_ago")
    both = pl.col("comparable_day") & now.is_not_null() & then.is_not_null()
    return change(now.filter(both).sum(), then.filter(both).sum()).alias(f"{measure}_vs_364d_pct")
