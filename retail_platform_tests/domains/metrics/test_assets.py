"""What the metrics take from Dagster's records: when deliveries were read, and which days there are."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData

from retail_platform_tests.platform import Platform


def read_before(platform: Platform, asset: str, day: str, instant: datetime) -> None:
    """Record that a raw day was read at an instant, as the newest of its records."""
    data = StepMaterializationData(dg.AssetMaterialization(asset, partition=day))
    event = DagsterEvent(DagsterEventType.ASSET_MATERIALIZATION.value, "earlier", event_specific_data=data)
    entry = dg.EventLogEntry(  # type: ignore[no-untyped-call]
        None, "debug", "", "earlier", instant.timestamp(), dagster_event=event
    )
    platform.instance.handle_new_event(entry)


def final_days(platform: Platform) -> dict[str, bool]:
    finals = platform.table("store_days").group_by("date").agg(pl.col("final").all()).sort("date")
    return {str(day): final for day, final in finals.rows()}


def test_a_day_is_final_by_the_record_of_its_deliveries_not_by_the_clock(tmp_path: Path) -> None:
    with Platform(tmp_path, start_date="2026-01-05", end_date="2026-01-10") as platform:
        platform.materialize("2026-01-05", "2026-01-08", select="+store_days")
        platform.materialize("2026-01-09", select="+store_days")
        assert final_days(platform) == {f"2026-01-{day:02}": True for day in range(5, 10)}  # records of the run itself

        read_before(platform, "raw_footfall", "2026-01-07", datetime(2026, 1, 7, 12, tzinfo=UTC))
        platform.materialize("2026-01-06", "2026-01-08", select="store_days")

        assert [day for day, final in final_days(platform).items() if not final] == ["2026-01-07"]


def test_a_period_that_lacks_a_day_is_not_final_and_says_how_many_are_missing(tmp_path: Path) -> None:
    def january() -> tuple[object, ...]:
        platform.materialize("2026-01-01", select="period_metrics")
        months = platform.table("period_metrics").filter(grain="month").select("final", "days_missing")
        return tuple(months.unique().row(0))

    with Platform(tmp_path, start_date="2026-01-01", end_date="2026-01-31") as platform:
        platform.materialize("2026-01-01", "2026-01-30", select="+store_days")
        assert january() == (False, 1)

        platform.materialize("2026-01-31", select="+store_days")
        assert january() == (True, 0)
