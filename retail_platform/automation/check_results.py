"""The newest results of the checks, a row a table, for people who look at data and not at runs.

What a failing check means for a day's health is `verdicts`' business.
"""

from collections import defaultdict
from datetime import UTC, datetime

import dagster as dg
import polars as pl
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as CheckStatus

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
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    failed: dict[dg.AssetCheckKey, set[str | None]] = defaultdict(set)
    for info in instance.event_log_storage.get_asset_check_partition_info(keys):
        if info.latest_execution_status is CheckStatus.FAILED:
            failed[info.check_key].add(info.partition_key)
    rows: dict[str, list[dg.AssetCheckKey]] = defaultdict(list)
    for key, record in newest.items():
        if record.status in _JUDGED or key in failed:
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
                "found": "; ".join(_said(instance, key) for key in failing) or None,
            }
        )
    frame = pl.DataFrame(found, schema=SCHEMA | {"last_day": pl.String()})
    return frame.with_columns(pl.col("last_day").str.to_date()).sort("failing", "table", descending=[True, False])


def _said(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> str:
    """What a check said when it failed last."""
    [*rows] = instance.event_log_storage.get_asset_check_execution_history(key, 1, status={CheckStatus.FAILED})
    evaluation = rows[0].evaluation if rows else None
    return f"{key.name}: {(evaluation.description if evaluation else None) or 'failed'}"
