"""Which stores there are, and when each is open. Pure functions, frames in, frame out."""

import polars as pl

from retail_platform.domains.stores.contract import ONLINE, OpeningHours

_SPECIFICITY = {"daily": 1, "holiday": 3}  # a weekday is 2, a date 4


def with_defaults(delivered: pl.LazyFrame, *, country: str, timezone: str, currency: str) -> pl.LazyFrame:
    """Stores with the retailer's country, zone, money and the format `shop` where a row names none."""
    return delivered.with_columns(
        pl.col("country").fill_null(country),
        pl.col("timezone").fill_null(timezone),
        pl.col("currency").fill_null(currency),
        pl.col("format").fill_null("shop"),
    )


def opening_hours(
    patterns: pl.LazyFrame, stores: pl.LazyFrame, calendar: pl.LazyFrame, special: pl.LazyFrame
) -> pl.LazyFrame:
    """Lay the pattern of each store over the dates.

    Args:
        patterns: `OpeningPattern` rows. For a date the most specific `day` of a store decides alone: the
            date itself, then `holiday` on the store's public holidays, then the weekday, then `daily`.
        stores: `Store` rows; days before `opened_on` and after `closed_on` are closed.
        calendar: `CalendarDay` rows.
        special: `StoreCalendarDay` rows.

    Returns:
        `OpeningHours` rows; no row where the hours of an existing store are unknown.
    """
    days = (
        calendar.select("date", "weekday")
        .with_columns(
            day=pl.concat_list(
                pl.col("date").dt.to_string("%Y-%m-%d"), pl.col("weekday").cast(pl.String), pl.lit("daily")
            )
        )
        .explode("day")
        .select("date", "day")
    )
    holidays = (
        special.filter(pl.col("public_holiday").is_not_null())
        .join(calendar, on="date", how="semi")
        .select("store_id", "date", day=pl.lit("holiday"))
    )
    delivered = patterns.drop("copies")
    trade = stores.select("store_id", "opened_on", "closed_on")
    exists = (pl.col("opened_on").is_null() | (pl.col("date") >= pl.col("opened_on"))) & (
        pl.col("closed_on").is_null() | (pl.col("date") <= pl.col("closed_on"))
    )
    rank = (
        pl.when(pl.col("day").str.len_chars() == 10)
        .then(4)
        .otherwise(pl.col("day").replace_strict(_SPECIFICITY, default=2, return_dtype=pl.Int32))
    )
    patterned = (
        pl.concat([delivered.join(days, on="day"), delivered.join(holidays, on=["store_id", "day"])])
        .join(trade, on="store_id", how="inner")
        .filter(exists)
        .filter(rank == rank.max().over("store_id", "date"))
        .select("store_id", "date", "open", "opens", "closes")
    )
    dates = calendar.select("date")
    not_trading = (
        trade.filter(pl.col("opened_on").is_not_null() | pl.col("closed_on").is_not_null())
        .join(dates, how="cross")
        .filter(~exists)
        .select(
            "store_id",
            "date",
            open=pl.lit(value=False),
            opens=pl.lit(None, dtype=pl.String),
            closes=pl.lit(None, dtype=pl.String),
        )
    )
    return pl.concat([patterned, not_trading]).sort("store_id", "date", "opens").pipe(OpeningHours.cast)


def open_hours(hours: pl.LazyFrame, stores: pl.LazyFrame) -> pl.LazyFrame:
    """The local hours in which a store with known hours is open, in part or whole; none that its clocks skip.

    Args:
        hours: `OpeningHours` rows.
        stores: `Store` rows.

    Returns:
        Distinct `store_id`, `date`, `hour`.
    """
    return stated_hours(hours).join(skipped_hours(stores, hours), on=["store_id", "date", "hour"], how="anti")


def stated_hours(hours: pl.LazyFrame) -> pl.LazyFrame:
    """`open_hours` and those that opening hours hold although the store's clocks skip them."""
    opens = pl.col("opens").str.slice(0, 2).cast(pl.Int8)
    ends_on_the_hour = pl.col("closes").str.ends_with(":00")
    closes = pl.col("closes").str.slice(0, 2).cast(pl.Int8) + pl.when(ends_on_the_hour).then(0).otherwise(1)
    return (
        hours.filter(pl.col("open") & pl.col("opens").is_not_null())
        .select("store_id", "date", hour=pl.int_ranges(opens, closes, dtype=pl.Int8))
        .explode("hour")
        .unique()
    )


def skipped_hours(stores: pl.LazyFrame, dates: pl.LazyFrame) -> pl.LazyFrame:
    """The local hours that do not exist at a store, not even in part, as its clocks go forward.

    Args:
        stores: `Store` rows.
        dates: column `date`.

    Returns:
        Distinct `store_id`, `date`, `hour`.
    """
    zones = stores.select(pl.col("timezone").drop_nulls().unique().sort()).collect().to_series()
    hours = pl.LazyFrame({"hour": range(24)}, {"hour": pl.Int8})
    wall = dates.select("date").unique().join(hours, how="cross")
    begins = pl.col("date").cast(pl.Datetime("us")) + pl.duration(hours=pl.col("hour").cast(pl.Int64))

    def nowhere(time: pl.Expr, zone: str) -> pl.Expr:
        return time.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").is_null()

    skipped = [
        wall.filter(nowhere(begins, zone), nowhere(begins + pl.duration(minutes=59), zone)).with_columns(
            timezone=pl.lit(zone)
        )
        for zone in zones
    ]
    none = wall.clear().with_columns(timezone=pl.lit(None, dtype=pl.String))
    return (
        pl.concat([none, *skipped])
        .join(stores.select("store_id", "timezone"), on="timezone")
        .select("store_id", "date", "hour")
    )


def day_openings(hours: pl.LazyFrame) -> pl.LazyFrame:
    """What is known of each store and date: `is_open`, and `hours_known` where the hours are, too."""
    return hours.group_by("store_id", "date").agg(
        is_open=pl.col("open").any(),
        hours_known=(pl.col("opens").is_not_null() | ~pl.col("open")).all(),
    )


def expected_stores(
    stores: pl.LazyFrame, hours: pl.LazyFrame, dates: pl.LazyFrame, *, with_doors_only: bool
) -> pl.LazyFrame:
    """The stores that deliver on each date, where each open store delivers each day.

    Args:
        stores: `Store` rows.
        hours: `OpeningHours` rows; a store and date without one is taken as open.
        dates: column `date`.
        with_doors_only: leave out stores of format `online`, which have no footfall.

    Returns:
        `date`, `store_id`.
    """
    wanted = stores.filter(pl.col("format") != ONLINE) if with_doors_only else stores
    return (
        wanted.select("store_id")
        .join(dates.select("date"), how="cross")
        .join(day_openings(hours).select("store_id", "date", "is_open"), on=["store_id", "date"], how="left")
        .filter(pl.col("is_open").fill_null(value=True))
        .select("date", "store_id")
        .sort("date", "store_id")
    )
