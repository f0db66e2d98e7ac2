"""Door counters that write the names of their stores, now and then wrongly: matched and reported, or quarantined."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from retail_platform_tests.platform import Platform

MAPPING = """
name = "doors"
title = "Two shops whose counters write their names"
timezone = "Europe/Paris"
currency = "EUR"
country = "FR"
default_start = 2026-03-02
max_visitors_per_hour = 1000

[inputs.shops]
path = "shops.csv"

[inputs.counts]
path = "counts.csv"
columns = ["day", "hour", "shop", "door", "entered"]

[datasets.stores]
delivery = "snapshot"
driving = "shops"
identity = ["store_id"]

[datasets.footfall]
delivery = "store_day"
driving = "counts"
identity = ["date", "hour", "store_id", "sensor_id"]
match_stores = { against = "name", least_similarity = 0.9 }
"""
SHOPS = "id,name\nA,Quay\nB,Market Hall\n"
COUNTS = """day,hour,shop,door,entered
2026-03-02,9,Quay,1,10
2026-03-02,9,Market Hall,2,20
2026-03-02,10,Market Hall,2,21
2026-03-03,9,Quay,1,11
2026-03-03,9,Markte Hall,2,22
2026-03-03,10,Markte Hall,2,23
2026-03-03,9,Quai,3,99
2026-03-03,10,B,2,24
"""
FOOTFALL = """SELECT day AS date, hour AS hour, shop AS store_id, door AS sensor_id, entered AS visitors
FROM counts
"""
DAYS = "2026-03-02", "2026-03-03"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("doors")
    files = {
        "doors/mapping.toml": MAPPING,
        "doors/stores.sql": "SELECT id AS store_id, name FROM shops",
        "doors/footfall.sql": FOOTFALL,
        "files/shops.csv": SHOPS,
        "files/counts.csv": COUNTS,
    }
    for name, content in files.items():
        path: Path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    with Platform(folder, source=str(folder / "doors"), source_dir=folder / "files", end_date=DAYS[-1]) as platform:
        assert platform.materialize(*DAYS, "+footfall_readings").failures == []
        yield platform


def test_raw_rows_keep_the_name_that_was_delivered(platform: Platform) -> None:
    assert set(platform.table("raw_footfall")["store_id"]) == {"Quay", "Market Hall", "Markte Hall", "Quai", "B"}


def test_readings_bear_the_ids_of_the_stores_meant(platform: Platform) -> None:
    readings = platform.table("footfall_readings").filter(pl.col("hour") == 9).sort("date", "store_id")

    assert readings.select("store_id", "visitors").rows() == [("A", 10), ("B", 20), ("A", 11), ("B", 22)]


def test_a_name_below_the_threshold_is_quarantined_as_it_was_delivered(platform: Platform) -> None:
    rejected = platform.table("quarantine_footfall_readings").filter(pl.col("hour") == "9")

    assert rejected.select("store_id", "visitors", "reasons").rows() == [("Quai", "99", ["store_id|unknown"])]


def test_two_names_of_one_store_in_one_hour_are_both_quarantined(platform: Platform) -> None:
    rejected = platform.table("quarantine_footfall_readings").filter(pl.col("hour") == "10").sort("visitors")

    assert rejected.select("store_id", "visitors", "reasons").rows() == [
        ("Markte Hall", "23", ["primary_key"]),
        ("B", "24", ["primary_key"]),
    ]


def test_what_was_matched_is_a_warning_that_names_it(platform: Platform) -> None:
    results = platform.check(*DAYS, "footfall_readings")

    spelt = sorted((one for one in results if one.check == "store_names"), key=lambda one: str(one.day))
    assert [one.passed for one in spelt] == [True, False]
    assert (spelt[1].severity, spelt[1].description) == (
        "WARN",
        "taken for the stores they are like: Markte Hall -> B (0.91, 2 rows)",
    )


def test_no_row_is_lost_and_no_store_lacks_its_day(platform: Platform) -> None:
    results = platform.check(*DAYS, "footfall_readings")

    held = {(one.check, one.passed) for one in results if one.check in ("conservation", "completeness")}
    assert held == {("conservation", True), ("completeness", True)}
