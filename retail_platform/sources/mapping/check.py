"""What is wrong with a mapping, told all at once: for whoever writes one.

A read stops at the first fault; here every input, dataset and column is looked at and the faults are
collected. What the faults are is decided where a read decides it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from zoneinfo import ZoneInfo

import dataframely as dy
import polars as pl
from pydantic import SecretStr

from retail_platform.domains.stores.contract import ONLINE
from retail_platform.quality.casting import has_value, typed
from retail_platform.quality.store_names import StoreMatching, stores_meant
from retail_platform.quality.validate import COPIES, conflicts
from retail_platform.settings import SettingsError
from retail_platform.sources.base import DAILY_DATASETS, DELIVERIES, Delivery, SourceContractError, SourceError
from retail_platform.sources.mapping.errors import shape
from retail_platform.sources.mapping.files import Folder, NoFolder, open_folder
from retail_platform.sources.mapping.http.client import Api, open_api
from retail_platform.sources.mapping.http.order import in_order
from retail_platform.sources.mapping.inputs import days_of, find_any, locate
from retail_platform.sources.mapping.model import DatasetEntry, FilesInput, MappingFile, load_mapping, nearest, some
from retail_platform.sources.mapping.opened import Opened, opened
from retail_platform.sources.mapping.query import database, tables_used
from retail_platform.windows import Window

DAYS_LOOKED_AT = 31  # the newest, of inputs that deliver a file a day
RETRY_SECONDS = 3  # that a page is tried again, at most

_NAMES = 20  # of matched stores that are told

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing seen.

    Attributes:
        level: an error refuses deliveries, a warning rejects or lacks rows or judges less, an info is good to know.
        dataset: it is about; None: the mapping or an input.
        column: of the dataset it is about; None: all of it.
        message: what was found, what is expected.
    """

    level: Level
    dataset: str | None
    column: str | None
    message: str


def check_mapping(
    folder: Path,
    source_dir: str | None,
    *,
    source_url: str | None = None,
    source_token: SecretStr | None = None,
    day: date | None = None,
) -> list[Finding]:
    """Check a mapping against its inputs and the contracts of the datasets.

    Args:
        folder: that holds `mapping.toml` and the SQL.
        source_dir: where the files lie, as RETAIL_SOURCE_DIR says it.
        source_url: where the API is, as RETAIL_SOURCE_URL says it.
        source_token: as RETAIL_SOURCE_TOKEN says it.
        day: that HTTP inputs are asked for; None: yesterday, or the last day of an archive.

    Returns:
        The findings, inputs first, then dataset by dataset; no error among them: the mapping can be used.
    """
    try:
        mapping = _impatient(load_mapping(folder))
        source = open_folder(source_dir) if mapping.inputs else NoFolder()
        api = open_api(source_url, source_token) if mapping.http else None
    except (SourceContractError, SettingsError) as error:
        return [Finding("error", None, None, str(error))]
    found = list(_inputs(mapping, source))
    told = {finding.message for finding in found}
    asked = day or _asked_day(mapping)
    for name, endpoint in mapping.http.items():
        for_day = f" for {asked}" if endpoint.dated else ""
        found.append(Finding("info", None, None, f"input {name}: {endpoint.shown} of {source_url}{for_day}"))
    for path in sorted(folder.glob("*.sql")):
        if path.stem not in mapping.datasets:
            near = nearest(path.stem, DELIVERIES)
            found.append(Finding("warning", None, None, f"{path} belongs to no dataset of mapping.toml{near}"))
    for dataset in mapping.datasets:
        try:
            found += _dataset(mapping, folder, source, api, dataset, asked=asked)
        except SourceError as error:
            if str(error) not in told:
                found.append(Finding("error", dataset, None, str(error)))
    return found


def _inputs(mapping: MappingFile, source: Folder) -> Iterator[Finding]:
    for name, layouts in mapping.inputs.items():
        try:
            layout = locate(source, name, layouts, None).layout
            files = find_any(source, layout)
        except SourceError as error:
            yield Finding("error", None, None, str(error))
            continue
        days = days_of(source, layout) if layout.dated else []
        for_days = f" for {Window(days[0], days[-1])}" if days else ""
        yield Finding("info", None, None, f"input {name}: {_count(len(files), 'file')} {layout.path}{for_days}")
        gaps = sorted(set(Window(days[0], days[-1]).days()) - set(days)) if days else []
        if gaps and not _of_archives(mapping, name):
            told = f"no file for {_count(len(gaps), 'day')} between: {some(gaps)}"
            yield Finding("warning", None, None, f"input {name}: {told}; a day fails without, unless no store is open")


