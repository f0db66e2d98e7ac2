"""What every drill needs: a project folder with its lake, `retail` as a process, and the comparison of two lakes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from retail_platform.storage.lake import Lake

PROJECT = Path(__file__).resolve().parents[2]
SEED = 20
HEALING = {"RETAIL_HEAL_DAYS": "60", "RETAIL_HEAL_BACKOFF": "5", "RETAIL_HEAL_ATTEMPTS": "30"}
"""Healing that has no time to lose."""
_PATIENCE = 600.0
_GLANCE = 0.25
_LOOKING = 9  # times as long as a look is waited until the next


@dataclass(frozen=True)
class Verdict:
    """How a drill ended.

    Attributes:
        passed: whether what must hold did.
        figures: what was counted, for people.
    """

    passed: bool
    figures: str


@dataclass(frozen=True)
class Drill:
    """One drill.

    Attributes:
        name: for the command line.
        title: what goes wrong.
        must: what must be so at the end.
        run: does it in an empty folder.
    """

    name: str
    title: str
    must: str
    run: Callable[[Path], Verdict]


@dataclass(frozen=True)
class Site:
    """A project folder with settings, a lake and a history of its own; commands run as processes.

    Args:
        folder: where everything lies.
        settings: `RETAIL_*` variables besides lake and scale, and others.
        instance: the project's file that becomes `dagster.yaml`.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    instance: str = "dagster.yaml"

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / "workspace.yaml", self.folder)
        shutil.copy(PROJECT / self.instance, self.folder / "dagster.yaml")

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.settings.get("RETAIL_LAKE_URI", str(self.folder / "lake")))

    @property
    def history(self) -> Path:
        """Dagster's history."""
        return self.folder / "history"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process of this site."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("RETAIL_", "DAGSTER_"))}
        own = {
            "RETAIL_LAKE_URI": str(self.folder / "lake"),
            "RETAIL_DAGSTER_DIR": str(self.history),
            "RETAIL_WAREHOUSE": str(self.folder / "warehouse.duckdb"),
            "RETAIL_SCALE": "tiny",
            "DAGSTER_HOME": str(self.folder),
            "PYTHONWARNINGS": "ignore",
        }
        return plain | own | dict(self.settings)

    def retail(self, *arguments: str, code: int | None = 0) -> str:
        """Run a command to its end; what it printed.

        Raises:
            RuntimeError: it ended with another exit code than `code` (None: any).
        """
        command = [sys.executable, "-m", "retail_platform.cli", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if code is not None and done.returncode != code:
            said = (done.stdout + done.stderr)[-2000:]
            raise RuntimeError(f"retail {' '.join(arguments)} ended with {done.returncode}: {said}")
        return done.stdout + done.stderr

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command as the leader of a process group of its own; its output goes to `output.log`."""
        with (self.folder / "output.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "retail_platform.cli", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def tables(self) -> dict[str, str]:
        """Every table's content hash."""
        with environment(self):
            return {name: self.lake.content_hash(name) for name in self.lake.tables()}


def recent(days: int) -> tuple[date, date]:
    """First and last of the newest days that healing looks after: they are over, and their morning has come."""
    last = (datetime.now(ZoneInfo("Europe/Paris")) - timedelta(hours=6)).date() - timedelta(days=1)
    return last - timedelta(days=days - 1), last


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to a command and whatever it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def same(site: Site, other: Site) -> tuple[bool, str]:
    """Whether both lakes have the same content, and words for it."""
    ours, theirs = site.tables(), other.tables()
    unlike = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    return not unlike, f"differs: {', '.join(unlike)}" if unlike else f"{len(ours)} tables identical"


def wait_for(what: str, condition: Callable[[], bool], patience: float = _PATIENCE) -> float:
    """Look until something is so; seconds it took. A look that costs much comes seldom, to leave the machine to others.

    Raises:
        TimeoutError: it never was.
    """
    begun = time.monotonic()
    while True:
        looked = time.monotonic()
        if condition():
            return time.monotonic() - begun
        if time.monotonic() - begun > patience:
            raise TimeoutError(f"{what}: not within {patience:.0f} s")
        time.sleep(max(_GLANCE, _LOOKING * (time.monotonic() - looked)))


@contextmanager
def environment(site: Site) -> Iterator[None]:
    """The site's variables and folder for this process, to look at its records with Dagster's own API."""
    before, folder = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(site.environment)
    os.chdir(site.folder)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


def chance(offset: int = 0) -> random.Random:
    """A source of chance that is the same in each run of the drills."""
    return random.Random(SEED + offset)
