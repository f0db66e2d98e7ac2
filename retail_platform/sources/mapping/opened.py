"""A dataset's SQL over its inputs, opened to be asked, and the rules that its rows must keep.

The rules: the columns are the dataset's, every row bears a date, and the SQL neither drops nor multiplies the
rows of its driving input. What a value may be is judged later, row by row.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl

from retail_platform.sources.base import DELIVERIES, Delivery, SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.files import Folder
from retail_platform.sources.mapping.http.client import Api
from retail_platform.sources.mapping.http.order import in_order
from retail_platform.sources.mapping.http.view import Answers, create_answers
from retail_platform.sources.mapping.inputs import FILE_DATE, Input, create_view, locate, quoted
from retail_platform.sources.mapping.model import FILE_NAME, DatasetEntry, MappingFile, nearest, some
from retail_platform.sources.mapping.query import create_result, database, explained, tables_used
from retail_platform.sources.mapping.scratch import scratch
from retail_platform.windows import Window

_DATE = "TRY_CAST(date AS DATE)"
DAY = f"(CASE WHEN {_DATE} BETWEEN '0001-01-01' AND '9999-12-31' THEN {_DATE} END)"  # the years of Python's calendar


@dataclass(frozen=True)
class Opened:
    """A dataset's SQL as the view `delivered` in an open database."""

    dataset: str
    path: Path
    sql: str
    entry: DatasetEntry
    connection: duckdb.DuckDBPyConnection
    inputs: Mapping[str, Input | Answers]
    columns: list[str]

    @property
    def driving(self) -> Input | Answers:
        """The input whose rows are delivered; only a dataset that derives its rows has none."""
        assert self.entry.driving is not None  # the model sees to it
        return self.inputs[self.entry.driving]

    @property
    def by_file(self) -> bool:
        """Whether the driving input has a file, or an answer, a day."""
        return self.entry.driving is not None and self.driving.layout.dated

    @property
    def stamp(self) -> str:
        """Changes when the SQL or an input's files do."""
        files = (one.stamp for one in self.inputs.values())
        return "\n".join([repr(self.entry), self.sql, *files])

    def unknown_columns(self) -> list[str]:
        """Columns that the dataset does not have."""
        return [one for one in self.columns if one not in DELIVERIES[self.dataset].column_names()]

    def missing_columns(self) -> list[str]:
        """Columns that the dataset needs and the SQL does not deliver."""
        schema = DELIVERIES[self.dataset].columns()
        return [name for name, column in schema.items() if not column.nullable and name not in self.columns]

    def require_columns(self) -> None:
        """Refuse columns that the dataset does not have, and the lack of those it needs.

        Raises:
            SourceContractError: naming the SQL file, the column, and the nearest.
        """
        known = DELIVERIES[self.dataset].column_names()
        if unknown := self.unknown_columns():
            told = " ".join(f"{self.dataset} has no column {one!r}{nearest(one, known)}" for one in unknown)
            raise SourceContractError(f"{self.path}: {told} It has {', '.join(known)}")
        if missing := self.missing_columns():
            raise SourceContractError(
                f"{self.path}: {self.dataset} needs the column {', '.join(map(repr, missing))}, which is missing"
            )

    def require_conservation(self, span: Window | None) -> None:
        """Refuse rows dropped or multiplied, rows without a date, and rows of days that cannot or should not be.

        Rows that the SQL derives are not counted.

        Raises:
            SourceContractError: naming the SQL file, the driving input, counts and sample values.
        """
        if self.entry.driving is None:
            return
        delivered, expected = self._delivered_by_day(), self._expected_by_day()
        have, want = sum(delivered.values()), sum(expected.values())
        if have != want:
            raise SourceContractError(
                f"{self.path} delivers {have:,} rows, its driving input {self.driving.name} has {want:,}: "
                "a join or filter drops or multiplies rows"
            )
        wrong = sorted(day for day in expected if day and delivered.get(day) != expected[day])
        if wrong:
            day = wrong[0]
            raise SourceContractError(
                f"{self.path}: the file of input {self.driving.name} for {day} has {expected[day]:,} rows, "
                f"{delivered.get(day, 0):,} rows bear that date: a file's rows must bear its date"
            )
        if self.entry.beyond_span:
            return
        if span and (outside := sorted(day for day in delivered if day and day not in span)):
            count = sum(delivered[day] for day in outside)
            raise SourceContractError(
                f"{self.path}: {count:,} rows of input {self.driving.name} lie outside the span {span}: {some(outside)}"
            )

    def rows(self, window: Window | None) -> pl.DataFrame:
        """The rows of a window: `date` a date, all else text."""
        selected = [
            f'{DAY} AS "{one}"' if one == "date" else f'"{one}"::VARCHAR AS "{one}"'
            for one in DELIVERIES[self.dataset].column_names()
            if one in self.columns
        ]
        where = f"WHERE {DAY} BETWEEN '{window.first}' AND '{window.last}'" if window else ""
        with explained(self.path):
            rows: pl.DataFrame = self.connection.sql(f"SELECT {', '.join(selected)} FROM delivered {where}").pl()
        return rows

    def _delivered_by_day(self) -> dict[date | None, int]:
        if "date" not in self.columns:
            return {None: self._ask("SELECT count(*) FROM delivered")[0][0]}
        rows = self._ask(
            f"SELECT {DAY}, count(*), count(*) FILTER ({DAY} IS NULL), "
            f"(list(DISTINCT date::VARCHAR) FILTER ({DAY} IS NULL))[:5] FROM delivered GROUP BY 1"
        )
        days: dict[date | None, int] = {}
        for day, count, undated, samples in rows:
            if undated:
                raise SourceContractError(
                    f"{self.path}: {undated:,} rows of input {self.driving.name} bear no date as YYYY-MM-DD: "
                    f"{some([repr(one) for one in samples or [None]])}"
                )
            days[day] = count
        return days

    def _expected_by_day(self) -> dict[date | None, int]:
        day = FILE_DATE if self.by_file and "date" in self.columns else "NULL::DATE"
        rows = quoted(self.driving.name)
        if self.entry.driving_key:
            keys = ", ".join(map(quoted, self.entry.driving_key))
            rows = f"(SELECT DISTINCT {keys}, {day} AS {FILE_DATE} FROM {rows})"
        counted = self._ask(f"SELECT {day}, count(*) FROM {rows} GROUP BY 1", self.path.with_name(FILE_NAME))
        return {found: count for found, count in counted}

    def _ask(self, sql: str, path: Path | None = None) -> list[tuple[Any, ...]]:
        with explained(path or self.path):
            return self.connection.execute(sql).fetchall()


