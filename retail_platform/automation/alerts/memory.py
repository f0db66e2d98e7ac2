"""What the alerts remember between two looks, as the text of a sensor's cursor.

A channel appears by its label only: no address and no token is ever stored.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from retail_platform.automation.alerts.messages import Message
from retail_platform.automation.alerts.model import Closed, Incident, Kind, Name, Place, State
from retail_platform.windows import Window, unbroken

_VERSION = 2
_WHOLE = ""  # a table without days


@dataclass(frozen=True)
class Pending:
    """A message that some channels have not taken yet."""

    message: Message
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Memory:
    """Incidents, and the messages still to be sent, oldest first."""

    state: State = field(default_factory=State)
    outbox: tuple[Pending, ...] = ()


def dumps(memory: Memory) -> str:
    """As JSON; days as ranges, so that a month of ten assets stays short."""
    return json.dumps(
        {
            "version": _VERSION,
            "open": [_incident(one) for one in memory.state.open],
            "closed": [
                [*name, one.at.isoformat(), one.hold.total_seconds()] for name, one in memory.state.closed.items()
            ],
            "outbox": [{"message": asdict(one.message), "channels": one.channels} for one in memory.outbox],
        },
        separators=(",", ":"),
    )


def loads(text: str | None) -> Memory:
    """From JSON; nothing is remembered where there is none, or of another version."""
    stored = json.loads(text) if text else {}
    if stored.get("version") != _VERSION:
        return Memory()
    closed = {
        Name(key, number): Closed(datetime.fromisoformat(at), timedelta(seconds=hold))
        for key, number, at, hold in stored["closed"]
    }
    return Memory(
        State(tuple(_opened(one) for one in stored["open"]), closed),
        tuple(Pending(Message(**one["message"]), tuple(one["channels"])) for one in stored["outbox"]),
    )


def _incident(incident: Incident) -> dict[str, Any]:
    runs: dict[str, list[Place]] = {}
    for place, run in incident.joined.items():
        runs.setdefault(run or "", []).append(place)
    recent: dict[str, list[Place]] = {}
    for place, at in incident.recent.items():
        recent.setdefault(at.isoformat(), []).append(place)
    return {
        "name": incident.name,
        "kind": incident.kind,
        "cause": incident.cause,
        "reason": incident.reason,
        "mend": incident.mend,
        "run_id": incident.run_id,
        "since": incident.since.isoformat(),
        "roots": _ranges(incident.roots),
        "joined": {run: _ranges(places) for run, places in runs.items()},
        "touched": _ranges(incident.touched),
        "recent": {at: _ranges(places) for at, places in recent.items()},
        "gave_up": incident.gave_up,
        "hold": incident.hold.total_seconds(),
        "gone_since": incident.gone_since.isoformat() if incident.gone_since else None,
    }


def _opened(stored: Mapping[str, Any]) -> Incident:
    return Incident(
        **{name: stored[name] for name in ("cause", "reason", "mend", "run_id", "gave_up")},
        name=Name(*stored["name"]),
        kind=Kind(stored["kind"]),
        since=datetime.fromisoformat(stored["since"]),
        roots=frozenset(_places(stored["roots"])),
        joined={place: run or None for run, ranges in stored["joined"].items() for place in _places(ranges)},
        touched=frozenset(_places(stored["touched"])),
        recent={
            place: datetime.fromisoformat(at) for at, ranges in stored["recent"].items() for place in _places(ranges)
        },
        hold=timedelta(seconds=stored["hold"]),
        gone_since=datetime.fromisoformat(stored["gone_since"]) if stored["gone_since"] else None,
    )


def _ranges(places: Iterable[Place]) -> dict[str, list[str]]:
    """Days by asset, as `first..last`."""
    days: dict[str, list[date]] = {}
    found: dict[str, list[str]] = {}
    for place in places:
        if place.day is None:
            found.setdefault(place.asset, []).append(_WHOLE)
        else:
            days.setdefault(place.asset, []).append(place.day)
    for asset, its in days.items():
        found.setdefault(asset, []).extend(f"{one.first}..{one.last}" for one in unbroken(sorted(its)))
    return found


def _places(ranges: Mapping[str, list[str]]) -> Iterable[Place]:
    for asset, parts in ranges.items():
        for part in parts:
            if part == _WHOLE:
                yield Place(asset, None)
                continue
            first, last = (date.fromisoformat(day) for day in part.split(".."))
            yield from (Place(asset, day) for day in Window(first, last).days())
