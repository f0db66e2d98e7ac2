"""Files land, and nobody does anything: what the landing sensor asks for gives the lake that the files describe."""

from datetime import date
from pathlib import Path

import pytest
from dagster._core.execution.backfill import BulkActionStatus

from retail_platform_tests.automation.daemon import run_backfills
from retail_platform_tests.automation.landings import Landings
from retail_platform_tests.end_to_end.shops import Shops, usual_lines

FIRST, CORRECTED, LAST = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    return Shops(tmp_path)


def test_a_corrected_day_and_a_late_one_are_made_as_the_files_say(shops: Shops, tmp_path: Path) -> None:
    shops.deliver(2)
    with shops.platform(tmp_path / "lived") as lived, shops.platform(tmp_path / "scratch") as scratch:
        landings = Landings(lived)
        landings.tick()
        landings.tick()
        assert set(run_backfills(lived).values()) == {BulkActionStatus.COMPLETED_SUCCESS}
        before = lived.table("store_days").filter(date=CORRECTED)["revenue"].sum()

        shops.sales(CORRECTED, [*usual_lines(CORRECTED), "18:00:00,A,r9,1,pear,c2,40,2.00,80.00"])
        shops.deliver(1, first=LAST)
        landings.tick()
        landings.tick()
        assert set(run_backfills(lived).values()) == {BulkActionStatus.COMPLETED_SUCCESS}

        assert lived.table("store_days").filter(date=CORRECTED)["revenue"].sum() == before + 80
        assert landings.tick() == "9 files, nothing new"
        assert scratch.materialize(str(FIRST), str(LAST)).failures == []
        assert lived.hashes() == scratch.hashes()