def _of_archives(mapping: MappingFile, name: str) -> bool:
    """Whether an input drives archives alone, in which a day without a file had no rows."""
    return {entry.delivery for entry in mapping.datasets.values() if entry.driving == name} == {Delivery.ARCHIVE}


def _dataset(
    mapping: MappingFile, folder: Path, source: Folder, api: Api | None, dataset: str, *, asked: date
) -> Iterator[Finding]:
    window = _window(mapping, folder, source, dataset, asked)
    with opened(mapping, folder, source, dataset, window, api=api, may_be_absent=None) as rows:
        known = DELIVERIES[dataset].columns()
        for column in rows.unknown_columns():
            near = nearest(column, known)
            yield Finding("error", dataset, column, f"{dataset} has no such column{near}")
        for column in rows.missing_columns():
            yield Finding("error", dataset, column, "is missing: every row needs it")
        if "date" in known and "date" not in rows.columns:
            return
        yield from _conservation(rows, mapping.window)
        frame = rows.rows(mapping.window if rows.entry.beyond_span else None)
    yield _rows(dataset, frame, window)
    for column, expected in known.items():
        if column in frame.columns:
            yield from _values(dataset, column, expected, frame)
    yield from _conflicts(dataset, mapping.datasets[dataset], frame)
    if (matching := mapping.dataset(dataset).match_stores) and "store_id" in frame.columns:
        with opened(mapping, folder, source, "stores", None, api=api) as rows:
            yield from _store_names(dataset, frame, rows.rows(None), matching)
    if dataset == "sales" and not {"unit_price", "net_amount"} & set(frame.columns):
        yield Finding("error", dataset, "net_amount", "is missing: net_amount or unit_price is needed")
    if dataset == "stores" and "footfall" in mapping.datasets and mapping.max_visitors_per_hour is None:
        yield from _unbounded(frame)


def _rows(dataset: str, frame: pl.DataFrame, window: Window | None) -> Finding:
    """How many rows there are, and which columns they could have and have not."""
    told = _count(frame.height, "row") + (f" of {window}" if window else "")
    absent = [name for name in DELIVERIES[dataset].column_names() if name not in frame.columns]
    optional = f"; optional columns not delivered: {', '.join(absent)}" if absent else "; every column is delivered"
    return Finding("warning" if frame.is_empty() else "info", dataset, None, told + optional)


def _store_names(dataset: str, frame: pl.DataFrame, stores: pl.DataFrame, matching: StoreMatching) -> Iterator[Finding]:
    """Which names are taken for which stores; nothing where the stores do not have the column they are like."""
    columns = {"store_id", matching.against}
    if not columns <= set(stores.columns):
        yield Finding("error", dataset, "store_id", f"match_stores needs the column {matching.against!r} of stores")
        return
    meant = stores_meant(frame["store_id"], stores.unique(columns), matching).filter(~pl.col("equal"))
    for name, store, similarity, _ in meant.head(_NAMES).iter_rows():
        yield Finding("warning", dataset, "store_id", f"{name!r} is taken for store {store!r} ({similarity:.2f} alike)")
    if meant.height > _NAMES:
        yield Finding("warning", dataset, "store_id", f"and {meant.height - _NAMES} more names are matched")


def _unbounded(stores: pl.DataFrame) -> Iterator[Finding]:
    if "format" in stores.columns:
        stores = stores.filter(pl.col("format").fill_null("") != ONLINE)
    without = stores["capacity"].null_count() if "capacity" in stores.columns else stores.height
    if without:
        yield Finding(
            "warning",
            "stores",
            "capacity",
            f"unknown for {without:,} of {_count(stores.height, 'store')}, and mapping.toml says no "
            "max_visitors_per_hour: implausible counts of footfall cannot be told there",
        )


def _conservation(rows: Opened, span: Window | None) -> Iterator[Finding]:
    try:
        rows.require_conservation(span)
    except SourceContractError as error:
        yield Finding("error", rows.dataset, None, str(error))


def _values(dataset: str, column: str, expected: dy.Column, frame: pl.DataFrame) -> Iterator[Finding]:
    have, want = frame.schema[column], expected.dtype
    given = has_value(column, have)
    bad = frame.filter(given & typed(column, have, want).is_null()).get_column(column)
    rows = frame.height
    if bad.len():
        value, times = bad.value_counts(sort=True).row(0)
        often = _shown(dataset, value)
        yield Finding(
            "error" if bad.len() == rows else "warning",
            dataset,
            column,
            f"{bad.len():,} of {_count(rows, 'value')} ({bad.len() / rows:.1%}) cannot be read as {type_name(want)}, "
            f"most often {often} ({times:,}): their rows are quarantined",
        )
    empty = rows - frame.filter(given).height
    if empty and not expected.nullable:
        level: Level = "error" if empty == rows else "warning"
        told = f"empty in {empty:,} of {_count(rows, 'row')}: every row needs it, those without are quarantined"
        yield Finding(level, dataset, column, told)


