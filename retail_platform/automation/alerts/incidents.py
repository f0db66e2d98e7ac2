"""What belongs to one incident, and what is told of it: pure functions over problems and a small state.

How problems are found (`problems`), worded (`messages`) and sent (`send`) does not belong here.

The rules:

- An incident has one cause: a source that is unavailable, an asset that raises one type of error, a check of an
  asset that fails, an asset that is late. It may hold any number of assets and days and is told once.
- What is downstream of an incident on the same days joins it in silence, and stays joined until an attempt made after
  the upstream was mended fails again: that is a cause of its own.
- A place whose newest attempt is still going on, or was cancelled, is neither mended nor failed: it stays as it was.
- News, a warning that asks to be told of, is told once a day it is of; nobody mends it, so no recovery is told.
- Giving up is told once an incident. A recovery is told when nothing of the incident is left.
- An incident that returns soon after its recovery is told as back, and from then on its recovery has to last before it
  is told: at first ten minutes, twice as long each time. So one that comes and goes all day costs few messages, and
  the last thing told is never "recovered" of something that has been broken for long.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from retail_platform.automation.alerts.model import (
    Closed,
    Event,
    Incident,
    Kind,
    Notice,
    Place,
    Problem,
    State,
    Unsettled,
)

SOON = timedelta(hours=1)
FIRST_HOLD = timedelta(minutes=10)
LONGEST_HOLD = timedelta(hours=4)
_STOPS_NOTHING = (Kind.CHECK, Kind.NEWS)


def advance(
    state: State,
    found: Sequence[Problem],
    *,
    unsettled: Iterable[Unsettled],
    upstream: Mapping[str, frozenset[str]],
    now: datetime,
) -> tuple[State, list[Notice]]:
    """Bring incidents up to date with what is wrong now.

    Args:
        state: as returned last time.
        found: every problem there is now, also of days that open incidents hold, however old.
        unsettled: what neither succeeded nor failed when it was tried last.
        upstream: all assets, each with everything upstream of it.
        now: the time of the look.

    Returns:
        The new state, and what to tell.
    """
    pending = set(unsettled)
    assigned = _assign(state, found, pending, upstream)
    notices: list[Notice] = []
    still: list[Incident] = []
    closed = {key: one for key, one in state.closed.items() if now - one.at < max(SOON, one.hold)}
    known = {incident.key: incident for incident in state.open}
    for key in [*known, *(key for key in assigned if key not in known)]:
        share = assigned.get(key, _Share())
        before = known.get(key) or _opened(key, share, closed.get(key), now)
        incident = _updated(before, share, pending, upstream)
        if key not in known:
            event = Event.BACK if key in closed else Event.OPENED
            notices.append(Notice(event, incident, now, tuple(share.problems)))
        elif incident.gave_up and not before.gave_up:
            notices.append(Notice(Event.GAVE_UP, incident, now, tuple(share.problems)))
        if incident.places:
            still.append(replace(incident, gone_since=None))
        elif incident.touched and now - (incident.gone_since or now) < incident.hold:
            still.append(replace(incident, gone_since=incident.gone_since or now))
        elif incident.touched and incident.kind is not Kind.NEWS:
            notices.append(Notice(Event.RECOVERED, incident, incident.gone_since or now))
            closed[key] = Closed(now, incident.hold)
    return State(tuple(still), closed), notices


@dataclass
class _Share:
    """What an incident gets of the problems found: roots, joined and given-up ones."""

    roots: list[Problem] = field(default_factory=list)
    joined: list[Problem] = field(default_factory=list)
    gave_up: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        return [*self.roots, *self.gave_up, *self.joined]


def _opened(key: str, share: _Share, last: Closed | None, now: datetime) -> Incident:
    first = share.problems[0]
    hold = min(max(FIRST_HOLD, 2 * last.hold), LONGEST_HOLD) if last else timedelta()
    return Incident(key, first.kind, first.cause, first.reason, first.mend, first.run_id, now, hold=hold)


def _updated(
    before: Incident, share: _Share, pending: set[Unsettled], upstream: Mapping[str, frozenset[str]]
) -> Incident:
    """The incident with the problems it has now; what is unsettled stays as it was."""
    roots = {one.place for one in (share.roots or ([] if share.joined else share.gave_up))}
    waiting = before.waiting(pending)
    roots |= before.roots & waiting
    roots |= {one.place for one in share.gave_up if one.place in before.roots}
    joined = {place: run for place, run in before.joined.items() if place in waiting}
    joined |= {one.place: one.run_id for one in (*share.joined, *share.gave_up)}
    joined = {place: run for place, run in joined.items() if place not in roots}
    gone = {place for place in before.touched if place.asset not in upstream}  # no asset of that name any more
    return replace(
        before,
        roots=frozenset(roots - gone),
        joined={place: run for place, run in joined.items() if place not in gone},
        touched=(before.touched | roots | joined.keys()) - gone,
        gave_up=before.gave_up or bool(share.gave_up),
    )


def _assign(
    state: State, found: Sequence[Problem], pending: set[Unsettled], upstream: Mapping[str, frozenset[str]]
) -> dict[str, _Share]:
    """Which incident each problem belongs to, by key."""
    homes = _Homes(state, upstream)
    for incident in state.open:
        for place in incident.roots & incident.waiting(pending):
            homes.add_root(place, incident.key, None)
    own = [one for one in found if not one.follows and one.kind in (Kind.FAILURE, Kind.CHECK, Kind.NEWS)]
    shares: dict[str, _Share] = {}
    for problem in sorted(own, key=lambda one: len(upstream.get(one.place.asset, ()))):  # upstream comes first
        home = homes.of(problem)
        if home is None:
            homes.add_root(problem.place, problem.key, problem.run_id)
            shares.setdefault(problem.key, _Share()).roots.append(problem)
        else:
            shares.setdefault(home, _Share()).joined.append(problem)
            homes.add_joined(problem.place, home)
    for problem in (one for one in found if one.follows):
        home = homes.of_follower(problem) or problem.key
        shares.setdefault(home, _Share()).joined.append(problem)
        homes.add_joined(problem.place, home)
    for problem in (one for one in found if one.kind is Kind.GAVE_UP):
        home = homes.at(problem.place) or homes.of_follower(problem) or problem.key
        shares.setdefault(home, _Share()).gave_up.append(problem)
        homes.add_joined(problem.place, home)
    homes.note_unmade(shares)
    for problem in (one for one in found if one.kind is Kind.LATE):
        home = homes.of_late(problem)
        share = shares.setdefault(home or problem.key, _Share())
        (share.joined if home else share.roots).append(problem)
    return shares


class _Homes:
    """Where incidents are, so that what is downstream of them finds its way."""

    def __init__(self, state: State, upstream: Mapping[str, frozenset[str]]) -> None:
        self._upstream = upstream
        self._roots: dict[str, dict[date | None, str]] = {}  # asset, day -> key
        self._now: dict[Place, str] = {}
        self._runs: dict[str, str] = {}  # run -> key
        self._before = {place: incident.key for incident in state.open for place in incident.places}
        self._unmade = [
            (place, one.key)
            for one in state.open
            for place in (*(() if one.kind in _STOPS_NOTHING else one.roots), *one.joined)
        ]
        self._joined = {place: (one.key, run) for one in state.open for place, run in one.joined.items()}

    def add_root(self, place: Place, key: str, run_id: str | None) -> None:
        self._roots.setdefault(place.asset, {}).setdefault(place.day, key)
        self._now.setdefault(place, key)
        if run_id is not None:
            self._runs.setdefault(run_id, key)

    def add_joined(self, place: Place, key: str) -> None:
        self._now.setdefault(place, key)

    def note_unmade(self, shares: Mapping[str, _Share]) -> None:
        """Remember where something was not made."""
        for key, share in shares.items():
            self._unmade += [(one.place, key) for one in share.problems if one.kind not in _STOPS_NOTHING]

    def at(self, place: Place) -> str | None:
        """The incident that holds a place now or did before."""
        return self._now.get(place) or self._before.get(place)

    def of(self, problem: Problem) -> str | None:
        """The incident that a problem with an error of its own joins, if any.

        One that joined before upstream was mended and has not been tried since is no news.
        """
        if problem.shared:
            return None
        upstream = self._above(problem.place)
        if upstream is not None and upstream != problem.key:
            return upstream
        key, run = self._joined.get(problem.place, (None, None))
        return key if run == problem.run_id else None

    def of_follower(self, problem: Problem) -> str | None:
        """The incident upstream on the same day, else of the same run, else of a whole table, else where it was."""
        return (
            self._above(problem.place)
            or self._runs.get(problem.run_id or "")
            or self._whole_table_above(problem.place)
            or self._before.get(problem.place)
        )

    def of_late(self, problem: Problem) -> str | None:
        """Any open incident that keeps the asset or something upstream of it from being made, on whatever day.

        A check that fails without stopping anything is no reason to be late. What joined stays where it is.
        """
        near = self._upstream.get(problem.place.asset, frozenset()) | {problem.place.asset}
        unmade = next((key for place, key in self._unmade if place.asset in near and key != problem.key), None)
        return self._joined.get(problem.place, (None, None))[0] or unmade

    def _above(self, place: Place) -> str | None:
        """The incident upstream on the same day; for a table without days, on any."""
        for asset in sorted(self._upstream.get(place.asset, ())):
            days = self._roots.get(asset, {})
            if place.day in days:
                return days[place.day]
            if place.day is None and days:
                return next(iter(days.values()))
        return None

    def _whole_table_above(self, place: Place) -> str | None:
        roots = (self._roots.get(asset, {}) for asset in sorted(self._upstream.get(place.asset, ())))
        return next((days[None] for days in roots if None in days), None)
