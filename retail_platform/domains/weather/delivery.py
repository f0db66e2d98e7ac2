"""Who delivers the weather: the retailer's own source, else Open-Meteo, if the settings say so, else nobody."""

from dataclasses import replace

from retail_platform.retailer import Retailer
from retail_platform.sources.open_meteo import WEATHER, OpenMeteo
from retail_platform.storage.lake import Lake


def with_weather(retailer: Retailer) -> Retailer | None:
    """The retailer with a source that delivers `weather`; None: there is none."""
    if retailer.has(WEATHER):
        return retailer
    settings = retailer.settings
    if settings.weather == "none":
        return None
    lake = Lake(settings.lake_uri)
    source = OpenMeteo(retailer.source, settings.weather_url, stores=lambda: lake.scan("stores").collect())
    return replace(retailer, source=source)
