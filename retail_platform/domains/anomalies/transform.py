"""Footfall that is unlike what was to be expected, from frames to frames."""

from datetime import date, timedelta

import polars as pl

from retail_platform.domains.anomalies.causes import unusual_weather, with_cause, with_detail, with_severity
from retail_platform.domains.anomalies.contract import FootfallAnomaly
from retail_platform.domains.anomalies.expected import Expected, expected
from retail_platform.domains.anomalies.layout import Counts, lay_out
from retail_platform.domains.footfall.grid import HISTORY_DAYS
from retail_platform.domains.footfall.transform import maybe_open
from retail_platform.windows import Window

_DAY, _HOUR = ["date", "store_id"], ["date", "store_id", "hour"]
_WORKING = ["ok", "unjudged"]


def footfall_anomalies(
    footfall: pl.LazyFrame,
    health: pl.LazyFrame,
    special: pl.LazyFrame,
    window: Window,
    *,
    weather: pl.LazyFrame | None = None,
    today: date | None = None,
) -> pl.LazyFrame:
    """Store-days and store-hours outside the expected band, each with its likely cause.

    Args:
        footfall: `Footfall` rows of the window and the 56 days before.
        health: `SensorHealth` rows of the window.
        special: `StoreCalendarDay` rows.
        window: the days wanted.
        weather: `Weather` rows of the window and the 56 days before, where somebody delivers them.
        today: a day that is not over has no verdict, and no later one.

    Returns:
        `FootfallAnomaly` rows; none for a store with fewer than three weeks of the weekday before.
    """
    counts = lay_out(footfall, special, window)
    frames = [
        found
        for day in window.days()
        if counts.stores and (today is None or day < today)
        for found in _of_day(counts.upto(day))
        if found.height
    ]
    if not frames:
        return FootfallAnomaly.create_empty().lazy()
    found, within = pl.concat(frames).lazy(), pl.col("date").is_between(window.first, window.last)
    return (
        found.join(_faulty(health.filter(within)), on=_DAY, how="left")
        .join(_estimated(footfall.filter(within)), on=_HOUR, how="left", nulls_equal=True)
        .join(special, on=["store_id", "date"], how="left")
        .join(_beside_holidays(special), on=["store_id", "date"], how="left")
        .join(_weather(weather, window), on=["store_id", "date"], how="left")
        .pipe(with_severity)
        .pipe(with_cause)
        .pipe(with_detail)
        .sort("date", "store_id", "scope", "hour")
        .select(FootfallAnomaly.column_names())
        .pipe(FootfallAnomaly.cast)
    )


def _of_day(counts: Counts) -> list[pl.DataFrame]:
    days, hours = expected(counts)
    return [_rows(counts, days, "day"), _rows(counts, hours, "hour")]


def _rows(counts: Counts, found: Expected, scope: str) -> pl.DataFrame:
    place = found.outside.nonzero()
    arrays = {
        **{name: getattr(found, name) for name in ("visitors", "expected", "low", "high", "score")},
        **vars(found.elsewhere),
        **vars(found.opening),
    }
    columns = {name: array[place] for name, array in arrays.items()}
    return (
        pl.DataFrame(columns)
        .with_columns(
            date=pl.lit(counts.days[-1]),
            store_id=pl.Series([counts.stores[number] for number in place[0]], dtype=pl.String),
            scope=pl.lit(scope),
            hour=pl.Series(place[1], dtype=pl.Int8) if scope == "hour" else pl.lit(None, dtype=pl.Int8),
        )
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .with_columns(
            pl.col("expected").round(1),
            pl.col("score").round(2),
            expected_low=pl.col("low").round(1),
            expected_high=pl.col("high").round(1),
            visitors=pl.col("visitors").round().cast(pl.Int64),
        )
        .drop("low", "high")
    )


def _faulty(health: pl.LazyFrame) -> pl.LazyFrame:
    """The suspect counters of each store and day, with what is suspected."""
    status = pl.col("status").cast(pl.String)
    named = pl.format("{}: {}", "sensor_id", status.str.replace_all("_", " "))
    return health.filter(~status.is_in(_WORKING)).group_by(_DAY).agg(faulty=named.sort())


def _estimated(footfall: pl.LazyFrame) -> pl.LazyFrame:
    """Share of the visitors that was estimated: of a day, where `hour` is null, and of its hours."""
    rows = footfall.filter(maybe_open()).select(*_HOUR, "visitors", "imputed_share")
    estimate = (pl.col("imputed_share") * pl.col("visitors")).sum()
    days = rows.group_by(_DAY).agg(imputed_share=estimate / pl.col("visitors").sum().replace(0, None))
    hours = rows.select(*_HOUR, "imputed_share")
    return pl.concat([hours, days.select(*_DAY, pl.lit(None, dtype=pl.Int8).alias("hour"), "imputed_share")])


def _beside_holidays(special: pl.LazyFrame) -> pl.LazyFrame:
    """`near_holiday` of the day before and after a public holiday."""
    holidays = special.filter(pl.col("public_holiday").is_not_null())
    beside = [
        holidays.select(
            "store_id",
            pl.col("date") + timedelta(days=days),
            near_holiday=pl.format(f"it is the day {word} {{}}", "public_holiday"),
        )
        for days, word in ((1, "after"), (-1, "before"))
    ]
    return pl.concat(beside).group_by("store_id", "date").agg(pl.col("near_holiday").min())


def _weather(weather: pl.LazyFrame | None, window: Window) -> pl.LazyFrame:
    if weather is None:
        return pl.LazyFrame(schema={"store_id": pl.String, "date": pl.Date, "weather": pl.String})
    days = pl.LazyFrame({"day": list(window.days())})
    looked_at = weather.join_where(
        days, pl.col("date") <= pl.col("day"), pl.col("date") >= pl.col("day") - timedelta(days=HISTORY_DAYS)
    )
    return unusual_weather(looked_at).rename({"day": "date"})
