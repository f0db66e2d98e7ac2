"""What must hold of clients."""

import dagster as dg

from retail_platform.domains.checks import validated_checks
from retail_platform.domains.clients.contract import Client
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where the source delivers clients."""
    return [validated_checks(retailer, "clients", Client)] if retailer.has("clients") else []
