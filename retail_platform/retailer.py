"""One retailer as configured: its source, its zone and money, its days.

What every asset, job and command needs to know of the settings belongs here; how things work does not.
"""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import dagster as dg

from retail_platform.partitions import daily_partitions, local_today
from retail_platform.settings import Settings, SettingsError
from retail_platform.sources.base import Source
from retail_platform.windows import Window


@dataclass(frozen=True)
class Retailer:
    """The settings, with the source's own facts where the settings leave them open."""

    settings: Settings
    source: Source

    def __post_init__(self) -> None:
        if "stores" not in self.source.datasets:
            raise SettingsError(f"source {self.source.name} delivers no dataset `stores`: every table needs its stores")
        if {"sales", "store_totals"} <= self.source.datasets.keys():
            raise SettingsError(
                f"source {self.source.name} delivers `sales` and `store_totals`: totals are for sources without lines, "
                "take them out of the mapping"
            )
        last, span = self.settings.end_date, self.source.span
        if last is not None and self.settings.start_date is None and last < self.first_day:
            raise SettingsError(
                f"RETAIL_END_DATE {last} is before the first day {self.first_day} of source {self.source.name}: "
                "choose a later end, or set RETAIL_START_DATE"
            )
        if self.first_day > (self.last_day or self.first_day):
            raise SettingsError(
                f"RETAIL_START_DATE {self.first_day} is after the last day {self.last_day}"
                f"{'' if last else ' of the source'}: choose an earlier start"
            )
        if span and not (self.first_day in span and (last is None or last in span)):
            raise SettingsError(
                f"RETAIL_START_DATE and RETAIL_END_DATE ask for {self.first_day}..{self.last_day}, but source "
                f"{self.source.name} has {span}: choose days within"
            )

    @property
    def identity(self) -> str:
        """What a lake's rows depend on: source and mapping, where its files lie, zone, currency and country."""
        place = self.settings.source_dir
        if place and "://" not in place:
            place = os.path.normpath(place)
        origin = f"{self.source.identity} from {place}" if place else self.source.identity
        return f"{origin} ({self.timezone}, {self.currency}, {self.country})"

    @property
    def timezone(self) -> str:
        """IANA name of the zone of its dates."""
        return self.settings.timezone or self.source.timezone

    @property
    def currency(self) -> str:
        """ISO 4217 code for stores that name none."""
        return self.settings.currency or self.source.currency

    @property
    def country(self) -> str:
        """ISO 3166 alpha-2 code for stores that name none, and of the calendar."""
        return self.settings.country or self.source.country

    @property
    def first_day(self) -> date:
        """First day there is a partition for."""
        return self.settings.start_date or (self.source.span.first if self.source.span else self.source.default_start)

    @property
    def last_day(self) -> date | None:
        """Last day there is a partition for; None: today, whenever that is."""
        return self.settings.end_date or (self.source.span.last if self.source.span else None)

    def today(self) -> date:
        """The date in the retailer's zone."""
        return local_today(self.timezone, datetime.now(UTC))

    def span(self) -> Window:
        """The days there are partitions for, as of now."""
        last = min(self.last_day or self.today(), self.today())
        return Window(self.first_day, max(last, self.first_day))

    @cached_property
    def days(self) -> dg.DailyPartitionsDefinition:
        """The daily partitions of every partitioned asset."""
        still_open = self.last_day is None or self.last_day >= self.today()
        return daily_partitions(self.first_day, None if still_open else self.last_day, self.timezone)

    @property
    def backfill_policy(self) -> dg.BackfillPolicy:
        """How many days a backfill run holds at most."""
        return dg.BackfillPolicy.multi_run(self.settings.days_per_run)

    @property
    def freshness_policy(self) -> dg.FreshnessPolicy | None:
        """Yesterday is there by noon; a historical archive is never late."""
        if self.last_day is not None:
            return None
        return dg.FreshnessPolicy.cron("0 12 * * *", lower_bound_delta=timedelta(hours=12), timezone=self.timezone)

    def has(self, dataset: str) -> bool:
        """Whether the source delivers a dataset."""
        return dataset in self.source.datasets
