"""What was sold of each product: sums over stores and days, by product and by product and period.

Only sums and their ratios belong here. Amounts are of one currency: whoever asks has made sure of it.
"""

from collections.abc import Sequence

import polars as pl

from retail_platform.dashboard.data.measures import EVERY
from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.data.source import Data
from retail_platform.domains.metrics.compare import ratio
from retail_platform.domains.products.transform import in_force
from retail_platform.windows import Window

TABLE, PRODUCTS, PRICES = "product_daily_metrics", "products", "product_prices"
SUMS = ("units", "revenue", "margin")
RATIOS = ("margin_rate", "aur")
_LEAST = 0.005  # of the currency: a sum of floats below it is nothing
_COLUMNS = ("date", "store_id", "product_id", "transactions", "units", "returns", "revenue", "margin")


def sold(data: Data, stores: Sequence[str] | None, window: Window) -> pl.DataFrame:
    """Sums by product.

    Args:
        data: the lake.
        stores: their ids; None: all.
        window: the days.

    Returns:
        `product_id` (null: lines that name none), `transactions`, `units`, `returns`, `revenue`, `margin`,
        `margin_rate`, `aur` (revenue per unit); ratios of the sums, null where their divisor is 0 or unknown.

    Raises:
        Unavailable: the table cannot be had.
    """
    return collected(data, TABLE, _COLUMNS, lambda rows: _summed(_of(rows, stores), ["product_id"]), window)


def sold_by_period(
    data: Data, stores: Sequence[str] | None, window: Window, grain: str, products: Sequence[str]
) -> pl.DataFrame:
    """As `sold`, of some products and by period: with `period`, its first day. In order."""
    period = pl.col("date").dt.truncate(EVERY[grain]).alias("period")

    def query(rows: pl.LazyFrame) -> pl.LazyFrame:
        chosen = _of(rows, stores).filter(pl.col("product_id").is_in(list(products)))
        return _summed(chosen, ["product_id", period]).sort("product_id", "period")

    return collected(data, TABLE, _COLUMNS, query, window)


def named(data: Data, rows: pl.DataFrame) -> pl.DataFrame:
    """`product_id` rows with `product` (name, else id), `category` and `brand`; null without a product table."""
    if not data.tables.exists(PRODUCTS):
        known = pl.DataFrame(schema=dict.fromkeys(("product_id", "name", "category", "brand"), pl.String))
    else:
        known = data.tables.frame(PRODUCTS, ["product_id", "name", "category", "brand"])
    return rows.join(known, on="product_id", how="left").with_columns(product=pl.coalesce("name", "product_id"))


def list_prices(data: Data, products: Sequence[str]) -> pl.DataFrame:
    """The list prices of some products.

    Returns:
        `product_id`, `price`, `first` and `last`, the days from and until which it holds, by `first`. Of those that
        began by a day the last holds, if it still does.

    Raises:
        Unavailable: the table cannot be had.
    """
    rows = data.tables.frame(PRICES, ["product_id", "unit_price", "valid_from", "valid_to"]).lazy()
    listed = rows.filter(pl.col("product_id").is_in(list(products)), pl.col("unit_price").is_not_null())
    return (
        in_force(listed, "unit_price")
        .select("product_id", price=pl.col("unit_price").cast(pl.Float64), first="valid_from", last="until")
        .collect()
    )


def searched(rows: pl.DataFrame, words: str) -> pl.DataFrame:
    """The rows whose name, id or brand holds every word, whatever its case; the words are no pattern."""
    text = pl.concat_str("product", "product_id", "brand", separator=" ", ignore_nulls=True).str.to_lowercase()
    for word in words.lower().split():
        rows = rows.filter(text.str.contains(word, literal=True))
    return rows


def by_category(rows: pl.DataFrame) -> pl.DataFrame:
    """Sums and ratios by `category` of `sold` rows with a category, most revenue first, with `share` of revenue."""
    total = pl.col("revenue").sum()
    return (
        _with_ratios(
            rows.lazy()
            .group_by("category")
            .agg(
                pl.col("units", "revenue", "cost_known_revenue").sum(),
                _known_sum("margin"),
                products=pl.len().cast(pl.Int64),
            )
        )
        .with_columns(share=pl.col("revenue") / pl.when(total.abs() >= _LEAST).then(total))
        .sort("revenue", "category", descending=[True, False])
        .collect()
    )


def _of(rows: pl.LazyFrame, stores: Sequence[str] | None) -> pl.LazyFrame:
    return rows if stores is None else rows.filter(pl.col("store_id").is_in(list(stores)))


def _summed(rows: pl.LazyFrame, by: Sequence[str | pl.Expr]) -> pl.LazyFrame:
    known = pl.col("revenue").filter(pl.col("margin").is_not_null())
    sums = rows.group_by(by).agg(
        pl.col("transactions", "units", "returns").sum(),
        pl.col("revenue").sum().cast(pl.Float64),
        _known_sum("margin"),
        cost_known_revenue=known.sum().cast(pl.Float64),
    )
    return _with_ratios(sums)


def _known_sum(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum().cast(pl.Float64)).alias(name)


def _with_ratios(sums: pl.LazyFrame) -> pl.LazyFrame:
    return sums.with_columns(margin_rate=ratio("margin", "cost_known_revenue"), aur=ratio("revenue", "units"))
