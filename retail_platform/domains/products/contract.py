"""Tables of the products domain: what is sold, and what it sells for and costs over time.

Only columns, types, units and rules belong here. How a row is judged is `quality`'s business.
"""

import dataframely as dy
import polars as pl


class ProductDelivery(dy.Schema):
    """A product as a source delivers it; nullable columns may be left out by a source."""

    product_id = dy.String()
    name = dy.String(nullable=True)
    category = dy.String(nullable=True)
    brand = dy.String(nullable=True)
    unit_price = dy.Decimal(18, 2, nullable=True)
    unit_cost = dy.Decimal(18, 2, nullable=True)
    perishable = dy.Bool(nullable=True)
    shelf_life_days = dy.Int32(nullable=True)
    supplier_id = dy.String(nullable=True)


class ProductPriceDelivery(dy.Schema):
    """A price and cost with its validity, for sources that keep a history."""

    product_id = dy.String()
    unit_price = dy.Decimal(18, 2, nullable=True)
    unit_cost = dy.Decimal(18, 2, nullable=True)
    valid_from = dy.Date()
    valid_to = dy.Date(nullable=True)


class Product(dy.Schema):
    """One product, with its current price and cost in the currency of the source."""

    product_id = dy.String(primary_key=True, min_length=1)
    name = dy.String(nullable=True)
    category = dy.String(nullable=True)
    brand = dy.String(nullable=True)
    unit_price = dy.Decimal(18, 2, nullable=True, min=0)
    unit_cost = dy.Decimal(18, 2, nullable=True, min=0)
    perishable = dy.Bool(nullable=True)
    shelf_life_days = dy.Int32(nullable=True, min=0)
    supplier_id = dy.String(nullable=True)
    copies = dy.Int64(min=1)


class ProductPrice(dy.Schema):
    """Price and cost of a product from `valid_from` to `valid_to`, both inclusive; an open end is null."""

    product_id = dy.String(primary_key=True, min_length=1)
    unit_price = dy.Decimal(18, 2, nullable=True, min=0)
    unit_cost = dy.Decimal(18, 2, nullable=True, min=0)
    valid_from = dy.Date(primary_key=True)
    valid_to = dy.Date(nullable=True)
    copies = dy.Int64(min=1)

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """A period has at least one day."""
        return pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("valid_from"))
