"""What goes wrong at the edges: each has a message that names the mend, and leaves the lake as it was."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from retail_platform_tests.end_to_end.shops import FIRST_DAY, LINES, Shops, usual_lines
from retail_platform_tests.platform import PROJECT, Platform, message

DAY, NEXT = "2026-03-01", "2026-03-02"


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Shops:
    return Shops(tmp_path_factory.mktemp("shops"))


@pytest.fixture(scope="module")
def platform(shops: Shops) -> Iterator[Platform]:
    """A retailer with one day in its lake."""
    shops.deliver(2, FIRST_DAY)
    with shops.platform(shops.files.parent / "platform") as platform:
        assert platform.materialize(DAY).failures == []
        yield platform


@pytest.fixture(autouse=True)
def everything_else_is_well(shops: Shops, platform: Platform) -> Iterator[None]:
    """Whatever a test breaks is mended afterwards, and the lake must be as it was."""
    content = {path: path.read_bytes() for path in shops.files.parent.rglob("*") if path.suffix in (".csv", ".sql")}
    before = platform.hashes()
    yield
    for path, was in content.items():
        path.write_bytes(was)
    assert platform.hashes() == before


def refused(platform: Platform, *arguments: str, code: int, **settings: object) -> str:
    result = platform.retail("materialize", *arguments, **settings)
    assert result.exit_code == code, result.output
    return message(result)


class TestArguments:
    @pytest.mark.parametrize("command", ["materialize", "check", "status", "quarantine"])
    def test_from_after_to(self, platform: Platform, command: str) -> None:
        result = platform.retail(command, "--from", "2026-03-05", "--to", DAY)

        assert result.exit_code == 2
        assert message(result) == f"--from 2026-03-05 is after --to {DAY}: swap them"

    @pytest.mark.parametrize("command", ["materialize", "check", "status"])
    def test_days_outside_the_partitions(self, platform: Platform, command: str) -> None:
        result = platform.retail(command, "--from", "2026-02-27", "--to", DAY)

        assert result.exit_code == 2
        assert message(result) == (
            f"2026-02-27..{DAY} is not within the days of corner, 2026-03-01..2026-04-30: choose days within, or set "
            "RETAIL_START_DATE and RETAIL_END_DATE"
        )

    def test_what_is_no_day(self, platform: Platform) -> None:
        said = refused(platform, "--from", "01/03/2026", code=2)
        assert said == "--from 01/03/2026: a day is written YYYY-MM-DD, as 2026-01-31"
        assert "--to 2026-02-30: a day is" in refused(platform, "--to", "2026-02-30", code=2)

    def test_an_unknown_asset_names_the_nearest(self, platform: Platform) -> None:
        said = refused(platform, "--from", DAY, "--to", DAY, "--select", "daily_metric", code=2)

        assert "the selection 'daily_metric' names no asset; did you mean daily_metrics?" in said

    def test_an_unknown_source_suggests_the_nearest(self, platform: Platform) -> None:
        said = refused(platform, "--source", "olits", code=2)

        assert "RETAIL_SOURCE is 'olits', which is no source; did you mean olist?" in said
        assert (
            "Known are simulator, bank_footfall, jaffle_shop, leeds_footfall, olist, retail_api, retailinsights, "
            "rossmann, source_api" in said
        )

    def test_a_folder_of_files_that_is_not_there(self, platform: Platform, tmp_path: Path) -> None:
        elsewhere = str(tmp_path / "elsewhere")
        said = refused(platform, "--from", NEXT, "--to", NEXT, "--source-dir", "/nowhere", "--lake", elsewhere, code=1)

        assert "RETAIL_SOURCE_DIR /nowhere is not there or is no folder" in said


class TestDeliveries:
    """`materialize` of the second day, whose delivery is wrong."""

    def tried(self, platform: Platform) -> str:
        return refused(platform, "--from", NEXT, "--to", NEXT, "--select", "raw_sales", code=1)

    def test_no_delivery(self, platform: Platform, shops: Shops) -> None:
        (shops.files / f"sales/{NEXT}.csv").unlink()

        said = self.tried(platform)

        assert f"{NEXT} raw_sales: input lines (sales/{{date}}.csv in {shops.files}): no delivery for {NEXT}" in said
        assert platform.states(DAY, NEXT)["raw_sales"].failed == [NEXT]

    def test_a_store_missing(self, platform: Platform, shops: Shops) -> None:
        shops.sales(date(2026, 3, 2), [line for line in usual_lines(date(2026, 3, 2)) if ",B," not in line])

        said = self.tried(platform)

        assert f"sales of corner lacks 1 store-days ({NEXT}: B): nothing of these days was written" in said

    def test_an_unreadable_line(self, platform: Platform, shops: Shops) -> None:
        path = shops.sales(date(2026, 3, 2), ["09:00:00,A,r1,1,apple,c1,1,1.50,1.50,and,more"])

        assert f"{path}, line 2 cannot be read: " in self.tried(platform)

    def test_a_wrong_encoding(self, platform: Platform, shops: Shops) -> None:
        path = shops.write(f"sales/{NEXT}.csv", (LINES + f"{NEXT},09:00,A,r1,1,pêche,c1,1,1,1\n").encode("latin-1"))

        said = self.tried(platform)

        assert str(path) in said
        assert "UTF-8" in said or "utf-8" in said

    def test_a_renamed_column_suggests_the_nearest(self, platform: Platform, shops: Shops) -> None:
        path = shops.write(f"sales/{NEXT}.csv", LINES.replace("amount", "amounts"))

        said = self.tried(platform)

        assert str(path) in said
        assert "'amount'" in said
        assert "amounts" in said

    def test_rows_of_another_day(self, platform: Platform, shops: Shops) -> None:
        shops.write(f"sales/{NEXT}.csv", (shops.files / f"sales/{DAY}.csv").read_bytes())

        assert f"for {NEXT} has 6 rows, 0 rows bear that date" in self.tried(platform)


class TestMapping:
    def tried(self, platform: Platform) -> str:
        return refused(platform, "--from", NEXT, "--to", NEXT, "--select", "raw_sales", code=1)

    def test_an_error_in_sql_names_file_and_line(self, platform: Platform, shops: Shops) -> None:
        path = shops.mapping / "sales.sql"
        shops.sql("sales", path.read_text().replace("    receipt AS sale_id", "    receit AS sale_id"))

        said = self.tried(platform)

        assert f"{path}:4" in said or f"{path}, line 4" in said
        assert "receit" in said

    def test_a_column_that_no_dataset_has_suggests_the_nearest(self, platform: Platform, shops: Shops) -> None:
        shops.sql("sales", (shops.mapping / "sales.sql").read_text().replace("net_amount", "net_amout"))

        assert "sales has no column 'net_amout'; did you mean net_amount" in self.tried(platform)

    def test_sources_check_finds_both(self, platform: Platform, shops: Shops) -> None:
        shops.sql("sales", (shops.mapping / "sales.sql").read_text().replace("net_amount", "net_amout"))
        shops.sql("stores", "SELECT id AS store_id, nam AS name FROM shops\n")

        result = platform.retail("sources", "check", str(shops.mapping), "--source-dir", str(shops.files))

        assert result.exit_code == 1
        assert "error sales" in message(result)
        assert "error stores" in message(result)
        assert "net_amout" in message(result)

    def test_sources_check_of_a_good_mapping(self, platform: Platform, shops: Shops) -> None:
        result = platform.retail("sources", "check", str(shops.mapping), "--source-dir", str(shops.files))

        assert result.exit_code == 0, result.output

    def test_a_folder_without_a_mapping(self, platform: Platform, shops: Shops) -> None:
        said = refused(platform, "--source", str(shops.files), code=2)

        assert "a folder without mapping.toml" in said


class TestRows:
    """Bad rows do not fail a day: they are quarantined with the reason."""

    @pytest.fixture
    def judged(self, shops: Shops, tmp_path: Path) -> Iterator[Callable[[list[str]], Platform]]:
        """A lake of its own, with the second day made of the given lines."""
        opened = shops.platform(tmp_path)

        def judge(lines: list[str]) -> Platform:
            shops.sales(date(2026, 3, 2), lines)
            assert opened.materialize(NEXT).failures == []
            return opened

        with opened:
            yield judge

    def test_all_rows_bad(self, judged: Callable[[list[str]], Platform]) -> None:
        platform = judged([f"09:00:00,{shop},r1,1,apple,c1,many,1.50,1.50" for shop in "ABC"])

        assert platform.table("sales").is_empty()
        assert platform.table("quarantine_sales")["reasons"].to_list() == [["quantity|dtype"]] * 3
        assert platform.table("store_days")["revenue"].to_list() == [0, 0, 0]
        result = platform.retail("check", "--from", NEXT, "--to", NEXT, "--select", "sales")
        assert result.exit_code == 1
        assert f"ERROR sales.quarantine_rate {NEXT}: 100.0 % of 3 rows quarantined: quantity|dtype" in message(result)

    def test_absurd_conflicting_and_keyless_rows(self, judged: Callable[[list[str]], Platform]) -> None:
        good = [line for line in usual_lines(date(2026, 3, 2)) if ",r1," in line]
        platform = judged(
            [
                *good,
                "09:00:00,A,neg,1,apple,c1,-1,1.50,1.50",  # a return that brings money
                "09:00:00,A,none,1,apple,c1,0,1.50,0.00",
                "09:00:00,A,lots,1,apple,c1,99999999,1.50,1.50",
                "09:00:00,A,sum,1,apple,c1,2,1.50,77.00",
                "09:00:00,A,both,1,apple,c1,1,1.50,1.50",  # two contents of one key
                "09:00:00,A,both,1,apple,c2,2,1.50,3.00",
                "09:00:00,A,,1,apple,c1,1,1.50,1.50",
                "09:00:00,Z,r1,1,apple,c1,1,1.50,1.50",
                "noon,A,clock,1,apple,c1,1,1.50,1.50",
            ]
        )

        assert platform.table("sales")["sale_id"].to_list() == ["r1"] * 3
        rejected = platform.table("quarantine_sales").sort("sale_id", nulls_last=True)
        reasons = dict(rejected.select("sale_id", pl.col("reasons").list.join(" ")).unique().rows())
        assert reasons["both"] == "identity|conflict"
        assert reasons["neg"] == "amount_has_the_sign_of_the_quantity amounts_agree"
        assert reasons["none"] == "something_was_sold"
        assert "quantity|max" in reasons["lots"]
        assert reasons["sum"] == "amounts_agree"
        assert reasons[None] == "sale_id|nullability"
        assert reasons["r1"] == "store_id|unknown"
        assert reasons["clock"] == "sold_at|dtype"
        assert rejected.filter(sale_id="both").height == 2


class TestLake:
    def test_a_lake_of_another_source(self, platform: Platform) -> None:
        said = refused(platform, "--source", "simulator", "--from", DAY, "--to", DAY, code=1)

        assert f"the lake {platform.lake.uri} holds rows of mapping:corner from " in said
        assert "not of simulator v1 seed=1" in said
        assert "one lake, one source. Set RETAIL_LAKE_URI to another place, or the settings back" in said

    @pytest.mark.parametrize(
        "other", [{"source_dir": "/somebody/else"}, {"currency": "CHF"}, {"timezone": "Asia/Tokyo"}, {"country": "CH"}]
    )
    def test_a_lake_of_another_retailer_with_the_same_mapping(self, platform: Platform, other: dict[str, str]) -> None:
        said = refused(platform, "--from", DAY, "--to", DAY, code=1, **other)

        assert "one lake, one source" in said
        assert next(iter(other.values())) in said

    def test_a_lake_that_is_a_file(self, platform: Platform, tmp_path: Path) -> None:
        (tmp_path / "lake").write_text("mine")

        said = refused(platform, "--lake", str(tmp_path / "lake"), "--from", DAY, "--to", DAY, code=1)

        assert f"the lake {tmp_path / 'lake'} cannot be written: " in said
        assert "Check RETAIL_LAKE_URI" in said

    @pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder that nobody may write, not even root, is needed")
    def test_a_lake_that_nobody_may_write(self, platform: Platform) -> None:
        said = refused(platform, "--lake", "/proc/lake", "--from", DAY, "--to", DAY, code=1)

        assert "the lake /proc/lake cannot be written: " in said

    def test_a_foreign_table(self, platform: Platform, tmp_path: Path) -> None:
        (tmp_path / "raw_stores").mkdir(parents=True)
        pl.DataFrame({"mine": [1]}).write_parquet(tmp_path / "raw_stores" / "mine.parquet")

        said = refused(platform, "--lake", str(tmp_path), "--from", DAY, "--to", DAY, code=1)

        assert f"table raw_stores: {tmp_path}/raw_stores" in said
        assert (tmp_path / "raw_stores" / "mine.parquet").is_file()

    def test_a_full_disk(self, tmp_path: Path) -> None:
        """No file of a child process may grow over 1 kB while it writes a table."""
        child = subprocess.run(
            [sys.executable, "-c", _FULL_DISK, str(tmp_path)],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            check=False,
        )

        assert child.returncode == 1, child.stderr
        said = " ".join((child.stdout + child.stderr).split())
        assert "cannot be written: the file would be larger than is allowed" in said
        assert "make room or correct the rights, and run again" in said


_FULL_DISK = """
import resource, sys
from pathlib import Path
from unittest.mock import patch
from retail_platform.storage.lake import Lake
from retail_platform_tests.platform import Platform

whole = Lake.replace
def limited(*args, **options):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
    try:
        return whole(*args, **options)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

with Platform(Path(sys.argv[1])) as platform, patch.object(Lake, "replace", limited):
    result = platform.retail("materialize", "--from", "2026-03-02", "--to", "2026-03-02")
    print(result.output)
sys.exit(result.exit_code)
"""
