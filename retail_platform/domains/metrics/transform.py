"""What the measures mean: hours, products and days built from reduced sums. Pure Polars, frames in, frame out.

Comparisons and periods are in `compare` and `periods`; reducing sale lines is `reduce`'s business.
"""

import polars as pl

from retail_platform.domains.metrics.compare import in_parts
from retail_platform.domains.metrics.contract import HourlyMetrics, ProductDailyMetrics, StoreDay
from retail_platform.domains.products.transform import with_unit_cost
from retail_platform.domains.stores.contract import ONLINE
from retail_platform.domains.stores.transform import day_openings, open_hours, stated_hours

MONEY = pl.Decimal(18, 2)
_STORE_DAY = ["date", "store_id"]
_STORE_HOUR = ["date", "store_id", "hour"]


def product_daily_metrics(
    sums: pl.LazyFrame, transactions: pl.LazyFrame, *, prices: pl.LazyFrame, stores: pl.LazyFrame, currency: str
) -> pl.LazyFrame:
    """Measures of every product, store and day.

    Args:
        sums: of `reduce.product_sums`.
        transactions: of `reduce.product_transactions`.
        prices: `ProductPrice` rows.
        stores: `Store` rows.
        currency: of the prices, ISO 4217.

    Returns:
        `ProductDailyMetrics` rows. Cost is net units times the cost in force on the date; unknown where the store
        trades in another currency than the prices are in.
    """
    key = [*_STORE_DAY, "product_id"]
    revenue = pl.col("revenue").cast(MONEY)
    cost = (pl.col("units") * pl.col("unit_cost")).cast(MONEY)
    in_currency = stores.select("store_id", in_currency=pl.col("currency") == currency)
    return (
        sums.join(transactions, on=key, how="left", nulls_equal=True)
        .pipe(with_unit_cost, prices)
        .join(in_currency, on="store_id", how="left")
        .with_columns(unit_cost=pl.when(pl.col("in_currency")).then(pl.col("unit_cost")))
        .with_columns(
            transactions=pl.col("transactions").fill_null(0),
            tax_amount=pl.when(pl.col("tax_lines") > 0).then(pl.col("tax_amount")),
            freight_amount=pl.when(pl.col("freight_lines") > 0).then(pl.col("freight_amount")),
            cost=cost,
            margin=revenue - cost,
            margin_rate=_ratio(revenue - cost, revenue),
        )
        .sort(*key)
        .pipe(ProductDailyMetrics.cast)
    )


def hourly_metrics(
    *,
    stores: pl.LazyFrame,
    hours: pl.LazyFrame,
    dates: pl.LazyFrame,
    sums: pl.LazyFrame | None,
    transactions: pl.LazyFrame | None,
    footfall: pl.LazyFrame | None,
) -> pl.LazyFrame:
    """Measures of every store in every hour that is open or has data.

    Args:
        stores: `Store` rows.
        hours: `OpeningHours` rows.
        dates: column `date`: the days wanted.
        sums: of `reduce.hourly_sums`; None where the source has no sale lines.
        transactions: of `reduce.hourly_transactions`; None likewise.
        footfall: `Footfall` rows; None where the source has none.

    Returns:
        `HourlyMetrics` rows. An open hour without lines has 0 transactions, but null where no line of the store's
        day states its time; an open hour of a store with doors and no count has null visitors and is not complete.
    """
    days = dates.select("date")
    known = hours.join(days, on="date", how="semi")
    opened = open_hours(known, stores).select(_STORE_HOUR)
    if footfall is not None:  # a counter whose clock does not change has an hour that the store's clocks skip
        counted = footfall.filter(pl.col("sensors_total") > 0)
        opened = pl.concat([opened, stated_hours(known).join(counted, on=_STORE_HOUR, how="semi").select(_STORE_HOUR)])
        opened = opened.unique()
    parts = [opened]
    if sums is not None and transactions is not None:
        parts += [sums.select(_STORE_HOUR), transactions.select(_STORE_HOUR)]
    if footfall is not None:
        parts.append(footfall.select(_STORE_HOUR))
    rows = (
        pl.concat([part.with_columns(pl.col("hour").cast(pl.Int8)) for part in parts])
        .unique()
        .join(stores.select("store_id", "format"), on="store_id", how="left")
        .join(opened.with_columns(in_hours=True), on=_STORE_HOUR, how="left")
        .join(day_openings(known), on=_STORE_DAY, how="left")
    )
    rows = _with_hourly_sales(rows, sums, transactions)
    rows = _with_hourly_visitors(rows, footfall)
    has_data = (pl.col("sensors_total").fill_null(0) > 0) | _traded()
    return (
        rows.with_columns(
            open=pl.when(pl.col("hours_known").fill_null(value=False))
            .then(pl.col("in_hours").fill_null(value=False))
            .otherwise(has_data)
        )
        .sort(_STORE_HOUR)
        .pipe(HourlyMetrics.cast)
    )


