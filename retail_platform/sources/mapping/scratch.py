"""The scratch folder of this process: source files made readable once, for as long as they do not change.

A gzipped archive of two years is read in 25 chunks of a backfill; parsing it each time would be most of the work.
The folder vanishes with the process, so nothing has to be aged or trusted across versions; what a killed process
left is removed by the next one.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from threading import Lock

# Of this machine: containers that share a folder do not know each other's processes.
_PREFIX = f"retail-{sha256(os.uname().nodename.encode()).hexdigest()[:8]}-"
_folders: "dict[int, TemporaryDirectory[str]]" = {}
_making = Lock()


def scratch() -> Path:
    """This process's scratch folder; readable by nobody else. A new one if it was cleaned away."""
    process = os.getpid()
    with _making:
        folder = _folders.get(process)
        if folder is None or not Path(folder.name).is_dir():
            if folder is not None:
                folder.cleanup()
            _sweep()
            folder = TemporaryDirectory(prefix=f"{_PREFIX}{process}-", ignore_cleanup_errors=True)
            _folders[process] = folder
    return Path(folder.name)


def made_once(name: str, version: str, suffix: str, make: Callable[[Path], None], folder: Path) -> Path:
    """A file in a folder, made by `make` unless it is there in this version; half-made files are never seen.

    Of its other versions the newest stays, as somebody may be reading it.
    """
    versions = folder / _hashed(name)
    target = versions / f"{_hashed(version)}{suffix}"
    if not target.exists():
        versions.mkdir(exist_ok=True)
        handle, made = mkstemp(suffix=suffix, dir=folder)
        os.close(handle)
        try:
            make(Path(made))
            older = sorted((one for one in versions.iterdir() if one != target), key=_changed)
            os.replace(made, target)
        finally:
            Path(made).unlink(missing_ok=True)
        for one in older[:-1]:
            one.unlink(missing_ok=True)
    return target


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _changed(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime_ns
    return 0


def _sweep() -> None:
    """Remove the folders of processes that are no more: killed ones, and one that had this process's number."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        found = re.fullmatch(r"(\d+)-.*", path.name.removeprefix(_PREFIX))
        if found and not _lives(int(found[1])):
            shutil.rmtree(path, ignore_errors=True)


def _lives(process: int) -> bool:
    if process == os.getpid():
        return False  # this one has no folder yet
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
