"""What a message says: a short subject, and a body that reads as plain text and as Markdown.

Reasons come from errors of anything; `plain` rids them of what no message may carry: addresses of persons, tokens,
credentials in URLs. It is for whoever makes problems of errors, so that nothing of the kind is remembered, either.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from retail_platform.automation.alerts.model import Event, Incident, Kind, Notice, Place, Problem
from retail_platform.windows import unbroken

_SHOWN = 3
_LONGEST = 300
_NO_MARKUP = str.maketrans("<>", "‹›")  # a source's answer may hold tags, and mail shows Markdown as HTML


@dataclass(frozen=True)
class Message:
    """One message to every channel; `mended` for good news."""

    subject: str
    body: str
    mended: bool = False


def message(notice: Notice, *, retailer: str, ui_url: str) -> Message:
    """Word a notice.

    Args:
        notice: of `advance`.
        retailer: name of the source, to tell platforms apart.
        ui_url: where the Dagster UI is.
    """
    incident = notice.incident
    what = _what(incident)
    head = {
        Event.OPENED: what,
        Event.BACK: f"again: {what}",
        Event.GAVE_UP: f"healing gave up: {what}",
        Event.RECOVERED: f"recovered: {what}",
    }[notice.event]
    mended = notice.event is Event.RECOVERED
    lines = _recovery(notice) if mended else _trouble(notice, ui_url)
    return Message(f"[{retailer}] {head}", "\n".join(f"- {line}" for line in lines), mended)


def test_message(retailer: str, ui_url: str) -> Message:
    """What `retail alerts test` sends."""
    return Message(f"[{retailer}] test of the alerts", f"- This channel works.\n- UI: {ui_url}", mended=True)


test_message.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's


def _what(incident: Incident) -> str:
    """The cause, and where."""
    asset = _assets(incident)[0]
    match incident.kind:
        case Kind.CHECK:
            return f"check {incident.cause} failed on {asset}"
        case Kind.NEWS:
            return f"{incident.cause.replace('_', ' ')} in {asset}"
        case Kind.LATE:
            return f"{asset} is late"
        case Kind.GAVE_UP:
            return f"{asset} cannot be healed"
        case Kind.SENSOR:
            return f"sensor {asset} cannot look"
        case Kind.FAILURE:
            return incident.cause if incident.key == incident.cause else f"{asset} fails: {incident.cause}"


def _trouble(notice: Notice, ui_url: str) -> list[str]:
    incident = notice.incident
    first, others = _reasons(notice)
    given_up = notice.event is Event.GAVE_UP or incident.gave_up
    lines = [
        *_where(incident, incident.places),
        f"Reason: {first}" + (f" (and {others} other reason{'s' if others > 1 else ''})" if others else ""),
        f"What to do: {_mend(notice, given_up)}",
        f"See: {link(incident, ui_url)}",
    ]
    if notice.event is Event.BACK:
        minutes = int(incident.hold.total_seconds() // 60)
        lines.append(f"It comes and goes: its next recovery is told once it has lasted {minutes} minutes.")
    return lines + _another(notice)


def _recovery(notice: Notice) -> list[str]:
    incident = notice.incident
    wrong = sorted({one.place.asset for one in notice.problems})
    return [
        *_where(incident, incident.touched),
        f"It lasted {duration(notice.at - incident.since)}, since {incident.since:%Y-%m-%d %H:%M} UTC.",
        _left(incident, wrong),
        *_another(notice),
        f"It was: {incident.reason}",
    ]


def _left(incident: Incident, wrong: Sequence[str]) -> str:
    if wrong:
        return f"Its cause is gone. Other problems of its days are told of by themselves: {_named(wrong)}."
    if incident.kind is Kind.SENSOR:
        return "It looks again."
    return "Nothing is left of it: every day it held is there and its checks pass."


def _another(notice: Notice) -> list[str]:
    return ["Another incident of this cause is open, of other days or assets."] if notice.another else []


def _where(incident: Incident, places: Iterable[Place]) -> list[str]:
    days = sorted({place.day for place in places if place.day is not None})
    assets = _assets(incident)
    rest = sorted({place.asset for place in places} - set(assets))
    named = _named(assets) + (f"; downstream {_named(rest)}" if rest else "")
    ranges = [str(one) for one in unbroken(days)]
    shown = ", ".join(ranges[:_SHOWN]) + (", …" if len(ranges) > _SHOWN else "")
    what = "Sensor" if incident.kind is Kind.SENSOR else "Assets"
    return [f"{what}: {named}"] + (
        [f"Days: {shown} ({len(days)})" if len(days) > 1 else f"Day: {shown}"] if days else []
    )


def _named(assets: Sequence[str]) -> str:
    """The first few."""
    return ", ".join(assets[:_SHOWN]) + (f" and {len(assets) - _SHOWN} more" if len(assets) > _SHOWN else "")


def _assets(incident: Incident) -> list[str]:
    """The assets with the cause itself."""
    roots = {place.asset for place in incident.roots}
    return sorted(roots or {place.asset for place in incident.touched})


def _reasons(notice: Notice) -> tuple[str, int]:
    own = [one for one in notice.problems if not one.follows and one.kind is not Kind.GAVE_UP]
    first = notice.incident.reason
    return first, len({one.reason for one in own} - {first})


def _mend(notice: Notice, given_up: bool) -> str:
    if given_up:
        return next((one.mend for one in _given_up(notice.problems)), notice.incident.mend)
    return notice.incident.mend


def _given_up(problems: Sequence[Problem]) -> list[Problem]:
    return [one for one in problems if one.kind is Kind.GAVE_UP]


def link(incident: Incident, ui_url: str) -> str:
    """The run that showed it, else the page of the asset and its first day, or of the sensors."""
    base = ui_url.rstrip("/")
    if incident.run_id:
        return f"{base}/runs/{incident.run_id}"
    if incident.kind is Kind.SENSOR:
        return f"{base}/automation"
    asset = _assets(incident)[0]
    days = sorted(place.day for place in incident.places if place.asset == asset and place.day is not None)
    where = f"?view=partitions&partition={days[0]}" if days else ""
    return f"{base}/assets/{quote(asset)}{where}"


_MASK = "***"
_SECRET = r"[\w-]*(?:token|api[_-]?key|access[_-]?key|secret|password|signature)"
_HIDDEN = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@]*@"), r"\1***@"),  # user and password of a URL
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (re.compile(rf"(?i)\b({_SECRET}\s*[=:]\s*)[^\s&,;'\"]+"), r"\1***"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "***"),  # an e-mail address
    (re.compile(r"(?<![\w-])\+?\d[\d ()]{8,}\d(?![\w-])"), "***"),  # a telephone number
)


def plain(reason: str, secrets: Iterable[str] = ()) -> str:
    """The first line of a reason, short, and without what no message may carry.

    Args:
        reason: what an error said.
        secrets: that are known, whatever they look like.
    """
    line = next(iter(reason.strip().splitlines()), "").strip() or "no reason was given"
    for secret in filter(None, secrets):
        line = line.replace(secret, _MASK)
    for pattern, instead in _HIDDEN:
        line = pattern.sub(instead, line)
    line = line.translate(_NO_MARKUP)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def duration(span: timedelta) -> str:
    """As `2 days 3 hours`, `3 hours 5 minutes`; the two greatest units."""
    minutes = int(span.total_seconds() // 60)
    units = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
    shown = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in units if count]
    return " ".join(shown[:2]) or "less than a minute"
