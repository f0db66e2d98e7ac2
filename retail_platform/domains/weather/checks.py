"""What must hold of the weather."""

import dagster as dg

from retail_platform.domains.checks import validated_checks
from retail_platform.domains.weather.contract import Weather
from retail_platform.domains.weather.delivery import with_weather
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks, where somebody delivers the weather."""
    told = with_weather(retailer)
    return [] if told is None else [validated_checks(told, "weather", Weather)]
