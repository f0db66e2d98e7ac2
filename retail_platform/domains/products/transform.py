"""What a product sells for and costs on a day. Pure functions, frames in, frame out."""

from datetime import date

import polars as pl

from retail_platform.domains.products.contract import ProductPrice

SINCE_EVER = date(1900, 1, 1)


def open_ended_prices(products: pl.LazyFrame) -> pl.LazyFrame:
    """The current price and cost as valid since ever: for sources without a history of prices.

    Args:
        products: `Product` rows.

    Returns:
        `ProductPrice` rows, one a product.
    """
    return products.select(
        "product_id",
        "unit_price",
        "unit_cost",
        valid_from=pl.lit(SINCE_EVER),
        valid_to=pl.lit(None, dtype=pl.Date),
        copies=pl.lit(1, dtype=pl.Int64),
    ).pipe(ProductPrice.cast)


def with_unit_cost(rows: pl.LazyFrame, prices: pl.LazyFrame) -> pl.LazyFrame:
    """Add the `unit_cost` in force on each row's `date`; null where none is known.

    Args:
        rows: with `date` and `product_id`.
        prices: `ProductPrice` rows; of two that overlap the later one holds.
    """
    history = prices.select("product_id", "unit_cost", "valid_from", "valid_to").sort("valid_from")
    return (
        rows.sort("date")
        .join_asof(
            history,
            left_on="date",
            right_on="valid_from",
            by="product_id",
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(
            unit_cost=pl.when(pl.col("valid_to").is_null() | (pl.col("date") <= pl.col("valid_to"))).then(
                pl.col("unit_cost")
            )
        )
        .drop("valid_from", "valid_to")
    )
