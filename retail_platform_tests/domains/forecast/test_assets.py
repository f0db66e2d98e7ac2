"""The forecast in the graph, from a simulated retailer's footfall."""

from datetime import date
from pathlib import Path

from retail_platform.domains.stores.transform import open_hours
from retail_platform_tests.platform import Platform


def test_the_forecast_is_made_from_all_days_with_staff_and_checks(tmp_path: Path) -> None:
    with Platform(tmp_path, start_date="2026-03-09", visitors_per_employee="20") as platform:
        platform.materialize("2026-03-09", "2026-03-14", select="+footfall_forecast")

        hours, days = platform.table("footfall_forecast"), platform.table("footfall_forecast_days")
        assert platform.table("footfall_backtest").is_empty()
        assert days["made_on"].unique().to_list() == [date(2026, 3, 14)]
        assert set(days["store_id"]) == set(platform.table("footfall")["store_id"])
        assert days.group_by("store_id").len()["len"].unique().to_list() == [14]
        assert hours["suggested_staff"].null_count() == 0
        opened = open_hours(platform.table("opening_hours").lazy(), platform.table("stores").lazy()).collect()
        closed = hours.join(opened, on=["store_id", "date", "hour"], how="anti")
        assert closed["store_id"].unique().len() == 2
        assert closed["visitors"].max() == 0
        found = platform.check("2026-03-14", select="group:forecast")
        assert [(result.table, result.check) for result in found if not result.passed] == []
        assert ("footfall_backtest", "beats_seasonal_naive") in {(result.table, result.check) for result in found}
