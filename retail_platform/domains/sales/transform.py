"""What a sale line means. Pure functions, frames in, frame out."""

import polars as pl

from retail_platform.domains.stores.contract import ONLINE

MONEY = pl.Decimal(18, 2)


def sale_lines(
    delivered: pl.LazyFrame,
    stores: pl.DataFrame,
    client_ids: pl.Series | None,
    product_ids: pl.Series | None,
) -> pl.LazyFrame:
    """Complete delivered lines to what `Sale` promises.

    Args:
        delivered: typed `SaleDelivery` rows.
        stores: `Store` rows: the zone of a store turns wall time into UTC, its format gives the channel.
        client_ids: the clients that are known; None where the source has no clients.
        product_ids: the products that are known; None where the source has no products.

    Returns:
        One row a line: `line_number` as delivered, else in the order delivered after those; `net_amount` as delivered,
        else quantity x unit_price - discount; `client_known` and `product_known` null where the line names none.
    """
    quantity = pl.col("quantity")
    discount = pl.col("discount").fill_null(0).cast(MONEY)
    zones = stores.get_column("timezone").unique().sort().to_list()
    place = stores.lazy().select("store_id", "timezone", online=pl.col("format") == ONLINE)
    return (
        delivered.join(place, on="store_id", how="left", maintain_order="left")
        .with_columns(
            line_number=_line_number(delivered),
            status=pl.col("status").fill_null("completed"),
            sold_at=_utc(pl.col("sold_at"), zones),
            hour=pl.col("sold_at").dt.hour(),
            channel=pl.col("channel").fill_null(
                pl.when(pl.col("online").fill_null(value=False)).then(pl.lit("online")).otherwise(pl.lit("store"))
            ),
            discount=discount,
            # An amount too large for money is none: the contract then rejects the line, and no other.
            net_amount=pl.coalesce(
                "net_amount", (quantity * pl.col("unit_price") - discount).cast(MONEY, strict=False)
            ),
            client_known=_known("client_id", client_ids),
            product_known=_known("product_id", product_ids),
        )
        .drop("timezone", "online")
    )


def _line_number(delivered: pl.LazyFrame) -> pl.Expr:
    """The number delivered; lines without one are numbered in order, after the greatest of their sale."""
    sale = ["date", "store_id", "sale_id"]
    number = pl.col("line_number")
    stated, rows = delivered.select(number.count(), rows=pl.len()).collect().row(0)
    if stated == rows:
        return number
    if stated == 0:
        return pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(sale)
    given = number.max().over(sale).fill_null(0).cast(pl.Int64) + number.is_null().cum_sum().over(sale)
    return pl.coalesce(number, given.cast(pl.Int32, strict=False))


def _utc(wall_time: pl.Expr, zones: list[str]) -> pl.Expr:
    """The instant of a wall time: the earlier one where a clock was set back, none where it was set forward."""
    instant = pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    for zone in zones:
        local = wall_time.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        instant = pl.when(pl.col("timezone") == zone).then(local.dt.convert_time_zone("UTC")).otherwise(instant)
    return instant


def _known(column: str, ids: pl.Series | None) -> pl.Expr:
    if ids is None:
        return pl.lit(None, dtype=pl.Boolean)
    return pl.col(column).is_in(ids.implode())
