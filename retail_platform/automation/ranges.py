"""The one code path that executes ranges of days, for the CLI, benchmarks and drills.

Which asset waits for which, how days are cut into runs, and what happens when one fails belongs here. Everything
goes through Dagster runs of the code location, so that the UI knows it.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import cast

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.errors import DagsterAssetCheckFailedError
from dagster._core.execution.execution_result import ExecutionResult
from dagster_shared.error import SerializableErrorInfo

from retail_platform.automation.lineage import is_daily, look_back, made_again, reached
from retail_platform.automation.liveness import end_dead_runs, worker_tags
from retail_platform.automation.verdicts import failing_of_tables
from retail_platform.windows import Window, chunks, unbroken

ATTEMPT_TAG = "retail/attempt"
RANGE_TAG = "retail/range"
"""The whole range that a run is a part of: its other runs follow, and nobody else should begin its days."""
RANGE_OVER_TAG = "retail/range_over"
"""Of the last run of a range: no other follows."""
_MODULE, _ATTRIBUTE, JOB = "retail_platform.definitions", "defs", "__ASSET_JOB"
_Made = dict[dg.AssetKey, set[date]]
_RANGE_START, _RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@dataclass(frozen=True)
class Phase:
    """Assets that may run together, over the whole range, before the next phase begins.

    Attributes:
        only: the days, where they are not all days of the range; those that it reaches are then among them.
    """

    keys: tuple[dg.AssetKey, ...]
    daily: bool
    only: tuple[date, ...] | None = None


@dataclass(frozen=True)
class Failure:
    """Days (None: a table without days) that failed, with the first reason."""

    window: Window | None
    asset: str
    reason: str


@dataclass
class Outcome:
    """What became of a range: rows written by asset, failures, what was tried again day by day, and the runs."""

    rows: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    split: list[Failure] = field(default_factory=list)
    run_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """A run that is over, for a progress display: its days, the rows it wrote, whether it succeeded."""

    phase: int
    phases: int
    window: Window | None
    rows: int
    success: bool


def code_location(working_directory: str | None = None) -> ReconstructableRepository:
    """The code location as something that a run can load again."""
    return ReconstructableRepository.for_module(_MODULE, _ATTRIBUTE, working_directory)


_OUR_ERROR = re.compile(r"^retail_platform\.[\w.]+: ")  # its message says enough
_WRAPPINGS = ("Dagster", "RetryRequested")
_BARE_NAME = re.compile(r'"[^"]*"|\w+:[^\s()]+|\b(?:and|or|not)\b|\w+\s*\(|[A-Za-z_]\w*')


def _as_key(term: re.Match[str]) -> str:
    """`key:"name"` for a bare name: alone, Dagster would read `+name` as one step upstream, not all."""
    text = term[0]
    return f'key:"{text}"' if text.isidentifier() and text not in ("and", "or", "not") else text


def select(graph: AssetGraph, selection: str) -> set[dg.AssetKey]:
    """The assets that a selection string names, as `+daily_metrics` or `group:sales`.

    A validated table and its quarantine are made by one step: who names one gets both.

    Raises:
        ValueError: the string cannot be read or selects nothing.
    """
    if selection == "*":
        return set(graph.materializable_asset_keys)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)  # of Dagster's own parser
            keys = dg.AssetSelection.from_string(_BARE_NAME.sub(_as_key, selection)).resolve(graph)
    except Exception as error:  # the parser raises whatever it meets; each means that the string is wrong
        raise ValueError(
            f"the selection {selection!r} cannot be read: {error}. Write assets as +daily_metrics (with upstream), "
            "groups as group:sales, and join several by `and`, `or` and `not`"
        ) from error
    if not keys:
        names = sorted(key.to_user_string() for key in graph.materializable_asset_keys)
        near = get_close_matches(selection.strip('+*" '), names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise ValueError(f"the selection {selection!r} names no asset; {hint}")
    return {made for key in keys for made in graph.get(key).execution_set_asset_keys}


def phases(graph: AssetGraph, keys: set[dg.AssetKey]) -> list[Phase]:
    """Cut a selection into phases.

    A table without days and a table with days are never in one phase; nor is an asset that reads a window of days
    together with what it reads, so that order and size of chunks cannot matter.
    """
    level: dict[dg.AssetKey, int] = {}
    for key in graph.toposorted_asset_keys:
        if key not in graph.materializable_asset_keys:
            continue
        node = graph.get(key)
        daily = is_daily(graph, key)
        level[key] = int(daily)  # tables without days come first, where nothing says otherwise
        for parent in node.parent_keys & level.keys():
            apart = daily != is_daily(graph, parent) or look_back(graph, key, parent) is not None
            level[key] = max(level[key], level[parent] + int(apart))
    found: dict[tuple[int, bool], list[dg.AssetKey]] = {}
    for key in graph.toposorted_asset_keys:
        if key in keys:
            found.setdefault((level[key], not is_daily(graph, key)), []).append(key)
    return [Phase(tuple(members), not whole) for (_, whole), members in sorted(found.items())]


def cut(phase: Phase, wanted: Mapping[dg.AssetKey, Iterable[date | None]]) -> list[Phase]:
    """A phase, cut where days want different assets of it."""
    if not phase.daily:
        return [phase]
    days = {key: set(wanted[key]) for key in phase.keys}
    by_assets: dict[tuple[dg.AssetKey, ...], list[date]] = {}
    for day in sorted({day for of in days.values() for day in of if day is not None}):
        by_assets.setdefault(tuple(key for key in phase.keys if day in days[key]), []).append(day)
    return [Phase(keys, daily=True, only=tuple(of)) for keys, of in by_assets.items()]


@dataclass(frozen=True)
class Plan:
    """What is to run: phases over a window, in runs of at most `days_per_run` days."""

    repository: ReconstructableRepository
    phases: tuple[Phase, ...]
    window: Window
    days_per_run: int

    @property
    def days(self) -> int:
        """Days over all phases; a phase without days counts as one."""
        return sum(len(self.days_of(phase)) if phase.daily else 1 for phase in self.phases)

    def days_of(self, phase: Phase) -> list[date]:
        """The days of a daily phase, in order."""
        return list(self.window.days() if phase.only is None else phase.only)


def plan_range(
    selection: str, window: Window, days_per_run: int = 31, repository: ReconstructableRepository | None = None
) -> Plan:
    """Plan a selection of assets over a window.

    Raises:
        ValueError: the selection cannot be read or names no asset.
    """
    repository = repository or code_location()
    graph = repository.get_definition().asset_graph
    return Plan(repository, tuple(phases(graph, select(graph, selection))), window, days_per_run)


def execute_range(
    instance: dg.DagsterInstance,
    plan: Plan,
    *,
    on_step: Callable[[Step], None] = lambda _: None,
    log_level: str = "CRITICAL",
) -> Outcome:
    """Materialize assets over a range of days, phase by phase, in runs of several days.

    A run is all or nothing; one of several days that fails is tried again as single days, so that one bad day never
    holds back the others. Where a table without days fails that is there from before, days go on with it.

    Days after the range that are there and look at days of it that were made are made again, with what is made from
    them, so that the order in which ranges are materialized does not matter.

    Args:
        instance: Dagster's instance.
        plan: of `plan_range`.
        on_step: told of each run that is over and is not tried again.
        log_level: of Dagster's log on the console.
    """
    end_dead_runs(instance)  # of a range that was killed
    job = ReconstructableJob(plan.repository, JOB)
    outcome = Outcome()
    made: _Made = {}

    def run(phase: Phase, number: int, days: Window | None, attempt: int) -> bool:
        with dg.execute_job(
            job,
            instance=instance,
            asset_selection=list(phase.keys),
            tags=range_tags(days)
            | {ATTEMPT_TAG: str(attempt), RANGE_TAG: f"{plan.window.first}..{plan.window.last}"}
            | worker_tags(),
            run_config={"loggers": {"console": {"config": {"log_level": log_level}}}},
        ) as result:
            rows = _rows(result)
            again = not result.success and days is not None and len(days) > 1
            outcome.run_ids.append(result.run_id)
            _add_made(made, result)
            for asset, count in () if again else rows.items():
                outcome.rows[asset] = outcome.rows.get(asset, 0) + count
            (outcome.split if again else outcome.failures).extend(_failures(result, days))
            if not again:
                on_step(Step(number, len(plan.phases), days, sum(rows.values()), result.success))
            return result.success

    try:
        _run_phases(instance, plan, run, made)
    finally:
        if outcome.run_ids:
            instance.add_run_tags(outcome.run_ids[-1], {RANGE_OVER_TAG: "true"})
    return outcome


def _run_phases(
    instance: dg.DagsterInstance, plan: Plan, run: Callable[[Phase, int, Window | None, int], bool], made: _Made
) -> None:
    lost: set[date] = set()  # days that lack what a later phase is made from: it could only fail over them again
    for number, phase in enumerate(plan.phases, 1):
        if not phase.daily:
            if not run(phase, number, None, 1) and not _are_usable(instance, plan, phase):
                break  # everything after it reads these tables
            continue
        for part in [phase] if phase.only is not None else _with_reached(instance, plan, phase, made):
            windows = unbroken(day for day in plan.days_of(part) if day not in lost)
            for days in (one for window in windows for one in chunks(window, plan.days_per_run)):
                if run(part, number, days, 1):
                    continue
                single = [Window(day, day) for day in days.days()] if len(days) > 1 else []
                failed = {day.first for day in single if not run(part, number, day, 2)} if single else {days.first}
                lost |= {day for day in failed if _holds_back(plan, part, number, day, made)}


def _holds_back(plan: Plan, phase: Phase, number: int, day: date, made: _Made) -> bool:
    """Whether a later phase is made from what a day that failed lacks; nobody waits for the weather."""
    graph = plan.repository.get_definition().asset_graph
    lacking = {key for key in phase.keys if day not in made.get(key, ())}
    waiting, below = list(lacking), set[dg.AssetKey]()
    while waiting:
        found = graph.get(waiting.pop()).child_keys - below
        below |= found
        waiting += found
    return not lacking or any(key in below for later in plan.phases[number:] for key in later.keys)


def _are_usable(instance: dg.DagsterInstance, plan: Plan, phase: Phase) -> bool:
    """Whether each table of a phase is there, be it as an earlier run left it, and no check blocks it."""
    graph = plan.repository.get_definition().asset_graph
    there = all(instance.get_latest_materialization_event(key) for key in phase.keys)
    return there and not failing_of_tables(instance, graph, phase.keys)


def _with_reached(instance: dg.DagsterInstance, plan: Plan, phase: Phase, made: _Made) -> list[Phase]:
    """A phase over the range, and over later days that look at what was made of it so far."""
    graph = plan.repository.get_definition().asset_graph
    asked = set(plan.window.days())
    wanted: dict[dg.AssetKey, set[date]] = {}
    for key in phase.keys if phase.daily else ():
        later = reached(graph, key, {**made, **wanted}).keys() - asked
        wanted[key] = asked | made_again(instance, graph, key, later, wanted)
    return cut(phase, wanted)


def _add_made(made: _Made, result: ExecutionResult) -> None:
    """Add the days of each asset that a run has made, be it that others of it failed."""
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key and event.partition:
            made.setdefault(event.asset_key, set()).add(date.fromisoformat(event.partition))


def range_tags(days: Window | None) -> dict[str, str]:
    """The tags by which a run knows its days; none for tables without days."""
    if days is None:
        return {}
    if len(days) == 1:
        return {"dagster/partition": str(days.first)}
    return {_RANGE_START: str(days.first), _RANGE_END: str(days.last)}


def _rows(result: ExecutionResult) -> dict[str, int]:
    rows: dict[str, int] = {}
    for event in result.all_events:
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            name = materialization.asset_key.to_user_string()
            for label in ("dagster/partition_row_count", "dagster/row_count"):
                if label in materialization.metadata:
                    rows[name] = rows.get(name, 0) + int(cast(int, materialization.metadata[label].value))
    return rows


def _failures(result: ExecutionResult, days: Window | None) -> list[Failure]:
    found = []
    for event in result.all_events:
        if event.is_step_failure and event.step_key is not None:
            reason = _found_by_checks(result, event.step_key) or step_failure_reason(event)
            found.append(Failure(days, event.step_key, reason))
    if not result.success and not found:
        found.append(Failure(days, JOB, "the run failed before its first step: see its log in the UI"))
    return found


def _found_by_checks(result: ExecutionResult, step: str) -> str:
    """What blocking checks of a step found, the first day of each."""
    found: dict[str, str] = {}
    for event in result.all_events:
        if event.step_key == step and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            verdict = event.asset_check_evaluation_data
            if not verdict.passed and verdict.blocking and verdict.severity is dg.AssetCheckSeverity.ERROR:
                day = f" of {verdict.partition}" if verdict.partition else ""
                found.setdefault(verdict.check_name, f"check {verdict.check_name}{day} failed: {verdict.description}")
    return "; ".join(found.values())


def step_failure_reason(event: dg.DagsterEvent) -> str:
    """What the asset or the lake said, not Dagster's wrapping of it nor what had caused it."""
    stated = event.step_failure_data.user_failure_data
    if stated is not None and stated.description:
        return stated.description.strip()
    return error_reason(event.step_failure_data.error)


def error_reason(error: SerializableErrorInfo | None) -> str:
    """What our own code said, else the outermost that is not Dagster's wrapping."""
    chain = [error]
    while chain[-1] is not None and chain[-1].cause is not None:
        chain.append(chain[-1].cause)
    messages = [(error.cls_name or "", error.message.strip()) for error in chain if error is not None]
    for name, text in messages:
        if name == DagsterAssetCheckFailedError.__name__:
            return f"blocking checks failed: {_named_checks(text)}"
    ours = [_OUR_ERROR.sub("", text) for _, text in messages if _OUR_ERROR.match(text)]
    others = [text for name, text in messages if not name.startswith(_WRAPPINGS)]
    return next(iter(ours + others), "failed")


def _named_checks(message: str) -> str:
    """`table.check` of each in Dagster's message, which has a line a table, and a check as often as it has days."""
    lines = (line.partition(": ") for line in message.splitlines()[1:] if ": " in line)
    return ", ".join(f"{table}.{check}" for table, _, checks in lines for check in dict.fromkeys(checks.split(",")))
