"""What must hold of sales."""

import dagster as dg

from retail_platform.domains.checks import validated_checks
from retail_platform.domains.sales.contract import Sale, StoreTotal
from retail_platform.quality.rules import referential_integrity
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where the source delivers lines or totals."""
    checks = []
    if retailer.has("sales"):
        known = [
            flag for flag, name in (("product_known", "products"), ("client_known", "clients")) if retailer.has(name)
        ]
        checks.append(validated_checks(retailer, "sales", Sale, more=[referential_integrity("sales", flags=known)]))
    if retailer.has("store_totals"):
        checks.append(
            validated_checks(retailer, "store_totals", StoreTotal, more=[referential_integrity("store_totals")])
        )
    return checks
