"""The healing sensor: finds what is not ok and requests exactly that, with patience, and says when it gave up.

Watching and remembering belongs here. What is wrong is told by `health`, what to request is decided by `remedies`.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.scheduler.instigation import InstigatorStatus, InstigatorType, SensorInstigatorData
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES, RunsFilter

from retail_platform.automation.alerts.messages import plain
from retail_platform.automation.health import examine
from retail_platform.automation.lineage import is_daily
from retail_platform.automation.liveness import end_dead_runs, own_tag
from retail_platform.automation.remedies import Decision, Kinship, Place, Rules, Situation, Tried, decide
from retail_platform.automation.requests import ASKED_BY_TAG, COMMAND_TAG, held, run_days, run_requests
from retail_platform.automation.verdicts import get_runs
from retail_platform.retailer import Retailer
from retail_platform.sources.mapping.source import Mapping as MappingSource
from retail_platform.windows import Window

NAME = "healing"
_SECONDS_BETWEEN_TICKS = 30
_RUNS_AT_ONCE = 4
_MORNING = timedelta(hours=6)
"""The night's deliveries and the schedule of 5 o'clock come first."""


@dataclass(frozen=True)
class GaveUp:
    """A day of an asset (None: a table without days) that healing tries no more."""

    asset: str
    day: date | None
    attempts: int
    reason: str


@dataclass(frozen=True)
class Memory:
    """What the sensor keeps between ticks, in its cursor.

    Attributes:
        code: of platform and mapping; with other code everything may be tried again.
    """

    code: str
    tried: dict[Place, Tried]
    gave_up: list[GaveUp]

    def to_text(self) -> str:
        """As a cursor."""
        tried = [[key.to_user_string(), _text(day), *_values(one)] for (key, day), one in self.tried.items()]
        gave_up = [[one.asset, _text(one.day), one.attempts, one.reason] for one in self.gave_up]
        return json.dumps({"code": self.code, "tried": tried, "gave_up": gave_up})

    @classmethod
    def from_text(cls, text: str | None) -> "Memory":
        """Of a cursor; None, or cleared by hand: nothing was tried yet."""
        if not text:
            return cls("", {}, [])
        kept = json.loads(text)
        tried = {(dg.AssetKey.from_user_string(name), _day(day)): Tried(*rest) for name, day, *rest in kept["tried"]}
        return cls(kept["code"], tried, [GaveUp(name, _day(day), *rest) for name, day, *rest in kept["gave_up"]])


def build(retailer: Retailer) -> dg.SensorDefinition:
    """The sensor; switched off until somebody switches it on, like the schedules."""

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=max(1, min(_SECONDS_BETWEEN_TICKS, int(retailer.settings.heal_backoff))),
        default_status=dg.DefaultSensorStatus.STOPPED,
        asset_selection=dg.AssetSelection.all(),
        description="Days that are missing, failed, incomplete or stale are made again, oldest first.",
    )
    def healing(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        assert context.repository_def is not None
        graph = context.repository_def.asset_graph
        ended = end_dead_runs(context.instance)
        if ended:
            context.log.warning(f"{len(ended)} runs ended whose process is gone: {', '.join(ended)}")
        memory = recalled(context.cursor, retailer)
        window, decision = look(context.instance, graph, retailer, memory.tried, datetime.now(UTC))
        if window is None:
            why = "nothing was ever materialized of a day that is over: fill the lake once, then it is kept whole"
            return dg.SensorResult(skip_reason=why)
        kept = _remembered(decision, memory.code, retailer.settings.secrets())
        return dg.SensorResult(
            run_requests=run_requests(decision.requests, asked_by=NAME),
            skip_reason=None if decision.requests else _told(kept, window),
            cursor=kept.to_text(),
        )

    return healing


def gave_up(instance: dg.DagsterInstance) -> list[GaveUp]:
    """What healing tries no more, as of its newest tick; nothing where it is switched off."""
    found: list[GaveUp] = []
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        data = state.instigator_data
        on = state.status is not InstigatorStatus.STOPPED
        if state.instigator_name == NAME and on and isinstance(data, SensorInstigatorData):
            found += Memory.from_text(data.cursor).gave_up
    return found


def heal_window(instance: dg.DagsterInstance, graph: AssetGraph, retailer: Retailer, now: datetime) -> Window | None:
    """The days to keep whole: the newest that are over, from the first that was ever made on; None: there are none.

    A day is left to the schedules until the morning after it.
    """
    local = now.astimezone(ZoneInfo(retailer.timezone))
    last = (local.replace(tzinfo=None) - _MORNING).date() - timedelta(days=1)
    last = min(last, retailer.last_day or last)
    roots = [key for key in graph.materializable_asset_keys if is_daily(graph, key)]
    made = {day for key in roots for day in instance.get_materialized_partitions(key)}
    if not made:
        return None
    first = max(
        last - timedelta(days=retailer.settings.heal_days - 1), retailer.first_day, date.fromisoformat(min(made))
    )
    return Window(first, last) if first <= last else None


def look(
    instance: dg.DagsterInstance, graph: AssetGraph, retailer: Retailer, tried: dict[Place, Tried], now: datetime
) -> tuple[Window | None, Decision]:
    """See how things stand, and decide; also the days that were looked at, None where nothing was ever made."""
    window = heal_window(instance, graph, retailer, now)
    if window is None:
        return None, Decision([], tried, [])
    holding = held(instance, graph)  # before the states: what ends in between is looked at the next time
    unhealthy = examine(instance, graph, retailer, window).unhealthy
    runs = get_runs(instance, {one.run_id for one in unhealthy if one.run_id})
    own = {run_id for run_id, run in runs.items() if own_tag(run, ASKED_BY_TAG) == NAME}
    under_way = instance.get_runs(RunsFilter(tags={ASKED_BY_TAG: NAME}, statuses=NOT_FINISHED_STATUSES))
    situation = Situation(
        unhealthy,
        holding,
        under_way=len([run for run in under_way if own_tag(run, ASKED_BY_TAG)]),
        broad=frozenset(run_id for run_id, run in runs.items() if is_broad(run)),
        foreign=frozenset(run_id for run_id, run in runs.items() if run_id not in own and COMMAND_TAG not in run.tags),
    )
    settings = retailer.settings
    rules = Rules(settings.heal_attempts, settings.heal_backoff, _RUNS_AT_ONCE, settings.days_per_run)
    return window, decide(Kinship(graph), situation, tried, rules, now.timestamp())


def is_broad(run: dg.DagsterRun) -> bool:
    """Whether a run of several days failed; one that only checked made none of them fail."""
    days = run_days(run)
    failed = run.status is dg.DagsterRunStatus.FAILURE and COMMAND_TAG not in run.tags
    return failed and days is not None and len(days) > 1


def recalled(cursor: str | None, retailer: Retailer) -> Memory:
    """What was tried with the code of now."""
    memory, code = Memory.from_text(cursor), code_of(retailer)
    return memory if memory.code == code else Memory(code, {}, [])


def code_of(retailer: Retailer) -> str:
    """A fingerprint of what may turn a day that fails into one that succeeds: the platform's code and the mapping."""
    source = retailer.source
    return _code_of(source.folder if isinstance(source, MappingSource) else None)


