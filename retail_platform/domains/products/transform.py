"""What a product sells for and costs on a day. Pure functions, frames in, frame out."""

from datetime import date

import polars as pl

from retail_platform.domains.products.contract import ProductPrice

SINCE_EVER = date(1900, 1, 1)
_FOR_EVER = date(9999, 12, 31)


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
        prices: `ProductPrice` rows; of those that cover a day the one that began last holds.
    """
    return (
        rows.sort("date")
        .join_asof(
            in_force(prices, "unit_cost"),
            left_on="date",
            right_on="valid_from",
            by="product_id",
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(unit_cost=pl.when(pl.col("date") <= pl.col("until")).then(pl.col("unit_cost")))
        .drop("valid_from", "until")
    )


def in_force(prices: pl.LazyFrame, value: str) -> pl.LazyFrame:
    """The prices or costs by the day from which each holds; of those that began by a day the last holds, or none.

    One that ends within an earlier one, as a promotion's, is followed by the earlier one again.

    Args:
        prices: `ProductPrice` rows.
        value: `unit_price` or `unit_cost`.

    Returns:
        `product_id`, the value, `valid_from`, and `until`, the last day on which it holds, by `valid_from`.
    """
    periods = prices.select("product_id", value, "valid_from", until=pl.col("valid_to").fill_null(_FOR_EVER)).sort(
        "product_id", "valid_from"
    )
    earlier_until = pl.col("until").cum_max().shift(1).over("product_id")
    resumed = (
        periods.filter(pl.col("until") < earlier_until)
        .select("product_id", resumes=pl.col("until").dt.offset_by("1d"))
        .unique()
        .join(periods, on="product_id")
        .filter(pl.col("resumes").is_between("valid_from", "until"))
        .sort("valid_from")
        .group_by("product_id", "resumes", maintain_order=True)
        .last()
        .select("product_id", value, valid_from="resumes", until="until")
    )
    return pl.concat([periods, resumed]).sort("valid_from")
