"""A source is corrected afterwards: what it reaches is refilled, and the lake is as if it had always been right."""

from datetime import date
from pathlib import Path

import pytest

from retail_platform_tests.end_to_end.shops import Shops, usual_lines

FIRST, CORRECTED, LAST = date(2026, 3, 1), date(2026, 3, 3), date(2026, 3, 31)
DAYS = 31
REACHED = [date(2026, 3, 10), date(2026, 3, 17), date(2026, 3, 24), date(2026, 3, 31)]


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    shops = Shops(tmp_path)
    assert shops.deliver(DAYS)[-1] == LAST
    return shops


def correct(shops: Shops) -> None:
    """Shop A had forgotten a large receipt, shop B's pears were not sold."""
    lines = [line for line in usual_lines(CORRECTED) if ",B,r2," not in line]
    shops.sales(CORRECTED, [*lines, "18:00:00,A,r9,1,pear,c2,40,2.00,80.00"])


def test_a_corrected_day_and_what_its_windows_reach_equal_a_lake_built_from_scratch(
    shops: Shops, tmp_path: Path
) -> None:
    with shops.platform(tmp_path / "lived") as lived, shops.platform(tmp_path / "scratch") as scratch:
        assert lived.materialize(str(FIRST), str(LAST)).failures == []
        before = lived.table("daily_metrics")

        correct(shops)
        assert lived.materialize(str(CORRECTED)).failures == []

        assert scratch.materialize(str(FIRST), str(LAST)).failures == []
        assert lived.hashes() == scratch.hashes()
        changed = lived.table("daily_metrics").join(before, on=before.columns, how="anti", nulls_equal=True)
        assert set(changed["date"]) == {CORRECTED, *REACHED}


def test_a_day_delivered_again_unchanged_changes_nothing(shops: Shops, tmp_path: Path) -> None:
    with shops.platform(tmp_path / "lived") as lived:
        lived.materialize(str(FIRST), str(CORRECTED))
        before = lived.hashes()

        lived.materialize(str(CORRECTED))

        assert lived.hashes() == before
