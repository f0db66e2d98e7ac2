"""Which incident each problem belongs to: an open one, or one that is to be opened.

What is then told of it is the business of `incidents`, where the rules are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from retail_platform.automation.alerts.model import (
    STOPS_NOTHING,
    Incident,
    Kind,
    Name,
    Place,
    Problem,
    State,
    Unsettled,
)

GROWS = timedelta(hours=60)
"""Longer than from a Saturday to a Monday, as on Sundays many stores are closed and no delivery can fail."""


@dataclass
class Share:
    """What an incident gets of the problems found: roots, joined and given-up ones."""

    roots: list[Problem] = field(default_factory=list)
    joined: list[Problem] = field(default_factory=list)
    gave_up: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """All of them."""
        return [*self.roots, *self.gave_up, *self.joined]


def assign(
    state: State,
    found: Sequence[Problem],
    pending: set[Unsettled],
    upstream: Mapping[str, frozenset[str]],
    now: datetime,
) -> dict[Name, Share]:
    """Which incident each problem belongs to, by name."""
    homes = _Homes(state, upstream, now)
    for incident in state.open:
        for place in incident.roots & incident.waiting(pending):
            homes.add_root(place, incident.name, None)
    own = [one for one in found if not one.follows and one.kind in (Kind.FAILURE, Kind.CHECK, Kind.NEWS, Kind.SENSOR)]
    shares: dict[Name, Share] = {}
    for problem in sorted(own, key=lambda one: len(upstream.get(one.place.asset, ()))):  # upstream comes first
        home, is_root = homes.of(problem)
        share = shares.setdefault(home, Share())
        if is_root:
            homes.add_root(problem.place, home, problem.run_id)
            (share.roots if home.key == problem.key else share.joined).append(problem)
        else:
            share.joined.append(problem)
            homes.add_joined(problem.place, home)
    for problem in (one for one in found if one.follows):
        home = homes.of_follower(problem) or homes.own(problem)
        shares.setdefault(home, Share()).joined.append(problem)
        homes.add_joined(problem.place, home)
    for problem in (one for one in found if one.kind is Kind.GAVE_UP):
        home = homes.at(problem.place) or homes.of_follower(problem) or homes.own(problem)
        shares.setdefault(home, Share()).gave_up.append(problem)
        homes.add_joined(problem.place, home)
    homes.note_unmade(shares)
    for problem in (one for one in found if one.kind is Kind.LATE):
        joins = homes.of_late(problem)
        share = shares.setdefault(joins or homes.own(problem), Share())
        (share.joined if joins else share.roots).append(problem)
    return shares


def grows(incident: Incident, now: datetime) -> bool:
    """Whether new places of its cause still belong to an incident: it got some lately, or is about to recover."""
    return not incident.places or any(now - at < GROWS for at in incident.recent.values())


class _Homes:
    """Where incidents are, so that what is downstream of them finds its way."""

    def __init__(self, state: State, upstream: Mapping[str, frozenset[str]], now: datetime) -> None:
        self._upstream = upstream
        self._roots: dict[str, dict[date | None, Name]] = {}  # asset, day -> name
        self._now: dict[Place, Name] = {}
        self._runs: dict[str, Name] = {}  # run -> name
        self._names = {incident.name for incident in state.open}
        self._growing = {one.key: one.name for one in sorted(state.open, key=lambda one: one.since) if grows(one, now)}
        self._stuck = {one.name for one in state.open if not grows(one, now)}
        self._held = {(incident.key, place): incident.name for incident in state.open for place in incident.roots}
        self._before = {place: incident.name for incident in state.open for place in incident.places}
        unmade = [(place, one.name) for one in state.open if one.kind not in STOPS_NOTHING for place in one.roots]
        self._unmade_roots = dict(unmade)
        self._unmade = unmade + [(place, one.name) for one in state.open for place in one.joined]
        self._joined = {place: (one.name, run) for one in state.open for place, run in one.joined.items()}

    def add_root(self, place: Place, name: Name, run_id: str | None) -> None:
        self._roots.setdefault(place.asset, {}).setdefault(place.day, name)
        self._now.setdefault(place, name)
        if run_id is not None:
            self._runs.setdefault(run_id, name)

    def add_joined(self, place: Place, name: Name) -> None:
        self._now.setdefault(place, name)

    def note_unmade(self, shares: Mapping[Name, Share]) -> None:
        """Remember where something was not made."""
        for name, share in shares.items():
            self._unmade += [(one.place, name) for one in share.problems if one.kind not in STOPS_NOTHING]

    def own(self, problem: Problem) -> Name:
        """The incident of its own cause: the one that holds its place, else the newest that grows, else a new one."""
        held = self._held.get((problem.key, problem.place))
        if held is None and problem.key not in self._growing:
            number = 1
            while Name(problem.key, number) in self._names:
                number += 1
            self._growing[problem.key] = Name(problem.key, number)
        return held or self._growing[problem.key]

    def at(self, place: Place) -> Name | None:
        """The incident that holds a place now or did before."""
        return self._now.get(place) or self._before.get(place)

    def of(self, problem: Problem) -> tuple[Name, bool]:
        """The incident of a problem with an error of its own, and whether what is downstream follows from it.

        One that joined before upstream was mended and has not been tried since is no news. A table without days fails
        for what happens now, not for a day that is stuck.
        """
        upstream = self._above(problem.place)
        if problem.place.day is None and upstream in self._stuck:
            upstream = None
        joined, run = self._joined.get(problem.place, (None, None))
        if problem.shared:
            return self._patient(problem, joined if joined == upstream else None) or self.own(problem), True
        if upstream is not None:
            return upstream, False
        if joined is not None and run == problem.run_id:
            return joined, False
        return self.own(problem), True

    def _patient(self, problem: Problem, joined: Name | None) -> Name | None:
        """The open incident of another cause that a place stays with when a new attempt only comes to nothing.

        That the source is away or a run died asks nothing of anybody, and the place is known to be wrong.
        """
        if (problem.key, problem.place) in self._held:
            return None
        return self._unmade_roots.get(problem.place) or joined

    def of_follower(self, problem: Problem) -> Name | None:
        """The incident upstream on the same day, else of the same run, else of a whole table, else where it was."""
        return (
            self._above(problem.place)
            or self._runs.get(problem.run_id or "")
            or self._whole_table_above(problem.place)
            or self._before.get(problem.place)
        )

    def of_late(self, problem: Problem) -> Name | None:
        """Any open incident that keeps the asset or something upstream of it from being made on the same day.

        A check that fails without stopping anything is no reason to be late. What joined stays where it is.
        """
        near = self._upstream.get(problem.place.asset, frozenset()) | {problem.place.asset}
        days = ((place.asset, name) for place, name in self._unmade if place.day == problem.place.day)
        unmade = next((name for asset, name in days if asset in near and name.key != problem.key), None)
        return self._joined.get(problem.place, (None, None))[0] or unmade

    def _above(self, place: Place) -> Name | None:
        """The incident upstream on the same day; for a table without days on any, one that grows before others."""
        found: list[Name] = []
        for asset in sorted(self._upstream.get(place.asset, ())):
            days = self._roots.get(asset, {})
            if place.day in days:
                return days[place.day]
            if place.day is None and days:
                found.extend(days.values())
        return min(found, key=lambda name: name in self._stuck, default=None)

    def _whole_table_above(self, place: Place) -> Name | None:
        roots = (self._roots.get(asset, {}) for asset in sorted(self._upstream.get(place.asset, ())))
        return next((days[None] for days in roots if None in days), None)
