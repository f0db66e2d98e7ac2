"""How the products domain hangs together: `raw_products` -> `products`, and `product_prices` beside it."""

import dagster as dg
import polars as pl

from retail_platform.domains.describe import described
from retail_platform.domains.products.contract import Product, ProductPrice
from retail_platform.domains.products.transform import open_ended_prices
from retail_platform.domains.raw import raw_asset
from retail_platform.domains.validated import validated_asset
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets, where the source delivers products; prices from its history, else the current ones."""
    if not retailer.has("products"):
        return []
    assets = [
        raw_asset(retailer, "products", group="products"),
        validated_asset(retailer, "products", contract=Product, group="products"),
    ]
    if not retailer.has("product_prices"):
        return [*assets, product_prices]
    return [
        *assets,
        raw_asset(retailer, "product_prices", group="products"),
        validated_asset(
            retailer,
            "product_prices",
            contract=ProductPrice,
            group="products",
            needs=("products",),
            known={"product_id": "products"},
        ),
    ]


@dg.asset(group_name="products", **described(ProductPrice, domain="products", layer="validated"))
def product_prices(products: pl.LazyFrame) -> pl.LazyFrame:
    """Price and cost of each product, as valid since ever: the source keeps no history."""
    return open_ended_prices(products)
