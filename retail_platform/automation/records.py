"""What Dagster's records say of the assets: what was made when, what was tried and not made, which checks failed.

Only reading belongs here, in as few queries as there are assets and checks; what it means is `health`'s business.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from retail_platform.automation.lineage import is_daily, look_back
from retail_platform.automation.ranges import step_failure_reason
from retail_platform.automation.verdicts import Failing, failing_by_day, failing_of_tables, get_runs
from retail_platform.partitions import materialized_at
from retail_platform.windows import Window


@dataclass(frozen=True)
class Records:
    """Of each asset, by day (None: a table without days).

    Attributes:
        made: storage id of the newest materialization; also of earlier days that days of the window look at.
        tried: the run that was to make a day last, where it did not (yet); before one that was cancelled, which says
            nothing, the one that ended.
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

    def failed_before(self, instance: dg.DagsterInstance) -> dict[tuple[dg.AssetKey, date | None], str]:
        """The runs that failed before those under way, by asset and day."""
        found: dict[tuple[dg.AssetKey, date | None], str] = {}
        for key, tried in self.tried.items():
            under_way = {day for day, id in tried.items() if (run := self.runs.get(id)) and not run.is_finished}
            if not under_way:
                continue
            before = _newest(
                instance, key, under_way, self.made[key], lambda run: run.is_finished and not _is_cancelled(run)
            )
            failed = dg.DagsterRunStatus.FAILURE
            found |= {(key, day): run.run_id for day, run in before.items() if run.status is failed}
        return found


def read_records(instance: dg.DagsterInstance, graph: AssetGraph, window: Window) -> Records:
    """Read what is known of all assets and of the days of a window."""
    keys = [key for key in graph.toposorted_asset_keys if graph.get(key).is_materializable]
    daily = [key for key in keys if is_daily(graph, key)]
    whole = [key for key in keys if not is_daily(graph, key)]
    made = {key: _made(instance, key, _looked_at(graph, key, window)) for key in daily}
    tried = {key: _tried(instance, key, window) for key in daily}
    for record in instance.get_asset_records(whole):
        key, newest = record.asset_entry.asset_key, record.asset_entry.last_materialization_storage_id
        planned = instance.event_log_storage.get_latest_planned_materialization_info(key)
        made[key] = {} if newest is None else {None: newest}
        tried[key] = {None: planned.run_id} if planned and planned.storage_id > (newest or 0) else {}
    for key in whole:
        made.setdefault(key, {})
        tried.setdefault(key, {})
    runs = get_runs(instance, {run for days in tried.values() for run in days.values()})
    runs |= _look_behind_cancelled(instance, made, tried, runs)
    checks = {
        key: failing_by_day(
            instance,
            graph,
            key,
            {
                day: made[key][day]
                for day in window.days()
                if day in made[key] and not _outweighs_checks(runs.get(tried[key].get(day, "")))
            },
        )
        for key in daily
    }
    checks |= failing_of_tables(instance, graph, whole)
    return Records(made, tried, runs, checks)


def _outweighs_checks(tried: dg.DagsterRun | None) -> bool:
    """Whether a day's newest run says more of it than checks: that it is under way, or failed."""
    return tried is not None and (not tried.is_finished or tried.status is dg.DagsterRunStatus.FAILURE)


def read_times(instance: dg.DagsterInstance, key: dg.AssetKey, days: Iterable[date]) -> dict[date, datetime]:
    """When days of an asset were last materialized."""
    found = materialized_at(instance, key, [str(day) for day in days])
    return {date.fromisoformat(day): at for day, at in found.items()}


def _looked_at(graph: AssetGraph, key: dg.AssetKey, window: Window) -> Window:
    """The window, and the days before it that something made from the asset looks at."""
    found = (look_back(graph, child, key) for child in graph.get(key).child_keys)
    return Window(window.first - timedelta(days=max((one.days for one in found if one), default=0)), window.last)


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


def _look_behind_cancelled(
    instance: dg.DagsterInstance,
    made: Mapping[dg.AssetKey, Mapping[date | None, int]],
    tried: Mapping[dg.AssetKey, dict[date | None, str]],
    runs: Mapping[str, dg.DagsterRun],
) -> dict[str, dg.DagsterRun]:
    """Put the newest run that was not cancelled in place of a cancelled one, if it is newer than what is there.

    Returns:
        Runs besides those known.
    """
    found: dict[str, dg.DagsterRun] = {}
    for key, days in tried.items():
        cancelled = {day for day, run_id in days.items() if _is_cancelled(runs.get(run_id))}
        if not cancelled:
            continue
        before = _newest(instance, key, cancelled, made[key], lambda run: not _is_cancelled(run))
        days |= {day: run.run_id for day, run in before.items()}
        found |= {run.run_id: run for run in before.values()}
    return found


def _is_cancelled(run: dg.DagsterRun | None) -> bool:
    return run is not None and run.status is dg.DagsterRunStatus.CANCELED


def _newest(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    days: Collection[date | None],
    made: Mapping[date | None, int],
    counts: Callable[[dg.DagsterRun], bool],
) -> dict[date | None, dg.DagsterRun]:
    """The newest run that counts, of those that were to make each of the days after it was made last."""
    partitions = None if None in days else [str(day) for day in days]
    planned = dg.EventRecordsFilter(
        dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
        key,
        asset_partitions=partitions,
        after_cursor=min(made.get(day, 0) for day in days),
    )
    records = instance.event_log_storage.get_event_records(planned)
    runs = get_runs(instance, {record.run_id for record in records})
    found: dict[date | None, dg.DagsterRun] = {}
    for record in records:  # the newest first
        # a run over days says a day of tables without any, too
        day = date.fromisoformat(record.partition_key) if partitions and record.partition_key else None
        run = runs.get(record.run_id)
        if run is not None and counts(run) and record.storage_id > made.get(day, 0):
            found.setdefault(day, run)
    return found


def _step_failures(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """Reasons by step, in the order in which they failed; of a run that never came to a step its own."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    events = [log.dagster_event for log in instance.all_logs(run_id, of_type=kinds) if log.dagster_event]
    steps = {str(event.step_key): step_failure_reason(event) for event in events if event.is_step_failure}
    return steps or ({"the run": events[-1].message or "it failed"} if events else {})
