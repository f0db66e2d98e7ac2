"""What must hold of products and their prices."""

import dagster as dg

from retail_platform.domains.checks import validated_checks
from retail_platform.domains.products.contract import Product, ProductPrice
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where the source delivers products."""
    tables = {"products": Product, "product_prices": ProductPrice}
    return [validated_checks(retailer, name, contract) for name, contract in tables.items() if retailer.has(name)]
