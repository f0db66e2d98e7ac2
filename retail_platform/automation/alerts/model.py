"""What the alerts speak of: problems and where they are, incidents, and what is told of them.

Only values belong here; how problems become incidents is the business of `incidents`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a problem is."""

    FAILURE = "failure"  # the newest attempt to make a day failed
    CHECK = "check"  # the newest evaluation of a check failed with ERROR
    NEWS = "news"  # a check warns of something that happened, which nothing mends
    LATE = "late"  # a day is not there when it should be
    GAVE_UP = "gave_up"  # healing does not try the day any more
    SENSOR = "sensor"  # a sensor, in the place of an asset, cannot look


STOPS_NOTHING = (Kind.CHECK, Kind.NEWS, Kind.SENSOR)
"""Where it is, rows were made all the same."""


class Event(StrEnum):
    """What is told of an incident."""

    OPENED = "opened"
    BACK = "back"
    GAVE_UP = "gave_up"
    RECOVERED = "recovered"


@dataclass(frozen=True)
class Place:
    """An asset's day; `day` is None for a table without days."""

    asset: str
    day: date | None


@dataclass(frozen=True)
class Unsettled:
    """A place whose newest attempt neither succeeded nor failed, or a check of it with no verdict (yet)."""

    place: Place
    check: str | None = None


@dataclass(frozen=True)
class Problem:
    """Something that is wrong now.

    Attributes:
        cause: what makes problems one incident: a type of error or the name of a check; with `shared` of all assets
            alike, as `source olist`, else of the asset.
        reason: what was found, in a sentence.
        mend: what the operator does, or that there is nothing to do.
        run_id: the run that showed it.
        follows: it was not tried because something upstream failed.
    """

    kind: Kind
    place: Place
    cause: str
    reason: str
    mend: str
    run_id: str | None = None
    shared: bool = False
    follows: bool = False

    @property
    def key(self) -> str:
        """What its incidents have in common; every day's news is one of its own."""
        if self.kind is Kind.NEWS:
            return f"{self.place.asset} {self.kind} of {self.place.day}: {self.cause}"
        return self.cause if self.shared else f"{self.place.asset} {self.kind}: {self.cause}"


class Name(NamedTuple):
    """What an incident is known by: the key of its problems, and which it is of those that are open at a time."""

    key: str
    number: int = 1


@dataclass(frozen=True)
class Incident:
    """Problems of one cause, and what joined them.

    Attributes:
        name: no two that are open have the same.
        kind, cause, reason, mend, run_id: of its first problem.
        roots: places with the cause itself; joined: places downstream, each with the run that showed it.
        touched: all places it ever had.
        recent: roots and days that it got lately, for the first time, and still has, with when.
        hold: how long it must be gone before its recovery is told.
        gone_since: since when it has been gone, while it is held.
    """

    name: Name
    kind: Kind
    cause: str
    reason: str
    mend: str
    run_id: str | None
    since: datetime
    roots: frozenset[Place] = frozenset()
    joined: Mapping[Place, str | None] = field(default_factory=dict)
    touched: frozenset[Place] = frozenset()
    recent: Mapping[Place, datetime] = field(default_factory=dict)
    gave_up: bool = False
    hold: timedelta = timedelta()
    gone_since: datetime | None = None

    @property
    def key(self) -> str:
        """The key of its problems."""
        return self.name.key

    @property
    def places(self) -> set[Place]:
        """Where something is wrong now."""
        return {*self.roots, *self.joined}

    def waiting(self, unsettled: set[Unsettled]) -> set[Place]:
        """Those of its places of which nothing can be said now."""
        check = self.cause if self.kind in (Kind.CHECK, Kind.NEWS) else None
        return {one for one in self.places if Unsettled(one) in unsettled or Unsettled(one, check) in unsettled}


@dataclass(frozen=True)
class Closed:
    """A recovery that was told: when, and how long the next one would be held at most."""

    at: datetime
    hold: timedelta


@dataclass(frozen=True)
class State:
    """What is remembered from one look to the next: open incidents, and recent recoveries by name."""

    open: tuple[Incident, ...] = ()
    closed: Mapping[Name, Closed] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """Something to tell: what happened to which incident.

    Attributes:
        problems: of the incident; of one that recovered, what else is wrong at places it had.
        another: an incident of the same cause is open besides.
    """

    event: Event
    incident: Incident
    at: datetime
    problems: tuple[Problem, ...] = ()
    another: bool = False
