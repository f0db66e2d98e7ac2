"""Dagster's SQLite event log, without its cost per event.

The stock storage builds a database engine and inspects tables for each event, 10 to 25 ms each, which
dominates a year of daily partitions. This one keeps an engine for each shard, remembers which tables there
are, and stores a batch of events in one transaction. Files, tables and rows are the stock storage's: either
can take over from the other. In `dagster.yaml`:

    event_log_storage:
      module: retail_platform.storage.event_log
      class: PooledSqliteEventLogStorage
      config:
        base_dir: history/runs  # relative to the working folder

It rests on private parts of Dagster; where those are not what is expected, the stock storage takes its place.
"""

import inspect
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as db
import sqlalchemy.exc as db_errors
from alembic.script import ScriptDirectory
from dagster import AssetKey, Field, StringSource
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageMetadata, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.sql import create_engine, get_alembic_config
from dagster._serdes import ConfigurableClassData
from sqlalchemy import event as engine_events
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

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
    "store_asset_check_event": ("self", "event", "event_id"),
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
        self._held: dict[str, Connection] = {}
        self._process = os.getpid()
        self._tables: set[str] = set()
        self._has_index_columns = False
        super().__init__(base_dir, inst_data)
        # Re-entrant, as a batch holds the run's and the index shard at once.
        self._db_lock = threading.RLock()  # type: ignore[assignment]

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """`base_dir`: where the databases lie; else events/ of RETAIL_DAGSTER_DIR or history/runs of DAGSTER_HOME."""
        return {"base_dir": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(  # the stock storage may take its place, hence the type
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> Any:
        """The storage `dagster.yaml` asks for; the stock one where Dagster's inside is not as expected.

        Batches are turned on by the way, unless DAGSTER_EVENT_BATCH_SIZE says otherwise.
        """
        ours, home = os.environ.get("RETAIL_DAGSTER_DIR"), os.environ.get("DAGSTER_HOME", "")
        default = Path(ours, "events") if ours else Path(home, "history", "runs")
        base_dir = str(Path(config_value.get("base_dir", default)).absolute())
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
        """A transaction on a shard; within another one on the same shard, that one."""
        with self._db_lock:
            if shard in self._held and self._process == os.getpid():
                yield self._held[shard]
                return
            with self._engine(shard).connect() as connection, connection.begin():
                self._held[shard] = connection
                try:
                    yield connection
                finally:
                    self._held.pop(shard, None)

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
        self._held.clear()
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

    def _initdb(self, engine: Engine, for_index_shard: bool = False) -> None:
        if for_index_shard or not self._initialized_run_shard(engine):
            super()._initdb(engine, for_index_shard)

    def _initialized_run_shard(self, engine: Engine) -> bool:
        """Make a run's tables without reading all of Dagster's migrations; false if that is for the stock code."""
        try:
            with engine.connect() as connection:
                tables = set(db.inspect(connection).get_table_names())
                if _REVISION in tables:
                    return connection.execute(db.text(f"SELECT 1 FROM {_REVISION}")).first() is not None
                if tables:
                    return False
                connection.execute(db.text("PRAGMA journal_mode=WAL"))
                for statement in _run_tables():
                    connection.exec_driver_sql(statement)
                connection.execute(db.text(f"CREATE TABLE {_REVISION} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
                connection.execute(db.text(f"INSERT INTO {_REVISION} VALUES (:head)"), {"head": _newest_revision()})
                connection.commit()
                return True
        except db_errors.DatabaseError:
            return False  # another process is making them: the stock code waits for it

    def store_event(self, event: EventLogEntry) -> None:
        """Store one event as the stock storage does, in one transaction of each shard instead of up to four."""
        kind = event.dagster_event_type if event.is_dagster_event else None
        with self.run_connection(event.run_id), ExitStack() as index:
            if kind in _MIRRORED:
                index.enter_context(self.index_connection())
            super().store_event(event)
        self._stored(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in their order, each run's in one transaction of its shard and the index."""
        by_run: dict[str, list[EventLogEntry]] = {}
        for event in events:
            by_run.setdefault(event.run_id, []).append(event)
        for run_id, batch in by_run.items():
            with self.run_connection(run_id) as run, self.index_connection() as index:
                run.execute(SqlEventLogStorageTable.insert(), [self._event_to_row(event) for event in batch])
                self._mirror(index, batch)
            self._stored(batch[-1])

    def _mirror(self, index: Connection, batch: Sequence[EventLogEntry]) -> None:
        """Store events in the index shard; an asset's own row takes the last of each kind."""
        last: dict[tuple[AssetKey, DagsterEventType], tuple[EventLogEntry, int]] = {}
        for event in batch:
            kind = event.dagster_event_type if event.is_dagster_event else None
            if kind not in _MIRRORED:
                continue
            event_id = _inserted(index, self.prepare_insert_event(event))
            if kind in ASSET_CHECK_EVENTS:
                self.store_asset_check_event(event, event_id)
            elif kind in ASSET_EVENTS:
                self._store_asset_event_tags(index, [event], [event_id])
                if key := event.get_dagster_event().asset_key:
                    last[key, kind] = (event, event_id)
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
_REVISION = "alembic_version"
_MIRRORED = {*ASSET_EVENTS, *ASSET_CHECK_EVENTS, *EVENT_TYPE_TO_PIPELINE_RUN_STATUS}


@cache
def _newest_revision() -> str:
    head = ScriptDirectory.from_config(get_alembic_config(sqlite_event_log.__file__)).get_current_head()
    assert head is not None
    return head


@cache
def _run_tables() -> list[str]:
    """What makes the tables and indexes of a run's shard, put together once and not for each run."""
    tables = SqlEventLogStorageMetadata.sorted_tables
    made: list[ExecutableDDLElement] = [
        *map(CreateTable, tables),
        *(CreateIndex(index) for table in tables for index in table.indexes),
    ]
    return [str(element.compile(dialect=sqlite.dialect())) for element in made]


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
