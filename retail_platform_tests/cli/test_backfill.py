"""`retail backfill`: shows its plan, does it, and does nothing when told so."""

from pathlib import Path

from retail_platform_tests.end_to_end.shops import LINES, Shops
from retail_platform_tests.platform import message

FIRST, BAD, LAST = "2026-03-01", "2026-03-02", "2026-03-03"
RANGE = ("--from", FIRST, "--to", LAST)


def test_what_is_not_ok_is_shown_then_made(tmp_path: Path) -> None:
    shops = Shops(tmp_path)
    shops.deliver(3)
    shops.write(f"sales/{BAD}.csv", LINES + f"{BAD},09:30:00,A,r1\n")
    with shops.platform(tmp_path / "lived") as platform:
        platform.materialize(FIRST, LAST, select="not (period_metrics or warehouse)")

        shown = platform.retail("backfill", *RANGE, "--only-missing", "--dry-run")

        assert shown.exit_code == 0
        assert f"raw_sales {BAD} failed: " in message(shown)
        assert platform.states(FIRST, LAST)["raw_sales"].failed == [BAD]

        still = platform.retail("backfill", *RANGE, "--only-missing", "--select", "raw_sales")

        assert still.exit_code == 1
        assert "cannot be read" in message(still)

        shops.deliver(3)
        done = platform.retail("backfill", *RANGE, "--only-missing")

        assert done.exit_code == 0, message(done)
        assert platform.health(FIRST, LAST).unhealthy == []
        assert platform.table("daily_metrics").height == 9
        assert "nothing to do" in message(platform.retail("backfill", *RANGE, "--only-missing"))


def test_a_selection_that_cannot_be_read_is_misuse(tmp_path: Path) -> None:
    shops = Shops(tmp_path)
    with shops.platform(tmp_path / "lived") as platform:
        result = platform.retail("backfill", *RANGE, "--select", "raw_sale", "--dry-run")

    assert result.exit_code == 2
    assert "did you mean raw_sales?" in message(result)
