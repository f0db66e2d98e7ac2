"""Dagster's SQLite event log, without its cost per event.

The stock storage builds a database engine and inspects tables for each event, 10 to 25 ms each, which
dominates a year of daily partitions. This one keeps an engine for each shard, remembers which tables there
are, and stores a batch of events in one transaction. Files, tables and rows are the stock storage's: either
can take over from the other. In `dagster.yaml`:

    event_log_storage:
      module: retail_platform.storage.event_log
      class: PooledSqliteEventLogStorage
      config:
        base_dir: history/runs  # relative to DAGSTER_HOME

It rests on private parts of Dagster; where those are not what is expected, the stock storage takes its place.
"""

import inspect
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster import Field, StringSource
from dagster._core.events import ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.sql import create_engine
from dagster._serdes import ConfigurableClassData
from sqlalchemy import event as engine_events
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

DEFAULT_BATCH_SIZE = 2000
_OPEN_SHARDS = 16
_BUSY_SECONDS = 30
_log = logging.getLogger(__name__)

_EXPECTED = {
    "__init__": ("self", "base_dir", "inst_data"),
    "_connect": ("self", "shard"),
    "_initdb": ("self", "engine", "for_index_shard"),
    "conn_string_for_shard": ("self", "shard_name"),
    "path_for_shard": ("self", "run_id"),
    "run_connection": ("self", "run_id"),
    "index_connection": ("self",),
    "index_transaction": ("self",),
    "has_table": ("self", "table_name"),
    "store_event": ("self", "event"),
    "store_event_batch": ("self", "events"),
    "_event_to_row": ("self", "event"),
    "prepare_insert_event": ("self", "event"),
    "_store_asset_event": ("self", "conn", "event", "event_id"),
    "_store_asset_event_tags": ("self", "conn", "events", "event_ids"),
    "_has_asset_key_index_cols_on_connection": ("self", "conn"),
}


@dataclass
class _Shard:
    """An open engine, and the file it was opened on: a file deleted meanwhile is not written any more."""

    engine: Engine
    file: tuple[int, int]


