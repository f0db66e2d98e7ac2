"""What other processes do in the tests of concurrency and faults; each begins when it is told to."""

import os
import sys

import polars as pl

from retail_platform.storage.lake import Lake, LakeError
from retail_platform_tests.storage.conftest import days, rows


def _wait() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def write_days(uri: str, first: str, last: str) -> None:
    """One commit for each day."""
    frames = {number: rows(number) for number in range(int(first), int(last) + 1)}
    _wait()
    for number, frame in frames.items():
        Lake(uri).replace("sales", frame, days(number))


def write_first_days(uri: str) -> None:
    """For each table that is named: its first rows, and say so."""
    for name in sys.stdin:
        Lake(uri).replace(name.strip(), rows(1), days(1))
        print("written", flush=True)


def fork_writers(uri: str) -> None:
    """For each line of input: fork a process that replaces ten days for ever, and say its id."""
    while sys.stdin.readline():
        child = os.fork()  # nothing has started threads yet
        if child == 0:
            _write_for_ever(uri)
        os.waitpid(child, 0)
        print("ended", flush=True)


def _write_for_ever(uri: str) -> None:
    base = rows(1, 10, each=1000)
    Lake(f"{uri}-of-child").replace("sales", base, days(1, 10))  # what is slow once only
    print(os.getpid(), flush=True)
    _replace_for_ever(uri, base)


def write_until_killed(uri: str) -> None:
    """Replace ten days for ever, each time by a greater value."""
    base = rows(1, 10, each=1000)
    Lake(f"{uri}-of-child").replace("sales", base, days(1, 10))  # what is slow once only
    print("ready", flush=True)
    _replace_for_ever(uri, base)


def _replace_for_ever(uri: str, base: pl.DataFrame) -> None:
    while True:
        value = Lake(uri).scan("sales").select(pl.col("value").max()).collect().item()
        Lake(uri).replace("sales", base.with_columns(value=pl.lit(value + 1, pl.Int64)), days(1, 10))


def claim(uri: str, identity: str) -> None:
    """Say whose the lake is."""
    _wait()
    try:
        Lake(uri).claim(identity)
        print(identity)
    except LakeError:
        print(identity, "refused")


def write_to_full_disk(uri: str) -> None:
    """No file may grow over 20 kB."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    frame = pl.DataFrame({"n": range(200_000)}).select(
        date=pl.lit(next(days(1).days())), value=pl.col("n").hash().reinterpret(signed=True)
    )
    _wait()
    try:
        Lake(uri).replace("sales", frame, days(1))
        print("written")
    except LakeError as error:
        print(error)
