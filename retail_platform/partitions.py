"""The one daily partitions definition and its windows.

Days are the retailer's local dates. What a day's asset reads of other days is said here and nowhere else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
from dagster import AssetRecordsFilter

from retail_platform.windows import Window

_RECORDS_AT_ONCE = 1000
_LOOKS_BACK, _LOOKS_BACK_EVERY = "looks_back_days", "looks_back_every"


@dataclass(frozen=True)
class LookBack:
    """A window of days before: what a day of an asset is made from besides the same day of another.

    Attributes:
        days: how far back.
        step: every how many days; 7: the same weekday alone.
    """

    days: int
    step: int = 1

    @property
    def mapping(self) -> dg.TimeWindowPartitionMapping:
        """How Dagster knows it: all days between, as far as history goes."""
        return dg.TimeWindowPartitionMapping(
            start_offset=-self.days, end_offset=0, allow_nonexistent_upstream_partitions=True
        )

    def asset_in(self, dagster_type: type) -> dg.AssetIn:
        """The input of an asset whose days look at these days of it."""
        metadata = {_LOOKS_BACK: self.days, _LOOKS_BACK_EVERY: self.step}
        return dg.AssetIn(dagster_type=dagster_type, partition_mapping=self.mapping, metadata=metadata)

    @classmethod
    def of(cls, metadata: Mapping[str, Any] | None) -> "LookBack | None":
        """The window that an input's metadata tell of."""
        known = metadata or {}
        return cls(int(known[_LOOKS_BACK]), int(known[_LOOKS_BACK_EVERY])) if _LOOKS_BACK in known else None

    def looked_at(self, day: date) -> list[date]:
        """The days that a day looks at, itself first, then the later before the earlier."""
        return [day - timedelta(days=back) for back in range(0, self.days + 1, self.step)]

    def reached(self, days: Iterable[date]) -> set[date]:
        """Days that look at one of these days, be they among them or not; a day's own look at itself is left out."""
        return {day + timedelta(days=ahead) for day in days for ahead in range(self.step, self.days + 1, self.step)}


SAME_WEEKDAYS = LookBack(28, step=7)
"""The same weekday in the four weeks before."""
FOOTFALL_HISTORY = LookBack(56)
"""The eight weeks before: what a door counter's day is judged by and estimated from."""


def daily_partitions(first: date, last: date | None, timezone: str) -> dg.DailyPartitionsDefinition:
    """Days from `first` to `last`, both inclusive; to today, inclusive, where `last` is None."""
    if last is None:
        return dg.DailyPartitionsDefinition(start_date=first.isoformat(), timezone=timezone, end_offset=1)
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(), end_date=(last + timedelta(days=1)).isoformat(), timezone=timezone
    )


def run_window(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Window:
    """The days that the running step is to make or check."""
    keys = context.partition_key_range
    return Window(date.fromisoformat(keys.start), date.fromisoformat(keys.end))


def local_today(timezone: str, now: datetime) -> date:
    """The date in the retailer's zone at an instant."""
    from zoneinfo import ZoneInfo

    return now.astimezone(ZoneInfo(timezone)).date()


def materialized_days(instance: dg.DagsterInstance, key: dg.AssetKey, days: Iterable[str]) -> set[str]:
    """Those of the days that an asset has a materialization of."""
    return set(
        instance.event_log_storage.get_latest_storage_id_by_partition(
            key, dg.DagsterEventType.ASSET_MATERIALIZATION, partitions=set(days)
        )
    )


def newest_materializations(
    instance: dg.DagsterInstance, key: dg.AssetKey, days: Iterable[str]
) -> dict[str, dg.EventLogRecord]:
    """The newest materialization of each of the days; a day that never was is left out."""
    newest = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, partitions=set(days)
    )
    ids = list(newest.values())
    found: dict[str, dg.EventLogRecord] = {}
    for start in range(0, len(ids), _RECORDS_AT_ONCE):
        part = ids[start : start + _RECORDS_AT_ONCE]
        wanted = AssetRecordsFilter(asset_key=key, storage_ids=part)
        for record in instance.fetch_materializations(wanted, limit=len(part)).records:
            assert record.partition_key is not None
            found[record.partition_key] = record
    return found


def materialized_at(instance: dg.DagsterInstance, key: dg.AssetKey, days: Iterable[str]) -> dict[str, datetime]:
    """When an asset was last materialized for each of the days, in UTC; a day that never was is left out."""
    newest = newest_materializations(instance, key, days)
    return {day: datetime.fromtimestamp(record.timestamp, UTC) for day, record in newest.items()}