class PooledSqliteEventLogStorage(SqliteEventLogStorage):
    """The stock SQLite event log with an engine kept for each shard and batches in one transaction."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._shards: OrderedDict[str, _Shard] = OrderedDict()
        self._process = os.getpid()
        self._tables: set[str] = set()
        self._has_index_columns = False
        super().__init__(base_dir, inst_data)
        # Re-entrant, as a batch holds the run's and the index shard at once.
        self._db_lock = threading.RLock()  # type: ignore[assignment]

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """`base_dir`: where the databases lie, relative to DAGSTER_HOME."""
        return {"base_dir": Field(StringSource, is_required=False, default_value="history/runs")}

    @classmethod
    def from_config_value(  # the stock storage may take its place, hence the type
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> Any:
        """The storage `dagster.yaml` asks for; the stock one where Dagster's inside is not as expected.

        Batches are turned on by the way, unless DAGSTER_EVENT_BATCH_SIZE says otherwise.
        """
        base_dir = str(Path(os.environ.get("DAGSTER_HOME", ""), config_value["base_dir"]))
        surprises = unexpected_parts()
        if surprises:
            _log.warning(
                "The event log runs at Dagster's own, slower pace: this version of Dagster differs in %s. "
                "Nothing is lost; upgrade retail-platform",
                ", ".join(surprises),
            )
            return SqliteEventLogStorage(base_dir, inst_data)
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(DEFAULT_BATCH_SIZE))
        return cls(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, name: str) -> Engine:
        if self._process != os.getpid():
            self._forget_parent_s_connections()
        shard, file = self._shards.get(name), _identity(self.path_for_shard(name))
        if shard and shard.file != file:
            self._close(name)
            shard = None
        if shard is None:
            engine = _new_engine(self.conn_string_for_shard(name))
            if name not in self._initialized_dbs or file is None:
                self._initdb(engine)
                self._initialized_dbs.add(name)
                file = _identity(self.path_for_shard(name))
            assert file is not None
            shard = self._shards[name] = _Shard(engine, file)
        self._shards.move_to_end(name)
        while len(self._shards) > _OPEN_SHARDS:
            self._close(next(other for other in self._shards if other not in (name, _INDEX)))
        return shard.engine

    def _close(self, name: str) -> None:
        shard = self._shards.pop(name, None)
        if shard:
            shard.engine.dispose()

    def _forget_parent_s_connections(self) -> None:
        """SQLite's connections must not cross a fork."""
        for shard in self._shards.values():
            shard.engine.dispose(close=False)
        self._shards.clear()
        self._process = os.getpid()

    def has_table(self, table_name: str) -> bool:
        """As the stock storage says; a table that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_index_cols_on_connection(self, conn: Connection) -> bool:
        if not self._has_index_columns:
            self._has_index_columns = super()._has_asset_key_index_cols_on_connection(conn)
        return self._has_index_columns

    def store_event(self, event: EventLogEntry) -> None:
        """Store one event as the stock storage does."""
        super().store_event(event)
        self._stored(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of assets, run by run, each run's in one transaction of its shard and the index."""
        by_run: dict[str, list[EventLogEntry]] = {}
        for event in events:
            if event.is_dagster_event and event.dagster_event_type in ASSET_EVENTS:
                by_run.setdefault(event.run_id, []).append(event)
            else:
                self.store_event(event)
        for run_id, batch in by_run.items():
            with self.run_connection(run_id) as run:
                run.execute(SqlEventLogStorageTable.insert(), [self._event_to_row(event) for event in batch])
                self._index(batch)
            self._stored(batch[-1])

    def _index(self, batch: Sequence[EventLogEntry]) -> None:
        """Mirror events in the index shard; an asset's own row takes the last of each kind."""
        self.has_table("asset_event_tags")  # asked before the transaction, which would wait for itself
        with self.index_transaction() as index:
            ids = [_inserted(index, self.prepare_insert_event(event)) for event in batch]
            self._store_asset_event_tags(index, batch, ids)
            last: dict[tuple[str, DagsterEventType | None], tuple[EventLogEntry, int]] = {}
            for event, event_id in zip(batch, ids, strict=True):
                key = event.get_dagster_event().asset_key
                if key:
                    last[key.to_string(), event.dagster_event_type] = (event, event_id)
            for event, event_id in sorted(last.values(), key=lambda pair: pair[1]):
                self._store_asset_event(index, event, event_id)

    def _stored(self, event: EventLogEntry) -> None:
        """Wake who watches the run's file, which an open write-ahead log leaves unchanged; close it at its end."""
        with self._db_lock:
            kind = event.dagster_event_type if event.is_dagster_event else None
            if kind and EVENT_TYPE_TO_PIPELINE_RUN_STATUS.get(kind) in FINISHED_STATUSES:
                self._close(event.run_id)
            path = self.path_for_shard(event.run_id)
            if os.path.exists(path):
                os.utime(path)

    def wipe(self) -> None:
        """Delete all events."""
        with self._db_lock:
            for name in list(self._shards):
                self._close(name)
            super().wipe()

    def dispose(self) -> None:
        """Close all connections."""
        super().dispose()
        with self._db_lock:
            for name in list(self._shards):
                self._close(name)


_INDEX = sqlite_event_log.INDEX_SHARD_NAME


def unexpected_parts(storage: type = SqliteEventLogStorage) -> list[str]:
    """Methods of the stock storage that are missing or take other arguments than this module relies on."""
    found = {name: getattr(storage, name, None) for name in _EXPECTED}
    return [
        name
        for name, arguments in _EXPECTED.items()
        if not callable(method := found[name]) or tuple(inspect.signature(method).parameters) != arguments
    ]


def _new_engine(address: str) -> Engine:
    engine = create_engine(
        address,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=1,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )
    engine_events.listen(engine, "connect", _relax)
    return engine


def _relax(connection: Any, _record: object) -> None:
    # With a write-ahead log this is safe against a killed process, and saves a disk flush for each event.
    connection.execute("PRAGMA synchronous=NORMAL")


def _inserted(connection: Connection, statement: Any) -> int:
    key = connection.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
