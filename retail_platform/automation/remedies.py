"""What healing decides: from what is wrong, what was tried and what is under way to what is requested now.

Pure: no clock, no instance, no source. Watching and asking is `healing`'s business.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from retail_platform.automation.health import State, Unhealthy
from retail_platform.automation.lineage import daily_parents, is_daily
from retail_platform.automation.requests import Held, Request, in_chunks
from retail_platform.partitions import LookBack

LONGEST_PAUSE = 4 * 3600.0
"""Seconds between two attempts, at most."""

Place = tuple[dg.AssetKey, date | None]
"""An asset and a day of it; None: a table without days."""


@dataclass(frozen=True)
class Tried:
    """What is remembered of a place that healing tried to mend.

    Attributes:
        attempts: how often.
        at: when last, in seconds.
        run_id: the run that had failed by then.
    """

    attempts: int
    at: float
    run_id: str | None = None


@dataclass(frozen=True)
class Rules:
    """How patient healing is: attempts, seconds before the second, runs at once, days in a run."""

    attempts: int
    backoff: float
    runs: int
    days_per_run: int

    def due(self, tried: Tried | None, now: float) -> bool:
        """Whether a place may be tried again."""
        if tried is None:
            return True
        return now >= tried.at + min(self.backoff * 2.0 ** min(tried.attempts - 1, 60), LONGEST_PAUSE)


@dataclass(frozen=True)
class Situation:
    """What is known at a tick.

    Attributes:
        unhealthy: everything that is not ok.
        held: days that runs and backfills under way hold.
        under_way: healing's own runs that are not over.
        broad: runs of several days among those that failed: each of their days is tried by itself.
        foreign: runs among those that failed that healing had not asked for.
    """

    unhealthy: Iterable[Unhealthy]
    held: Held = field(default_factory=Held)
    under_way: int = 0
    broad: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Decision:
    """Requests, oldest first; what is to be remembered; and what was tried too often."""

    requests: list[Request]
    memory: dict[Place, Tried]
    given_up: list[Unhealthy]


class Kinship:
    """Who is made from whom on the same day, and in which turn an asset is healed.

    Tables that days look things up in come first, in turn 0, then days; an asset that looks at other days comes in a
    turn after what it looks at, with what is made from it on the same day; tables over all days come last.

    Attributes:
        last: the turn of tables over all days.
    """

    def __init__(self, graph: AssetGraph) -> None:
        self.graph = graph
        self.order = [key for key in graph.toposorted_asset_keys if graph.get(key).is_materializable]
        self.above: dict[dg.AssetKey, frozenset[dg.AssetKey]] = {}
        self.turn: dict[dg.AssetKey, int] = {}
        self.windows: dict[dg.AssetKey, frozenset[LookBack]] = {}
        over_days = set[dg.AssetKey]()
        for key in self.order:
            parents = graph.get(key).parent_keys & self.above.keys()
            alike = {parent for parent in parents if is_daily(graph, parent) == is_daily(graph, key)}
            self.above[key] = frozenset(alike.union(*(self.above[parent] for parent in alike)))
            if is_daily(graph, key):
                looks = {parent: window for parent, window in daily_parents(graph, key) if parent in alike}
                self.windows[key] = frozenset(window for window in looks.values() if window)
                turns = (self.turn[parent] + (window is not None) for parent, window in looks.items())
                self.turn[key] = max(turns, default=1)
            else:
                self.turn[key] = 0
                if alike & over_days or parents - alike:
                    over_days.add(key)
        self.last = 1 + max(self.turn.values(), default=0)
        self.turn |= dict.fromkeys(over_days, self.last)

    @cached_property
    def below(self) -> dict[dg.AssetKey, frozenset[dg.AssetKey]]:
        """Of each asset those made from it that are healed in the same turn."""
        return {
            key: frozenset(one for one in self.order if key in self.above[one] and self.turn[one] == self.turn[key])
            for key in self.order
        }

    def remedy(self, causes: Mapping[dg.AssetKey, Unhealthy], bad: AbstractSet[dg.AssetKey]) -> frozenset[dg.AssetKey]:
        """What one run makes to mend the causes of a day: them and what is made from them, as far as it can be.

        What lacks something comes from further up: it is delivered again. What is made from what stays bad is left out.
        """
        wanted = set[dg.AssetKey]()
        for key, one in causes.items():
            again = {up for up in self.above[key] if self.turn[up] == self.turn[key]} | {key}
            for start in again if one.state is State.INCOMPLETE else {key}:
                wanted |= {start} | self.below[start]
        found = set[dg.AssetKey]()
        for key in self.order:
            if key in wanted and not (self.above[key] & bad) - found:
                found |= self.graph.get(key).execution_set_asset_keys
        return frozenset(found)

    def looked_at(self, key: dg.AssetKey, day: date, one: Unhealthy) -> set[date]:
        """The days that mending a day looks at, itself among them."""
        windows = {window for made in self.remedy({key: one}, frozenset()) for window in self.windows[made]}
        return {day}.union(*(window.looked_at(day) for window in windows))


def decide(kinship: Kinship, situation: Situation, memory: Mapping[Place, Tried], rules: Rules, now: float) -> Decision:
    """What to request now.

    A day that a run or backfill holds is never requested; what failed waits twice as long each time; what failed too
    often is given up, until it is ok again, or somebody else's run of it fails anew. Tables wait for days, and a day
    waits for the other days that it looks at, as long as those are under way or about to be.
    """
    bad: dict[Place, Unhealthy] = {}
    for one in situation.unhealthy:
        bad[dg.AssetKey.from_user_string(one.asset), one.day] = one
    known = {
        place: tried
        for place, tried in memory.items()
        if (not _anew(bad[place], tried, situation) if place in bad else _is_held(place, situation.held))
    }
    causes = {
        place: one
        for place, one in bad.items()
        if one.state is not State.RUNNING and not any((up, place[1]) in bad for up in kinship.above[place[0]])
    }
    alone = {place for place, one in causes.items() if one.run_id in situation.broad}  # to be tried by itself, at once
    spent = {place for place in causes if place in known and known[place].attempts >= rules.attempts} - alone
    ready = {
        place: one
        for place, one in causes.items()
        if place in alone or (place not in spent and rules.due(known.get(place), now))
    }
    chosen = _Tick(kinship, situation, rules, bad, known, ready).requests()
    for request in chosen:
        for day in request.days.days() if request.days else [None]:
            for key in request.assets:
                if (key, day) in ready:
                    attempts = known[key, day].attempts if (key, day) in known else 0
                    known[key, day] = Tried(attempts + 1, now, ready[key, day].run_id)
    return Decision(chosen, known, [causes[place] for place in causes if place in spent])


def _anew(one: Unhealthy, tried: Tried, situation: Situation) -> bool:
    """Whether somebody else tried since: a delivery came, or a person mended something."""
    return one.run_id is not None and one.run_id != tried.run_id and one.run_id in situation.foreign


def _is_held(place: Place, held: Held) -> bool:
    """Whether a place that is well by now may be so only until its run's checks have judged it."""
    return held.whole if place[1] is None else place[1] in held.days


