"""How the calendar hangs together: one table of dates, from the settings alone."""

from datetime import date, timedelta

import dagster as dg
import polars as pl

from retail_platform.domains.calendar import transform
from retail_platform.domains.calendar.contract import CalendarDay
from retail_platform.domains.calendar.events import read_events
from retail_platform.domains.describe import described
from retail_platform.retailer import Retailer
from retail_platform.settings import SettingsError
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

_BEFORE, _AFTER = timedelta(days=371), timedelta(days=400)  # what comparisons and forecasts look at


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The asset `calendar`."""

    @dg.asset(group_name="calendar", **described(CalendarDay, domain="calendar", layer="validated"))
    def calendar() -> pl.LazyFrame:
        """The dates, a year beyond the retailer's span at both ends: weeks, retail periods, holidays, events."""
        Lake(retailer.settings.lake_uri).claim(retailer.identity)
        span = retailer.span()
        window = Window(span.first - _BEFORE, span.last + _AFTER)
        return transform.calendar_days(
            window, public_holidays(retailer.country, window), read_events(retailer.settings.calendar_events)
        )

    return [calendar]


def public_holidays(country: str, window: Window) -> dict[date, str]:
    """Names of the public holidays of a country, by date.

    Raises:
        SettingsError: the holidays of the country are not known.
    """
    import holidays

    years = range(window.first.year, window.last.year + 1)
    try:
        return dict(holidays.country_holidays(country, years=years))
    except NotImplementedError:
        raise SettingsError(
            f"RETAIL_COUNTRY is {country!r}, whose public holidays are not known: an ISO 3166 code is expected, as FR"
        ) from None
