"""Tables of the lake as Polars frames, read-only, cached by table and version.

Only reading and remembering belongs here; what the columns mean is `facts`' and `measures`' business.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import TypeVar, cast

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from polars.exceptions import PolarsError

from retail_platform.dashboard.data.kept import Kept
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.data.versions import Version, version_of
from retail_platform.storage import places
from retail_platform.storage.lake import Lake, LakeError
from retail_platform.windows import Window, chunks

_LOGGER = logging.getLogger("retail_platform.dashboard")
_LOOK_AGAIN = 1.0  # seconds for which a version is taken for the newest
_OPEN_AGAIN = 30.0  # seconds after which a table is opened anew: one deleted and made again has a log of its own
_TRY_AGAIN = 10.0  # seconds after which a lake that did not answer is asked again
_MOST_BYTES = 256_000_000
_MOST_RESULTS = 64_000_000  # bytes
_ROWS_AT_ONCE = 200_000
T = TypeVar("T")


@dataclass
class _Opened:
    delta: DeltaTable
    version: Version
    opened: float
    looked: float


class Tables:
    """The lake's tables; safe for several threads.

    Args:
        lake: where they are.
        clock: seconds, rising.
    """

    def __init__(self, lake: Lake, clock: Callable[[], float] = time.monotonic) -> None:
        self._lake, self._clock = lake, clock
        self._opened: dict[str, _Opened] = {}
        self._refused: dict[str, tuple[float, Unavailable]] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()
        self._frames: OrderedDict[Hashable, pl.DataFrame] = OrderedDict()
        self._results: OrderedDict[Hashable, object] = OrderedDict()
        self._size = 0  # of the results, in bytes
        self._kept = Kept(self.read, self.parts)

    def version(self, table: str) -> Version:
        """The newest version of a table; looks at the lake at most once a second.

        Raises:
            Unavailable: there is no such table, or the lake does not answer.
        """
        with self._lock(table):
            now, held = self._clock(), self._opened.get(table)
            refused = self._refused.get(table)
            if refused is not None and now < refused[0]:
                raise copy(refused[1])  # one that is raised keeps all that its callers held
            if held is not None and now - held.looked < _LOOK_AGAIN:
                return held.version
            try:
                if held is None or now - held.opened > _OPEN_AGAIN or not _updated(held.delta):
                    held = self._opened[table] = self._open(table, now, held)
                elif held.delta.version() != held.version.number:
                    held.version = version_of(table, held.delta)
            except Unavailable as reason:
                self._opened.pop(table, None)
                wait = _TRY_AGAIN if reason.reason == "lake_unreachable" else _LOOK_AGAIN
                self._refused[table] = (self._clock() + wait, copy(reason))
                raise
            held.looked = now
            return held.version

    def exists(self, table: str) -> bool:
        """Whether there is a table of that name now, be it without rows."""
        try:
            self.version(table)
        except Unavailable:
            return False
        return True

    def frame(self, table: str, columns: Sequence[str], window: Window | None = None) -> pl.DataFrame:
        """Columns of a table, of some days or of all, at its newest version.

        Args:
            table: its name; never anything a user wrote.
            columns: those wanted.
            window: the days wanted; files of other days are not read.

        Raises:
            Unavailable: the table or a column is not there, or it cannot be read. Days without rows are no error.
        """
        version = self.version(table)
        wanted = tuple(columns)
        lost = [name for name in wanted if name not in version.columns]
        if lost:
            raise Unavailable("column_missing", {"table": table, "column": ", ".join(lost)})
        key = (version.key, wanted, window)
        with self._lock(key):
            found = self._frames.get(key)
            if found is None:
                found = self.read(version, wanted, window)
                self._remember(key, found)
            else:
                with self._guard:
                    self._frames.move_to_end(key)
        return found

    def held(self, version: Version, columns: Sequence[str]) -> pl.DataFrame | None:
        """Columns of a whole table, by day if it is; None where it is too large to be held in memory.

        Raises:
            Unavailable: it cannot be read.
        """
        return self._kept.rows(version, columns)

    def parts(self, version: Version, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows, some days at a time: to read three years at once takes twice the memory."""
        days = [day for _, day in version.files if day is not None]
        if not days or version.rows is None:
            return iter([self.read(version, columns)])
        span = Window(min(days), max(days))
        size = max(1, len(span) * _ROWS_AT_ONCE // max(version.rows, 1))
        return (self.read(version, columns, window) for window in chunks(span, size))

    def read(
        self, version: Version, columns: Sequence[str], window: Window | None = None, days: Sequence[date] | None = None
    ) -> pl.DataFrame:
        """Read columns from the lake, remembering nothing; `days` are single days that are wanted."""

        def collected() -> pl.DataFrame:
            rows = self._lake.scan(version.table, window)
            if days is not None:
                rows = rows.filter(pl.col("date").is_in(list(days)))
            return rows.select(columns).collect()

        return self._asked(version.table, collected)

    def result(self, table: str | Sequence[str], key: Hashable, compute: Callable[[], T]) -> T:
        """What a computation gives, remembered until a table it rests on has another version.

        Args:
            table: name or names of the tables it reads.
            key: what else it depends on; the version, too, of what was read before: there may be a newer one by now.
            compute: gives a value that nobody changes.
        """
        names = (table,) if isinstance(table, str) else tuple(table)
        whole = (tuple(self.version(name).key for name in names), key)
        with self._guard:
            if whole in self._results:
                self._results.move_to_end(whole)
                return cast(T, self._results[whole])
        found = compute()
        with self._guard:
            self._size += _size(found) - _size(self._results.pop(whole, None))
            self._results[whole] = found
            while self._size > _MOST_RESULTS and len(self._results) > 1:
                self._size -= _size(self._results.popitem(last=False)[1])
        return found

    def _open(self, table: str, now: float, held: _Opened | None) -> _Opened:
        delta = self._asked(table, lambda: self._lake.delta(table))
        same = held is not None and (held.version.identity, held.version.number) == (
            str(delta.metadata().id),
            delta.version(),
        )
        if held is not None and same:
            return _Opened(delta, held.version, now, now)
        return _Opened(delta, version_of(table, delta), now, now)

    def _asked(self, table: str, action: Callable[[], T]) -> T:
        try:
            return action()
        except (LakeError, PolarsError, OSError) as error:
            raise self._why(table, error) from error

    def _why(self, table: str, error: Exception) -> Unavailable:
        if isinstance(error.__context__, TableNotFoundError):
            return Unavailable("table_missing", {"table": table}, str(error))
        _LOGGER.warning("table %s cannot be read: %s", table, error)
        if places.is_remote(self._lake.uri) and places.refusal(self._lake.uri, error.__cause__ or error):
            return Unavailable("lake_unreachable", {}, str(error))
        return Unavailable("table_unreadable", {"table": table}, str(error))

    def _lock(self, key: Hashable) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())

    def _remember(self, key: Hashable, frame: pl.DataFrame) -> None:
        with self._guard:
            self._frames[key] = frame
            held = sum(other.estimated_size() for other in self._frames.values())
            while held > _MOST_BYTES and len(self._frames) > 1:
                old, dropped = self._frames.popitem(last=False)
                self._locks.pop(old, None)
                held -= dropped.estimated_size()


def _updated(delta: DeltaTable) -> bool:
    """Bring a table to its newest version; False where only opening it anew can tell."""
    try:
        delta.update_incremental()
    except Exception:  # whatever it is, opening the table anew says it in our words
        return False
    return True


def _size(result: object) -> int:
    """Bytes that a result takes, roughly."""
    if result is None:
        return 0
    return 2_000 + int(result.estimated_size() if isinstance(result, pl.DataFrame) else 0)
