"""What the landing sensor remembers, and what a look at the files changes of it.

A listing is remembered, not a time: each file with its version, for each dataset that reads it. So a file that comes
late, out of order, with an old time, or in the same second as another is as new as any. Only this bookkeeping belongs
here, pure; listing, comparing, requesting and keeping is `landing`'s business.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from itertools import groupby
from typing import Any

from retail_platform.sources.base import DAILY_DATASETS
from retail_platform.sources.mapping.changes import Touch
from retail_platform.windows import Window

Days = Mapping[str, frozenset[date]]


@dataclass(frozen=True)
class Progress:
    """How far a dataset that files hold for all days was compared with what the lake has.

    Attributes:
        of: the versions of the files; a later change begins anew.
        next: first day not yet compared.
        found: days that differ so far.
    """

    of: str
    next: date
    found: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Asked:
    """A request, written down before it is made: if it was made nobody knows, its id can be looked up."""

    id: str
    days: Days
    tables: frozenset[str]


@dataclass(frozen=True)
class Memory:
    """What was seen, and what is still to be requested.

    Attributes:
        seen: versions of the files whose change is dealt with, by dataset and name.
        waiting: versions of those that may still be written, as they were at the last look.
        days: to be requested, by dataset.
        tables: snapshots to be requested.
        compared: how far comparisons are, by dataset.
        asked: the request that was being made when this was written.
        made: requests that were made, until they are over: one that Dagster gives up is made again.
    """

    seen: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)
    days: Days = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    compared: Mapping[str, Progress] = field(default_factory=dict)
    asked: Asked | None = None
    made: tuple[Asked, ...] = ()


def key_of(touch: Touch) -> str:
    """What a touch is remembered by."""
    return f"{touch.dataset}|{touch.name}"


def version_of(touch: Touch) -> str:
    """A short text that changes with the file's content."""
    return sha256(touch.version.encode()).hexdigest()[:12]


def first_look(touches: Iterable[Touch], made_since: Callable[[Touch], bool]) -> Memory:
    """A memory of the files from which what the lake holds was made: those need not be dealt with.

    Args:
        touches: all that is there.
        made_since: whether what a file touches was made after it had come.
    """
    return Memory(seen={key_of(touch): version_of(touch) for touch in touches if made_since(touch)})


def look(
    memory: Memory, touches: Iterable[Touch], span: Window, *, complete: bool = True
) -> tuple[Memory, dict[str, list[Touch]]]:
    """What new and changed files of the days of a span touch.

    A file that may still be written is waited for until two looks see the same, and with it all that changed of the
    same day, or of the same table. A file of a day outside the span is new when the span reaches it. A file that is
    gone touches nothing and is forgotten, unless the dataset's files are all gone: a folder that is not mounted looks
    like that.

    Args:
        memory: of the look before.
        touches: all that is there.
        span: the days there are.
        complete: False if files could not be listed: nothing is forgotten then.

    Returns:
        The memory with the days and tables to be requested, and the files that have to be compared, by dataset.
    """
    there = list(touches)
    changed = [
        touch
        for touch in there
        if memory.seen.get(key_of(touch)) != version_of(touch) and (touch.day is None or touch.day in span)
    ]
    names, read = {key_of(touch) for touch in there}, {touch.dataset for touch in there}
    seen = {
        key: version
        for key, version in memory.seen.items()
        if not complete or key in names or key.split("|")[0] not in read
    }
    waiting = {key_of(touch): version_of(touch) for touch in changed if not touch.whole}
    after = replace(memory, seen=seen, waiting=waiting)
    to_compare: dict[str, list[Touch]] = {}
    changed.sort(key=_unit)
    for (dataset, day), group in groupby(changed, key=_unit):
        files = list(group)
        if not all(file.whole or memory.waiting.get(key_of(file)) == version_of(file) for file in files):
            continue
        if day:
            after = owe(after, files, days=[date.fromisoformat(day)])
        elif dataset in DAILY_DATASETS:
            to_compare[dataset] = files
        else:
            after = owe(after, files)
    return after, to_compare


def _unit(touch: Touch) -> tuple[str, str]:
    return touch.dataset, str(touch.day or "")


