"""Checks whose newest evaluation failed with ERROR, or asks to be told of, and those that could not be evaluated.

Only reading Dagster's records belongs here.
"""

from datetime import date
from typing import NamedTuple

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Evaluated
from dagster._core.storage.dagster_run import RunsFilter

from retail_platform.automation.alerts.causes import Causes
from retail_platform.automation.alerts.mends import mend_of_broken_check, mend_of_check, mend_of_news
from retail_platform.automation.alerts.model import Kind, Place, Problem, Unsettled
from retail_platform.quality.rules import TOLD
from retail_platform.windows import Window

_AT_ONCE = 500


class Newest(NamedTuple):
    """The newest evaluation of a check of a day."""

    day: str | None
    run_id: str
    status: Evaluated


def failed_checks(
    instance: dg.DagsterInstance, graph: AssetGraph, window: Window, causes: Causes
) -> tuple[list[Problem], set[Unsettled]]:
    """Problems of checks, and the checks whose newest evaluation has not come (yet)."""
    problems: list[Problem] = []
    planned: list[tuple[dg.AssetCheckKey, Place, str]] = []
    for key in sorted(graph.asset_check_keys, key=lambda key: key.to_user_string()):
        daily = graph.get(key.asset_key).partitions_def is not None
        newest = _newest_by_day(instance, key, window) if daily else _newest(instance, key)
        waiting = [(key, _place(key, day), run_id) for day, run_id, status in newest if status is Evaluated.PLANNED]
        failed = {(day, run_id) for day, run_id, status in newest if status is Evaluated.FAILED}
        planned += waiting
        problems += _errors(instance, key, failed)
    unjudged = {Unsettled(place, key.name) for key, place, _ in planned}
    return problems + _broken(instance, graph, planned, causes), unjudged


def _place(key: dg.AssetCheckKey, day: str | None) -> Place:
    return Place(key.asset_key.to_user_string(), date.fromisoformat(day) if day else None)


def _newest(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> list[Newest]:
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])
    return [Newest(None, record.run_id, record.status) for record in records.values()]


def _newest_by_day(instance: dg.DagsterInstance, key: dg.AssetCheckKey, window: Window) -> list[Newest]:
    days = [str(day) for day in window.days()]
    infos = instance.event_log_storage.get_asset_check_partition_info([key], partition_keys=days)
    found = [Newest(one.partition_key, one.latest_planned_run_id, one.latest_execution_status) for one in infos]
    return sorted(found, key=lambda one: str(one.day))


def _errors(instance: dg.DagsterInstance, key: dg.AssetCheckKey, wanted: set[tuple[str | None, str]]) -> list[Problem]:
    """Those of the failed evaluations, by day and run, that are told of: errors, and news."""
    found: list[Problem] = []
    cursor: int | None = None
    while wanted:
        page = instance.event_log_storage.get_asset_check_execution_history(
            key, _AT_ONCE, cursor, status={Evaluated.FAILED}
        )
        for record in page:
            if (one := (record.partition, record.run_id)) in wanted:
                wanted = wanted - {one}
                found += [problem] if (problem := _error(record, _place(key, record.partition))) else []
        if len(page) < _AT_ONCE:
            break
        cursor = page[-1].id
    return found[::-1]


def _error(record: AssetCheckExecutionRecord, place: Place) -> Problem | None:
    event = record.event.get_dagster_event() if record.event else None
    if event is None:
        return None
    evaluation = event.asset_check_evaluation_data
    said = evaluation.description or "the check failed"
    if evaluation.severity is not dg.AssetCheckSeverity.ERROR:
        told = (measure := evaluation.metadata.get(TOLD)) is not None and bool(measure.value)
        news = Problem(Kind.NEWS, place, evaluation.check_name, said, mend_of_news(place), record.run_id)
        return news if told else None
    return Problem(Kind.CHECK, place, evaluation.check_name, said, mend_of_check(place), record.run_id)


def _broken(
    instance: dg.DagsterInstance,
    graph: AssetGraph,
    planned: list[tuple[dg.AssetCheckKey, Place, str]],
    causes: Causes,
) -> list[Problem]:
    """Checks that raised: their run failed, and so did their own step. Others wait, or were never reached."""
    run_ids = sorted({run_id for _, _, run_id in planned})
    failed = {
        run.run_id
        for start in range(0, len(run_ids), _AT_ONCE)
        for run in instance.get_runs(RunsFilter(run_ids=run_ids[start : start + _AT_ONCE]))
        if run.status is dg.DagsterRunStatus.FAILURE
    }
    found = []
    for key, place, run_id in planned:
        step = graph.assets_def_for_key(key).node_def.name
        cause = causes.of(instance, run_id).steps.get(step) if run_id in failed else None
        if cause is not None and cause.error != dg.DagsterAssetCheckFailedError.__name__:
            reason = f"the check could not judge: {cause.reason}"
            found.append(Problem(Kind.CHECK, place, key.name, reason, mend_of_broken_check(place), run_id))
    return found
