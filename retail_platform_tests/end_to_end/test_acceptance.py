"""Whole real data sets, each in one command, against figures counted from their files; run by `make acceptance`."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_platform_tests.end_to_end.truths import lost, retailinsights_days, rossmann_days
from retail_platform_tests.platform import Platform

pytestmark = pytest.mark.acceptance


@contextmanager
def whole(folder: Path, source: str, source_dir: Path, *arguments: str) -> Iterator[Platform]:
    """A platform on which one command materialized everything, without failures, rows lost or checks in error."""
    with Platform(folder, source=source, source_dir=source_dir) as platform:
        assert platform.retail("materialize", *arguments).exit_code == 0
        assert lost(platform.lake).is_empty()
        assert platform.retail("check", *arguments).exit_code == 0
        yield platform


def total(platform: Platform, table: str, column: str) -> Decimal:
    return Decimal(platform.table(table)[column].sum())


def test_retailinsights_week(test_data: Path, tmp_path: Path) -> None:
    files = test_data / "retailinsights" / "week"
    days = [f"2024-12-{day:02}" for day in range(2, 9)]
    truth = retailinsights_days(files, days)

    with whole(tmp_path, "retailinsights", files, "--from", days[0], "--to", days[-1]) as platform:
        for table in ("store_days", "daily_metrics"):
            ours = platform.table(table).select(truth.columns)
            assert ours.height == 70
            assert_frame_equal(ours, truth, check_row_order=False)
        assert truth["peak_hour_visitors"].null_count() == 0


def test_olist_from_its_first_to_its_last_order(test_data: Path, tmp_path: Path) -> None:
    with whole(tmp_path, "olist", test_data / "olist") as platform:
        lines, rejected = platform.table("sales"), platform.table("quarantine_sales")
        cancelled = lines.filter(pl.col("status") == "cancelled")
        days = platform.table("daily_metrics")

        assert lines["copies"].sum() + rejected["copies"].sum() == platform.table("raw_sales").height == 112_650
        assert lines["net_amount"].sum() == Decimal("13591643.70")
        assert cancelled.height == 542 + 7
        assert cancelled["net_amount"].sum() == Decimal("95235.27") + Decimal("2007.69")
        assert lines["freight_amount"].sum() == Decimal("2251909.54")
        assert total(platform, "daily_metrics", "revenue") == Decimal("13591643.70") - Decimal("97242.96")
        assert total(platform, "daily_metrics", "cancelled_amount") == Decimal("97242.96")
        assert days["cancelled_lines"].sum() == 549
        assert days["store_id"].n_unique() == lines["store_id"].n_unique()
        for column in ("visitors", "conversion_rate", "cost", "margin", "margin_rate"):
            assert days[column].null_count() == days.height, column


def test_jaffle_shop(test_data: Path, tmp_path: Path) -> None:
    orders = pl.read_csv(test_data / "jaffle_shop" / "raw_orders.csv.gz")
    tax = orders.filter(pl.col("subtotal") > 0)["tax_paid"].sum()

    with whole(tmp_path, "jaffle_shop", test_data / "jaffle_shop") as platform:
        assert platform.table("sales")["copies"].sum() == 106_912
        for table, column in (("sales", "net_amount"), ("daily_metrics", "revenue")):
            assert total(platform, table, column) == Decimal("752709.00")
        assert total(platform, "daily_metrics", "tax_amount") * 100 == tax


def test_bank_footfall(test_data: Path, tmp_path: Path) -> None:
    with whole(tmp_path, "bank_footfall", test_data / "bank_footfall") as platform:
        readings = platform.table("footfall_readings")

        assert readings.select("sensor_id", "date").n_unique() == 1_281
        assert readings.height == 30_744
        for table in ("footfall", "store_days", "daily_metrics"):
            assert platform.table(table).select("store_id", "date").n_unique() == 671
        assert platform.table("daily_metrics").height == 671
        assert platform.table("daily_metrics")["revenue"].null_count() == 671


def test_rossmann(test_data: Path, tmp_path: Path) -> None:
    truth = rossmann_days(test_data / "rossmann").collect()

    with whole(tmp_path, "rossmann", test_data / "rossmann") as platform:
        for table in ("store_days", "daily_metrics"):
            ours = platform.table(table).select(truth.columns)
            delivered = ours.join(truth, on=["date", "store_id"], how="semi")
            assert_frame_equal(delivered, truth, check_row_order=False)
            rest = ours.join(truth, on=["date", "store_id"], how="anti")
            assert rest["revenue"].fill_null(0).sum() == 0
