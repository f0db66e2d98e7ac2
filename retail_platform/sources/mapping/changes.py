"""What lies in a mapping's folder now, and what each file touches.

Only the files of inputs as a listing shows them, and what differs between two deliveries of the same days, belong
here. What was seen before, and what is to be done about a change, is `automation`'s business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from retail_platform.sources.base import Delivery, SourceContractError
from retail_platform.sources.mapping.files import File
from retail_platform.sources.mapping.model import FilesInput
from retail_platform.sources.mapping.named_days import NamedDays
from retail_platform.sources.mapping.source import Mapping

_COUNT = "__times"


@dataclass(frozen=True)
class Touch:
    """A file that is there, and the dataset whose rows it changes.

    Attributes:
        day: that the file is named for; None: the whole table of a snapshot, or any days of another dataset.
        version: changes with the content.
        arrived: when it came to lie there, in seconds since 1970.
        whole: False for a file that may still be written.
    """

    dataset: str
    name: str
    day: date | None
    version: str
    arrived: float
    whole: bool


@dataclass(frozen=True)
class Listing:
    """What lies there: touches, and for each input that cannot be listed what is wrong with it."""

    touches: tuple[Touch, ...]
    problems: tuple[str, ...] = ()


def listing(mapping: Mapping) -> Listing:
    """Every file of the mapping's file inputs, once for each dataset that reads it.

    Of files named for days a snapshot reads the newest day's alone. Files that by their names are not yet whole are
    left out.

    Raises:
        SourceUnavailable: the folder is not there or does not answer.
    """
    files, problems = _files(mapping)
    touches = []
    for dataset, inputs in inputs_read(mapping).items():
        found = [(day, file) for name in sorted(inputs) for day, file in files.get(name, ())]
        if mapping.datasets[dataset].delivery is Delivery.SNAPSHOT:
            newest = max((day for day, _ in found if day), default=None)
            found = [(None, file) for day, file in found if day is None or day == newest]
        touches += [Touch(dataset, file.name, day, file.version, file.arrived, file.whole) for day, file in found]
    return Listing(tuple(touches), tuple(problems))


def inputs_read(mapping: Mapping) -> dict[str, frozenset[str]]:
    """The file inputs that each dataset's SQL reads.

    Raises:
        SourceContractError: the SQL cannot be read.
    """
    from retail_platform.sources.mapping.query import database, tables_used

    inputs = frozenset(file_inputs(mapping))
    found = {}
    with TemporaryDirectory() as spill, database(Path(spill)) as connection:
        for dataset, entry in mapping.description.datasets.items():
            path = mapping.folder / f"{dataset}.sql"
            used = tables_used(connection, path, path.read_text(encoding="utf-8"))
            found[dataset] = inputs & (used | {entry.driving or ""})
    return found


def file_inputs(mapping: Mapping) -> dict[str, list[FilesInput]]:
    """The layouts of the inputs that are files."""
    layouts = {
        name: [one for one in layouts if isinstance(one, FilesInput) and one.kind == "files"]
        for name, layouts in mapping.description.inputs.items()
    }
    return {name: found for name, found in layouts.items() if found}


def _files(mapping: Mapping) -> tuple[dict[str, list[tuple[date | None, File]]], list[str]]:
    """The files of each input with the days they are named for; one listing for all of them, where nothing is wrong."""
    layouts = [(name, layout) for name, of_input in file_inputs(mapping).items() for layout in of_input]
    problems: list[str] = []
    try:
        found = mapping.source_folder.find([layout.any_path for _, layout in layouts])
    except SourceContractError:
        found = [_found(mapping, layout, problems) for _, layout in layouts]
    files: dict[str, list[tuple[date | None, File]]] = {}
    for (name, layout), of_layout in zip(layouts, found, strict=True):
        files.setdefault(name, []).extend(_dated(layout, of_layout))
    return files, problems


def _found(mapping: Mapping, layout: FilesInput, problems: list[str]) -> list[File]:
    """The files of one layout; what is wrong with them holds nobody else back."""
    try:
        return mapping.source_folder.find([layout.any_path])[0]
    except SourceContractError as error:
        problems.append(str(error))
        return []


def _dated(layout: FilesInput, files: list[File]) -> Iterator[tuple[date | None, File]]:
    """Files with the days they are named for; those whose name holds none, where one is expected, are none."""
    if not layout.dated:
        yield from ((None, file) for file in files)
        return
    named = NamedDays(layout)
    yield from ((day, file) for file in files for day in named.of(file.name))


def changed_days(delivered: pl.LazyFrame, known: pl.LazyFrame) -> set[date]:
    """Days whose rows differ, as often as each is there; their order does not matter.

    Args:
        delivered: rows of some days, with `date`.
        known: rows of the same days as they were delivered before; a column that it lacks held nothing.
    """
    columns = delivered.collect_schema().names()
    before = known.collect_schema().names()
    text = [pl.col(name).cast(pl.String) for name in columns if name != "date"]
    old = known.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in columns if name not in before)
    counted = [
        frame.select("date", *text, pl.lit(sign, dtype=pl.Int64).alias(_COUNT))
        for frame, sign in ((delivered, 1), (old, -1))
    ]
    differing = (
        pl.concat(counted).group_by("date", *(name for name in columns if name != "date")).agg(pl.col(_COUNT).sum())
    )
    return set(differing.filter(pl.col(_COUNT) != 0).select(pl.col("date").unique()).collect()["date"])
