"""Running asset checks on what is there, without materializing anything.

Which days and tables are checked belongs here; what a check compares is `quality`'s business.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.errors import DagsterAssetCheckFailedError

from retail_platform.automation.ranges import (
    JOB,
    code_location,
    range_tags,
    select,
    step_failure_reason,
)
from retail_platform.partitions import materialized_days
from retail_platform.windows import Window, chunks, unbroken

_COMMAND = {"retail/command": "check"}


@dataclass(frozen=True)
class Result:
    """One evaluation of one check; `day` is None for a table without days."""

    table: str
    check: str
    day: date | None
    passed: bool
    severity: str
    description: str

    @property
    def level(self) -> str:
        """`ok`, `WARN` or `ERROR`."""
        return "ok" if self.passed else self.severity


@dataclass(frozen=True)
class Checked:
    """What checks found, and what they could not look at.

    Attributes:
        results: one for each check and day.
        missing: days of each checked daily table that are not materialized; tables without days are there or not:
            an empty tuple of days.
        unchecked: selected tables that have no checks.
    """

    results: list[Result]
    missing: dict[str, tuple[date, ...]]
    unchecked: list[str]

    def whole_window_missing(self, window: Window) -> list[str]:
        """Tables of which no day of a window is there."""
        return [table for table, days in self.missing.items() if len(days) == len(window)]


def run_checks(
    instance: dg.DagsterInstance,
    window: Window,
    *,
    selection: str = "*",
    days_per_run: int = 31,
    repository: ReconstructableRepository | None = None,
    on_run: Callable[[Window | None], None] = lambda _: None,
) -> Checked:
    """Evaluate the checks of the selected assets on the days of a window that are materialized.

    Raises:
        ValueError: the selection cannot be read or names no asset.
    """
    repository = repository or code_location()
    graph = repository.get_definition().asset_graph
    by_days: dict[tuple[Window | None, ...], set[dg.AssetCheckKey]] = {}
    missing: dict[str, tuple[date, ...]] = {}
    unchecked: list[str] = []
    for key in sorted(select(graph, selection), key=dg.AssetKey.to_user_string):
        checks = graph.get_check_keys_for_assets({key})
        if not checks:
            unchecked.append(key.to_user_string())
            continue
        wanted = window if graph.get(key).partitions_def is not None else None
        there = _materialized(instance, key, wanted)
        by_days.setdefault(there, set()).update(checks)
        absent = _absent(there, wanted)
        if absent or not there:
            missing[key.to_user_string()] = absent
    results: list[Result] = []
    for ranges, checks in by_days.items():
        job = ReconstructableJob(repository, JOB).get_subset(asset_selection=set(), asset_check_selection=checks)
        for days in ranges:
            for part in [None] if days is None else chunks(days, days_per_run):
                results += _evaluate(job, instance, checks, part)
                on_run(part)
    results.sort(key=lambda result: (result.table, result.check, result.day or date.min))
    return Checked(results, missing, unchecked)


def _absent(there: tuple[Window | None, ...], wanted: Window | None) -> tuple[date, ...]:
    if wanted is None:
        return ()
    return tuple(day for day in wanted.days() if not any(days and day in days for days in there))


def _materialized(instance: dg.DagsterInstance, key: dg.AssetKey, window: Window | None) -> tuple[Window | None, ...]:
    """The unbroken ranges of days that are materialized; (None,) for a whole table that is."""
    if window is None:
        return (None,) if instance.get_latest_materialization_event(key) else ()
    there = materialized_days(instance, key, (str(day) for day in window.days()))
    return tuple(unbroken(sorted(date.fromisoformat(day) for day in there)))


def _evaluate(
    job: ReconstructableJob, instance: dg.DagsterInstance, checks: set[dg.AssetCheckKey], days: Window | None
) -> list[Result]:
    loggers = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.execute_job(job, instance=instance, tags=range_tags(days) | _COMMAND, run_config=loggers) as result:
        found = [
            _result(event.asset_check_evaluation_data)
            for event in result.all_events
            if event.event_type_value == dg.DagsterEventType.ASSET_CHECK_EVALUATION.value
        ]
        broken = [
            Result(
                str(event.step_key),
                "execution",
                days.first if days else None,
                False,
                "ERROR",
                step_failure_reason(event),
            )
            for event in result.all_events
            if event.is_step_failure and not _is_a_verdict(event)
        ]
        judged = {_place(one) for one in found}
        silent = [] if broken else [one for one in _not_judged(checks, days) if _place(one) not in judged]
    return found + broken + silent


def _not_judged(checks: Iterable[dg.AssetCheckKey], days: Window | None) -> list[Result]:
    """What a run was to judge: an ERROR each, for where it did not."""
    said = "was not judged: the run's log in the UI says why"
    return [
        Result(key.asset_key.to_user_string(), key.name, day, False, "ERROR", said)
        for key in sorted(checks, key=str)
        for day in (days.days() if days else [None])
    ]


def _place(result: Result) -> tuple[str, str, date | None]:
    return result.table, result.check, result.day


def _is_a_verdict(event: dg.DagsterEvent) -> bool:
    """Whether the step failed because a blocking check did, which is told by the check itself."""
    error = event.step_failure_data.error
    while error is not None:
        if error.cls_name == DagsterAssetCheckFailedError.__name__:
            return True
        error = error.cause
    return False


def _result(evaluation: dg.AssetCheckEvaluation) -> Result:
    return Result(
        table=evaluation.asset_key.to_user_string(),
        check=evaluation.check_name,
        day=date.fromisoformat(evaluation.partition) if evaluation.partition else None,
        passed=evaluation.passed,
        severity=evaluation.severity.value,
        description=evaluation.description or "",
    )
