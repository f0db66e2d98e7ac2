"""The newest results of the checks, a row a table, for people who look at data and not at runs.

What a failing check means for a day's health is `verdicts`' business.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg
import polars as pl
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as CheckStatus

from retail_platform.automation.verdicts import newest_of_each

SCHEMA: dict[str, pl.DataType] = {
    "table": pl.String(),
    "checks": pl.Int64(),
    "failing": pl.Int64(),
    "days_failing": pl.Int64(),
    "last_day": pl.Date(),
    "judged": pl.Datetime("us", "UTC"),
    "found": pl.String(),
}
_JUDGED = (CheckStatus.SUCCEEDED, CheckStatus.FAILED)


def newest_results(instance: dg.DagsterInstance, graph: AssetGraph) -> pl.DataFrame:
    """What the checks of each table said last.

    Returns:
        A row for each table that was judged, those that fail first: `table`, `checks` that judged it, how many of them
        are `failing` (on any day), `days_failing` (null for a table without days, as is the last of them, `last_day`),
        when the newest result came (`judged`), and what the failing checks found last (`found`).
    """
    keys = sorted(graph.asset_check_keys)
    newest = _verdicts(instance, keys)
    failed = _failing_days(instance, keys)
    rows: dict[str, list[dg.AssetCheckKey]] = defaultdict(list)
    for key in newest:
        rows[key.asset_key.to_user_string()].append(key)
    found = []
    for table, checks in rows.items():
        failing = [key for key in checks if failed[key]]
        days = sorted(day for day in set().union(*(failed[key] for key in failing)) if day)
        found.append(
            {
                "table": table,
                "checks": len(checks),
                "failing": len(failing),
                "days_failing": len(days) if any(newest[key].partition for key in checks) else None,
                "last_day": days[-1] if days else None,
                "judged": datetime.fromtimestamp(max(newest[key].create_timestamp for key in checks), UTC),
                "found": "; ".join(_said(instance, key, failed[key]) for key in failing) or None,
            }
        )
    frame = pl.DataFrame(found, schema=SCHEMA | {"last_day": pl.String()})
    return frame.with_columns(pl.col("last_day").str.to_date()).sort("failing", "table", descending=[True, False])


def _verdicts(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, AssetCheckExecutionRecord]:
    """The newest verdict of each check that ever gave one: a run that only plans to check says nothing."""
    storage = instance.event_log_storage
    found = {}
    for key, record in storage.get_latest_asset_check_execution_by_key(keys).items():
        rows: Sequence[AssetCheckExecutionRecord] = [record]
        if record.status is CheckStatus.PLANNED:
            rows = storage.get_asset_check_execution_history(key, 1, status=set(_JUDGED))
        if rows:
            found[key] = rows[0]
    return found


def _failing_days(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, set[str | None]]:
    """The days (None: a table without days) of which the newest verdict of each check is a bad one."""
    failed: dict[dg.AssetCheckKey, set[str | None]] = defaultdict(set)
    planned: dict[dg.AssetCheckKey, set[str | None]] = defaultdict(set)
    for info in instance.event_log_storage.get_asset_check_partition_info(keys):
        if info.latest_execution_status is CheckStatus.FAILED:
            failed[info.check_key].add(info.partition_key)
        elif info.latest_execution_status is CheckStatus.PLANNED:
            planned[info.check_key].add(info.partition_key)
    for key, days in planned.items():
        # Bad verdicts first, for they are few: all are read where a day has none, as years of days in a first run.
        once = {row.partition for row in newest_of_each(instance, key, days, {CheckStatus.FAILED})}
        for row in newest_of_each(instance, key, once, set(_JUDGED)):
            if row.status is CheckStatus.FAILED:
                failed[key].add(row.partition)
    return failed


def _said(instance: dg.DagsterInstance, key: dg.AssetCheckKey, days: set[str | None]) -> str:
    """What a check said last of the days that it fails on."""
    row = next(newest_of_each(instance, key, days, {CheckStatus.FAILED}), None)
    evaluation = row.evaluation if row else None
    return f"{key.name}: {(evaluation.description if evaluation else None) or 'failed'}"
