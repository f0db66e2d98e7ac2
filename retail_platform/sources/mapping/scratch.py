"""The scratch folder of this process: source files made readable once, for as long as they do not change.

A gzipped archive of two years is read in 25 chunks of a backfill; parsing it each time would be most of the work.
The folder vanishes with the process, so nothing has to be aged or trusted across versions.
"""

import os
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp


@cache
def _folder_of(_process: int) -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="retail-", ignore_cleanup_errors=True)


def scratch() -> Path:
    """This process's scratch folder; readable by nobody else."""
    return Path(_folder_of(os.getpid()).name)


def made_once(key: str, suffix: str, make: Callable[[Path], None], folder: Path) -> Path:
    """The file of a key in a folder, made by `make` unless it is there; half-made files are never seen."""
    target = folder / (sha256(key.encode()).hexdigest() + suffix)
    if not target.exists():
        handle, name = mkstemp(suffix=suffix, dir=folder)
        os.close(handle)
        try:
            make(Path(name))
            os.replace(name, target)
        finally:
            Path(name).unlink(missing_ok=True)
    return target
