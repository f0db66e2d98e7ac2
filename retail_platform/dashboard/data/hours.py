"""The hours of one store: what an open hour of each weekday holds on average, its peak and its power hours."""

from collections.abc import Sequence

import polars as pl

from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.data.source import Data
from retail_platform.windows import Window

TABLE = "hourly_metrics"
MEASURES = ("visitors", "transactions", "revenue")
POWER_SHARE = 0.5
"""Power hours are the fewest hours that hold this share of a day: the definition of the forecast's power hours."""


def usual_hours(data: Data, store_id: str, window: Window) -> pl.DataFrame:
    """Mean of the open hours of one store by ISO weekday and hour.

    Args:
        data: the lake.
        store_id: the store.
        window: the days.

    Returns:
        `weekday` (1 is Monday), `hour`, `visitors`, `transactions`, `revenue` per open hour, each over the hours in
        which it is known (null: none), and `hours`, how many open hours there were. In order.

    Raises:
        Unavailable: the table cannot be had.
    """
    return collected(
        data,
        TABLE,
        ("date", "store_id", "hour", "open", *MEASURES),
        lambda rows: (
            rows.filter(pl.col("store_id") == store_id, pl.col("open"), pl.col("hour").is_not_null())
            .group_by(pl.col("date").dt.weekday().cast(pl.Int64).alias("weekday"), pl.col("hour").cast(pl.Int64))
            .agg(pl.col(MEASURES).cast(pl.Float64).mean(), hours=pl.len().cast(pl.Int64))
            .sort("weekday", "hour")
        ),
        window,
    )


def peaks(hours: pl.DataFrame, measure: str) -> pl.DataFrame:
    """The strongest hours of each weekday.

    Args:
        hours: of `usual_hours`.
        measure: one of `MEASURES`.

    Returns:
        `weekday`, `peak_hour` (the earliest of the strongest), `peak` (its mean), `power_hours` (the fewest hours
        that hold half of the day, in order), `share` (of the day, that they hold). No row for a weekday without any.
    """
    above = pl.col(measure).cum_sum().over("weekday") - pl.col(measure)
    return (
        hours.lazy()
        .filter(pl.col(measure) > 0)
        .sort("weekday", measure, "hour", descending=[False, True, False])
        .with_columns(total=pl.col(measure).sum().over("weekday"), above=above)
        .with_columns(power=pl.col("above") < POWER_SHARE * pl.col("total"))
        .group_by("weekday")
        .agg(
            peak_hour=pl.col("hour").first(),
            peak=pl.col(measure).first(),
            power_hours=pl.col("hour").filter("power").sort(),
            share=pl.col(measure).filter("power").sum() / pl.col("total").first(),
        )
        .sort("weekday")
        .collect()
    )


def spans(hours: Sequence[int]) -> str:
    """Hours as spans of the clock: 11, 12 and 17 are `11–13, 17–18`."""
    found: list[list[int]] = []
    for hour in hours:
        if found and found[-1][1] == hour:
            found[-1][1] = hour + 1
        else:
            found.append([hour, hour + 1])
    return ", ".join(f"{first}–{last}" for first, last in found)
