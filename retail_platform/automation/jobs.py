"""The jobs: what schedules run, and what people start by name."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from retail_platform.retailer import Retailer

DAY = "day"
TODAY = "today"
REFERENCE = "reference"


def build(retailer: Retailer, daily: list[dg.AssetKey]) -> list[UnresolvedAssetJobDefinition]:
    """The jobs.

    Args:
        retailer: whose days they make.
        daily: keys of the assets with daily partitions.
    """
    # Weather that the retailer's source does not deliver comes days later than the rest: healing asks for it.
    late = dg.AssetSelection.groups(*([] if retailer.has("weather") else ["weather"]))
    of_a_day = dg.AssetSelection.assets(*daily) - late
    reference = dg.AssetSelection.groups("calendar", "clients", "products", "stores")
    return [
        dg.define_asset_job(
            DAY,
            dg.AssetSelection.all() - late,
            description="A day through the whole graph, reference tables and periods too.",
        ),
        dg.define_asset_job(TODAY, of_a_day, description="The daily tables of one day."),
        dg.define_asset_job(REFERENCE, reference, description="Clients, products, stores, opening hours and calendar."),
    ]
