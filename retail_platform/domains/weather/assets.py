"""How the weather domain hangs together: `raw_weather` -> `weather`.

Where the retailer's own source delivers it, it is a dataset like the others. From elsewhere it comes days later, or
never: then nothing is made from it day by day, and who reads it takes what is there.
"""

import dagster as dg

from retail_platform.domains.raw import raw_asset
from retail_platform.domains.validated import validated_asset
from retail_platform.domains.weather.contract import Weather
from retail_platform.domains.weather.delivery import with_weather
from retail_platform.retailer import Retailer
from retail_platform.settings import SettingsError
from retail_platform.sources import open_meteo
from retail_platform.sources.open_meteo import WEATHER


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets, where somebody delivers the weather.

    Raises:
        SettingsError: healing would never look at a day that the archive has.
    """
    told = with_weather(retailer)
    if told is None:
        return []
    behind = 0 if retailer.has(WEATHER) else open_meteo.DAYS_BEHIND
    if (looked := retailer.settings.heal_days) <= behind:
        raise SettingsError(
            f"RETAIL_HEAL_DAYS is {looked}: with RETAIL_WEATHER={retailer.settings.weather}, whose days come "
            f"{behind} days later, at least {behind + 1} is expected"
        )
    return [
        raw_asset(told, WEATHER, group="weather", days_behind=behind),
        validated_asset(
            told, WEATHER, contract=Weather, group="weather", needs=("stores",), known={"store_id": "stores"}
        ),
    ]
