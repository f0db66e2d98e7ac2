"""How the sales domain hangs together: `raw_sales` -> `sales`, or `store_totals` for sources without lines."""

import dagster as dg
import polars as pl

from retail_platform.domains.raw import raw_asset
from retail_platform.domains.sales.contract import Sale, StoreTotal
from retail_platform.domains.sales.transform import sale_lines
from retail_platform.domains.validated import Tables, validated_asset
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets, where the source delivers lines or totals."""
    assets: list[dg.AssetsDefinition] = []
    if retailer.has("sales"):
        assets += [
            raw_asset(retailer, "sales", group="sales"),
            validated_asset(
                retailer,
                "sales",
                contract=Sale,
                group="sales",
                needs=("stores", *(name for name in ("clients", "products") if retailer.has(name))),
                derive=_lines,
                known={"store_id": "stores"},
            ),
        ]
    if retailer.has("store_totals"):
        assets += [
            raw_asset(retailer, "store_totals", group="sales"),
            validated_asset(
                retailer,
                "store_totals",
                contract=StoreTotal,
                group="sales",
                needs=("stores",),
                known={"store_id": "stores"},
            ),
        ]
    return assets


def _lines(rows: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    return sale_lines(
        rows, tables["stores"].collect(), _ids(tables, "clients", "client_id"), _ids(tables, "products", "product_id")
    )


def _ids(tables: Tables, table: str, column: str) -> pl.Series | None:
    return tables[table].select(column).collect().to_series() if table in tables else None
