"""The inputs of a mapping as views of text columns over the files of the days wanted.

Which files there must be is decided here; how one is read is `readers`' business.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.files import VARIABLE, File, Folder
from retail_platform.sources.mapping.model import FilesInput
from retail_platform.sources.mapping.named_days import NamedDays
from retail_platform.sources.mapping.readers import literal, one_file, require_columns, to_parquet
from retail_platform.sources.mapping.scratch import made_once, scratch
from retail_platform.windows import Window

FILE_DATE = "file_date"
"""Column of an input with {date}: the day its file is named for."""


@dataclass(frozen=True)
class Input:
    """One input's files for a read.

    Attributes:
        files: each with the day it is named for, None where files hold any days.
        missing: days wanted for which no file is there.
        like: where no file is there and no columns are declared, one of another day that tells them.
    """

    name: str
    layout: FilesInput
    files: tuple[tuple[date | None, File], ...]
    missing: tuple[date, ...] = ()
    like: tuple[tuple[date, File], ...] = ()

    @property
    def stamp(self) -> str:
        """Changes when the files do."""
        return "\n".join(f"{self.layout!r}\n{file.stamp}" for _, file in self.files)


def locate(folder: Folder, name: str, layouts: list[FilesInput], window: Window | None) -> Input:
    """Find an input's files.

    Args:
        folder: where the source's files lie.
        name: of the input.
        layouts: of which the files follow one.
        window: the days wanted of files that are named for days; None: the newest.

    Raises:
        SourceUnavailable: there is no file at all; names the input, what was looked for, and what is near.
        SourceContractError: files of two layouts are there.
    """
    there = [layout for layout in layouts if find_any(folder, layout)]
    if not there:
        wanted = " or ".join(layout.path for layout in layouts)
        near = folder.similar(layouts[0].path)
        beside = f"there are {', '.join(near)}" if near else "the folder is empty"
        raise SourceUnavailable(f"input {name}: no file {wanted} in {VARIABLE} {folder.name}; {beside}")
    if len(there) > 1:
        both = " and ".join(layout.path for layout in there)
        raise SourceContractError(f"input {name}: {folder.name} holds both {both}; leave one of them")
    layout = there[0]
    if not layout.dated:
        return Input(name, layout, tuple((None, file) for file in find_any(folder, layout)))
    if window is None:
        newest = max(days_of(folder, layout), default=None)
        window = Window(newest, newest) if newest else None
        if window is None:
            raise SourceContractError(f"input {name}: no file's name holds a day as {layout.path} says")
    found = dict(zip(window.days(), folder.find([layout.path_of(day) for day in window.days()]), strict=True))
    files = tuple((day, file) for day, day_files in found.items() for file in day_files)
    missing = tuple(day for day, day_files in found.items() if not day_files)
    return Input(name, layout, files, missing, () if files or layout.columns else _newest(folder, layout))


def find_any(folder: Folder, layout: FilesInput) -> list[File]:
    """The files of a layout, whatever their day."""
    [files] = folder.find([layout.any_path])
    return files


def days_of(folder: Folder, layout: FilesInput) -> list[date]:
    """The days for which files are there, in order."""
    named = NamedDays(layout)
    return sorted({day for file in find_any(folder, layout) for day in named.of(file.name)})


def _newest(folder: Folder, layout: FilesInput) -> tuple[tuple[date, File], ...]:
    days = days_of(folder, layout)[-1:]
    return tuple((days[0], file) for file in folder.find([layout.path_of(day) for day in days])[0][:1]) if days else ()


def create_view(connection: duckdb.DuckDBPyConnection, one: Input, folder: Path) -> None:
    """Make the view of an input: its files' columns, all text; those declared bear their names as declared.

    Args:
        connection: where.
        one: the input.
        folder: for what is read for this time only: the files of single days.

    Raises:
        SourceContractError: a file cannot be read as what the mapping says.
    """
    if not (one.files or one.like):
        if not one.layout.columns:
            raise SourceContractError(
                f"input {one.name}: no file of {one.layout.path} in these days, and its columns are not declared"
            )
        empty = ", ".join(f"NULL::VARCHAR AS {quoted(column)}" for column in one.layout.columns)
        connection.execute(f"CREATE VIEW {quoted(one.name)} AS SELECT {empty}, NULL::DATE AS {FILE_DATE} WHERE false")
        return
    alike: dict[tuple[tuple[str, str], ...], list[tuple[date | None, str]]] = {}
    for day, file in one.files or one.like:
        path = _readable(connection, one.layout, file, folder if day else scratch())
        alike.setdefault(_schema(file, path, one.layout), []).append((day, str(path)))
    parts = " UNION ALL BY NAME ".join(
        _select(one.layout, files, [column for column, _ in schema]) for schema, files in alike.items()
    )
    rows = f"SELECT * FROM ({parts}) WHERE false" if one.like else parts
    connection.execute(f"CREATE VIEW {quoted(one.name)} AS {rows}")


def _select(layout: FilesInput, files: list[tuple[date | None, str]], columns: list[str]) -> str:
    """The rows of files of one schema. A value's text is thus its file's alone, whatever is read beside it."""
    listed = ", ".join(one_file(Path(path)) for _, path in files)
    selected = "COLUMNS(*)::VARCHAR"
    if layout.dated:
        days = ", ".join(f"{literal(path)}: DATE {literal(str(day))}" for day, path in files)
        selected = f"COLUMNS(* EXCLUDE filename)::VARCHAR, (MAP {{{days}}})[filename] AS {FILE_DATE}"
    options = f"hive_partitioning = false, filename = {str(layout.dated).lower()}"
    return f"SELECT {selected} FROM (SELECT *{_renamed(layout, columns)} FROM read_parquet([{listed}], {options}))"


def _renamed(layout: FilesInput, columns: list[str]) -> str:
    """What gives columns their declared names, where the file writes them with other small and capital letters."""
    declared = {column.lower(): column for column in layout.columns if column not in columns}
    names = {column: declared[column.lower()] for column in columns if column.lower() in declared}
    return f" RENAME ({', '.join(f'{quoted(one)} AS {quoted(name)}' for one, name in names.items())})" if names else ""


def _readable(connection: duckdb.DuckDBPyConnection, layout: FilesInput, file: File, folder: Path) -> Path:
    if layout.kind_of_file == "parquet":
        return file.fetch(folder)

    def make(target: Path) -> None:
        to_parquet(file.name, file.fetch(folder), layout, target, connection)

    return made_once(f"{file.name}\n{layout!r}", file.stamp, ".parquet", make, folder)


def _schema(file: File, path: Path, layout: FilesInput) -> tuple[tuple[str, str], ...]:
    import pyarrow.lib
    import pyarrow.parquet

    try:
        schema = pyarrow.parquet.read_schema(path)
    except (FileNotFoundError, PermissionError) as error:
        raise SourceUnavailable(f"{file.name} cannot be opened: {error.strerror}") from error
    except (pyarrow.lib.ArrowException, OSError) as error:
        raise SourceContractError(f"{file.name} is no readable Parquet file: {error}") from error
    if layout.kind_of_file == "parquet":
        require_columns(file.name, schema.names, layout.columns)
    return tuple((column.name, str(column.type)) for column in schema)


def quoted(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
