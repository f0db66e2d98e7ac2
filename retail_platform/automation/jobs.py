"""The jobs: what schedules run, and what people start by name."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

DAY = "day"
TODAY = "today"
REFERENCE = "reference"


def build(daily: list[dg.AssetKey]) -> list[UnresolvedAssetJobDefinition]:
    """The jobs.

    Args:
        daily: keys of the assets with daily partitions.
    """
    weather = dg.AssetSelection.groups("weather")  # comes days later than the rest: healing asks for it
    of_a_day = dg.AssetSelection.assets(*daily) - weather
    reference = dg.AssetSelection.groups("calendar", "clients", "products", "stores")
    return [
        dg.define_asset_job(
            DAY,
            dg.AssetSelection.all() - weather,
            description="A day through the whole graph, reference tables and periods too.",
        ),
        dg.define_asset_job(TODAY, of_a_day, description="The daily tables of one day."),
        dg.define_asset_job(REFERENCE, reference, description="Clients, products, stores, opening hours and calendar."),
    ]
