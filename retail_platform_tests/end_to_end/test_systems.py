"""Days of real data sets that nobody here made, from their files to the metrics: the numbers are those of the files."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_platform_tests.end_to_end.truths import (
    CENTS,
    bank_rows,
    leeds_rows,
    lost,
    retailinsights_days,
    rossmann_days,
)
from retail_platform_tests.platform import Platform

DAYS = ["2024-12-02", "2024-12-03"]


def materialized(folder: Path, source: str, source_dir: Path, first: str, last: str) -> Iterator[Platform]:
    with Platform(folder, source=source, source_dir=source_dir) as platform:
        outcome = platform.materialize(first, last)
        assert outcome.failures == []
        failed = [result for result in platform.check(first, last) if not result.passed]
        assert [result for result in failed if result.check != "suspect_sensors"] == []  # days are few to judge them
        yield platform


@pytest.fixture(scope="module")
def retailinsights(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("retailinsights")
    yield from materialized(folder, "retailinsights", test_data / "retailinsights" / "week", DAYS[0], DAYS[-1])


@pytest.fixture(scope="module")
def olist(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("olist")
    yield from materialized(folder, "olist", test_data / "olist", "2017-11-23", "2017-11-24")


@pytest.fixture(scope="module")
def jaffle_shop(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("jaffle_shop")
    yield from materialized(folder, "jaffle_shop", test_data / "jaffle_shop", "2018-09-29", "2018-10-01")


@pytest.fixture(scope="module")
def bank_footfall(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("bank_footfall")
    yield from materialized(folder, "bank_footfall", test_data / "bank_footfall", "2024-11-08", "2024-11-14")


@pytest.fixture(scope="module")
def leeds_footfall(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("leeds_footfall")
    yield from materialized(folder, "leeds_footfall", test_data / "leeds_footfall", "2016-06-29", "2016-07-05")


@pytest.fixture(scope="module")
def rossmann(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("rossmann")
    yield from materialized(folder, "rossmann", test_data / "rossmann", "2015-06-20", "2015-06-21")


class TestRetailInsights:
    def test_a_store_day_is_one_row_with_the_revenue_transactions_and_peak_of_the_files(
        self, retailinsights: Platform, test_data: Path
    ) -> None:
        truth = retailinsights_days(test_data / "retailinsights" / "week", DAYS)

        for table in ("store_days", "daily_metrics"):
            days = retailinsights.table(table).select(truth.columns)
            assert days.height == 10 * len(DAYS)
            assert_frame_equal(days, truth, check_row_order=False)

    def test_no_row_is_lost(self, retailinsights: Platform) -> None:
        assert lost(retailinsights.lake).is_empty()

    def test_clients_of_an_impossible_age_are_quarantined_and_their_lines_stay(self, retailinsights: Platform) -> None:
        rejected = retailinsights.table("quarantine_clients")
        lines = retailinsights.table("sales")

        assert rejected["age"].cast(pl.Int64).is_between(200, 1000).all()
        assert rejected["reasons"].to_list() == [["age|max"]] * 2
        of_rejected = lines.filter(pl.col("client_id").is_in(rejected["client_id"].implode()))
        assert of_rejected.height > 0
        assert not of_rejected["client_known"].any()
        assert lines.filter(~pl.col("client_known")).height == of_rejected.height
        assert retailinsights.table("quarantine_sales").is_empty()

    def test_ratios_are_the_quotients_of_the_bases(self, retailinsights: Platform) -> None:
        days = retailinsights.table("daily_metrics")

        amount = {name: pl.col(name).cast(pl.Float64) for name in ("revenue", "margin", "cost_known_revenue")}
        wanted = days.select(
            conversion_rate=pl.col("store_transactions") / pl.col("visitors"),
            atv=amount["revenue"] / pl.col("transactions"),
            upt=pl.col("units") / pl.col("transactions"),
            aur=amount["revenue"] / pl.col("units"),
            margin_rate=amount["margin"] / amount["cost_known_revenue"],
        )
        complete = days["hours_without_count"] == 0
        assert complete.any()
        assert_frame_equal(days.filter(complete).select(wanted.columns), wanted.filter(complete))
        assert days.filter(~complete)["conversion_rate"].null_count() == (~complete).sum()

    def test_the_warehouse_has_the_same_metrics(self, retailinsights: Platform) -> None:
        import duckdb

        with duckdb.connect(str(retailinsights.folder / "warehouse.duckdb"), read_only=True) as warehouse:
            published = warehouse.sql("SELECT date, store_id, revenue, visitors FROM daily_metrics").pl()

        ours = retailinsights.table("daily_metrics").select(published.columns)
        assert_frame_equal(published, ours, check_row_order=False)


class TestOlist:
    def test_revenue_by_seller_and_day_is_the_price_of_what_was_not_cancelled(
        self, olist: Platform, test_data: Path
    ) -> None:
        orders = pl.read_csv(test_data / "olist" / "olist_orders_dataset.csv.gz", infer_schema=False)
        items = pl.read_csv(test_data / "olist" / "olist_order_items_dataset.csv.gz", infer_schema=False)
        lines = items.join(orders, on="order_id").with_columns(
            date=pl.col("order_purchase_timestamp").str.slice(0, 10).str.to_date()
        )
        lines = lines.filter(pl.col("date").is_between(date(2017, 11, 23), date(2017, 11, 24)))
        cancelled = pl.col("order_status").is_in(["canceled", "unavailable"])
        price, freight = pl.col("price").cast(CENTS), pl.col("freight_value").cast(CENTS)
        truth = lines.group_by("date", store_id="seller_id").agg(
            revenue=price.filter(~cancelled).sum().cast(CENTS),
            cancelled_lines=cancelled.sum().cast(pl.Int64),
            cancelled_amount=price.filter(cancelled).sum().cast(CENTS),
        )

        assert olist.table("sales").height == lines.height > 1000
        days = olist.table("store_days").select(truth.columns)
        assert_frame_equal(days, truth, check_row_order=False)
        assert olist.table("sales")["freight_amount"].sum() == lines.select(freight.sum()).item()

    def test_what_the_source_does_not_have_is_null_not_zero(self, olist: Platform) -> None:
        days = olist.table("daily_metrics")

        for column in ("visitors", "conversion_rate", "sales_per_visitor", "cost", "margin", "margin_rate"):
            assert days[column].null_count() == days.height, column
        assert "footfall" not in olist.lake.tables()

    def test_no_row_is_lost(self, olist: Platform) -> None:
        assert lost(olist.lake).is_empty()
        assert olist.table("raw_clients").height == olist.table("clients")["copies"].sum() == 99_441


class TestJaffleShop:
    def test_revenue_is_the_subtotal_of_the_orders_and_tax_is_apart(
        self, jaffle_shop: Platform, test_data: Path
    ) -> None:
        orders = pl.read_csv(test_data / "jaffle_shop" / "raw_orders.csv.gz").with_columns(
            date=pl.col("ordered_at").str.slice(0, 10).str.to_date()
        )
        cents = (pl.col("subtotal", "tax_paid").sum().cast(CENTS) * pl.lit("0.01").cast(CENTS)).cast(CENTS)
        orders = orders.filter(pl.col("date").is_between(date(2018, 9, 29), date(2018, 10, 1)))
        truth = orders.filter(pl.col("subtotal") > 0).group_by("date", "store_id").agg(cents)

        days = jaffle_shop.table("store_days").filter(pl.col("transactions") > 0)
        ours = days.select("date", "store_id", subtotal="revenue", tax_paid="tax_amount")
        assert_frame_equal(ours, truth, check_row_order=False)

    def test_margin_is_revenue_less_the_cost_of_the_supplies(self, jaffle_shop: Platform) -> None:
        days = jaffle_shop.table("store_days").filter(pl.col("transactions") > 0)

        assert days.height > 0
        assert (days["margin"] == days["revenue"] - days["cost"]).all()
        assert (days["cost"] > 0).all()

    def test_no_row_is_lost(self, jaffle_shop: Platform) -> None:
        assert lost(jaffle_shop.lake).is_empty()


class TestBankFootfall:
    def test_visitors_are_what_working_counters_counted(self, bank_footfall: Platform, test_data: Path) -> None:
        rows = bank_rows(test_data / "bank_footfall")
        rows = rows.filter(pl.col("date").is_between(date(2024, 11, 8), date(2024, 11, 14)))
        count = pl.col("count")
        works = count >= 0
        truth = rows.group_by("date", "store_id").agg(
            visitors=pl.when(works.any()).then(count.filter(works).sum()),  # a count of nobody's is no 0
            any_broken=(count == -10).any(),
        )

        days = bank_footfall.table("daily_metrics")

        assert days.height == 7 * 11
        assert_frame_equal(days.select("date", "store_id", "visitors"), truth.drop("any_broken"), check_row_order=False)
        broken = days.join(truth.filter("any_broken"), on=["date", "store_id"])
        assert broken.height > 0
        assert (broken["hours_without_count"] == 0).all()  # a Sunday, which the counter beside it calls closed

    def test_the_warehouse_has_the_same_footfall(self, bank_footfall: Platform) -> None:
        import duckdb

        with duckdb.connect(str(bank_footfall.folder / "warehouse.duckdb"), read_only=True) as warehouse:
            for table in ("footfall", "sensor_health", "footfall_forecast"):
                published = warehouse.sql(f"SELECT * FROM {table}").pl()
                ours = bank_footfall.table(table)
                assert ours.height > 0
                assert_frame_equal(published, ours, check_row_order=False, check_dtypes=False, categorical_as_str=True)

    def test_sales_are_unknown(self, bank_footfall: Platform) -> None:
        days = bank_footfall.table("daily_metrics")

        for column in ("transactions", "revenue", "units", "margin", "conversion_rate", "atv", "peak_hour_sales"):
            assert days[column].null_count() == days.height, column

    def test_no_row_is_lost(self, bank_footfall: Platform) -> None:
        assert lost(bank_footfall.lake).is_empty()


class TestLeedsFootfall:
    def test_a_reading_that_came_twice_is_kept_once_and_counted(self, leeds_footfall: Platform) -> None:
        readings = leeds_footfall.table("footfall_readings")

        assert readings.height == 7 * 24 * 8
        copies = dict(readings.group_by("date").agg(pl.col("copies").sum()).rows())
        assert copies == {day: 192 * (2 if date(2016, 7, 1) <= day <= date(2016, 7, 3) else 1) for day in copies}
        assert leeds_footfall.table("quarantine_footfall_readings").is_empty()

    def test_readings_are_what_the_cameras_counted(self, leeds_footfall: Platform, test_data: Path) -> None:
        counted = leeds_rows(test_data / "leeds_footfall")

        readings = leeds_footfall.table("footfall_readings").select(
            "date", pl.col("hour").cast(pl.Int64), camera="sensor_id", observed_visitors="visitors"
        )

        assert readings.join(counted, on=counted.columns).height == readings.height
        assert leeds_footfall.table("footfall").select("date", "hour").n_unique() == 7 * 24

    def test_a_holiday_of_file_and_country_is_named_once(self, leeds_footfall: Platform) -> None:
        holidays = leeds_footfall.table("store_calendar").filter(pl.col("public_holiday").is_not_null())

        of_2015 = holidays.filter(pl.col("date").dt.year() == 2015).select("date", "public_holiday").sort("date")
        assert of_2015.rows() == [
            (date(2015, 1, 1), "New Year's Day"),
            (date(2015, 4, 3), "Good Friday"),
            (date(2015, 4, 6), "Easter Monday"),
            (date(2015, 5, 4), "May Day"),
            (date(2015, 5, 25), "Spring Bank Holiday"),
            (date(2015, 8, 31), "Late Summer Bank Holiday"),
            (date(2015, 12, 25), "Christmas Day"),
            (date(2015, 12, 26), "Boxing Day"),
            (date(2015, 12, 28), "Boxing Day (observed)"),
        ]
        assert not holidays["public_holiday"].str.contains(";").any()

    def test_every_holiday_is_taken(self, leeds_footfall: Platform) -> None:
        assert leeds_footfall.table("calendar_events")["kind"].value_counts().sort("count").rows() == [
            ("public_holiday", 908),
            ("school_holiday", 1_195),
        ]

    def test_no_row_is_lost(self, leeds_footfall: Platform) -> None:
        assert lost(leeds_footfall.lake).is_empty()


class TestRossmann:
    def test_transactions_and_revenue_are_the_stated_totals(self, rossmann: Platform, test_data: Path) -> None:
        truth = rossmann_days(test_data / "rossmann").filter(
            pl.col("date").is_between(date(2015, 6, 20), date(2015, 6, 21))
        )

        days = rossmann.table("store_days").select("date", "store_id", "transactions", "revenue")
        assert_frame_equal(days, truth.collect(), check_row_order=False)

    def test_a_store_that_was_closed_all_sunday_is_not_open(self, rossmann: Platform) -> None:
        sunday = rossmann.table("daily_metrics").filter(pl.col("date") == date(2015, 6, 21))

        closed = sunday.filter(~pl.col("is_open"))
        assert closed.height > 1000
        assert (closed["revenue"] == Decimal(0)).all()
        assert closed["atv"].null_count() == closed.height

    def test_no_row_is_lost(self, rossmann: Platform) -> None:
        assert lost(rossmann.lake).is_empty()
