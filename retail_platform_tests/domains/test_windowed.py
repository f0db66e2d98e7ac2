"""A backfill of Dagster's daemon asks for days that its days reach; those that cannot be are left out, not invented."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableJob

from retail_platform.automation.ranges import JOB, range_tags
from retail_platform_tests.platform import Platform, window

DAILY_METRICS = dg.AssetKey("daily_metrics")
REACHED = window("2026-01-05", "2026-01-12")
MADE = ["2026-01-05", "2026-01-06", "2026-01-08"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which three days are there upstream, one is missing among them; none of daily metrics."""
    folder = tmp_path_factory.mktemp("filled") / "platform"
    with Platform(folder) as platform:
        platform.materialize("2026-01-05", "2026-01-06", "+store_days")
        platform.materialize("2026-01-08", "2026-01-08", "+store_days")
    return folder


@pytest.fixture
def platform(filled: Path, tmp_path: Path) -> Iterator[Platform]:
    """A copy of it."""
    shutil.copytree(filled, tmp_path / "platform")
    with Platform(tmp_path / "platform") as platform:
        yield platform


def run_daily_metrics(platform: Platform, tags: dict[str, str]) -> bool:
    with platform.environment():
        job = ReconstructableJob(platform.repository, JOB)
        with dg.execute_job(
            job, instance=platform.instance, asset_selection=[DAILY_METRICS], tags=range_tags(REACHED) | tags
        ) as result:
            return result.success


def test_a_backfill_makes_and_records_the_days_that_are_there_upstream(platform: Platform) -> None:
    succeeded = run_daily_metrics(platform, {"dagster/backfill": "reaching"})

    assert succeeded
    assert sorted(platform.instance.get_materialized_partitions(DAILY_METRICS)) == MADE
    assert platform.table("daily_metrics").select("date", "store_id").height == platform.table("store_days").height


def test_the_days_of_a_backfill_are_those_of_any_other_run(platform: Platform) -> None:
    run_daily_metrics(platform, {"dagster/backfill": "reaching"})
    by_backfill = platform.lake.content_hash("daily_metrics")

    platform.materialize("2026-01-05", "2026-01-06", "daily_metrics")
    platform.materialize("2026-01-08", "2026-01-08", "daily_metrics")

    assert platform.lake.content_hash("daily_metrics") == by_backfill


def test_a_run_that_somebody_asked_for_fails_over_absent_days(platform: Platform) -> None:
    succeeded = run_daily_metrics(platform, {})

    assert not succeeded
    assert not platform.instance.get_materialized_partitions(DAILY_METRICS)
    assert not platform.lake.exists("daily_metrics")
