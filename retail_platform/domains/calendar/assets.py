"""How the calendar hangs together: dates from the settings and events, and what they are at each store."""

from collections.abc import Mapping
from datetime import timedelta

import dagster as dg
import polars as pl

from retail_platform.domains.calendar import transform
from retail_platform.domains.calendar.contract import CalendarDay, CalendarEvent, StoreCalendarDay
from retail_platform.domains.calendar.events import read_events
from retail_platform.domains.calendar.public_holidays import RegionalHolidays, national_holidays, regional_holidays
from retail_platform.domains.describe import described
from retail_platform.domains.raw import raw_asset
from retail_platform.domains.validated import validated_asset
from retail_platform.retailer import Retailer
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

EVENTS = "calendar_events"
_BEFORE, _AFTER = timedelta(days=371), timedelta(days=400)  # what comparisons and forecasts look at


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets; of events those of the user's file, and those that the source delivers, if it does."""
    assets = [_calendar(retailer), _store_calendar(retailer)]
    if not retailer.has(EVENTS):
        return assets
    return [
        raw_asset(retailer, EVENTS, group="calendar"),
        validated_asset(
            retailer,
            EVENTS,
            contract=CalendarEvent,
            group="calendar",
            needs=("stores",),
            known={"store_id": "stores"},
        ),
        *assets,
    ]


def _calendar(retailer: Retailer) -> dg.AssetsDefinition:
    @dg.asset(
        group_name="calendar",
        ins=_ins(retailer),
        **described(CalendarDay, domain="calendar", layer="validated"),
    )
    def calendar(**tables: pl.LazyFrame) -> pl.LazyFrame:
        """The dates, a year beyond the retailer's span at both ends: weeks, retail periods, holidays, events."""
        Lake(retailer.settings.lake_uri).claim(retailer.identity)
        window = _window(retailer)
        return transform.calendar_days(window, national_holidays(retailer.country, window), _events(retailer, tables))

    return calendar


def _store_calendar(retailer: Retailer) -> dg.AssetsDefinition:
    @dg.asset(
        group_name="calendar",
        ins=_ins(retailer, "stores"),
        **described(StoreCalendarDay, domain="calendar", layer="validated"),
    )
    def store_calendar(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> pl.LazyFrame:
        """Public holidays of each store's country and region, school holidays and events that are its own."""
        window, stores = _window(retailer), tables["stores"].collect()
        known = regional_holidays(stores.select("country", "region").unique().iter_rows(), window)
        events = _events(retailer, tables)
        for name, (values, told) in _not_known(known, events, stores).items():
            context.add_output_metadata({name: values})
            if values:
                context.log.info(f"{told}: {', '.join(values)}")
        return transform.store_calendar(window, stores.lazy(), known.days, events)

    return store_calendar


def _not_known(
    known: RegionalHolidays, events: pl.LazyFrame | None, stores: pl.DataFrame
) -> Mapping[str, tuple[list[str], str]]:
    """What a user may have misspelt, by name of the metadata, and what it leads to."""
    named = pl.DataFrame(schema=["store_id", "region"]) if events is None else events.collect()
    elsewhere = {
        column: sorted(set(named[column].drop_nulls()) - set(stores[column].drop_nulls()))
        for column in ("store_id", "region")
    }
    return {
        "countries without known public holidays": (
            known.unknown_countries,
            "no public holidays are known of these stores' countries",
        ),
        "regions without known public holidays": (
            known.unknown_regions,
            "no holidays of their own are known of these regions, their stores have those of the whole country",
        ),
        "stores of events that there are not": (elsewhere["store_id"], "events name stores that there are not"),
        "regions of events without a store": (elsewhere["region"], "events name regions that no store is in"),
    }


def _window(retailer: Retailer) -> Window:
    span = retailer.span()
    return Window(span.first - _BEFORE, span.last + _AFTER)


def _ins(retailer: Retailer, *needs: str) -> dict[str, dg.AssetIn]:
    names = [*needs, *([EVENTS] if retailer.has(EVENTS) else [])]
    return {name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in names}


def _events(retailer: Retailer, tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame | None:
    """The user's events and the source's."""
    declared = read_events(retailer.settings.calendar_events)
    if EVENTS not in tables:
        return declared
    delivered = tables[EVENTS].drop("copies")
    return delivered if declared is None else pl.concat([declared, delivered.select(declared.collect_schema().names())])