@contextmanager
def opened(
    mapping: MappingFile,
    folder: Path,
    source: Folder,
    dataset: str,
    window: Window | None,
    *,
    api: Api | None = None,
    may_be_absent: Collection[date] | None = (),
) -> Iterator[Opened]:
    """Open a dataset for a window of days (None for a snapshot).

    Args:
        mapping: the description.
        folder: that holds the SQL.
        source: where the files lie.
        dataset: one of the mapping's.
        window: the days wanted of files that are named for days.
        api: where HTTP inputs are asked for; None: the mapping has none.
        may_be_absent: days of which files may be missing; None: any.

    Raises:
        SourceUnavailable: files are missing; names input, path and days.
        SourceContractError: a file or the SQL is wrong.
    """
    path, entry = folder / f"{dataset}.sql", mapping.datasets[dataset]
    sql = path.read_text(encoding="utf-8")
    with TemporaryDirectory(dir=scratch()) as once, database(Path(once)) as connection:
        used = in_order(mapping.http, sorted({*tables_used(connection, path, sql), entry.driving or ""}))
        files = {
            name: locate(source, name, layouts, window) for name, layouts in mapping.inputs.items() if name in used
        }
        for one in files.values():
            if may_be_absent is not None and entry.delivery is not Delivery.ARCHIVE:
                require_days(one, source, [day for day in one.missing if day not in may_be_absent])
            create_view(connection, one, Path(once))
        inputs: dict[str, Input | Answers] = {**files}
        for name in used:
            if name in mapping.http:
                assert api is not None  # whoever opens a mapping with HTTP inputs sees to it
                # A store of which a day's delivery lacks is found where it is known which stores are open; of an
                # archive any day may have had no rows.
                anything = name == entry.driving and entry.delivery in (Delivery.STORE_DAY, Delivery.ARCHIVE)
                days = window.days() if window and entry.delivery is Delivery.ARCHIVE else ()
                inputs[name] = create_answers(
                    connection,
                    api,
                    name,
                    mapping.http[name],
                    window,
                    folder=Path(once),
                    may_be_absent=None if anything or may_be_absent is None else {*may_be_absent, *days},
                )
        columns = create_result(connection, path, sql, mapping.names)
        yield Opened(dataset, path, sql, entry, connection, inputs, columns)


def require_days(one: Input | Answers, source: Folder, missing: list[date]) -> None:
    """Refuse a window of which days are missing.

    Raises:
        SourceUnavailable: naming input, path and days.
    """
    if missing:
        raise SourceUnavailable(
            f"input {one.name} ({one.layout.path} in {source.name}): no delivery for {some(missing, 31)}"
        )
