"""One bad day of a month never holds back the others, and is not forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from retail_platform_tests.end_to_end.shops import LINES, Shops
from retail_platform_tests.platform import Platform, message

FIRST, BAD, LAST = "2026-03-01", "2026-03-03", "2026-03-04"
GOOD = ["2026-03-01", "2026-03-02", "2026-03-04"]


def with_a_bad_day(folder: Path) -> Shops:
    shops = Shops(folder)
    shops.deliver(4)
    shops.write(f"sales/{BAD}.csv", LINES + f"{BAD},09:30:00,A,r1,1,apple,c1,1,1.50,1.50\n{BAD},09:30:00,A,r1\n")
    return shops


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Shops:
    return with_a_bad_day(tmp_path_factory.mktemp("shops"))


@pytest.fixture(scope="module")
def lived(shops: Shops) -> Iterator[tuple[Platform, Result]]:
    """A platform after a command over all days, and what the command said."""
    with shops.platform(shops.files.parent / "lived") as platform:
        yield platform, platform.retail("materialize", "--from", FIRST, "--to", LAST)


def test_the_other_days_are_there_and_the_bad_one_says_why(lived: tuple[Platform, Result], shops: Shops) -> None:
    platform, result = lived

    assert result.exit_code == 1
    said = message(result)
    assert f"{BAD} raw_sales: {shops.files}/sales/{BAD}.csv, line 3 cannot be read: " in said
    assert "tried again day by day:" in said
    for table in ("sales", "store_days", "daily_metrics"):
        assert sorted(map(str, platform.table(table)["date"].unique())) == GOOD, table
    assert platform.table("daily_metrics").height == 3 * len(GOOD)
    states = platform.states(FIRST, LAST)
    assert states["raw_sales"].failed == [BAD]
    assert states["daily_metrics"].materialized == GOOD


def test_status_shows_the_failed_day(lived: tuple[Platform, Result]) -> None:
    result = lived[0].retail("status", "--from", FIRST, "--to", LAST)

    line = next(" ".join(line.split()) for line in result.output.splitlines() if " raw_sales " in line)
    assert line == f"sales raw_sales failed {BAD} 3 1 0 0"


def test_periods_are_computed_of_the_days_there_are(lived: tuple[Platform, Result]) -> None:
    year = lived[0].table("period_metrics").filter(grain="year")

    assert year["days"].to_list() == [len(GOOD)] * 3


def test_checks_judge_the_days_there_are(lived: tuple[Platform, Result]) -> None:
    results = lived[0].check(FIRST, LAST, select="sales")

    assert sorted({str(result.day) for result in results}) == GOOD
    assert all(result.level != "ERROR" for result in results)


def test_a_mended_day_is_filled_in_without_the_others(tmp_path: Path) -> None:
    shops = with_a_bad_day(tmp_path)
    with shops.platform(tmp_path / "lived") as platform, shops.platform(tmp_path / "scratch") as scratch:
        assert "raw_sales" in {failure.asset for failure in platform.materialize(BAD, LAST).failures}
        shops.deliver(4)

        assert platform.materialize(BAD).failures == []

        assert platform.states(BAD, LAST)["daily_metrics"].missing == []
        scratch.materialize(BAD, LAST)
        assert scratch.hashes() == platform.hashes()
