"""What Dagster's records say of the assets: what was made when, what was tried and not made, which checks failed.

Only reading belongs here, in as few queries as there are assets and checks; what it means is `health`'s business.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as CheckStatus
from dagster._core.storage.dagster_run import RunsFilter

from retail_platform.automation.ranges import is_daily, step_failure_reason
from retail_platform.partitions import COMPARED_WEEKS, materialized_at
from retail_platform.windows import Window

_AT_ONCE = 500
_NEWEST_FAILURES = 1000


@dataclass(frozen=True)
class Failing:
    """A failed evaluation of a check of severity ERROR, or of a blocking one, of the newest materialization."""

    check: str
    reason: str
    run_id: str


@dataclass(frozen=True)
class Records:
    """Of each asset, by day (None: a table without days).

    Attributes:
        made: storage id of the newest materialization; also of the days that the window's comparisons look at.
        tried: the run that was to make a day last, where it did not (yet).
        runs: those runs, by id.
        checks: what fails of the newest materialization.
    """

    made: Mapping[dg.AssetKey, Mapping[date | None, int]]
    tried: Mapping[dg.AssetKey, Mapping[date | None, str]]
    runs: Mapping[str, dg.DagsterRun]
    checks: Mapping[dg.AssetKey, Mapping[date | None, Failing]]
    _reasons: dict[str, dict[str, str]] = field(default_factory=dict)

    def why_failed(self, instance: dg.DagsterInstance, run_id: str, asset: str) -> str:
        """Why a run failed to make an asset: what its own step said, else the first that failed."""
        if run_id not in self._reasons:
            self._reasons[run_id] = _step_failures(instance, run_id)
        reasons = self._reasons[run_id]
        if asset in reasons:
            return reasons[asset]
        return next((f"{step}: {reason}" for step, reason in reasons.items()), "the run failed")


def read_records(instance: dg.DagsterInstance, graph: AssetGraph, window: Window) -> Records:
    """Read what is known of all assets and of the days of a window."""
    keys = [key for key in graph.toposorted_asset_keys if graph.get(key).is_materializable]
    daily = [key for key in keys if is_daily(graph, key)]
    whole = [key for key in keys if not is_daily(graph, key)]
    first = window.first - timedelta(days=7 * COMPARED_WEEKS)
    made = {key: _made(instance, key, Window(first, window.last)) for key in daily}
    tried = {key: _tried(instance, key, window) for key in daily}
    checks = {key: _failing_by_day(instance, graph, key, window, made[key]) for key in daily}
    for record in instance.get_asset_records(whole):
        key, newest = record.asset_entry.asset_key, record.asset_entry.last_materialization_storage_id
        planned = instance.event_log_storage.get_latest_planned_materialization_info(key)
        made[key] = {} if newest is None else {None: newest}
        tried[key] = {None: planned.run_id} if planned and planned.storage_id > (newest or 0) else {}
    for key in whole:
        made.setdefault(key, {})
        tried.setdefault(key, {})
    checks |= _failing_of_tables(instance, graph, whole)
    runs = get_runs(instance, {run for days in tried.values() for run in days.values()})
    return Records(made, tried, runs, checks)


def get_runs(instance: dg.DagsterInstance, run_ids: Collection[str]) -> dict[str, dg.DagsterRun]:
    """Runs by id; those that are gone are left out."""
    wanted = sorted(run_ids)
    parts = [wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE)]
    return {run.run_id: run for part in parts for run in instance.get_runs(RunsFilter(run_ids=part))}


def read_times(instance: dg.DagsterInstance, key: dg.AssetKey, days: Iterable[date]) -> dict[date, datetime]:
    """When days of an asset were last materialized."""
    found = materialized_at(instance, key, [str(day) for day in days])
    return {date.fromisoformat(day): at for day, at in found.items()}


def _made(instance: dg.DagsterInstance, key: dg.AssetKey, window: Window) -> dict[date | None, int]:
    newest = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, partitions={str(day) for day in window.days()}
    )
    return {date.fromisoformat(day): storage_id for day, storage_id in newest.items()}


def _tried(instance: dg.DagsterInstance, key: dg.AssetKey, window: Window) -> dict[date | None, str]:
    newest = instance.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations(
        key
    )
    days = {date.fromisoformat(day): run_id for day, (run_id, _) in newest.items()}
    return {day: run_id for day, run_id in days.items() if day in window}


def _failing_by_day(
    instance: dg.DagsterInstance,
    graph: AssetGraph,
    key: dg.AssetKey,
    window: Window,
    made: Mapping[date | None, int],
) -> dict[date | None, Failing]:
    found: dict[date | None, Failing] = {}
    checks = sorted(graph.get_check_keys_for_assets({key}))
    days = [str(day) for day in window.days()]
    infos = instance.event_log_storage.get_asset_check_partition_info(checks, partition_keys=days) if checks else []
    failed: dict[dg.AssetCheckKey, set[str]] = {}
    for info in infos:
        if info.latest_execution_status is not CheckStatus.FAILED or info.partition_key is None:
            continue
        judged = info.latest_target_materialization_storage_id
        if judged is None or judged == made.get(date.fromisoformat(info.partition_key)):
            failed.setdefault(info.check_key, set()).add(info.partition_key)
    for check, partitions in failed.items():
        records = instance.event_log_storage.get_asset_check_execution_history(
            check, limit=_NEWEST_FAILURES, status={CheckStatus.FAILED}
        )
        for record in records:  # the newest first
            if record.partition in partitions:
                partitions.discard(record.partition)
                if failing := _failing(record, graph.get(check).blocking):
                    found.setdefault(date.fromisoformat(record.partition), failing)
    return found


def _failing_of_tables(
    instance: dg.DagsterInstance, graph: AssetGraph, keys: Iterable[dg.AssetKey]
) -> dict[dg.AssetKey, dict[date | None, Failing]]:
    checks = sorted(graph.get_check_keys_for_assets(set(keys)))
    found: dict[dg.AssetKey, dict[date | None, Failing]] = {}
    for check, record in instance.event_log_storage.get_latest_asset_check_execution_by_key(checks).items():
        if record.status is CheckStatus.FAILED and (failing := _failing(record, graph.get(check).blocking)):
            found.setdefault(check.asset_key, {None: failing})
    return found


def _failing(record: AssetCheckExecutionRecord, blocking: bool) -> Failing | None:
    event = record.event.dagster_event if record.event else None
    if event is None:
        return None
    evaluation = event.asset_check_evaluation_data
    if not blocking and evaluation.severity is not dg.AssetCheckSeverity.ERROR:
        return None
    return Failing(
        evaluation.check_name, f"{evaluation.check_name}: {evaluation.description or 'failed'}", record.run_id
    )


def _step_failures(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """Reasons by step, in the order in which they failed; of a run that never came to a step its own."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    events = [log.dagster_event for log in instance.all_logs(run_id, of_type=kinds) if log.dagster_event]
    steps = {str(event.step_key): step_failure_reason(event) for event in events if event.is_step_failure}
    return steps or ({"the run": events[-1].message or "it failed"} if events else {})
