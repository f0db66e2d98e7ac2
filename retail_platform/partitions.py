"""The one daily partitions definition and its windows.

Days are the retailer's local dates. What a day's asset reads of other days is said here and nowhere else.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster import AssetRecordsFilter

from retail_platform.windows import Window

COMPARED_WEEKS = 4
_RECORDS_AT_ONCE = 1000


def daily_partitions(first: date, last: date | None, timezone: str) -> dg.DailyPartitionsDefinition:
    """Days from `first` to `last`, both inclusive; to today, inclusive, where `last` is None."""
    if last is None:
        return dg.DailyPartitionsDefinition(start_date=first.isoformat(), timezone=timezone, end_offset=1)
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(), end_date=(last + timedelta(days=1)).isoformat(), timezone=timezone
    )


def same_weekdays_before() -> dg.TimeWindowPartitionMapping:
    """The day itself and the four weeks before it, as far as history goes."""
    return dg.TimeWindowPartitionMapping(
        start_offset=-7 * COMPARED_WEEKS, end_offset=0, allow_nonexistent_upstream_partitions=True
    )


def compared_days(day: date) -> list[date]:
    """The days whose measures a day's comparison looks at: itself and its weekday in the weeks before."""
    return [day - timedelta(days=7 * week) for week in range(COMPARED_WEEKS + 1)]


def reached_days(window: Window) -> list[date]:
    """Days after a window whose comparison looks at a day of it, in order."""
    weeks = range(1, COMPARED_WEEKS + 1)
    return sorted({day + timedelta(days=7 * week) for day in window.days() for week in weeks} - set(window.days()))


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