def owe(memory: Memory, files: list[Touch], *, days: Iterable[date] | None = None) -> Memory:
    """Note what files of one dataset touch: days, or (None) the whole table; and that they are dealt with."""
    dataset = files[0].dataset
    noted = replace(memory, seen={**memory.seen, **{key_of(file): version_of(file) for file in files}})
    noted = replace(noted, compared={name: one for name, one in memory.compared.items() if name != dataset})
    if days is None:
        return replace(noted, tables=memory.tables | {dataset})
    return replace(noted, days=_joined(memory.days, {dataset: frozenset(days)}))


def progress_of(memory: Memory, files: list[Touch], first: date) -> Progress:
    """Where the comparison of one dataset's files goes on: at the first day, if these versions are new."""
    of = sha256("\n".join(sorted(f"{key_of(file)} {file.version}" for file in files)).encode()).hexdigest()[:12]
    known = memory.compared.get(files[0].dataset)
    return known if known and known.of == of else Progress(of, first)


def take(memory: Memory, id: str, *, but: frozenset[date], at_most: int) -> Memory:
    """Move what can be requested now, the oldest days first, into a request.

    Args:
        memory: with days and tables to be requested.
        id: of the request.
        but: days that have to wait.
        at_most: so many days.
    """
    free = sorted({day for days in memory.days.values() for day in days} - but)[:at_most]
    taken = {name: days & set(free) for name, days in memory.days.items()}
    if not free and not memory.tables:
        return memory
    left = {name: days - set(free) for name, days in memory.days.items()}
    asked = Asked(id, {name: days for name, days in taken.items() if days}, memory.tables)
    return replace(memory, days={name: days for name, days in left.items() if days}, tables=frozenset(), asked=asked)


def settle(memory: Memory, *, over: Collection[str] = (), lost: Collection[str] = ()) -> Memory:
    """Forget requests that are over, by their ids, and owe again what those were for that were given up."""
    again = [one for one in memory.made if one.id in lost]
    days = memory.days
    for one in again:
        days = _joined(days, one.days)
    tables = memory.tables.union(*(one.tables for one in again))
    left = tuple(one for one in memory.made if one.id not in {*over, *lost})
    return replace(memory, days=days, tables=tables, made=left)


def _joined(one: Days, other: Days) -> Days:
    joined = {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {*one, *other}}
    return {name: days for name, days in joined.items() if days}


def to_text(memory: Memory) -> str:
    """A memory as one short text: 5,000 files take about 100 kB."""
    content = {
        "seen": memory.seen,
        "waiting": memory.waiting,
        "days": _texts(memory.days),
        "tables": sorted(memory.tables),
        "compared": {
            name: [one.of, one.next.isoformat(), sorted(map(str, one.found))] for name, one in memory.compared.items()
        },
        "asked": memory.asked and _listed(memory.asked),
        "made": [_listed(one) for one in memory.made],
    }
    return b64encode(zlib.compress(json.dumps(content, sort_keys=True).encode())).decode()


def from_text(text: str) -> Memory:
    """The memory of a text."""
    content = json.loads(zlib.decompress(b64decode(text)))
    return Memory(
        seen=content["seen"],
        waiting=content["waiting"],
        days=_days(content["days"]),
        tables=frozenset(content["tables"]),
        compared={
            name: Progress(of, date.fromisoformat(first), frozenset(map(date.fromisoformat, found)))
            for name, (of, first, found) in content["compared"].items()
        },
        asked=_asked(*content["asked"]) if content["asked"] else None,
        made=tuple(_asked(*one) for one in content.get("made", [])),
    )


def _listed(asked: Asked) -> list[Any]:
    return [asked.id, _texts(asked.days), sorted(asked.tables)]


def _asked(id: str, days: Mapping[str, list[str]], tables: list[str]) -> Asked:
    return Asked(id, _days(days), frozenset(tables))


def _texts(days: Days) -> dict[str, list[str]]:
    return {name: sorted(map(str, found)) for name, found in days.items()}


def _days(texts: Mapping[str, list[str]]) -> Days:
    return {name: frozenset(map(date.fromisoformat, found)) for name, found in texts.items()}
