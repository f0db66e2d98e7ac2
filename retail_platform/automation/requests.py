"""Asking Dagster's daemon for exactly these days of exactly these assets, oldest first, in runs of several days.

Which days and assets are wanted is the business of who asks, as healing; here they become run requests of a sensor,
and here is known what runs and backfills under way hold, so that no day is ever in two runs at once.

Run requests, not backfills: a backfill cuts its runs by itself, adds days that its windows reach, and cannot fall back
to single days. A sensor that returns these requests needs `asset_selection=dg.AssetSelection.all()` or the like.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES, RunsFilter

from retail_platform.automation import jobs
from retail_platform.automation.lineage import is_daily
from retail_platform.automation.liveness import own_tag, worker_lives
from retail_platform.automation.ranges import ATTEMPT_TAG, RANGE_OVER_TAG, RANGE_TAG, range_tags
from retail_platform.windows import Window, chunks, unbroken

ASKED_BY_TAG = "retail/asked_by"
"""Who asked for a run that no person and no schedule started: `healing`, `landing`."""
COMMAND_TAG = "retail/command"

_BETWEEN_RUNS = timedelta(minutes=1)
_UNDER_WAY = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING]


@dataclass(frozen=True)
class Request:
    """What one run is to make: assets, and days of theirs (None: they are tables without days)."""

    assets: frozenset[dg.AssetKey]
    days: Window | None
    attempt: int = 1


@dataclass(frozen=True)
class Held:
    """What runs and backfills that are queued or under way hold: days, and whether tables without days, too."""

    days: frozenset[date] = frozenset()
    whole: bool = False


def in_chunks(
    wanted: Mapping[date, Collection[dg.AssetKey]], days_per_run: int, *, attempt: int = 1, single: bool = False
) -> list[Request]:
    """Requests for the assets of each day, oldest first; days in a row that want the same assets share a run.

    Args:
        wanted: assets of each day.
        days_per_run: days that a run holds at most.
        attempt: which attempt it is, for the runs' tag.
        single: a run for each day.
    """
    days_of: dict[frozenset[dg.AssetKey], list[date]] = {}
    for day in sorted(wanted):
        if wanted[day]:
            days_of.setdefault(frozenset(wanted[day]), []).append(day)
    found = [
        Request(assets, part, attempt)
        for assets, days in days_of.items()
        for window in unbroken(days)
        for part in chunks(window, 1 if single else days_per_run)
    ]
    return sorted(found, key=lambda request: (request.days or Window(date.min, date.min), sorted(request.assets)))


def run_requests(
    requests: Iterable[Request], *, asked_by: str, run_key: Callable[[Request], str | None] = lambda _: None
) -> list[dg.RunRequest]:
    """Requests as a sensor returns them; their order is the order in which the daemon queues the runs.

    Args:
        requests: what is to run.
        asked_by: the sensor, for the runs' tag.
        run_key: a key under which the daemon starts a request once and never again; None: each time it is asked.
    """
    return [
        dg.RunRequest(
            run_key=run_key(request),
            asset_selection=sorted(request.assets),
            tags=range_tags(request.days) | {ATTEMPT_TAG: str(request.attempt), ASKED_BY_TAG: asked_by},
        )
        for request in requests
    ]


def held(instance: dg.DagsterInstance, graph: AssetGraph) -> Held:
    """What is queued or under way. Ask before requesting, and leave out what is held: duplicates are not refused.

    A run holds its days of all assets, so that two runs never write and read the same day at once; one of a command
    over a range holds the range, of which the next run follows.
    """
    days, whole = set[date](), False
    for run in instance.get_runs(RunsFilter(statuses=NOT_FINISHED_STATUSES)):
        if COMMAND_TAG in run.tags:  # it checks, and makes nothing
            continue
        window = run_days(run)
        days |= set(window.days()) if window else set()
        whole = whole or window is None or _has_whole_tables(graph, run)
        if range_ := own_tag(run, RANGE_TAG):
            days |= set(_range_of(range_).days())
            whole = True
    for range_ in _between_runs(instance):
        days |= set(_range_of(range_).days())
        whole = True
    for of_asset in backfilled(instance, graph).values():
        days |= {day for day in of_asset if day is not None}
        whole = whole or None in of_asset
    return Held(frozenset(days), whole)


def backfilled(instance: dg.DagsterInstance, graph: AssetGraph) -> dict[dg.AssetKey, frozenset[date | None]]:
    """What backfills under way have yet to make: days of each asset, None for a table without days."""
    found: dict[dg.AssetKey, frozenset[date | None]] = {}
    for backfill in instance.get_backfills(filters=BulkActionsFilter(statuses=_UNDER_WAY)):
        for key, days in _left_of(backfill, graph).items():
            found[key] = found.get(key, frozenset()) | days
    return found


def run_days(run: dg.DagsterRun) -> Window | None:
    """The days of a run by its tags; None for one over tables without days."""
    tags = run.tags
    first = tags.get("dagster/asset_partition_range_start") or tags.get("dagster/partition")
    if first is None:
        return None
    return Window(date.fromisoformat(first), date.fromisoformat(tags.get("dagster/asset_partition_range_end") or first))


def _between_runs(instance: dg.DagsterInstance) -> list[str]:
    """Ranges of commands whose newest run has just ended, and whose next is about to begin."""
    lately = RunsFilter(updated_after=datetime.now(UTC) - _BETWEEN_RUNS)
    newest: dict[str, dg.DagsterRun] = {}
    for run in instance.get_runs(lately):  # the newest first
        if range_ := own_tag(run, RANGE_TAG):
            newest.setdefault(range_, run)
    return [
        range_
        for range_, run in newest.items()
        if run.is_finished and RANGE_OVER_TAG not in run.tags and worker_lives(run)
    ]


def _range_of(text: str) -> Window:
    first, _, last = text.partition("..")
    return Window(date.fromisoformat(first), date.fromisoformat(last))


def _has_whole_tables(graph: AssetGraph, run: dg.DagsterRun) -> bool:
    if run.asset_selection is None:
        return run.job_name != jobs.TODAY
    return any(graph.has(key) and not is_daily(graph, key) for key in run.asset_selection)


def _left_of(backfill: PartitionBackfill, graph: AssetGraph) -> dict[dg.AssetKey, frozenset[date | None]]:
    if not backfill.is_asset_backfill:  # of a job: which of its assets are done is not recorded
        days = frozenset(date.fromisoformat(name) for name in backfill.partition_names or ())
        keys = graph.materializable_asset_keys
        return {key: days if is_daily(graph, key) else frozenset({None}) for key in keys}
    left = backfill.get_asset_backfill_data(graph).get_targeted_partitions_without_materialization_status()
    daily = {
        key: frozenset(date.fromisoformat(name) for name in subset.get_partition_keys())
        for key, subset in left.partitions_subsets_by_asset_key.items()
    }
    return {**daily, **{key: frozenset({None}) for key in left.non_partitioned_asset_keys}}
