"""What is told of incidents: pure functions over problems and a small state.

How problems are found (`problems`), which incident each belongs to (`homes`), how it is worded (`messages`) and sent
(`send`) does not belong here.

The rules:

- An incident has one cause: a source that is unavailable, an asset that raises one type of error, a check of an
  asset that fails, an asset that is late. It may hold any number of assets and days and is told once.
- It grows for as long as the last place that came to it is 60 hours old at most and still wrong. What strikes other
  places after that is a new incident of the same cause, told as such: one that is stuck hides nothing that comes later.
- What is downstream of an incident on the same days joins it in silence, and stays joined until an attempt made after
  the upstream was mended fails again: that is a cause of its own.
- A day that fails for another reason than before is told again where that asks for another mend, not where the source
  is away or the run died. Either way its first incident goes on until the day is mended.
- A place whose newest attempt is still going on, or was cancelled, is what it was before that attempt.
- News, a warning that asks to be told of, is told once a day it is of; nobody mends it, so no recovery is told.
- Giving up is told once an incident. A recovery is told when nothing of the incident is left.
- An incident that returns soon after its recovery is told as back, and from then on its recovery has to last before it
  is told: at first ten minutes, twice as long each time. So one that comes and goes all day costs few messages, and
  the last thing told is never "recovered" of something that has been broken for long.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from retail_platform.automation.alerts.homes import GROWS, Share, assign
from retail_platform.automation.alerts.model import (
    Closed,
    Event,
    Incident,
    Kind,
    Name,
    Notice,
    Problem,
    State,
    Unsettled,
)

SOON = timedelta(hours=1)
FIRST_HOLD = timedelta(minutes=10)
LONGEST_HOLD = timedelta(hours=4)
_KEPT_BY = {
    Kind.FAILURE: (Kind.FAILURE, Kind.CHECK),
    Kind.LATE: (Kind.FAILURE, Kind.LATE),
    Kind.GAVE_UP: (Kind.FAILURE, Kind.CHECK),
}
"""Which problems, whatever their cause, keep a root of an incident from being mended."""


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
    assigned = assign(state, found, pending, upstream, now)
    notices: list[Notice] = []
    still: list[Incident] = []
    closed = {name: one for name, one in state.closed.items() if now - one.at < max(SOON, one.hold)}
    known = {incident.name: incident for incident in state.open}
    for name in [*known, *(name for name in assigned if name not in known)]:
        share = assigned.get(name, Share())
        before = known.get(name) or _opened(name, share, closed.get(name), now)
        incident = _updated(before, share, found, pending, upstream=upstream, now=now)
        if name not in known:
            event = Event.BACK if name in closed else Event.OPENED
            notices.append(Notice(event, incident, now, tuple(share.problems)))
        elif incident.gave_up and not before.gave_up:
            notices.append(Notice(Event.GAVE_UP, incident, now, tuple(share.problems)))
        if incident.places:
            still.append(replace(incident, gone_since=None))
        elif incident.touched and now - (incident.gone_since or now) < incident.hold:
            still.append(replace(incident, gone_since=incident.gone_since or now))
        elif incident.touched and incident.kind is not Kind.NEWS:
            others = tuple(one for one in found if one.kind is not Kind.NEWS and one.place in incident.touched)
            notices.append(Notice(Event.RECOVERED, incident, incident.gone_since or now, others))
            closed[name] = Closed(now, incident.hold)
    names = {one.name for one in still}
    told = [replace(one, another=any(_alike(one.incident.name, name) for name in names)) for one in notices]
    return State(tuple(still), closed), told


def _alike(name: Name, other: Name) -> bool:
    return name.key == other.key and name != other


def _opened(name: Name, share: Share, last: Closed | None, now: datetime) -> Incident:
    first = share.problems[0]
    hold = min(max(FIRST_HOLD, 2 * last.hold), LONGEST_HOLD) if last else timedelta()
    return Incident(name, first.kind, first.cause, first.reason, first.mend, first.run_id, now, hold=hold)


def _updated(
    before: Incident,
    share: Share,
    found: Sequence[Problem],
    pending: set[Unsettled],
    *,
    upstream: Mapping[str, frozenset[str]],
    now: datetime,
) -> Incident:
    """The incident with the problems it has now; what is unsettled stays as it was."""
    roots = {one.place for one in (share.roots or ([] if share.joined else share.gave_up))}
    waiting = before.waiting(pending)
    roots |= before.roots & waiting
    roots |= before.roots & {one.place for one in found if one.kind in _KEPT_BY.get(before.kind, ())}
    roots |= {one.place for one in share.gave_up if one.place in before.roots}
    joined = {place: run for place, run in before.joined.items() if place in waiting}
    joined |= {one.place: one.run_id for one in (*share.joined, *share.gave_up)}
    joined = {place: run for place, run in joined.items() if place not in roots}
    gone = {place for place in before.touched if place.asset not in upstream}  # no asset of that name any more
    roots -= gone
    joined = {place: run for place, run in joined.items() if place not in gone}
    places = roots | joined.keys()
    known = {place.day for place in before.touched} | ({None} if before.touched else set())
    new = {place for place in places - before.touched if place in roots or place.day not in known}
    recent = {place: at for place, at in before.recent.items() if place in places and now - at < GROWS}
    return replace(
        before,
        roots=frozenset(roots),
        joined=joined,
        touched=(before.touched | places) - gone,
        recent=recent | dict.fromkeys(new, now),
        gave_up=before.gave_up or bool(share.gave_up),
    )
