"""A retailer's platform in one folder, for tests: settings, lake, Dagster instance, ranges of days, checks, commands.

Only driving the platform belongs here; what must be true of it is the tests' business.
"""

import atexit
import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType, TracebackType
from typing import Self
from unittest.mock import patch

import click
import dagster as dg
import polars as pl
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.reconstruct import ReconstructableRepository
from typer.testing import CliRunner, Result

from retail_platform.automation import check_runs, ranges
from retail_platform.automation.check_runs import run_checks
from retail_platform.automation.health import DayStates, Health, day_states, examine
from retail_platform.automation.ranges import Outcome, execute_range, plan_range
from retail_platform.cli import app
from retail_platform.definitions import assemble, open_retailer
from retail_platform.retailer import Retailer
from retail_platform.settings import PREFIX, Settings, load_settings
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

PROJECT = Path(__file__).resolve().parents[1]
DEFINITIONS = ("retail_platform.definitions", "defs")

_OURS = (PREFIX, "DAGSTER_", "AWS_")
_loads = itertools.count()


@lru_cache(maxsize=1)
def _new_history() -> Path:
    """A history of Dagster's in which nothing has happened: to copy it is ten times as fast as to make one."""
    folder = TemporaryDirectory(prefix="retail-history-")
    atexit.register(folder.cleanup)
    home = Path(folder.name)
    shutil.copy(PROJECT / "dagster.yaml", home)
    with patch.dict(os.environ, {f"{PREFIX}DAGSTER_DIR": str(home / "history")}):
        dg.DagsterInstance.from_config(str(home)).dispose()
    return home / "history"


@lru_cache(maxsize=1)
def tiny_graph() -> AssetGraph:
    """The asset graph of the tiny simulated retailer, for tests that only look at it."""
    return assemble(open_retailer(Settings(scale="tiny"))).resolve_asset_graph()


def window(first: str, last: str | None = None) -> Window:
    """Days from ISO dates, both ends inclusive."""
    return Window(date.fromisoformat(first), date.fromisoformat(last or first))


class Platform:
    """One retailer, by default the tiny simulated one, with a lake and a Dagster instance of its own.

    Args:
        folder: where everything lies; also the working folder of commands.
        definitions: module and attribute of the code location.
        variables: of the environment, as those that lead to an S3 server.
        settings: fields of `Settings`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        definitions: tuple[str, str] = DEFINITIONS,
        variables: Mapping[str, str] = MappingProxyType({}),
        **settings: object,
    ) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings = {"scale": "tiny", "source_retries": 0} | settings
        self.definitions, self._variables = definitions, dict(variables)
        shutil.copy(PROJECT / "dagster.yaml", folder)
        self.settings.setdefault("dagster_dir", folder / "dagster")
        self.lake = Lake(str(self.settings.setdefault("lake_uri", folder / "lake")))
        self.settings.setdefault("warehouse", folder / "warehouse.duckdb")
        history = Path(str(self.settings["dagster_dir"]))
        if not history.exists():
            shutil.copytree(_new_history(), history)
        with self.environment():
            self.repository = self._repository()
            self.instance = dg.DagsterInstance.from_config(str(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.instance.dispose()

    @property
    def graph(self) -> AssetGraph:
        """The asset graph of the code location."""
        with self.environment():
            return self.repository.get_definition().asset_graph

    def materialize(self, first: str, last: str | None = None, select: str = "*", days_per_run: int = 31) -> Outcome:
        """Materialize days through Dagster, as `retail materialize` does."""
        with self.environment():
            plan = plan_range(select, window(first, last), days_per_run, self.repository)
            return execute_range(self.instance, plan)

    def check(self, first: str, last: str | None = None, select: str = "*") -> list[check_runs.Result]:
        """Run the asset checks, as `retail check` does."""
        with self.environment():
            return run_checks(self.instance, window(first, last), selection=select, repository=self.repository).results

    def states(self, first: str, last: str | None = None) -> dict[str, DayStates]:
        """What `retail status` shows, by asset."""
        found = day_states(self.health(first, last), self.graph)
        return {state.asset: state for state in found}

    def health(self, first: str, last: str | None = None) -> Health:
        """What is known of all assets over a range of days."""
        return examine(self.instance, self.graph, self.retailer, window(first, last))

    @property
    def retailer(self) -> Retailer:
        """The retailer of the settings."""
        with self.environment():
            return open_retailer(load_settings())

    def table(self, name: str) -> pl.DataFrame:
        """A whole table."""
        return self.lake.scan(name).collect()

    def hashes(self) -> dict[str, str]:
        """The content hash of every table of the lake."""
        return {name: self.lake.content_hash(name) for name in self.lake.tables()}

    def retail(self, *arguments: str, **settings: object) -> Result:
        """Run a `retail` command in this process and the folder, with its output in `output`.

        Args:
            arguments: of the command.
            settings: fields of `Settings` beside the platform's own; None leaves one out.
        """

        with self.environment(**settings):
            fresh = self._repository()
            with (
                patch.object(ranges, "code_location", lambda: fresh),
                patch.object(check_runs, "code_location", lambda: fresh),
            ):
                return CliRunner().invoke(app, list(arguments))

    def _repository(self) -> ReconstructableRepository:
        """A code location that no earlier settings are remembered for: Dagster keeps one a pointer."""
        module, attribute = self.definitions
        return ReconstructableRepository.for_module(module, attribute, f"{self.folder}/{next(_loads)}")

    @contextmanager
    def environment(self, **settings: object) -> Iterator[None]:
        """The working folder and variables of this platform and of nobody else."""
        before, folder = dict(os.environ), Path.cwd()
        for name in before:
            if name.startswith(_OURS):
                del os.environ[name]
        os.environ |= self._variables | {
            PREFIX + name.upper(): str(value) for name, value in (self.settings | settings).items() if value is not None
        }
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ |= before


def described(
    folder: Path, mapping: str, *, sql: Mapping[str, str], files: Mapping[str, str], **settings: object
) -> Platform:
    """A retailer that a mapping describes.

    Args:
        folder: where everything lies, the source's files in `files`.
        mapping: its `mapping.toml`.
        sql: texts by dataset.
        files: texts of the source's files by name.
        settings: fields of `Settings`.
    """
    texts = {"mapping/mapping.toml": mapping}
    texts |= {f"mapping/{dataset}.sql": text for dataset, text in sql.items()}
    texts |= {f"files/{name}": text for name, text in files.items()}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Platform(folder, source=str(folder / "mapping"), source_dir=str(folder / "files"), **settings)  # type: ignore[arg-type]


def message(result: Result) -> str:
    """What a command printed, without the line breaks of the screen."""
    return " ".join(click.unstyle(result.output).split())
