"""What is known of each asset's days: ok, missing, failed, incomplete, stale or running. The one place that says so.

It is told from Dagster's records, never from the lake: an empty day is not a missing one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from retail_platform.automation.lineage import daily_parents, days_behind, is_daily
from retail_platform.automation.records import Records, read_records, read_times
from retail_platform.automation.requests import backfilled
from retail_platform.partitions import LookBack
from retail_platform.retailer import Retailer
from retail_platform.windows import Window


class State(StrEnum):
    """What is known of a day of an asset, or of a table without days; the worst last."""

    OK = "ok"
    RUNNING = "running"
    """A run or backfill that is to make it is queued or under way."""
    STALE = "stale"
    """Made, and something that it was made from was made again since."""
    MISSING = "missing"
    """Never made."""
    INCOMPLETE = "incomplete"
    """Made, and a check of it says ERROR or blocks; or read before the day was over."""
    FAILED = "failed"
    """The newest run that was to make it failed."""

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return list(State).index(self)


@dataclass(frozen=True)
class Unhealthy:
    """A day of an asset (None: of a table without days) that is not ok, and why.

    Attributes:
        run_id: the run that failed, is under way, or evaluated the check; None where there is none.
    """

    asset: str
    day: date | None
    state: State
    reason: str
    run_id: str | None


@dataclass(frozen=True)
class DayStates:
    """Days of one asset within a window, by state; a stale, incomplete or running day may be materialized, too."""

    asset: str
    group: str
    materialized: list[str]
    failed: list[str]
    missing: list[str]
    stale: list[str]
    incomplete: list[str]
    running: list[str]


@dataclass(frozen=True)
class Health:
    """What is known of all assets over a window.

    Attributes:
        unhealthy: days in the order of the graph, then oldest first; tables without days among them.
        made: days of the window that each daily asset has a materialization of.
    """

    window: Window
    unhealthy: list[Unhealthy]
    made: Mapping[str, frozenset[date]]


def unhealthy(instance: dg.DagsterInstance, graph: AssetGraph, retailer: Retailer, window: Window) -> list[Unhealthy]:
    """Everything that is not ok, within a window of days and among the tables without days."""
    return examine(instance, graph, retailer, window).unhealthy


def examine(instance: dg.DagsterInstance, graph: AssetGraph, retailer: Retailer, window: Window) -> Health:
    """The health of all assets over a window of days.

    A day is missing only from when its source can have it. A table without days is missing only where all that it is
    made from is there or, where it is delivered, anything was made; and stale only where a table, or a day of the
    window, that it is made from is newer.
    """
    records = read_records(instance, graph, window)
    in_backfills = backfilled(instance, graph)
    judge = _Judge(instance, graph, records, window, in_backfills, retailer.today(), days_behind(graph))
    early = _read_early(instance, graph, retailer, records, window)
    found = list[Unhealthy]()
    for key in records.made:
        for day in window.days() if is_daily(graph, key) else [None]:
            if one := judge.state(key, day) or early.get((key, day)) or judge.stale(key, day):
                found.append(one)
    made = {
        key.to_user_string(): frozenset(day for day in window.days() if day in days)
        for key, days in records.made.items()
        if is_daily(graph, key)
    }
    return Health(window, found, made)


def day_states(health: Health, graph: AssetGraph) -> list[DayStates]:
    """The days of all daily assets by state, in the order of the graph; one that failed after it was made failed."""
    by_asset: dict[str, dict[State, list[date]]] = {}
    for one in health.unhealthy:
        if one.day is not None:
            by_asset.setdefault(one.asset, {}).setdefault(one.state, []).append(one.day)
    found = []
    for asset, made in health.made.items():
        days = by_asset.get(asset, {})
        by_state = {state.value: [str(day) for day in days.get(state, [])] for state in _SHOWN}
        there = [str(day) for day in sorted(made - set(days.get(State.FAILED, ())))]
        group = graph.get(dg.AssetKey.from_user_string(asset)).group_name
        found.append(DayStates(asset, group, there, **by_state))
    return found


_SHOWN = (State.FAILED, State.MISSING, State.STALE, State.INCOMPLETE, State.RUNNING)


@dataclass(frozen=True)
class _Judge:
    """The rules by which records become states."""

    instance: dg.DagsterInstance
    graph: AssetGraph
    records: Records
    window: Window
    in_backfills: Mapping[dg.AssetKey, frozenset[date | None]]
    today: date
    behind: Mapping[dg.AssetKey, int]
    _windows: dict[dg.AssetKey, dict[dg.AssetKey, LookBack | None]] = field(default_factory=dict)

    def state(self, key: dg.AssetKey, day: date | None) -> Unhealthy | None:
        """Running, failed, missing, or failing a check: what one can tell of an asset by itself.

        Of a day that its source cannot have yet nothing is wrong, though somebody tried.
        """
        asset = key.to_user_string()
        run = self.records.runs.get(self.records.tried[key].get(day, ""))
        if run is not None and not run.is_finished:
            return Unhealthy(
                asset, day, State.RUNNING, f"run {run.run_id[:8]} is {run.status.value.lower()}", run.run_id
            )
        if day in self.in_backfills.get(key, ()):
            return Unhealthy(asset, day, State.RUNNING, "a backfill is to make it", None)
        there = day in self.records.made[key]
        if not there and day is not None and self.behind[key] and day > self.today - timedelta(days=self.behind[key]):
            return None
        if run is not None and run.status is dg.DagsterRunStatus.FAILURE:
            reason = self.records.why_failed(self.instance, run.run_id, asset)
            return Unhealthy(asset, day, State.FAILED, reason, run.run_id)
        if not there:
            missing = day is not None or self._could_be(key)
            return Unhealthy(asset, day, State.MISSING, "never materialized", None) if missing else None
        if failing := self.records.checks.get(key, {}).get(day):
            return Unhealthy(asset, day, State.INCOMPLETE, failing.reason, failing.run_id)
        return None

    def stale(self, key: dg.AssetKey, day: date | None) -> Unhealthy | None:
        """Whether something that a day was made from is newer than it."""
        own = self.records.made[key].get(day)
        if own is None:
            return None
        for parent in sorted(self.graph.get(key).parent_keys & self.records.made.keys()):
            newer = [one for one in self._read(key, parent, day) if self.records.made[parent].get(one, 0) > own]
            if newer:
                which = "" if newer[0] is None else f" of {newer[0]}" + (" and others" if len(newer) > 1 else "")
                reason = f"{parent.to_user_string()}{which} was made again since"
                return Unhealthy(key.to_user_string(), day, State.STALE, reason, None)
        return None

    def _read(self, key: dg.AssetKey, parent: dg.AssetKey, day: date | None) -> list[date | None]:
        """The days of a parent that a day is made from, as far as their being made again makes it stale."""
        if not is_daily(self.graph, parent):
            return [None] if day is None else []  # stores and prices change every day; days keep those of their time
        if day is None:
            return list(self.window.days())
        if key not in self._windows:
            self._windows[key] = dict(daily_parents(self.graph, key))
        window = self._windows[key][parent]
        return [*window.looked_at(day)] if window else [day]

    def _could_be(self, key: dg.AssetKey) -> bool:
        """Whether a table without days can be made."""
        parents = self.graph.get(key).parent_keys & self.records.made.keys()
        if parents:
            return all(self.records.made[parent] for parent in parents)
        return any(self.records.made.values())  # a delivered table is missing once anything was ever made


def _read_early(
    instance: dg.DagsterInstance, graph: AssetGraph, retailer: Retailer, records: Records, window: Window
) -> dict[tuple[dg.AssetKey, date | None], Unhealthy]:
    """Deliveries that were read before their day was over, and never since: what came later is not in them."""
    zone = ZoneInfo(retailer.timezone)
    over = [day for day in window.days() if day < retailer.today()]
    found: dict[tuple[dg.AssetKey, date | None], Unhealthy] = {}
    for key in records.made:
        if not is_daily(graph, key) or any(is_daily(graph, parent) for parent in graph.get(key).parent_keys):
            continue
        for day, at in read_times(instance, key, over).items():
            if at < datetime.combine(day + timedelta(days=1), datetime.min.time(), zone):
                reason = f"read at {at.astimezone(zone):%Y-%m-%d %H:%M}, before the day was over"
                found[key, day] = Unhealthy(key.to_user_string(), day, State.INCOMPLETE, reason, None)
    return found
