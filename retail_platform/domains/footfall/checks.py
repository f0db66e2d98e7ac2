"""What must hold of footfall."""

import dagster as dg

from retail_platform.domains.checks import validated_checks
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.quality.rules import referential_integrity
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where the source delivers footfall."""
    if not retailer.has("footfall"):
        return []
    integrity = referential_integrity("footfall_readings")
    return [validated_checks(retailer, "footfall", FootfallReading, table="footfall_readings", more=[integrity])]
