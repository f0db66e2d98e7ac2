"""What is wrong now, read from Dagster's records: failed days, failed checks, late days, days that healing gave up.

What belongs together and what is told is the business of `incidents`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import dagster as dg
from dagster import DagsterRunStatus as Status
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.freshness import CronFreshnessPolicy
from dagster._utils.schedules import get_latest_completed_cron_tick

from retail_platform.automation.alerts.causes import Causes
from retail_platform.automation.alerts.failed_checks import failed_checks
from retail_platform.automation.alerts.mends import AGAIN, mend_of_failure, mend_of_late
from retail_platform.automation.alerts.model import Kind, Place, Problem, Unsettled
from retail_platform.automation.lineage import days_behind
from retail_platform.automation.records import read_records
from retail_platform.domains.describe import SOURCE
from retail_platform.partitions import materialized_days
from retail_platform.windows import Window

_DIED = "a run ended before its assets were done"
_NOT_TRIED = "it was not made, because the run failed before it"
_MORNING = timedelta(hours=6)
"""A day's delivery may come in the night after it, and the schedule of 5 o'clock asks for it: as healing sees it."""


class Attempt(NamedTuple):
    """The newest attempt to make a place, where it made nothing (yet); while it is under way, the failed one before."""

    place: Place
    run_id: str
    status: Status | None  # None: the run was deleted
    under_way: bool = False


@dataclass
class Found:
    """Problems, and what can be said of neither: it goes on, was cancelled or never reached, or was tried too early."""

    problems: list[Problem] = field(default_factory=list)
    unsettled: set[Unsettled] = field(default_factory=set)


def find(instance: dg.DagsterInstance, graph: AssetGraph, window: Window, *, now: datetime, causes: Causes) -> Found:
    """Look at the days of a window, and at tables without days.

    Args:
        instance: Dagster's instance.
        graph: the assets and their checks.
        window: the days.
        now: what is late is late by now, and what is early early.
        causes: of failed runs.
    """
    found = Found()
    going_on: set[Place] = set()
    failures: list[Problem] = []
    for attempt in _attempts(instance, graph, window):
        if attempt.status is Status.FAILURE:
            failures.append(_failure(instance, graph, attempt, causes))
        else:
            found.unsettled.add(Unsettled(attempt.place))
        going_on |= {attempt.place} if attempt.under_way else set()
    early = _early(graph, failures, now)
    found.problems += [one for one in failures if one.place not in early]
    found.unsettled |= {Unsettled(place) for place in early}
    checks, unjudged = failed_checks(instance, graph, window, causes)
    found.problems += checks
    found.unsettled |= unjudged
    found.problems += [one for one in _late(instance, graph, window, now) if one.place not in going_on]
    return found


def upstream_of(graph: AssetGraph) -> dict[str, frozenset[str]]:
    """Every asset with everything upstream of it."""
    above: dict[dg.AssetKey, frozenset[dg.AssetKey]] = {}
    for key in graph.toposorted_asset_keys:
        parents = graph.get(key).parent_keys
        above[key] = frozenset(parents).union(*(above.get(parent, frozenset()) for parent in parents))
    return {key.to_user_string(): frozenset(one.to_user_string() for one in keys) for key, keys in above.items()}


def _attempts(instance: dg.DagsterInstance, graph: AssetGraph, window: Window) -> list[Attempt]:
    records = read_records(instance, graph, window)
    failed = records.failed_before(instance)
    found = []
    for key, tried in records.tried.items():
        for day, run_id in sorted(tried.items(), key=lambda one: one[0] or date.min):
            place, run = Place(key.to_user_string(), day), records.runs.get(run_id)
            under_way = run is not None and not run.is_finished
            if (key, day) in failed:
                found.append(Attempt(place, failed[key, day], Status.FAILURE, under_way))
            else:
                found.append(Attempt(place, run_id, run.status if run else None, under_way))
    return found


def _failure(instance: dg.DagsterInstance, graph: AssetGraph, attempt: Attempt, causes: Causes) -> Problem:
    place, run_id = attempt.place, attempt.run_id
    ended = causes.of(instance, run_id)
    key = dg.AssetKey.from_user_string(place.asset)
    step = graph.assets_def_for_key(key).node_def.name
    cause = ended.steps.get(step)
    if cause is None and not ended.steps:
        return Problem(Kind.FAILURE, place, _DIED, ended.message or _DIED, AGAIN, run_id, shared=True)
    if cause is None:
        return Problem(Kind.FAILURE, place, "upstream", _NOT_TRIED, AGAIN, run_id, follows=True)
    if cause.of_source:
        name = f"source {graph.get(key).metadata.get(SOURCE, place.asset)} is unavailable"
        return Problem(Kind.FAILURE, place, name, cause.reason, mend_of_failure(cause, place), run_id, shared=True)
    return Problem(
        Kind.FAILURE, place, cause.error, cause.reason, mend_of_failure(cause, place), run_id, follows=cause.follows
    )


def _early(graph: AssetGraph, failures: Sequence[Problem], now: datetime) -> set[Place]:
    """Where failures say nothing yet: the source need not, or cannot, have the day by now; what follows, too."""
    behind = days_behind(graph)
    early = {one.place for one in failures if _is_early(graph, behind, one, now)}
    runs = {one.run_id for one in failures if one.place in early}
    runs -= {one.run_id for one in failures if not one.follows and one.place not in early}
    upstream = upstream_of(graph) if early else {}

    def follows(one: Problem) -> bool:
        if one.place.day is None:
            return one.run_id in runs
        return any(Place(asset, one.place.day) in early for asset in upstream[one.place.asset])

    return early | {one.place for one in failures if early and one.follows and follows(one)}


def _is_early(graph: AssetGraph, behind: Mapping[dg.AssetKey, int], problem: Problem, now: datetime) -> bool:
    """Whether the source was away before the morning after the day, or anything failed before it can have the day."""
    key, day = dg.AssetKey.from_user_string(problem.place.asset), problem.place.day
    days = graph.get(key).partitions_def
    if day is None or not isinstance(days, dg.TimeWindowPartitionsDefinition):
        return False
    local = now.astimezone(ZoneInfo(days.timezone)).replace(tzinfo=None)
    if behind[key]:
        return day > local.date() - timedelta(days=behind[key])
    source_was_away = problem.shared and problem.cause != _DIED
    return source_was_away and day >= (local - _MORNING).date()


def _late(instance: dg.DagsterInstance, graph: AssetGraph, window: Window, now: datetime) -> list[Problem]:
    """Days that should be there by their asset's policy, later than the first day that is.

    Dagster's own state of freshness looks at the newest materialization of any day, so that today's hourly one would
    hide that yesterday is missing.
    """
    found = []
    for key in graph.toposorted_asset_keys:
        policy = graph.get(key).freshness_policy
        if not isinstance(policy, CronFreshnessPolicy):
            continue
        deadline = get_latest_completed_cron_tick(policy.deadline_cron, now, policy.timezone)
        due = deadline.date() - timedelta(days=1)
        days = [day for day in window.days() if day <= due]
        there = materialized_days(instance, key, map(str, days))
        for day in days:
            if there and str(day) not in there and str(day) > min(there):
                place = Place(key.to_user_string(), day)
                reason = f"{place.asset} of {day} was due by {deadline:%H:%M} ({policy.timezone}) the day after"
                found.append(Problem(Kind.LATE, place, "late", reason, mend_of_late(place)))
    return found
