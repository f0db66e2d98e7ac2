"""How days of a table, or a whole table, are replaced in one atomic commit.

Polars writes one Parquet file a day beside those of the table (twice as fast as deltalake's own writer, and
in bounded memory), then one Delta commit removes the old files and adds the new. Files that no commit names
are invisible; they are removed here after an error, and by vacuum after a kill or a bucket's failed commit.
"""

import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import polars as pl
from deltalake import CommitProperties, DeltaTable, TableFeatures, Transaction
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions

from retail_platform.storage import places
from retail_platform.storage.places import LakeError, refusal
from retail_platform.storage.schema import from_delta, has_local_times, merged, storable, to_delta
from retail_platform.windows import Window

_ATTEMPTS = 40
_SINKS = 3  # a bucket that breaks off an answer is not asked again by Polars
_NAME = "rows-"
_FIRST_COMMIT = f"_delta_log/{0:020}.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """What a write left behind.

    Attributes:
        version: the table's version that holds it.
        rows_by_day: rows of each day of the window, 0 for an empty one; empty for a whole table.
        bytes: size of the new Parquet files.
        schema: the columns of the rows.
        newest: the file of the newest day that has rows, or of the whole table, relative to the table; None if empty.
    """

    version: int
    rows: int
    rows_by_day: Mapping[date, int]
    bytes: int
    schema: pl.Schema
    newest: str | None


@dataclass
class _Files:
    """New files of one write: paths relative to the table as Polars opened them, and what went in."""

    opened: list[str] = field(default_factory=list)
    finished: dict[str, tuple[int, int]] = field(default_factory=dict)  # path -> rows, bytes
    offered: bool = False  # a commit that names them was sent

    def name(self, day: date | None) -> str:
        path = f"{_NAME}{uuid4().hex}.parquet"
        if day is not None:
            path = f"date={day}/{path}"
        self.opened.append(path)
        return path


@dataclass(frozen=True)
class Replacement:
    """One write of one table.

    Attributes:
        uri: the table's absolute address.
        window: the days replaced; None: the whole, unpartitioned table.
        commit: what the commit carries, as the run's id.
    """

    table: str
    uri: str
    window: Window | None
    commit: Mapping[str, str]

    def write(self, frame: pl.LazyFrame) -> Written:
        """Write the frame's rows in place of the window's.

        Raises:
            LakeError: rows outside the window, columns lost or of another type, a full disk, a folder that
                cannot be written or holds something else; the table is as it was.
        """
        existing = self._open()
        if existing is None:
            self._refuse_foreign()
        frame, schema = self._stored(frame, existing)
        files = _Files()
        try:
            outside = self._sink_in_the_end(frame, files)
            if outside:
                raise LakeError(self._outside(frame))
            version = self._commit(existing, schema, files)
        except BaseException as error:
            self._clean_up(files)
            reason = None if isinstance(error, LakeError) else refusal(self.uri, error)
            if reason is None:
                raise
            mend = "run again" if places.is_remote(self.uri) else "make room or correct the rights, and run again"
            raise LakeError(
                f"table {self.table}: {self.uri} cannot be written: {reason}. The table is as it was; {mend} ({error})"
            ) from error
        return self._written(version, schema, files)

    def _open(self, known: DeltaTable | None = None) -> DeltaTable | None:
        """The table at its newest version; one that is known has only newer commits to read."""
        try:
            if known is not None:
                places.asked(self.uri, known.update_incremental)
                return known
            options = places.storage_options(self.uri)
            return places.asked(self.uri, lambda: DeltaTable(self.uri, storage_options=options))
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            if Path(self.uri).is_file():
                raise LakeError(
                    f"table {self.table}: {self.uri} is a file in the way of a folder: move it away, "
                    "or set RETAIL_LAKE_URI to another place"
                ) from None
            raise LakeError(
                f"table {self.table}: {self.uri} cannot be opened: {error}. Check RETAIL_LAKE_URI"
            ) from error

    def _refuse_foreign(self) -> None:
        """A folder without a Delta log may hold only what a killed first write of ours left."""
        try:
            foreign = sorted(
                path
                for path in places.files(self.uri)
                if not path.rpartition("/")[2].startswith(_NAME) and not path.startswith("_delta_log/")
            )
        except OSError as error:
            raise LakeError(f"table {self.table}: {self.uri} cannot be read: {error}") from error
        if foreign:
            raise LakeError(
                f"table {self.table}: {self.uri} is no table of this lake, it holds {foreign[0]}"
                f"{f' and {len(foreign) - 1} more files' if foreign[1:] else ''}. "
                "Move them away, or set RETAIL_LAKE_URI to another place"
            )

    def _stored(self, frame: pl.LazyFrame, table: DeltaTable | None) -> tuple[pl.LazyFrame, pl.Schema]:
        """The frame with the columns, types and order of the table, checked against it."""
        existing = from_delta(table.schema()) if table else None
        given = frame.collect_schema()
        types = storable(self.table, given, existing)
        if self.window and types.get("date") != pl.Date:
            raise LakeError(
                f"table {self.table}: a partitioned table needs a column date of type Date, found "
                f"{types.get('date') or 'none'} among {', '.join(types)}"
            )
        if not types:
            raise LakeError(f"table {self.table}: the frame has no columns")
        if table and existing is not None:
            self._same_partitioning(table)
            types = merged(self.table, existing, types, self.uri)
        columns = [pl.col(name) if given[name] == dtype else pl.col(name).cast(dtype) for name, dtype in types.items()]
        return frame.select(columns), types

    def _same_partitioning(self, table: DeltaTable) -> None:
        found, expected = table.metadata().partition_columns, ["date"] if self.window else []
        if found != expected:
            raise LakeError(
                f"table {self.table}: {self.uri} is partitioned by {found or 'nothing'}, not by "
                f"{expected or 'nothing'}: it is not this asset's table. Move it away and materialize again"
            )

    def _sink_in_the_end(self, frame: pl.LazyFrame, files: _Files) -> bool:
        """Write the new files, also where the bucket breaks off answers; those of a failed attempt stay listed."""
        for attempt in range(1, _SINKS + 1):
            try:
                return self._sink(frame, files)
            except Exception as error:  # of Polars, which has no class of its own for them
                if attempt == _SINKS or not places.is_passing(self.uri, error):
                    raise
                _log.warning("table %s: written again, attempt %s failed: %s", self.table, attempt, error)
        raise AssertionError

    def _sink(self, frame: pl.LazyFrame, files: _Files) -> bool:
        """Write the new files; true if there are rows outside the window."""
        finished: list[tuple[str, int, int]] = []
        target: str | pl.PartitionBy
        if self.window is None:
            target = f"{self.uri}/{files.name(None)}"
        else:
            inside = pl.col("date").is_between(self.window.first, self.window.last)
            target = pl.PartitionBy(
                self.uri,
                key=pl.when(inside).then("date").alias("date"),
                include_key=False,
                file_path_provider=lambda file: files.name(file.partition_keys.item()),
            )
        frame.sink_parquet(
            target,
            compression="zstd",
            compression_level=1,
            mkdir=True,
            storage_options=places.frame_options(self.uri),
            engine="streaming",
            sinked_paths_callback=lambda sinked: finished.extend(
                (path.path, path.num_rows, path.num_bytes) for path in sinked.paths
            ),
        )
        by_name = {path.rpartition("/")[2]: (rows, size) for path, rows, size in finished}
        in_order = [path for path in files.opened if path.rpartition("/")[2] in by_name]
        files.finished = {path: by_name[path.rpartition("/")[2]] for path in in_order}
        return self.window is not None and any("/" not in path for path in files.finished)

    def _outside(self, frame: pl.LazyFrame) -> str:
        assert self.window is not None
        inside = pl.col("date").is_between(self.window.first, self.window.last).fill_null(False)
        rows = frame.filter(~inside).group_by("date").len().sort("date", nulls_last=True).collect()
        days = [f"{day or 'no date'}: {count} rows" for day, count in rows.head(10).iter_rows()]
        more = f" and {rows.height - 10} days more" if rows.height > 10 else ""
        return (
            f"table {self.table}: rows outside {self.window}, nothing was written ({', '.join(days)}{more}). "
            "Filter them, or materialize their days too"
        )

    def _commit(self, table: DeltaTable | None, schema: pl.Schema, files: _Files) -> int:
        mark, since = uuid4().hex, table.version() if table else -1
        properties = CommitProperties(
            custom_metadata={**self.commit, "write_id": mark},
            app_transactions=self._locks(),
        )
        adds = [_added(path, rows, size) for path, (rows, size) in files.finished.items() if rows]
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, min(0.02 * 1.5**attempt, 1.0)))
            if attempt or table:  # a table there was not is made unless it is there by then
                table = self._open(table)
            try:
                files.offered = True
                if table is None:
                    if self._create(schema, adds, properties):
                        return 0
                    last: Exception | str = "another writer made the table"
                    continue
                self._same_partitioning(table)
                existing = from_delta(table.schema())
                columns = merged(self.table, existing, schema, self.uri)
                self._overwrite(table, columns if columns != existing else None, adds, properties)
            except (DeltaError, OSError) as error:
                version = self._version_of(mark, table, since)
                if version is not None:
                    return version  # committed; what failed came after, or the answer was lost
                if refusal(self.uri, error) and not places.is_passing(self.uri, error):
                    raise
                last = error
                continue
            version = self._version_of(mark, table, since)
            assert version is not None
            return version
        raise LakeError(
            f"table {self.table}: {_ATTEMPTS} commits lost against other writers of the same days; "
            f"end the other runs of {self.table} and run again ({last})"
        )

    def _locks(self) -> list[Transaction] | None:
        """Two writers of one day conflict even if the day has no files yet that both would remove."""
        names = [f"date={day}" for day in self.window.days()] if self.window else ["whole"]
        return [Transaction(name, 0) for name in names]

    def _create(self, schema: pl.Schema, adds: list[AddAction], properties: CommitProperties) -> bool:
        """Make the table with its first rows; false if another writer was first.

        Deltalake writes the commit into a folder of its own, and it is put in place here: of two creations at
        once deltalake appends the second one to the first, and both contents count.
        """
        with TemporaryDirectory() as draft:
            create_table_with_add_actions(
                draft,
                to_delta(schema),
                adds,
                mode="error",
                partition_by=["date"] if self.window else [],
                commit_properties=properties,
            )
            actions = [json.loads(line) for line in Path(draft, _FIRST_COMMIT).read_text().splitlines()]
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["operationParameters"]["location"] = self.uri
        content = "\n".join(map(json.dumps, actions)).encode()
        return places.put_if_absent(self.uri, _FIRST_COMMIT, content) == content

    def _overwrite(
        self, table: DeltaTable, columns: pl.Schema | None, adds: list[AddAction], properties: CommitProperties
    ) -> None:
        days = [("date", ">=", str(self.window.first)), ("date", "<=", str(self.window.last))] if self.window else []
        if (
            columns is not None
            and has_local_times(columns)
            and "timestampNtz" not in (table.protocol().writer_features or [])
        ):
            # A table made without such a column lacks the feature, and no reader opens it afterwards.
            table.alter.add_feature(TableFeatures.TimestampWithoutTimezone, allow_protocol_versions_increase=True)
        table.create_write_transaction(
            [*adds],
            "overwrite",
            to_delta(columns) if columns is not None else table.schema(),
            ["date"] if self.window else [],
            days or None,
            commit_properties=properties,
        )

    def _version_of(self, mark: str, table: DeltaTable | None, since: int) -> int | None:
        """The version that carries a mark, among those after `since`."""
        table = self._open(table)
        newer = table.version() - since if table else 0
        if table is None or newer <= 0:
            return None
        for entry in places.asked(self.uri, partial(table.history, newer)):
            if entry.get("write_id") == mark:
                return int(entry["version"])
        return None

    def _clean_up(self, files: _Files) -> None:
        """Delete the new files unless a commit names them; if that cannot be told, vacuum will.

        A bucket may still carry out a commit whose answer was lost, after everybody has looked for it.
        """
        if files.offered and places.is_remote(self.uri):
            _log.warning("table %s: files of a failed commit stay until vacuum", self.table)
            return
        try:
            table = self._open()
            named = {uri.rpartition("/")[2] for uri in table.file_uris()} if table else set()
            places.remove(self.uri, [path for path in files.opened if path.rpartition("/")[2] not in named])
        except (LakeError, OSError) as error:
            _log.warning("table %s: files of a failed write stay until vacuum: %s", self.table, error)

    def _written(self, version: int, schema: pl.Schema, files: _Files) -> Written:
        by_day = dict.fromkeys(self.window.days(), 0) if self.window else {}
        for path, (rows, _) in files.finished.items():
            if self.window:
                by_day[date.fromisoformat(path[len("date=") :].partition("/")[0])] += rows
        counts = list(files.finished.values())
        return Written(
            version=version,
            rows=sum(rows for rows, _ in counts),
            rows_by_day=by_day,
            bytes=sum(size for rows, size in counts if rows),
            schema=schema,
            newest=max((path for path, (rows, _) in files.finished.items() if rows), default=None),
        )


def _added(path: str, rows: int, size: int) -> AddAction:
    day = path[len("date=") :].partition("/")[0] if "/" in path else None
    return AddAction(
        path=path,
        size=size,
        partition_values={"date": day} if day else {},
        modification_time=int(time.time() * 1000),
        data_change=True,
        stats=json.dumps({"numRecords": rows}),
    )
