"""What goes wrong around a write: other writers, kills, full disks, foreign things in the way."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from retail_platform.storage.lake import Lake, LakeError
from retail_platform.storage.replacing import Replacement
from retail_platform_tests.storage.conftest import day, days, rows

CHILD = "import sys; from retail_platform_tests.storage import children; getattr(children, sys.argv[1])(*sys.argv[2:])"


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*children: subprocess.Popen[str]) -> list[str]:
    """Let all begin at once; what each said, or its error."""
    for child in children:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    outcomes = [child.communicate() for child in children]
    assert [error for child, (_, error) in zip(children, outcomes, strict=True) if child.returncode] == []
    return [output.strip() for output, _ in outcomes]


def test_six_processes_make_one_table_together(lake: Lake) -> None:
    finish(*(start("write_days", lake.uri, number * 3 + 1, number * 3 + 3) for number in range(6)))

    found = lake.scan("sales").group_by("date").len().collect().sort("date")
    assert found["date"].to_list() == list(days(1, 18).days())
    assert found["len"].to_list() == [2] * 18
    assert len(lake.delta("sales").file_uris()) == 18


def test_writers_of_one_day_leave_one_content(lake: Lake) -> None:
    finish(*(start("write_days", lake.uri, 1, 1) for _ in range(2)))

    assert lake.scan("sales").collect().height == 2


def test_of_two_first_writers_of_a_table_the_content_of_one_is_left(lake: Lake) -> None:
    names = [f"sales_{number}" for number in range(40)]
    writers = [start("write_first_days", lake.uri) for _ in range(2)]
    for name in ["warm_up", *names]:
        for writer in writers:
            assert writer.stdin
            writer.stdin.write(f"{name}\n")
            writer.stdin.flush()
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "written\n"
    assert [writer.communicate()[1] for writer in writers] == ["", ""]

    assert {name: lake.scan(name).collect().height for name in names} == dict.fromkeys(names, 2)


def test_concurrent_first_claims_agree_on_one(lake: Lake) -> None:
    said = finish(*(start("claim", lake.uri, name) for name in ("olist", "jaffle")))

    assert set(said) in ({"olist", "jaffle refused"}, {"jaffle", "olist refused"})
    assert not list(Path(lake.uri).glob("*.tmp"))


def test_a_killed_write_leaves_the_old_or_the_new_content(lake: Lake) -> None:
    old = rows(1, 10, each=1000)
    lake.replace("sales", old, days(1, 10))
    old_hash = lake.content_hash("sales")
    chance, value = random.Random(7), 0
    writers = start("fork_writers", lake.uri)
    assert writers.stdin
    assert writers.stdout
    for attempt in range(20):
        print("fork", file=writers.stdin, flush=True)
        child = int(writers.stdout.readline())
        time.sleep(chance.uniform(0.0, 0.1))
        while attempt == 19 and value == 0 and lake.content_hash("sales") == old_hash:
            pass  # on a slow machine none came through yet: the test's own time limit ends this
        os.kill(child, signal.SIGKILL)
        assert writers.stdout.readline() == "ended\n"

        found = lake.scan("sales").group_by("date", "value").len().collect()
        assert found.height == 10, "each day has one content"
        assert set(found["len"]) == {1000}
        assert found["value"].n_unique() == 1, "all days are of one commit"
        value = max(value, found["value"][0])
    writers.communicate()

    lake.replace("sales", old, days(1, 10))
    assert lake.content_hash("sales") == old_hash
    assert value > 0, "some writes came through before they were killed"


def test_a_first_write_that_was_killed_is_no_foreign_thing(lake: Lake) -> None:
    folder = Path(lake.table_uri("sales"), "date=2026-01-01")
    folder.mkdir(parents=True)
    (folder / f"rows-{'0' * 32}.parquet").write_bytes(b"half")

    lake.replace("sales", rows(1), days(1))

    assert lake.scan("sales").collect().height == 2


def test_a_full_disk_leaves_the_lake_as_it_was(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))
    before, files = lake.content_hash("sales"), sorted(Path(lake.uri).rglob("*"))

    [said] = finish(start("write_to_full_disk", lake.uri))

    assert "table sales: " in said
    assert "cannot be written: the file would be larger than is allowed" in said
    assert "make room or correct the rights" in said
    assert lake.content_hash("sales") == before
    assert sorted(Path(lake.uri).rglob("*")) == files


def test_a_first_write_to_a_full_disk_leaves_nothing(lake: Lake) -> None:
    [said] = finish(start("write_to_full_disk", lake.uri))

    assert "larger than is allowed" in said
    assert lake.tables() == []
    assert not Path(lake.table_uri("sales")).exists()


@pytest.mark.parametrize("in_the_way", ["lake", "lake/sales"])
def test_a_file_in_the_way_of_a_folder_is_named(lake: Lake, tmp_path: Path, in_the_way: str) -> None:
    file = tmp_path / in_the_way
    file.parent.mkdir(exist_ok=True)
    file.write_text("precious")

    with pytest.raises(LakeError, match=r"table sales: .*a file (is )?in the way of a folder"):
        lake.replace("sales", rows(1), days(1))

    assert file.read_text() == "precious"


def test_a_claim_on_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LakeError, match=r"cannot be written: a file is in the way.*RETAIL_LAKE_URI"):
        Lake(str(tmp_path / "file/lake")).claim("olist")


def test_a_folder_of_other_files_is_left_alone(lake: Lake) -> None:
    folder = Path(lake.table_uri("sales"))
    folder.mkdir(parents=True)
    (folder / "report.xlsx").write_text("precious")
    (folder / "notes.txt").write_text("precious")

    with pytest.raises(LakeError, match=r"is no table of this lake, it holds notes.txt and 1 more files. Move them"):
        lake.replace("sales", rows(1), days(1))

    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt", "report.xlsx"]


def test_another_program_s_delta_table_is_left_alone(lake: Lake) -> None:
    from deltalake import write_deltalake

    write_deltalake(lake.table_uri("sales"), rows(1).with_columns(region=pl.lit("x")), partition_by=["region"])

    with pytest.raises(LakeError, match=r"partitioned by \['region'\], not by \['date'\]"):
        lake.replace("sales", rows(1), days(1))


def test_a_commit_that_went_through_is_not_undone_by_what_follows(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.replace("sales", rows(1), days(1))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Replacement, "_written", interrupted)
        patch.setattr(Replacement, "_version_of", interrupted)
        with pytest.raises(KeyboardInterrupt):
            lake.replace("sales", rows(1, value=5), days(1))

    assert lake.scan("sales").collect()["value"].to_list() == [5, 5]
    assert day(1) in lake.scan("sales").collect()["date"].to_list()
