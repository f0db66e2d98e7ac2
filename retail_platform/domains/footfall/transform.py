"""What a door counter's reading means. Reducers are Narwhals, what finishes them is Polars."""

import narwhals as nw
import polars as pl

from retail_platform.domains.footfall.contract import Footfall
from retail_platform.domains.stores.transform import day_openings, open_hours

STAYS_AN_HOUR = 12  # a visitor stays five minutes at least: so often a full store empties in an hour


def judged_readings(
    delivered: pl.LazyFrame, stores: pl.LazyFrame, hours: pl.LazyFrame, max_visitors_per_hour: int | None
) -> pl.LazyFrame:
    """Tell working, closed, broken and implausible hours of each counter apart.

    Args:
        delivered: typed `FootfallDelivery` rows.
        stores: `Store` rows; without a bound of the source the `capacity` gives one.
        hours: `OpeningHours` rows.
        max_visitors_per_hour: counts above are implausible; None: above 12 times the store's capacity.

    Returns:
        The rows with `status`: the source's own word where it is closed or broken; a count where the store
        is known to be closed and nobody came is closed; no count in an hour that may be open is broken.
    """
    bound = (
        pl.lit(max_visitors_per_hour, dtype=pl.Int64)
        if max_visitors_per_hour is not None
        else pl.col("capacity").cast(pl.Int64) * STAYS_AN_HOUR
    )
    hour = ["store_id", "date", "hour"]
    visitors, word = pl.col("visitors"), pl.col("status").str.to_lowercase()
    known_closed = pl.col("hours_known").fill_null(value=False) & pl.col("in_hours").is_null()
    return (
        delivered.join(stores.select("store_id", "capacity"), on="store_id", how="left", maintain_order="left")
        .join(day_openings(hours), on=["store_id", "date"], how="left", maintain_order="left")
        .join(open_hours(hours).with_columns(in_hours=True), on=hour, how="left", maintain_order="left")
        .with_columns(
            status=pl.when(word.is_not_null() & (word != "ok"))
            .then(word)
            .when(visitors.is_null())
            .then(pl.when(known_closed).then(pl.lit("closed")).otherwise(pl.lit("broken")))
            .when((visitors > bound).fill_null(value=False))
            .then(pl.lit("implausible"))
            .when((visitors == 0) & known_closed)
            .then(pl.lit("closed"))
            .otherwise(pl.lit("ok"))
        )
        .drop("capacity", "is_open", "hours_known", "in_hours")
    )


def hourly_footfall(readings: nw.LazyFrame) -> nw.LazyFrame:
    """Sum the working counters of every store and hour.

    Args:
        readings: `FootfallReading` rows, one per (store_id, sensor_id, date, hour).

    Returns:
        One row per (store_id, date, hour): `observed_visitors` (persons entering, null where no counter
        worked), `sensors_ok`, `sensors_closed`, and `sensors_of_day`, the counters that delivered anything
        on the day.
    """
    working = nw.col("status") == "ok"
    closed = nw.col("status") == "closed"
    counters = (
        readings.select("store_id", "date", "sensor_id")
        .unique()
        .group_by("store_id", "date")
        .agg(sensors_of_day=nw.len())
    )
    return (
        readings.group_by("store_id", "date", "hour")
        .agg(
            observed_visitors=nw.when(working).then(nw.col("visitors")).sum(),
            sensors_ok=nw.when(working).then(nw.lit(1)).otherwise(nw.lit(0)).sum(),
            sensors_closed=nw.when(closed).then(nw.lit(1)).otherwise(nw.lit(0)).sum(),
        )
        .join(counters, on=["store_id", "date"], how="inner")
    )


def footfall(hourly: pl.LazyFrame) -> pl.LazyFrame:
    """Visitors of each store and hour from the sums of `hourly_footfall`; nothing is estimated.

    Returns:
        `Footfall` rows. `sensors_total` counts the counters that should have counted; an hour in which all
        are closed has 0 of them and 0 visitors; an hour in which none worked has null.
    """
    total = pl.col("sensors_of_day") - pl.col("sensors_closed")
    observed = pl.when(pl.col("sensors_ok") > 0).then(pl.col("observed_visitors")).when(total == 0).then(0)
    return (
        hourly.with_columns(sensors_total=total, observed_visitors=observed, visitors=observed)
        .with_columns(imputed_share=pl.when(pl.col("visitors").is_not_null()).then(0.0))
        .sort("date", "store_id", "hour")
        .pipe(Footfall.cast)
    )