def _conflicts(dataset: str, entry: DatasetEntry, frame: pl.DataFrame) -> Iterator[Finding]:
    """Rows of one identity, of a dataset of days within a day, that are not equal."""
    if not entry.identity or not set(entry.identity) <= set(frame.columns):
        return
    order = entry.ordered_by if entry.ordered_by in frame.columns else None
    identity = list(dict.fromkeys([*(["date"] if dataset in DAILY_DATASETS else []), *entry.identity]))
    bad = conflicts(frame, delivery=DELIVERIES[dataset], identity=identity, ordered_by=order)
    if bad.is_empty():
        return
    number, rows = int(bad[COPIES].sum()), frame.height
    groups = bad.group_by(identity, maintain_order=True).agg(pl.col(COPIES).sum())
    *values, times = groups.sort(COPIES, descending=True, maintain_order=True).row(0)
    often = ", ".join(_shown(dataset, value) for value in values)
    unordered = f" that {order} does not order" if order else ""
    yield Finding(
        "error" if number == rows else "warning",
        dataset,
        None,
        f"{number:,} of {_count(rows, 'row')} ({number / rows:.1%}) share {', '.join(identity)} with rows of other "
        f"content{unordered}, most often {often} ({times:,}): all of them are quarantined; name in identity all "
        "columns that tell rows apart, or none, or in ordered_by the one that tells which row holds",
    )


def _shown(dataset: str, value: object) -> str:
    return f"like {shape(str(value))!r}" if _is_of_persons(dataset) else repr(str(value))


def _is_of_persons(dataset: str) -> bool:
    """Whether any value may be personal: of a mapping that is not right yet, none is sure to be in its column."""
    return any((column.metadata or {}).get("personal") for column in DELIVERIES[dataset].columns().values())


def type_name(dtype: pl.DataType) -> str:
    """What a value of a type looks like, in words."""
    match dtype:
        case pl.Boolean():
            return "true or false"
        case pl.Date():
            return "a day (YYYY-MM-DD)"
        case pl.Datetime():
            return "a wall time (YYYY-MM-DD HH:MM:SS)"
        case pl.Decimal():
            return "an amount (12.50)"
        case _ if dtype.is_integer():
            return "a whole number"
        case _ if dtype.is_float():
            return "a number"
        case _:
            return "text"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _impatient(mapping: MappingFile) -> MappingFile:
    """Somebody waits: a server that is down is not asked for as long as a run does."""
    endpoints = {
        name: one.model_copy(update={"retry_seconds": min(one.retry_seconds, RETRY_SECONDS)})
        for name, one in mapping.http.items()
    }
    return mapping.model_copy(update={"http": endpoints})


def _asked_day(mapping: MappingFile) -> date:
    if mapping.window:
        return mapping.window.last
    return datetime.now(ZoneInfo(mapping.timezone)).date() - timedelta(days=1)


def _window(mapping: MappingFile, folder: Path, source: Folder, dataset: str, asked: date) -> Window | None:
    entry = mapping.datasets[dataset]
    if entry.delivery is Delivery.SNAPSHOT or entry.driving is None:
        return None
    if entry.driving in mapping.http:
        return Window(asked, asked)
    archive = entry.delivery is Delivery.ARCHIVE
    if (archive or not _layouts(mapping, entry.driving)) and _asks_by_day(mapping, folder, dataset):
        return Window(asked, asked)
    if archive:
        return mapping.window
    days = [day for layout in _layouts(mapping, entry.driving) for day in days_of(source, layout)]
    if not days:
        return None
    return Window(max(days) - timedelta(days=DAYS_LOOKED_AT - 1), max(days))


def _asks_by_day(mapping: MappingFile, folder: Path, dataset: str) -> bool:
    """Whether the SQL reads an endpoint that has days: somebody waits, so it is asked for one."""
    if not mapping.http:
        return False
    path = folder / f"{dataset}.sql"
    with TemporaryDirectory() as spill, database(Path(spill)) as connection:
        used = in_order(mapping.http, sorted(tables_used(connection, path, path.read_text(encoding="utf-8"))))
    return any(mapping.http[name].dated for name in used if name in mapping.http)


def _layouts(mapping: MappingFile, name: str) -> list[FilesInput]:
    return [layout for layout in mapping.inputs[name] if layout.dated]
