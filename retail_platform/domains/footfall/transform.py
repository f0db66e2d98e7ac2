"""What a door counter's reading means, and which hours have a store's visitors."""

import polars as pl

from retail_platform.domains.stores.transform import day_openings, open_hours

STAYS_AN_HOUR = 12  # a visitor stays five minutes at least: so often a full store empties in an hour


def maybe_open() -> pl.Expr:
    """`Footfall` rows whose visitors are the store's: counters should have counted, or nothing is known of the hour.

    In the others, hours known to be closed, nobody came, or staff and cleaners did.
    """
    return (pl.col("sensors_total") > 0) | pl.col("visitors").is_null()


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
        .join(open_hours(hours, stores).with_columns(in_hours=True), on=hour, how="left", maintain_order="left")
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