@dataclass(frozen=True)
class _Tick:
    """What may begin now, of what is ready to be tried."""

    kinship: Kinship
    situation: Situation
    rules: Rules
    bad: Mapping[Place, Unhealthy]
    known: Mapping[Place, Tried]
    ready: Mapping[Place, Unhealthy]

    def requests(self) -> list[Request]:
        """The requests, oldest first, no more than there is room for."""
        room = max(0, self.rules.runs - self.situation.under_way)
        tables, *turns, totals = (self._of_turn(number) for number in range(self.kinship.last + 1))
        running = {self.kinship.turn[key] for (key, _), one in self.bad.items() if one.state is State.RUNNING}
        if 0 in running or not room:
            return []
        if tables:
            return self._of_tables(tables)
        unsettled = set[date]()
        found: list[Request] = []
        for places in turns:
            found += self._of_days(self._settled(places, unsettled | self.situation.held.days))
            unsettled |= {day for _, day in places if day}
        if unsettled or running:
            fewest = sorted(
                found, key=lambda request: (request.attempt, _age(request))
            )  # a retry holds back no first try
            return sorted(fewest[:room], key=_age)
        return self._of_tables(totals)

    def _settled(self, places: Mapping[Place, Unhealthy], unsettled: AbstractSet[date]) -> dict[Place, Unhealthy]:
        """Those that look at no day that is about to be made."""
        return {
            (key, day): one
            for (key, day), one in places.items()
            if day and unsettled.isdisjoint(self.kinship.looked_at(key, day, one))
        }

    def _of_turn(self, number: int) -> dict[Place, Unhealthy]:
        return {place: one for place, one in self.ready.items() if self.kinship.turn[place[0]] == number}

    def _of_tables(self, places: Mapping[Place, Unhealthy]) -> list[Request]:
        if not places or self.situation.held.whole:
            return []
        causes = {key: one for (key, _), one in places.items()}
        assets = self.kinship.remedy(causes, {key for key, day in self.bad if day is None})
        return [Request(assets, None, self._attempt(places))]

    def _of_days(self, places: Mapping[Place, Unhealthy]) -> list[Request]:
        """Days tried for the first time share runs; those that failed are alone, so that none holds back another."""
        by_day: dict[date, dict[dg.AssetKey, Unhealthy]] = {}
        for (key, day), one in places.items():
            if day is not None and day not in self.situation.held.days:
                by_day.setdefault(day, {})[key] = one
        together: dict[date, frozenset[dg.AssetKey]] = {}
        alone: list[Request] = []
        for day, causes in by_day.items():
            assets = self.kinship.remedy(causes, {key for key, other in self.bad if other == day})
            attempt = self._attempt((key, day) for key in causes)
            if attempt > 1 or any(one.run_id in self.situation.broad for one in causes.values()):
                alone += in_chunks({day: assets}, 1, attempt=max(attempt, 2))
            else:
                together[day] = assets
        return in_chunks(together, self.rules.days_per_run) + alone

    def _attempt(self, places: Iterable[Place]) -> int:
        return 1 + max((self.known[place].attempts for place in places if place in self.known), default=0)


def _age(request: Request) -> date:
    return request.days.first if request.days else date.min
