"""Tables small enough to be held in memory, so that a look at three years need not open a thousand files.

A new version reads again only the days whose files changed. Only remembering belongs here.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from retail_platform.dashboard.data.versions import Version, changed_days

MOST_ROWS = 1_000_000
_MOST_BYTES = 256_000_000  # of all tables together


@dataclass
class _Held:
    lock: threading.Lock = field(default_factory=threading.Lock)
    version: Version | None = None
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)


class Kept:
    """Whole tables at their newest versions; safe for several threads.

    Args:
        read: gives columns of a version of a table, of some `days`.
        parts: likewise of all days, bit by bit.
    """

    def __init__(
        self,
        read: Callable[..., pl.DataFrame],
        parts: Callable[[Version, Sequence[str]], Iterable[pl.DataFrame]],
    ) -> None:
        self._read, self._parts, self._guard = read, parts, threading.Lock()
        self._held: OrderedDict[tuple[str, tuple[str, ...]], _Held] = OrderedDict()

    def rows(self, version: Version, columns: Sequence[str]) -> pl.DataFrame | None:
        """Columns of a table, in order of its days; None where it has too many rows."""
        if version.rows is None or version.rows > MOST_ROWS:
            return None
        key = (version.table, tuple(columns))
        with self._guard:
            held = self._held.setdefault(key, _Held())
            self._held.move_to_end(key)
        with held.lock:
            if held.version is None or held.version.key != version.key:
                held.rows, held.version = self._newer(held, version, columns), version
                self._make_room()
            return held.rows

    def _newer(self, held: _Held, version: Version, columns: Sequence[str]) -> pl.DataFrame:
        days = changed_days(held.version, version)
        if days is None:
            parts = (rows.sort("date") if version.by_day else rows for rows in self._parts(version, columns))
            return pl.concat(parts, rechunk=True)
        rest = held.rows.filter(~pl.col("date").is_in(days))
        fresh = self._read(version, columns, days=days) if days else rest.clear()
        return pl.concat([rest, fresh]).sort("date")

    def _make_room(self) -> None:
        with self._guard:
            size = sum(held.rows.estimated_size() for held in self._held.values())
            while size > _MOST_BYTES and len(self._held) > 1:
                size -= self._held.popitem(last=False)[1].rows.estimated_size()
