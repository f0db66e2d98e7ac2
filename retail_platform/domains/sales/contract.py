"""Tables of the sales domain: the lines of receipts and orders, and totals of sources without lines.

Only columns, types, units and rules belong here. How a row is judged is `quality`'s business.
"""

import dataframely as dy
import polars as pl

STATUSES = ["completed", "cancelled"]
CHANNELS = ["store", "online"]
LARGEST_AMOUNT = 10**12  # so that a day of any number of lines still sums up to money


class SaleDelivery(dy.Schema):
    """A sale line as a source delivers it; nullable columns may be left out by a source.

    `date` is the store's local date as the source states it, `sold_at` the local wall time. Either
    `unit_price` or `net_amount` is needed.
    """

    date = dy.Date()
    store_id = dy.String()
    sale_id = dy.String()
    line_number = dy.Int32(nullable=True)
    status = dy.String(nullable=True)
    sold_at = dy.Datetime(nullable=True)
    channel = dy.String(nullable=True)
    client_id = dy.String(nullable=True)
    product_id = dy.String(nullable=True)
    quantity = dy.Int64()
    unit_price = dy.Decimal(18, 2, nullable=True)
    discount = dy.Decimal(18, 2, nullable=True)
    net_amount = dy.Decimal(18, 2, nullable=True)
    tax_amount = dy.Decimal(18, 2, nullable=True)
    freight_amount = dy.Decimal(18, 2, nullable=True)
    payment_method = dy.String(nullable=True)
    promotion_id = dy.String(nullable=True)
    campaign_id = dy.String(nullable=True)


class StoreTotalDelivery(dy.Schema):
    """A store's daily totals as a source without lines delivers them."""

    date = dy.Date()
    store_id = dy.String()
    transactions = dy.Int64(nullable=True)
    visitors = dy.Int64(nullable=True)
    revenue = dy.Decimal(18, 2)


class Sale(dy.Schema):
    """One line of a receipt or order."""

    date = dy.Date(primary_key=True, description="The store's local date")
    store_id = dy.String(primary_key=True, min_length=1)
    sale_id = dy.String(primary_key=True, min_length=1)
    line_number = dy.Int32(primary_key=True, min=1)
    status = dy.Enum(STATUSES)
    sold_at = dy.Datetime(nullable=True, time_zone="UTC")
    hour = dy.Int8(nullable=True, min=0, max=23, description="Local")
    channel = dy.Enum(CHANNELS)
    client_id = dy.String(nullable=True)
    product_id = dy.String(nullable=True)
    quantity = dy.Int64(min=-1_000_000, max=1_000_000, description="Units; negative for a return")
    unit_price = dy.Decimal(18, 2, nullable=True, min=0)
    discount = dy.Decimal(18, 2, description="Of the whole line, with the sign of the quantity")
    net_amount = dy.Decimal(18, 2, description="Without tax; negative for a return")
    tax_amount = dy.Decimal(18, 2, nullable=True)
    freight_amount = dy.Decimal(18, 2, nullable=True)
    payment_method = dy.String(nullable=True)
    promotion_id = dy.String(nullable=True)
    campaign_id = dy.String(nullable=True)
    client_known = dy.Bool(nullable=True, description="Null: the line names no client")
    product_known = dy.Bool(nullable=True, description="Null: the line names no product")
    copies = dy.Int64(min=1)

    @dy.rule()
    def something_was_sold(cls) -> pl.Expr:
        """A line of no units is not a sale."""
        return pl.col("quantity") != 0

    @dy.rule()
    def amount_has_the_sign_of_the_quantity(cls) -> pl.Expr:
        """A sale brings money, a return costs it; a gift is 0."""
        return pl.col("net_amount") * pl.col("quantity").sign() >= 0

    @dy.rule()
    def amounts_agree(cls) -> pl.Expr:
        """Net amount = quantity x unit price - discount, to a cent a unit, where all are known."""
        expected = pl.col("quantity") * pl.col("unit_price") - pl.col("discount")
        return pl.col("unit_price").is_null() | (
            (pl.col("net_amount") - expected).abs() <= pl.col("quantity").abs() * pl.lit("0.01").cast(pl.Decimal(18, 2))
        )

    @dy.rule()
    def amounts_can_be_summed(cls) -> pl.Expr:
        """No amount of a line is so large that a day's sum would not be money any more."""
        amounts = pl.col("net_amount", "discount", "tax_amount", "freight_amount")
        return pl.all_horizontal((amounts.abs() <= LARGEST_AMOUNT).fill_null(value=True))


class StoreTotal(dy.Schema):
    """One store and day of a source without lines."""

    date = dy.Date(primary_key=True)
    store_id = dy.String(primary_key=True, min_length=1)
    transactions = dy.Int64(nullable=True, min=0)
    visitors = dy.Int64(nullable=True, min=0)
    revenue = dy.Decimal(18, 2)
    copies = dy.Int64(min=1)
