"""What checks say of the newest materialization of each asset and day: which fail, and which never came to judge it.

Only reading Dagster's records belongs here; what a failing check means is `health`'s business.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as CheckStatus
from dagster._core.storage.dagster_run import RunsFilter

_AT_ONCE = 500
_LEAST_ROWS, _ROWS_AT_FIRST = 50, 4
"""Rows of a check that are read first, and for each day that is looked for: most were judged lately."""


@dataclass(frozen=True)
class Failing:
    """A check of severity ERROR or a blocking one that failed, or one that never judged the newest materialization."""

    check: str
    reason: str
    run_id: str


@dataclass(frozen=True)
class _Made:
    """A materialization: its storage id and its run."""

    storage_id: int
    run_id: str


def get_runs(instance: dg.DagsterInstance, run_ids: Collection[str]) -> dict[str, dg.DagsterRun]:
    """Runs by id; those that are gone are left out."""
    wanted = sorted(run_ids)
    parts = [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
    return {run.run_id: run for part in parts for run in instance.get_runs(RunsFilter(run_ids=part))}


def failing_by_day(
    instance: dg.DagsterInstance, graph: AssetGraph, key: dg.AssetKey, made: Mapping[date, int]
) -> dict[date | None, Failing]:
    """What fails of the days of an asset.

    Args:
        instance: Dagster's instance.
        graph: the asset graph.
        key: a daily asset.
        made: storage ids of the newest materialization of each day that is asked for.
    """
    checks = sorted(graph.get_check_keys_for_assets({key}))
    days = [str(day) for day in made]
    infos = instance.event_log_storage.get_asset_check_partition_info(checks, partition_keys=days) if checks else []
    failed: dict[dg.AssetCheckKey, set[str]] = {}
    planned: dict[dg.AssetCheckKey, set[str]] = {}
    for info in infos:
        if info.partition_key is None:
            continue
        judged, newest = info.latest_target_materialization_storage_id, made[date.fromisoformat(info.partition_key)]
        if info.latest_execution_status is CheckStatus.PLANNED:
            planned.setdefault(info.check_key, set()).add(info.partition_key)
        elif info.latest_execution_status is CheckStatus.FAILED and judged in (None, newest):
            failed.setdefault(info.check_key, set()).add(info.partition_key)
    rows = [
        (check, row)
        for check, wanted in failed.items()
        for row in newest_of_each(instance, check, wanted, {CheckStatus.FAILED})
    ]
    there = _made(instance, key, {day: made[date.fromisoformat(day)] for one in planned.values() for day in one})
    unjudged: list[tuple[dg.AssetCheckKey, AssetCheckExecutionRecord]] = []
    for check, wanted in planned.items():
        for row in newest_of_each(instance, check, wanted, None, there):
            (unjudged if row.status is CheckStatus.PLANNED else rows).append((check, row))
    found: dict[date | None, Failing] = {}
    for check, row in rows:
        if _judges(row, made[_day(row)]) and (failing := _failing(row, graph.get(check).blocking)):
            found.setdefault(_day(row), failing)
    for row, failing in _never_ran(instance, unjudged):
        found.setdefault(_day(row), failing)
    return found


def failing_of_tables(
    instance: dg.DagsterInstance, graph: AssetGraph, keys: Iterable[dg.AssetKey]
) -> dict[dg.AssetKey, dict[date | None, Failing]]:
    """What fails of tables without days."""
    checks = sorted(graph.get_check_keys_for_assets(set(keys)))
    found: dict[dg.AssetKey, dict[date | None, Failing]] = {}
    unjudged = []
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(checks)
    made = _tables_made(instance, {check.asset_key for check in newest})
    for check, record in newest.items():
        if (there := made.get(check.asset_key)) is None:
            continue
        rows = [record]
        if record.status is CheckStatus.PLANNED:
            rows = list(newest_of_each(instance, check, {None}, None, {None: there}))
        for row in rows:
            if row.status is CheckStatus.PLANNED:
                unjudged.append((check, row))
            elif _judges(row, there.storage_id) and (failing := _failing(row, graph.get(check).blocking)):
                found.setdefault(check.asset_key, {None: failing})
    for row, failing in _never_ran(instance, unjudged):
        found.setdefault(row.key.asset_key, {None: failing})
    return found


def newest_of_each(
    instance: dg.DagsterInstance,
    check: dg.AssetCheckKey,
    days: Collection[str | None],
    status: set[CheckStatus] | None,
    made: Mapping[str | None, _Made] | None = None,
) -> Iterator[AssetCheckExecutionRecord]:
    """The newest row of each day that counts: a verdict, or the plan of the run that made the day, which none followed.

    A plan of any other run, as one that only checks or that was cancelled, leaves things as they were.

    Args:
        instance: Dagster's instance.
        check: whose rows.
        days: that are looked for; all history is read for one that no row is of.
        status: rows with another are passed by; None: none are.
        made: materializations by day, to tell whose plans count; None: nobody's.

    Yields:
        The rows, newest first.
    """
    left, cursor = set(days), None
    limit = max(_LEAST_ROWS, min(_AT_ONCE, _ROWS_AT_FIRST * len(left)))
    while left:
        page = instance.event_log_storage.get_asset_check_execution_history(check, limit, cursor, status=status)
        for row in page:
            planned = row.status is CheckStatus.PLANNED
            by = made.get(row.partition) if made else None
            if row.partition in left and not (planned and (by is None or by.run_id != row.run_id)):
                left.discard(row.partition)
                yield row
        if len(page) < limit:
            return
        cursor, limit = page[-1].id, _AT_ONCE


def _made(
    instance: dg.DagsterInstance, key: dg.AssetKey, storage_ids: Mapping[str | None, int]
) -> dict[str | None, _Made]:
    """The materializations of an asset by day, given their storage ids."""
    ids = list(storage_ids.values())
    found: dict[str | None, _Made] = {}
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=part)
        for record in instance.fetch_materializations(wanted, limit=len(part)).records:
            found[record.partition_key] = _Made(record.storage_id, record.run_id)
    return found


def _tables_made(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey]) -> dict[dg.AssetKey, _Made]:
    entries = (record.asset_entry for record in instance.get_asset_records(list(keys)))
    newest = {entry.asset_key: entry.last_materialization_record for entry in entries}
    return {key: _Made(record.storage_id, record.run_id) for key, record in newest.items() if record}


def _never_ran(
    instance: dg.DagsterInstance, planned: Collection[tuple[dg.AssetCheckKey, AssetCheckExecutionRecord]]
) -> Iterator[tuple[AssetCheckExecutionRecord, Failing]]:
    """Of checks that runs planned and never evaluated, those whose run is over."""
    runs = get_runs(instance, {row.run_id for _, row in planned})
    for check, row in planned:
        run = runs.get(row.run_id)
        if run is None or run.is_finished:
            yield row, Failing(check.name, f"{check.name}: it never ran, its run ended before", row.run_id)


def _day(row: AssetCheckExecutionRecord) -> date:
    assert row.partition is not None
    return date.fromisoformat(row.partition)


def _judges(row: AssetCheckExecutionRecord, storage_id: int) -> bool:
    target = row.evaluation.target_materialization_data if row.evaluation else None
    return target is None or target.storage_id == storage_id


def _failing(record: AssetCheckExecutionRecord, blocking: bool) -> Failing | None:
    evaluation = record.evaluation
    if evaluation is None or evaluation.passed:
        return None
    if not blocking and evaluation.severity is not dg.AssetCheckSeverity.ERROR:
        return None
    return Failing(
        evaluation.check_name, f"{evaluation.check_name}: {evaluation.description or 'failed'}", record.run_id
    )