def _with_hourly_sales(
    rows: pl.LazyFrame, sums: pl.LazyFrame | None, transactions: pl.LazyFrame | None
) -> pl.LazyFrame:
    if sums is None or transactions is None:
        return rows.with_columns(
            *(pl.lit(None, dtype=pl.Int64).alias(name) for name in ("transactions", "store_transactions", "units")),
            revenue=pl.lit(None, dtype=MONEY),
        )
    by_hour = transactions.group_by(_STORE_HOUR).agg(
        transactions=pl.col("transactions").sum(),
        store_transactions=pl.col("transactions").filter(pl.col("channel") == "store").sum(),
    )
    timed = sums.group_by(_STORE_DAY).agg(timed=pl.col("hour").is_not_null().any())
    known = pl.col("timed").fill_null(value=True) | pl.col("hour").is_null()
    measures = pl.col("transactions", "store_transactions", "units", "revenue")
    return (
        rows.join(by_hour, on=_STORE_HOUR, how="left", nulls_equal=True)
        .join(sums, on=_STORE_HOUR, how="left", nulls_equal=True)
        .join(timed, on=_STORE_DAY, how="left")
        .with_columns(pl.when(known).then(measures.fill_null(0)))
    )


def _with_hourly_visitors(rows: pl.LazyFrame, footfall: pl.LazyFrame | None) -> pl.LazyFrame:
    if footfall is None:
        return rows.with_columns(
            visitors=pl.lit(None, dtype=pl.Int64),
            imputed_visitors=pl.lit(None, dtype=pl.Float64),
            sensors_total=pl.lit(None, dtype=pl.Int64),
            visitors_complete=pl.lit(None, dtype=pl.Boolean),
        )
    counted = footfall.select(*_STORE_HOUR, "visitors", "imputed_share", "sensors_total")
    complete = pl.col("visitors").is_not_null()
    has_doors = pl.col("format") != ONLINE
    return rows.join(counted, on=_STORE_HOUR, how="left").with_columns(
        imputed_visitors=in_parts(pl.col("visitors") * pl.col("imputed_share")),
        visitors_complete=pl.when(has_doors & pl.col("hour").is_not_null()).then(complete),
    )


def store_days(
    *,
    stores: pl.LazyFrame,
    hours: pl.LazyFrame,
    dates: pl.LazyFrame,
    hourly: pl.LazyFrame,
    products: pl.LazyFrame | None,
    totals: pl.LazyFrame | None,
    has_footfall: bool,
    read_at: pl.LazyFrame,
) -> pl.LazyFrame:
    """Base measures of every store that was open, or delivered anything, on every day.

    Args:
        stores: `Store` rows.
        hours: `OpeningHours` rows.
        dates: column `date`: the days wanted.
        hourly: `HourlyMetrics` rows.
        products: `ProductDailyMetrics` rows; None where the source has no sale lines.
        totals: `StoreTotal` rows; None where the source has lines.
        has_footfall: whether the source counts visitors by hour.
        read_at: `date`, `read_at`: when the day's deliveries were read (UTC; the earliest, where they are several). A
            day is final that was over then in the store's zone; one without an instant is not.

    Returns:
        `StoreDay` rows, one for each store and day.
    """
    openings = day_openings(hours.join(dates, on="date", how="semi"))
    day_parts = [openings.filter(pl.col("is_open")).select(_STORE_DAY), hourly.select(_STORE_DAY)]
    day_parts += [frame.select(_STORE_DAY) for frame in (products, totals) if frame is not None]
    rows = (
        pl.concat(day_parts)
        .unique()
        .join(stores.select("store_id", "currency", "timezone", "area_m2", "format"), on="store_id", how="left")
        .join(openings, on=_STORE_DAY, how="left")
        .join(_of_hours(hourly), on=_STORE_DAY, how="left")
        .join(_of_products(products), on=_STORE_DAY, how="left")
        .join(read_at, on="date", how="left")
    )
    if totals is not None:
        rows = _with_totals(rows, totals)
    elif products is not None:
        counts = ["transactions", "store_transactions", "units", "returns", "cancelled_lines"]
        amounts = ["revenue", "discount", "cancelled_amount"]
        rows = rows.with_columns(pl.col(*counts, *amounts).fill_null(0))
    has_doors = has_footfall & (pl.col("format") != ONLINE)
    delivered = (pl.col("has_data").fill_null(value=False)) | (pl.col("transactions").fill_null(0) > 0)
    return (
        rows.with_columns(
            is_open=pl.coalesce("is_open", delivered),
            open_hours=pl.when(pl.col("hours_known").fill_null(value=False) | has_doors).then(
                pl.col("open_hours").fill_null(0)
            ),
            hours_without_count=pl.when(has_doors).then(pl.col("hours_without_count").fill_null(0)),
            visitors_imputed_share=_ratio(pl.col("imputed_visitors"), pl.col("visitors")),
            final=(pl.col("date") < _local_date(pl.col("read_at"), stores)).fill_null(value=False),
        )
        .sort(_STORE_DAY)
        .pipe(StoreDay.cast)
    )


