"""How the weather domain hangs together: `raw_weather` -> `weather`.

Nothing is made from it day by day: it comes late, or never. Who reads it takes what is there.
"""

import dagster as dg

from retail_platform.domains.raw import raw_asset
from retail_platform.domains.validated import validated_asset
from retail_platform.domains.weather.contract import Weather
from retail_platform.domains.weather.delivery import with_weather
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets, where somebody delivers the weather."""
    told = with_weather(retailer)
    if told is None:
        return []
    return [
        raw_asset(told, "weather", group="weather"),
        validated_asset(
            told, "weather", contract=Weather, group="weather", needs=("stores",), known={"store_id": "stores"}
        ),
    ]