def _code_of(mapping: Path | None) -> str:
    found = sha256(_code_of_platform().encode())
    for path in sorted(mapping.iterdir()) if mapping else []:
        if path.suffix in (".toml", ".sql"):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:16]


@lru_cache(maxsize=1)
def _code_of_platform() -> str:
    found = sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


def _remembered(decision: Decision, code: str, secrets: Collection[str]) -> Memory:
    given_up = [
        GaveUp(
            one.asset,
            one.day,
            decision.memory[dg.AssetKey.from_user_string(one.asset), one.day].attempts,
            plain(one.reason, secrets),
        )
        for one in decision.given_up
    ]
    return Memory(code, decision.memory, given_up)


def _told(memory: Memory, window: Window) -> str:
    if not memory.tried:
        return f"{window}: all is well, or under way"
    waiting = len(memory.tried) - len(memory.gave_up)
    parts = [f"{waiting} wait for their next attempt or its end"] if waiting else []
    parts += [
        f"gave up {one.asset}{f' of {one.day}' if one.day else ''} after {one.attempts} attempts: {one.reason}"
        for one in memory.gave_up[:3]
    ]
    return f"{window}: " + "; ".join(parts)


def _values(tried: Tried) -> list[int | float | str | None]:
    return [tried.attempts, tried.at, tried.run_id]


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
