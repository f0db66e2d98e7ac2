"""What the commands share: the settings as options, Dagster's instance, errors as messages, days from text."""

import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer
from dotenv import load_dotenv
from rich import box
from rich.console import Console
from rich.table import Table

from retail_platform.settings import PREFIX, Settings, SettingsError, load_settings
from retail_platform.windows import Window, unbroken

if TYPE_CHECKING:
    import dagster as dg

    from retail_platform.retailer import Retailer

_WIDE = 120  # where nobody watches, as in a file or a CI log
console = Console(width=None if sys.stdout.isatty() else _WIDE)
errors = Console(stderr=True, width=None if sys.stderr.isatty() else _WIDE)

FAILED, MISUSE = 1, 2
_SHOWN_RANGES = 3

From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, YYYY-MM-DD.")]
To = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, YYYY-MM-DD, inclusive.")]
SourceName = Annotated[
    str | None, typer.Option("--source", help="`simulator`, a built-in mapping or a folder; else RETAIL_SOURCE.")
]
SourceDir = Annotated[str | None, typer.Option("--source-dir", help="Where its files lie; else RETAIL_SOURCE_DIR.")]
LakeUri = Annotated[str | None, typer.Option("--lake", help="Where the tables lie; else RETAIL_LAKE_URI.")]

P = ParamSpec("P")
R = TypeVar("R")


class Misuse(Exception):
    """The command was called with something it cannot take; exit code 2."""


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Turn errors that a user can mend into a message and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from retail_platform.sources.base import SourceError
        from retail_platform.storage.lake import LakeError

        load_dotenv(".env")  # also what is not ours, as AWS_*; the environment goes before it
        try:
            return command(*args, **kwargs)
        except (Misuse, SettingsError) as error:
            errors.print(str(error), style="red", markup=False, highlight=False)
            raise typer.Exit(MISUSE) from None
        except (SourceError, LakeError) as error:
            errors.print(str(error), style="red", markup=False, highlight=False)
            raise typer.Exit(FAILED) from None

    return run


def configured(**overrides: str | None) -> Settings:
    """The settings, with a command's options in place of variables; runs of this process see them, too."""
    for name, value in overrides.items():
        if value is not None:
            os.environ[PREFIX + name.upper()] = value
    return load_settings()


def retailer_of(settings: Settings) -> "Retailer":
    """The retailer of the settings."""
    from retail_platform.definitions import open_retailer

    return open_retailer(settings)


@contextmanager
def dagster_instance() -> "Iterator[dg.DagsterInstance]":
    """Dagster's instance: of DAGSTER_HOME, else of the working folder's dagster.yaml, with the lake's own history.

    Raises:
        Misuse: there is neither.
    """
    use_dagster_home()
    import dagster as dg

    with _alone(Path(os.environ["RETAIL_DAGSTER_DIR"])):  # the first of several processes makes Dagster's tables
        opened = dg.DagsterInstance.get()
    with opened as instance:
        yield instance


@contextmanager
def _alone(folder: Path) -> "Iterator[None]":
    """Keep other processes of this machine out of the block."""
    import fcntl

    with (folder / ".opening").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def use_dagster_home() -> Path:
    """Make DAGSTER_HOME name a folder with a dagster.yaml."""
    home = Path(os.environ.get("DAGSTER_HOME") or Path.cwd()).resolve()
    if not (home / "dagster.yaml").is_file():
        raise Misuse(f"there is no dagster.yaml in {home}: run this in the project's folder, or set DAGSTER_HOME to it")
    os.environ["DAGSTER_HOME"] = str(home)
    history = load_settings().history_dir.absolute()
    history.mkdir(parents=True, exist_ok=True)
    os.environ["RETAIL_DAGSTER_DIR"] = str(history)
    return home


def window_of(retailer: "Retailer", first: str | None, last: str | None) -> Window:
    """The days from `--from` to `--to`; by default the whole span, or to yesterday where it is open-ended.

    Raises:
        Misuse: a day is no date, they are in the wrong order, or outside the span.
    """
    span = retailer.span()
    begin = _day("--from", first) if first else span.first
    end = _day("--to", last) if last else _default_end(retailer, span, begin)
    if begin > end:
        raise Misuse(f"--from {begin} is after --to {end}: swap them")
    if not (begin in span and end in span):
        raise Misuse(
            f"{begin}..{end} is not within the days of {retailer.source.name}, {span}: choose days within, or set "
            f"{PREFIX}START_DATE and {PREFIX}END_DATE"
        )
    return Window(begin, end)


def _default_end(retailer: "Retailer", span: Window, begin: date) -> date:
    if retailer.last_day is not None and span.last == retailer.last_day:
        return span.last
    return max(begin, span.last - timedelta(days=1))


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misuse(f"{option} {text}: a day is written YYYY-MM-DD, as 2026-01-31") from None


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def cell(value: Any) -> str:
    """A value in a table on the screen."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def shown_table(title: str, texts: tuple[str, ...], numbers: tuple[str, ...] = ()) -> Table:
    """An empty table for the screen: columns of text, then columns of numbers; nothing in it is cut off."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def shown_days(days: Iterable[str] | Iterable[date]) -> str:
    """Unbroken ranges of days, the first few."""
    ranges = unbroken(day if isinstance(day, date) else date.fromisoformat(day) for day in days)
    return ", ".join(map(str, ranges[:_SHOWN_RANGES])) + (", …" if len(ranges) > _SHOWN_RANGES else "")


def require_free(host: str, port: int) -> None:
    """Refuse to serve where nobody may, or somebody does."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Misuse(
                f"{host}:{port} cannot be listened on ({error.strerror}): try --port {port % 65535 + 1}"
            ) from None
