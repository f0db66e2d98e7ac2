"""What must hold of stores and their opening hours."""

import dagster as dg

from retail_platform.domains.checks import validated_checks
from retail_platform.domains.stores.contract import OpeningPattern, Store
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks."""
    checks = [validated_checks(retailer, "stores", Store)]
    if retailer.has("opening_hours"):
        checks.append(validated_checks(retailer, "opening_hours", OpeningPattern, table="opening_patterns"))
    return checks
