"""A small graph and its problems over time, for tests of what is told.

Only building problems and playing them belongs here.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from retail_platform.automation.alerts.incidents import advance
from retail_platform.automation.alerts.memory import Memory, dumps, loads
from retail_platform.automation.alerts.model import Event, Kind, Notice, Place, Problem, Unsettled

FIRST = date(2026, 3, 1)
UNAVAILABLE = "source shops is unavailable"
UPSTREAM = {
    "raw_stores": frozenset[str](),
    "raw_sales": frozenset({"raw_stores"}),
    "raw_footfall": frozenset({"raw_stores"}),
    "sales": frozenset({"raw_sales", "raw_stores"}),
    "store_days": frozenset({"sales", "raw_sales", "raw_footfall", "raw_stores"}),
    "daily_metrics": frozenset({"store_days", "sales", "raw_sales", "raw_footfall", "raw_stores"}),
    "period_metrics": frozenset({"daily_metrics", "store_days", "sales", "raw_sales", "raw_footfall", "raw_stores"}),
}


def place(asset: str, day: int | None = 0) -> Place:
    """An asset's day, counted from the first."""
    return Place(asset, None if day is None else FIRST + timedelta(days=day))


def unavailable(asset: str, day: int | None = 0, run: str = "run-1") -> Problem:
    return Problem(Kind.FAILURE, place(asset, day), UNAVAILABLE, "connection refused", "wait", run_id=run, shared=True)


def failed(asset: str, day: int | None = 0, run: str = "run-1", cause: str = "ValueError") -> Problem:
    return Problem(Kind.FAILURE, place(asset, day), cause, f"{asset} is broken", "mend it", run_id=run)


def skipped(asset: str, day: int | None = 0, run: str = "run-1") -> Problem:
    return Problem(Kind.FAILURE, place(asset, day), "upstream", "not made", "nothing", run_id=run, follows=True)


def check(asset: str, name: str = "volume", day: int | None = 0, run: str = "run-1") -> Problem:
    return Problem(Kind.CHECK, place(asset, day), name, "too few rows", "look", run_id=run)


def late(asset: str = "daily_metrics", day: int = 0) -> Problem:
    return Problem(Kind.LATE, place(asset, day), "late", f"{asset} was due by noon", "start it")


def gave_up(asset: str, day: int | None = 0) -> Problem:
    return Problem(Kind.GAVE_UP, place(asset, day), "gave up", "5 attempts failed", "do it by hand")


class Story:
    """Looks at problems, one after the other, each remembering the last through the cursor's text."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.memory = Memory()

    def look(self, *found: Problem, unsettled: Iterable[Unsettled] = (), minutes: float = 1) -> list[Notice]:
        """What is told of what is wrong a while later."""
        self.now += timedelta(minutes=minutes)
        state, notices = advance(self.memory.state, found, unsettled=unsettled, upstream=UPSTREAM, now=self.now)
        self.memory = loads(dumps(Memory(state)))
        assert self.memory.state == state
        return notices

    def told(self, *found: Problem, unsettled: Iterable[Unsettled] = (), minutes: float = 1) -> list[tuple[Event, str]]:
        """The same in short: event and key."""
        return [(one.event, one.incident.key) for one in self.look(*found, unsettled=unsettled, minutes=minutes)]
