"""The lake: Delta tables in one folder or under one S3 prefix, read by days and replaced by days.

Only storing and finding rows belongs here. What Dagster knows of them is `io_manager`'s business, how a
write works `replacing`'s.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from retail_platform.storage import places
from retail_platform.storage.places import LakeError
from retail_platform.storage.replacing import Replacement, Written
from retail_platform.windows import Window

__all__ = ["Lake", "LakeError", "Written"]

_MARKER = "_lake.json"
_NO_COMMIT: Mapping[str, str] = MappingProxyType({})
_LEAST_RETENTION = timedelta(hours=1)


class _Table(DeltaTable):
    """Names its files as they are: deltalake's `%20` for a blank is no file to Polars and DuckDB."""

    def file_uris(self, *args: Any, **options: Any) -> list[str]:
        return [unquote(uri) for uri in super().file_uris(*args, **options)]


@dataclass(frozen=True)
class Lake:
    """Tables under one address.

    Attributes:
        uri: a folder, or `s3://bucket/prefix` (credentials and endpoint from the usual `AWS_*` variables).
    """

    uri: str
    _held: dict[str, DeltaTable] | None = field(default=None, repr=False, compare=False)

    def held(self) -> "Lake":
        """The same lake for several readings of one state: each table stays at the version it is first read at."""
        return self if self._held is not None else Lake(self.uri, {})

    @property
    def storage_options(self) -> dict[str, str]:
        """What Delta needs to reach the lake; empty for a folder."""
        return places.storage_options(self.uri)

    def table_uri(self, name: str) -> str:
        """Absolute address of a table, whether it is there or not."""
        return f"{places.absolute(self.uri)}/{name}"

    def tables(self) -> list[str]:
        """Names of the tables there are, sorted."""
        try:
            found = places.folders(places.absolute(self.uri))
        except OSError as error:
            raise LakeError(f"the lake {self.uri} cannot be read: {error}. Check RETAIL_LAKE_URI") from error
        return [name for name in found if self.exists(name)]

    def exists(self, name: str) -> bool:
        """Whether there is a table of that name, be it without rows."""
        uri, options = self.table_uri(name), self.storage_options
        return places.asked(uri, lambda: DeltaTable.is_deltatable(uri, options))

    def delta(self, name: str) -> DeltaTable:
        """The Delta table at its newest version, or at the one that is held.

        Raises:
            LakeError: there is none, or it cannot be read.
        """
        if self._held is None:
            return self._opened(name)
        if name not in self._held:
            self._held[name] = self._opened(name)
        return self._held[name]

    def _opened(self, name: str) -> DeltaTable:
        uri = self.table_uri(name)
        try:
            return places.asked(uri, lambda: _Table(uri, storage_options=self.storage_options))
        except TableNotFoundError:
            raise LakeError(
                f"the lake {self.uri} has no table {name}: materialize the asset {name} first, or check RETAIL_LAKE_URI"
            ) from None
        except (DeltaError, OSError) as error:
            raise LakeError(f"table {name}: {uri} cannot be read: {error}") from error

    def scan(self, name: str, window: Window | None = None) -> pl.LazyFrame:
        """One lazy scan of a table at its newest version; with a window only files of those days are read.

        Raises:
            LakeError: there is no such table, or it has no days.
        """
        table = self.delta(name)
        frame = pl.scan_delta(table, storage_options=places.frame_options(self.uri))
        if window is None:
            return frame
        if table.metadata().partition_columns != ["date"]:
            raise LakeError(f"table {name} is not stored by date: read it whole, without {window}")
        return frame.filter(pl.col("date").is_between(window.first, window.last))

    def files(self, name: str) -> pl.DataFrame:
        """The Parquet files of a table's newest version, from its log alone.

        Returns:
            `date` (null for a table without days), `rows` (null where another writer did not count them), `bytes`.
        """
        listed = pl.DataFrame(self.delta(name).get_add_actions(flatten=True))
        return listed.select(
            pl.col(given).cast(dtype).alias(column) if given in listed.columns else pl.lit(None, dtype).alias(column)
            for column, given, dtype in (
                ("date", "partition.date", pl.Date),
                ("rows", "num_records", pl.Int64),
                ("bytes", "size_bytes", pl.Int64),
            )
        )

    def row_counts(self, name: str, window: Window | None = None) -> pl.DataFrame:
        """How many rows a table has, from its log: no row is read, but of files whose writer did not count them.

        Returns:
            `date` and `rows`, one row for each day of the window that has a file; without a window one row, the
            whole table's, of no date.

        Raises:
            LakeError: there is no such table, or it has no days.
        """
        lake = self.held()
        scanned, counted = lake.scan(name, window), lake.files(name)
        if window is not None:
            counted = counted.filter(pl.col("date").is_between(window.first, window.last))
        rows, count = counted.lazy(), pl.col("rows").sum()
        if counted["rows"].null_count():
            rows, count = scanned, pl.len().cast(pl.Int64).alias("rows")
        if window is None:
            return rows.select(pl.lit(None, pl.Date).alias("date"), count).collect()
        return rows.group_by("date").agg(count).collect()

    def replace(
        self,
        name: str,
        frame: pl.LazyFrame | pl.DataFrame,
        window: Window | None,
        *,
        commit: Mapping[str, str] = _NO_COMMIT,
    ) -> Written:
        """Put rows in place of a window's days, or of the whole table, in one atomic commit.

        Args:
            name: the table; made if it is not there.
            frame: the rows; none is a valid content. Enum and Categorical are stored as String, unsigned
                integers as signed ones, times in UTC. New columns are added to the table.
            window: the days replaced, all rows' `date` within; None: a table without days, whole.
            commit: what the commit carries, as the run's id.

        Raises:
            LakeError: rows outside the window, columns lost or of another type, a full disk, a place that
                cannot be written or holds something else; nothing was written.
        """
        return Replacement(name, self.table_uri(name), window, commit).write(frame.lazy())

    def first_rows(self, name: str, written: Written, rows: int, *, columns: int) -> pl.DataFrame:
        """The first rows and columns of what a write left of its newest day, without asking the table's log."""
        shown = list(written.schema)[:columns]
        if written.newest is None:
            return pl.DataFrame(schema=written.schema).select(shown)
        uri, options = f"{self.table_uri(name)}/{written.newest}", places.frame_options(self.uri)
        frame = pl.scan_parquet(uri, storage_options=options, hive_partitioning=False, glob=False)
        if written.rows_by_day:
            frame = frame.with_columns(date=pl.lit(max(day for day, count in written.rows_by_day.items() if count)))
        return places.asked(self.uri, frame.select(shown).head(rows).collect)

    def claim(self, identity: str) -> None:
        """Record which source the lake's rows come from; the first claim holds for good.

        Raises:
            LakeError: the lake holds another source's rows.
        """
        content = json.dumps({"source": identity}).encode()
        try:
            found = places.put_if_absent(places.absolute(self.uri), _MARKER, content)
        except OSError as error:
            raise LakeError(
                f"the lake {self.uri} cannot be written: {places.refusal(self.uri, error) or error}. "
                "Check RETAIL_LAKE_URI and the rights of its folder"
            ) from error
        recorded = json.loads(found)["source"]
        if recorded != identity:
            empty = "" if self.tables() else ", as you can here: there is no table yet"
            raise LakeError(
                f"the lake {self.uri} holds rows of {recorded}, not of {identity}: one lake, one source. "
                "Set RETAIL_LAKE_URI to another place, or the settings back; where the same retailer's files have "
                f"moved, delete the lake's {_MARKER}{empty}"
            )

    def content_hash(self, name: str, window: Window | None = None) -> str:
        """A hash of the rows, whatever their order, files and version: equal content, equal hash.

        It is the number of rows and two sums of row hashes, over the columns in order of their names.
        """
        frame = self.scan(name, window)
        row = pl.struct(sorted(frame.collect_schema()))
        sums = frame.select(pl.len(), a=row.hash(seed=1).sum(), b=row.hash(seed=2).sum())
        rows, a, b = sums.collect(engine="streaming").row(0)
        return f"{rows}-{a:016x}{b:016x}"

    def vacuum(self, name: str, older_than: timedelta = timedelta(days=7)) -> list[str]:
        """Delete files no version within the time needs: replaced ones, and what killed writers left.

        Args:
            name: the table.
            older_than: at least an hour, longer than any write or read takes.

        Returns:
            Paths of the deleted files, relative to the table.
        """
        if older_than < _LEAST_RETENTION:
            raise LakeError(
                f"vacuum of {name} with {older_than} would delete files in use: at least {_LEAST_RETENTION}"
            )
        uri = self.table_uri(name)
        stale = places.stale_temporaries(uri, older_than, datetime.now(UTC))
        hours = -(-int(older_than.total_seconds()) // 3600)
        table = self.delta(name)
        deleted = places.asked(
            uri,
            lambda: table.vacuum(retention_hours=hours, dry_run=False, enforce_retention_duration=False, full=True),
        )
        places.remove(uri, stale)
        return sorted({*deleted, *stale})
