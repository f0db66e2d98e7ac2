"""What the simulator does wrong on purpose is caught, all of it, and nothing else is."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_platform.definitions import assemble
from retail_platform.retailer import Retailer
from retail_platform.settings import load_settings
from retail_platform.sources.simulator import Faults, Simulator
from retail_platform_tests.end_to_end.truths import lost
from retail_platform_tests.platform import Platform, window

FIRST, LAST = "2026-03-02", "2026-03-08"
LINE = ["date", "store_id", "sale_id", "line_number"]
READING = ["date", "hour", "store_id", "sensor_id"]
FAULTY = Simulator(
    seed=7,
    scale="tiny",
    faults=Faults(
        null_hour=0.05,
        implausible_hour=0.05,
        dead_sensor_day=0.1,
        undercounting_sensor_day=0.1,
        duplicate_line=0.05,
        unknown_product=0.05,
        unknown_client=0.05,
        impossible_age=0.1,
    ),
)


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of a retailer whose systems fail often."""
    return assemble(Retailer(load_settings(), FAULTY))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(tmp_path_factory.mktemp("faulty"), definitions=(__name__, "defs")) as platform:
        assert platform.materialize(FIRST, LAST).failures == []
        yield platform


def injected(dataset: str, fault: str) -> pl.DataFrame:
    truth = FAULTY.ground_truth(dataset, window(FIRST, LAST)).filter(pl.col("fault") == fault).drop("fault")
    assert truth.height > 0
    return truth


def test_clients_of_impossible_age_are_quarantined_and_no_others(platform: Platform) -> None:
    rejected = platform.table("quarantine_clients")

    assert set(rejected["client_id"]) == set(injected("clients", "impossible_age")["client_id"])
    assert rejected["reasons"].to_list() == [["age|max"]] * rejected.height
    assert platform.table("clients").height + rejected.height == platform.table("raw_clients").height


def test_lines_delivered_twice_are_counted_once(platform: Platform) -> None:
    twice = platform.table("sales").filter(pl.col("copies") > 1)

    assert (twice["copies"] == 2).all()
    assert_frame_equal(keyed(twice, LINE), keyed(injected("sales", "duplicate_line"), LINE))


def test_lines_of_unknown_products_stay_flagged_and_without_cost(platform: Platform) -> None:
    unknown = platform.table("sales").filter(~pl.col("product_known"))

    assert_frame_equal(keyed(unknown, LINE), keyed(injected("sales", "unknown_product"), LINE))
    products = platform.table("product_daily_metrics")
    assert set(products.filter(pl.col("cost").is_null())["product_id"]) == set(unknown["product_id"])


def test_lines_of_unknown_clients_stay_flagged_also_of_those_in_quarantine(platform: Platform) -> None:
    unknown = platform.table("sales").filter(~pl.col("client_known"))
    rejected = injected("clients", "impossible_age")["client_id"].implode()

    of_rejected = unknown.filter(pl.col("client_id").is_in(rejected))
    assert of_rejected.height > 0
    others = unknown.filter(~pl.col("client_id").is_in(rejected))
    assert_frame_equal(keyed(others, LINE), keyed(injected("sales", "unknown_client"), LINE))


def test_no_sale_line_is_quarantined_or_lost(platform: Platform) -> None:
    assert platform.table("quarantine_sales").is_empty()
    assert lost(platform.lake).is_empty()


def test_implausible_and_broken_hours_are_told_apart_and_not_summed(platform: Platform) -> None:
    readings = platform.table("footfall_readings")
    by_status = {
        name: keyed(readings.filter(pl.col("status") == name), READING) for name in readings["status"].unique()
    }
    broken = pl.concat([injected("footfall", "null_hour"), injected("footfall", "dead_sensor_day")])

    assert_frame_equal(by_status["implausible"], keyed(injected("footfall", "implausible_hour"), READING))
    assert_frame_equal(by_status["broken"], keyed(broken.unique(), READING))
    assert readings.filter(pl.col("status") == "ok")["visitors"].max() < 10_000
    assert platform.table("quarantine_footfall_readings").is_empty()


def test_visitors_are_the_counts_of_the_good_hours(platform: Platform) -> None:
    bad = pl.concat(
        injected("footfall", fault).select(READING) for fault in ("implausible_hour", "null_hour", "dead_sensor_day")
    )
    not_used = platform.table("sensor_health").explode("rejected_hours").rename({"rejected_hours": "hour"})
    counts = FAULTY.read("footfall", window(FIRST, LAST)).collect().join(bad, on=READING, how="anti", nulls_equal=True)
    counts = counts.join(not_used, on=READING, how="anti")
    truth = counts.group_by("date", "store_id").agg(pl.col("visitors").sum())

    hours = platform.table("footfall")
    days = (
        hours.group_by("date", "store_id").agg(pl.col("observed_visitors").sum()).join(truth, on=["date", "store_id"])
    )

    assert (days["observed_visitors"] == days["visitors"]).all()
    assert days.height == truth.height


def test_conversion_is_unknown_where_an_hour_is(platform: Platform) -> None:
    days = platform.table("daily_metrics").filter(pl.col("hours_without_count").is_not_null())

    unknown = pl.col("hours_without_count") > 0
    assert days.filter(unknown).height > 0
    assert days.filter(unknown)["conversion_rate"].null_count() == days.filter(unknown).height
    assert days.filter(~unknown)["conversion_rate"].null_count() == 0


def test_checks_of_what_is_flagged_warn_and_of_what_is_lost_pass(platform: Platform) -> None:
    results = platform.check(FIRST, LAST)
    levels = {(result.table, result.check, result.level) for result in results if not result.passed}

    assert ("sales", "referential_integrity", "WARN") in levels
    assert ("sensor_health", "suspect_sensors", "WARN") in levels
    assert all(check in ("quarantine_rate", "referential_integrity", "suspect_sensors") for _, check, _ in levels)
    assert not any(level == "ERROR" for table, _, level in levels if table != "clients")


def keyed(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The keys of rows, sorted."""
    return rows.select(pl.col(key).cast(pl.String)).sort(key)
