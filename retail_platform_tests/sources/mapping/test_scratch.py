"""The scratch folder of a process that lives long: it does not grow, and outlives a cleaned /tmp."""

import shutil
import subprocess
import sys
from pathlib import Path

from retail_platform.sources.mapping.scratch import made_once, scratch
from retail_platform_tests.sources.mapping.conftest import Retailer

SHOW = "from retail_platform.sources.mapping.scratch import scratch; print(scratch(), flush=True); "


def test_of_a_file_that_changes_no_more_than_two_versions_are_kept(tmp_path: Path) -> None:
    def made(name: str, version: str) -> Path:
        return made_once(name, version, ".parquet", Path.touch, tmp_path)

    other = made("b.csv", "1")
    versions = [made("a.csv", str(version)) for version in range(5)]
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {other, *versions[-2:]}


def test_a_folder_that_was_cleaned_away_is_made_anew(retailer: Retailer) -> None:
    source = retailer.source()
    assert source.read("stores").collect().height == 2
    shutil.rmtree(scratch())
    assert source.read("stores").collect().height == 2


def test_a_killed_process_leaves_its_folder_to_the_next_one(tmp_path: Path) -> None:
    def run(code: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", SHOW + code],
            env={"TMPDIR": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def folder(process: "subprocess.Popen[str]") -> Path:
        assert process.stdout is not None
        return Path(process.stdout.readline().strip())

    with run("input()") as killed, run("input()") as living:
        left, used = folder(killed), folder(living)
        killed.kill()
        killed.wait()
        assert left.is_dir()
        with run("") as following:
            made = folder(following)
        assert not left.exists()
        assert used.is_dir()
        living.communicate("\n")
    assert not used.exists()
    assert not made.exists()
