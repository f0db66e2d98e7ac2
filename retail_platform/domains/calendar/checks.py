"""What must hold of the calendar."""

import dagster as dg

from retail_platform.domains.calendar.contract import CalendarEvent, StoreCalendarDay
from retail_platform.domains.checks import validated_checks
from retail_platform.quality.checks import table_checks
from retail_platform.quality.rules import uniqueness
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.AssetChecksDefinition]:
    """The checks."""
    one_a_day = uniqueness("store_calendar", StoreCalendarDay.primary_key())
    found = [table_checks(retailer, "store_calendar", [one_a_day], daily=False)]
    if retailer.has("calendar_events"):
        found.append(validated_checks(retailer, "calendar_events", CalendarEvent))
    return found
