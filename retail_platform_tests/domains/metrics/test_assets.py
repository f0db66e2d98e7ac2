"""What the metrics take from beside their tables: the currency of costs, when deliveries were read, which days are."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import dagster as dg
import polars as pl
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData

from retail_platform_tests.platform import Platform, described


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


MAPPING = """
name = "border"
title = "A shop on each side of the border, whose tills state no times"
timezone = "Europe/Berlin"
currency = "EUR"
country = "DE"
span = { first = 2026-03-02, last = 2026-03-03 }

[inputs.shops]
path = "shops.csv"

[inputs.articles]
path = "articles.csv"

[inputs.lines]
path = "lines.csv"

[datasets.stores]
delivery = "snapshot"
driving = "shops"

[datasets.opening_hours]
delivery = "snapshot"

[datasets.products]
delivery = "snapshot"
driving = "articles"

[datasets.sales]
delivery = "archive"
driving = "lines"
"""
SQL = {
    "stores": "SELECT id AS store_id, money AS currency FROM shops",
    "opening_hours": "SELECT id AS store_id, 'daily' AS day, 'true' AS open, '09:00' AS opens, '11:00' AS closes "
    "FROM shops",
    "products": "SELECT id AS product_id, cost AS unit_cost FROM articles",
    "sales": "SELECT day AS date, shop AS store_id, receipt AS sale_id, article AS product_id, pieces AS quantity, "
    "amount AS net_amount FROM lines",
}
FILES = {
    "shops.csv": "id,money\nGorlitz,\nZgorzelec,PLN\n",
    "articles.csv": "id,cost\ntea,6.00\n",
    "lines.csv": "day,shop,receipt,article,pieces,amount\n"
    "2026-03-02,Gorlitz,1,tea,1,10.00\n2026-03-02,Zgorzelec,1,tea,1,43.00\n2026-03-03,Gorlitz,2,tea,2,20.00\n",
}


def test_costs_are_in_the_currency_of_the_source_and_sales_without_times_are_of_no_hour(tmp_path: Path) -> None:
    days = ("2026-03-02", "2026-03-03")
    with described(tmp_path, MAPPING, sql=SQL, files=FILES) as platform:
        assert platform.materialize(*days).failures == []
        assert [result for result in platform.check(*days) if not result.passed] == []

        sold = platform.table("daily_metrics").sort("date", "store_id")
        hours = platform.table("hourly_metrics").filter(date=date(2026, 3, 3)).sort("store_id", "hour")

    assert sold.select("store_id", "currency", "transactions", "cost", "cost_known_share").rows() == [
        ("Gorlitz", "EUR", 1, Decimal("6.00"), 1.0),
        ("Zgorzelec", "PLN", 1, None, 0.0),
        ("Gorlitz", "EUR", 1, Decimal("12.00"), 1.0),
        ("Zgorzelec", "PLN", 0, None, None),
    ]
    assert hours.select("store_id", "hour", "units").rows() == [
        ("Gorlitz", None, 2),
        ("Gorlitz", 9, None),
        ("Gorlitz", 10, None),
        ("Zgorzelec", 9, 0),
        ("Zgorzelec", 10, 0),
    ]
