"""How the clients domain hangs together: `raw_clients` -> `clients`."""

import dagster as dg

from retail_platform.domains.clients.contract import Client
from retail_platform.domains.raw import raw_asset
from retail_platform.domains.validated import validated_asset
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets, where the source delivers clients."""
    if not retailer.has("clients"):
        return []
    return [
        raw_asset(retailer, "clients", group="clients"),
        validated_asset(retailer, "clients", contract=Client, group="clients"),
    ]