def _of_hours(hourly: pl.LazyFrame) -> pl.LazyFrame:
    opened = pl.col("open")
    in_time = pl.col("hour").is_not_null()
    counted = opened & pl.col("visitors").is_not_null()
    any_known = {name: pl.col(name).is_not_null().any() for name in ("transactions", "visitors")}

    def peak(measure: str) -> pl.Expr:
        candidates = in_time & (pl.col(measure) > 0) & (opened if measure == "visitors" else pl.lit(value=True))
        chosen = pl.col("hour").filter(candidates)
        return chosen.get(pl.col(measure).filter(candidates).arg_max(), null_on_oob=True)

    return (
        hourly.sort(_STORE_HOUR)
        .group_by(_STORE_DAY, maintain_order=True)
        .agg(
            open_hours=(opened & in_time).sum().cast(pl.Int64),
            hours_without_count=(opened & ~pl.col("visitors_complete")).sum().cast(pl.Int64),
            visitors=pl.when(counted.any()).then(pl.col("visitors").filter(opened).sum()),
            imputed_visitors=pl.when(counted.any()).then(pl.col("imputed_visitors").filter(opened).sum()),
            transactions=pl.when(any_known["transactions"]).then(pl.col("transactions").sum()),
            store_transactions=pl.when(any_known["transactions"]).then(pl.col("store_transactions").sum()),
            peak_hour_visitors=peak("visitors"),
            peak_hour_sales=peak("revenue"),
            has_data=(_traded() | (opened & pl.col("visitors").is_not_null())).any(),
        )
    )


def _traded() -> pl.Expr:
    """Whether anything was sold or taken back."""
    return (pl.col("transactions").fill_null(0) > 0) | (pl.col("units").fill_null(0) != 0)


def _of_products(products: pl.LazyFrame | None) -> pl.LazyFrame:
    amounts = ["revenue", "discount", "tax_amount", "freight_amount", "cost", "margin", "cost_known_revenue"]
    counts = ["units", "returns", "cancelled_lines"]
    if products is None:
        return pl.LazyFrame(
            schema={
                "date": pl.Date,
                "store_id": pl.String,
                **dict.fromkeys(counts, pl.Int64),
                **dict.fromkeys([*amounts, "cancelled_amount"], MONEY),
                "best_selling_product_id": pl.String,
            }
        )
    known = pl.col("cost").is_not_null()

    def where_known(name: str) -> pl.Expr:
        return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum())

    best = (
        products.filter(pl.col("product_id").is_not_null() & (pl.col("units") > 0))
        .sort("units", "revenue", "product_id", descending=[True, True, False])
        .group_by(_STORE_DAY, maintain_order=True)
        .agg(best_selling_product_id=pl.col("product_id").first())
    )
    return (
        products.group_by(_STORE_DAY)
        .agg(
            pl.col("units", "returns", "revenue", "discount", "cancelled_lines", "cancelled_amount").sum(),
            *(where_known(name).alias(name) for name in ("tax_amount", "freight_amount", "cost", "margin")),
            cost_known_revenue=pl.col("revenue").filter(known).sum(),
        )
        .join(best, on=_STORE_DAY, how="left")
    )


def _with_totals(rows: pl.LazyFrame, totals: pl.LazyFrame) -> pl.LazyFrame:
    stated = totals.select(
        *_STORE_DAY,
        total_transactions="transactions",
        total_visitors="visitors",
        total_revenue="revenue",
    )
    # As with lines: a store without a row sold nothing. Its visitors stay unknown.
    no_row = pl.col("total_revenue").is_null()
    sold = {name: pl.when(no_row).then(0).otherwise(pl.col(f"total_{name}")) for name in ("transactions", "revenue")}
    return (
        rows.join(stated, on=_STORE_DAY, how="left")
        .with_columns(**sold)
        .with_columns(
            store_transactions=pl.when(pl.col("format") != ONLINE).then(pl.col("transactions")),
            visitors=pl.coalesce("visitors", "total_visitors"),
            has_data=pl.col("has_data").fill_null(value=False) | (pl.col("total_revenue") != 0),
        )
    )


def _local_date(instant: pl.Expr, stores: pl.LazyFrame) -> pl.Expr:
    """The date in the zone of the row's store at an instant."""
    found = pl.lit(None, dtype=pl.Date)
    for zone in stores.select(pl.col("timezone").unique().sort()).collect().to_series():
        there = instant.dt.convert_time_zone(zone).dt.date()
        found = pl.when(pl.col("timezone") == zone).then(there).otherwise(found)
    return found


def _ratio(dividend: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    return dividend.cast(pl.Float64) / divisor.cast(pl.Float64).replace(0.0, None)
