"""What version a table of the lake is at, and which days differ between two.

Only the log is looked at here; reading rows is `tables`' business.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast

import polars as pl
from deltalake import DeltaTable


@dataclass(frozen=True)
class Version:
    """One state of one table.

    Attributes:
        identity: of the table: one that is deleted and made again has another.
        at: when it was committed, UTC.
        files: path and day of each; no day in a table without days.
        rows: how many there are; None where the table does not tell.
    """

    table: str
    identity: str
    number: int
    at: datetime | None
    by_day: bool
    files: frozenset[tuple[str, date | None]]
    columns: tuple[str, ...]
    rows: int | None

    @property
    def key(self) -> tuple[str, str, int]:
        """What a cached result depends on."""
        return self.table, self.identity, self.number


def changed_days(before: Version | None, now: Version) -> list[date] | None:
    """The days whose files are others than before, in order; None where that is no use, and all is to be read."""
    if before is None or before.identity != now.identity:
        return None
    days = {day for _, day in before.files ^ now.files if day is not None}
    return sorted(days) if now.by_day and len(days) * 4 <= len(now.files) else None


def version_of(table: str, delta: DeltaTable) -> Version:
    """The version a table was opened at."""
    metadata = delta.metadata()
    by_day = metadata.partition_columns == ["date"]
    files = pl.DataFrame(delta.get_add_actions(flatten=True))
    days: list[date | None] = [None] * files.height
    at = None
    if files.height:
        at = datetime.fromtimestamp(cast(int, files["modification_time"].cast(pl.Int64).max()) / 1000, UTC)
        if by_day:
            days = files["partition.date"].cast(pl.Date).to_list()
    return Version(
        table=table,
        identity=str(metadata.id),
        number=delta.version(),
        at=at,
        by_day=by_day,
        files=frozenset(zip(files["path"].to_list() if files.height else [], days, strict=True)),
        columns=tuple(field.name for field in delta.schema().fields),
        rows=_rows(files),
    )


def _rows(files: pl.DataFrame) -> int | None:
    if not files.height:
        return 0
    told = files["num_records"]
    return None if told.null_count() else int(told.sum())
