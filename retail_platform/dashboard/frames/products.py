"""What the page of products shows, as frames: charts, tables and downloads have the same."""

import polars as pl

from retail_platform.dashboard.data.measures import periods
from retail_platform.dashboard.data.products import (
    PRICES,
    TABLE,
    by_category,
    list_prices,
    named,
    searched,
    sold,
    sold_by_period,
)
from retail_platform.dashboard.data.products import PRODUCTS as KNOWN
from retail_platform.dashboard.filters import Option
from retail_platform.dashboard.frames.common import numbers_key, remembered
from retail_platform.dashboard.page import View
from retail_platform.dashboard.ranking import Ranking

MEASURES = ("revenue", "units", "margin", "margin_rate", "aur", "transactions", "returns")
RANKING = Ranking(MEASURES, "product_id")
SEARCH = Option("search", "", pattern=r"[^\x00-\x1f\x7f]{1,60}")
CHOSEN = Option("product", "", pattern=r"[^\x00-\x1f\x7f]{1,400}")
MOST_CHOSEN = 5
BETWEEN = "~"  # two chosen products in the address
_SHOWN_OF_CATEGORY = 5


def ranking(view: View) -> pl.DataFrame:
    """The products sold, of the categories and words chosen, in the order chosen."""
    return RANKING.ranked(view, found(view).select("product_id", "product", "category", "brand", *MEASURES))


def categories(view: View) -> pl.DataFrame:
    """Sums by category of the products found, most revenue first."""
    return by_category(found(view)).select("category", "products", "units", "revenue", "share", "margin", "margin_rate")


def tree(view: View) -> pl.DataFrame:
    """The rectangles of the tree map: of each category the products of most revenue, and the others together."""
    positive = found(view).filter(pl.col("revenue") > 0)
    place = pl.col("revenue").rank("ordinal", descending=True).over("category")
    shown = pl.when(place <= _SHOWN_OF_CATEGORY).then(pl.col("product"))
    return (
        positive.sort("revenue", "product_id", descending=[True, False])
        .with_columns(shown=shown, category=pl.col("category").fill_null(""))
        .group_by("category", "shown", maintain_order=True)
        .agg(pl.col("revenue", "margin", "cost_known_revenue").sum(), products=pl.len().cast(pl.Int64))
        .with_columns(margin_rate=pl.col("margin") / pl.col("cost_known_revenue").replace(0.0, None))
        .select("category", product="shown", revenue="revenue", margin_rate="margin_rate", products="products")
    )


def prices(view: View) -> pl.DataFrame:
    """Of each chosen product its revenue per unit by period, and its list price on the period's first day."""
    columns = ["product_id", "product", "period", "aur"]
    sold_at = _by_period(view).select("place", *columns)
    if not view.data.tables.exists(PRICES):
        return sold_at.select(*columns, list_price=pl.lit(None, dtype=pl.Float64))
    listed = list_prices(view.data, charted(view))
    first = pl.max_horizontal("period", pl.lit(view.filters.window.first))
    return (
        sold_at.with_columns(day=first)
        .sort("day")
        .join_asof(listed, left_on="day", right_on="first", by="product_id", check_sortedness=False)
        .with_columns(list_price=pl.when(pl.col("last") >= pl.col("day")).then(pl.col("price")))
        .sort("place", "period")
        .select(*columns, "list_price")
    )


def margins(view: View) -> pl.DataFrame:
    """Of each chosen product its margin and margin rate by period."""
    return _by_period(view).select("product_id", "product", "period", "revenue", "margin", "margin_rate")


def all_sold(view: View) -> pl.DataFrame:
    """All that the chosen stores sold, with names."""
    stores, chosen = _store_ids(view), view.filters
    key = numbers_key(view).but(window=chosen.window, categories=())
    return remembered(
        view,
        ("products sold", key),
        lambda: named(view.data, sold(view.data, stores, chosen.window)),
        _tables(view),
    )


def found(view: View) -> pl.DataFrame:
    """Sums of the products of the categories and words chosen."""
    chosen = view.filters

    def compute() -> pl.DataFrame:
        rows = all_sold(view).with_columns(product=pl.col("product").fill_null(view.t("products_no_name")))
        if chosen.categories:
            rows = rows.filter(pl.col("category").is_in(list(chosen.categories)))
        return searched(rows, chosen.option(SEARCH))

    return remembered(view, ("products found", chosen), compute, _tables(view))


def _tables(view: View) -> tuple[str, ...]:
    return (TABLE, *([KNOWN] if view.data.tables.exists(KNOWN) else []))


def _by_period(view: View) -> pl.DataFrame:
    """Every chosen product in every period, null where it was not sold."""
    chosen, products = view.filters, charted(view)

    def compute() -> pl.DataFrame:
        rows = sold_by_period(view.data, _store_ids(view), chosen.window, chosen.grain, products)
        order = pl.DataFrame({"product_id": products}, schema={"product_id": pl.String}).with_row_index("place")
        names = all_sold(view).select("product_id", "product")
        return (
            order.join(names, on="product_id", how="left")
            .join(periods(view.rows, chosen.grain).to_frame(), how="cross")
            .join(rows, on=["product_id", "period"], how="left")
            .sort("place", "period")
        )

    key = ("products by period", numbers_key(view), chosen.grain, tuple(products))
    return remembered(view, key, compute, _tables(view))


def _store_ids(view: View) -> list[str] | None:
    """The ids of the chosen stores; None where all are."""
    return None if view.stores.height == view.facts.stores.height else view.stores["store_id"].to_list()


def named_products(view: View) -> list[str]:
    """The products that the address names and that were sold."""
    wanted = [name for name in view.filters.option(CHOSEN).split(BETWEEN) if name]
    sold_here = set(all_sold(view)["product_id"].drop_nulls())
    return [name for name in dict.fromkeys(wanted) if name in sold_here][:MOST_CHOSEN]


def charted(view: View) -> list[str]:
    """The products whose price and margin are drawn: those named, else the first of the ranking."""
    return named_products(view) or ranking(view)["product_id"].drop_nulls().head(MOST_CHOSEN).to_list()
