"""Days summed to weeks, months, quarters and years, and compared with last year. Pure Polars, frames in, frame out."""

import polars as pl

from retail_platform.domains.metrics.compare import with_counted, with_ratios
from retail_platform.domains.metrics.contract import (
    COMPARED_WITH_LAST_YEAR,
    GRAINS,
    PeriodMeasures,
    PeriodMetrics,
)

_EVERY = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_AVERAGED = ("visitors_imputed_share", "area_m2")
_SUMMED = [name for name in PeriodMeasures.column_names() if name not in _AVERAGED]


def period_metrics(days: pl.LazyFrame) -> pl.LazyFrame:
    """Measures of every store and day, ISO week, month, quarter and year.

    Args:
        days: all `StoreDay` rows.

    Returns:
        `PeriodMetrics` rows. A sum is null where no day knows the measure. `comparable_days` counts the open days
        whose store was also open 364 days earlier (the same weekday); `comparable` says that all were;
        `<m>_vs_364d_pct` compares the sums over the comparable days alone.
    """
    with_last_year = with_counted(_with_last_year(days))
    over = days.filter("final").select(pl.col("date").max().alias("over"))
    return (
        pl.concat([_summed(with_last_year, grain) for grain in GRAINS])
        .pipe(with_ratios)
        .join(over, how="cross")
        .with_columns(final=pl.col("final") & (pl.col("period_end") <= pl.col("over")).fill_null(value=False))
        .sort("grain", "period_start", "store_id")
        .pipe(PeriodMetrics.cast)
    )


def total(periods: pl.LazyFrame) -> pl.DataFrame:
    """Sum periods over stores, by grain and period; the ratios follow from the sums.

    Raises:
        ValueError: where stores of several currencies would be added.
    """
    currencies = periods.select(pl.col("currency").unique().sort()).collect().to_series().to_list()
    if len(currencies) > 1:
        raise ValueError(f"amounts in {', '.join(currencies)} cannot be added: filter the stores by currency first")
    measures = [name for name in _SUMMED if name != "area_m2"]
    return (
        periods.with_columns(imputed=pl.col("visitors") * pl.col("visitors_imputed_share"))
        .group_by("grain", "period_start", "period_end", "currency")
        .agg(
            *(_known_sum(name) for name in [*measures, "area_m2", "imputed"]),
            stores=pl.len(),
            final=pl.col("final").all(),
        )
        .pipe(with_ratios)
        .sort("grain", "period_start")
        .collect()
    )


def _with_last_year(days: pl.LazyFrame) -> pl.LazyFrame:
    year_ago = days.filter("is_open").select(
        "store_id",
        pl.col("date").dt.offset_by("364d"),
        *(pl.col(measure).alias(f"{measure}_year_ago") for measure in COMPARED_WITH_LAST_YEAR),
        was_open=pl.lit(value=True),
    )
    return days.join(year_ago, on=["store_id", "date"], how="left").with_columns(
        comparable_day=pl.col("is_open") & pl.col("was_open").fill_null(value=False)
    )


def _summed(days: pl.LazyFrame, grain: str) -> pl.LazyFrame:
    start = pl.col("date").dt.truncate(_EVERY[grain])
    imputed = (pl.col("visitors") * pl.col("visitors_imputed_share")).sum()
    return (
        days.with_columns(period_start=start)
        .group_by("period_start", "store_id", "currency")
        .agg(
            *(_known_sum(name) for name in _SUMMED),
            *(_against_last_year(measure) for measure in COMPARED_WITH_LAST_YEAR),
            area_m2=pl.col("area_m2").first(),
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


def _known_sum(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)


def _against_last_year(measure: str) -> pl.Expr:
    now, then = pl.col(measure), pl.col(f"{measure}_year_ago")
    both = pl.col("comparable_day") & now.is_not_null() & then.is_not_null()
    before = then.filter(both).sum().cast(pl.Float64).replace(0.0, None)
    return (100 * (now.filter(both).sum().cast(pl.Float64) / before - 1)).alias(f"{measure}_vs_364d_pct")
