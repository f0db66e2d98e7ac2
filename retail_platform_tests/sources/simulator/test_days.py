"""Stores open and close, and trade when their timetable says."""

from datetime import date, timedelta

import polars as pl
import pytest

from retail_platform.domains.calendar.public_holidays import regional_holidays
from retail_platform.domains.calendar.transform import calendar_days, store_calendar
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.stores.transform import open_hours, opening_hours
from retail_platform.sources.simulator import Faults, Simulator
from retail_platform.windows import Window
from retail_platform_tests.sources.simulator.conftest import QUARTER

YEAR = Window(date(2026, 1, 1), date(2026, 12, 31))


def _hours_by_pattern(simulator: Simulator, window: Window) -> pl.DataFrame:
    """What the platform makes of the delivered pattern."""
    patterns = simulator.read("opening_hours").with_columns(copies=pl.lit(1, dtype=pl.Int64))
    stores = simulator.read("stores").collect()
    public = regional_holidays(stores.select("country", "region").unique().iter_rows(), window).days
    calendar = calendar_days(window, {})
    return opening_hours(patterns, stores.lazy(), calendar, store_calendar(window, stores.lazy(), public)).collect()


def test_sales_and_footfall_come_on_open_days_and_no_others() -> None:
    simulator = Simulator(1, "demo", faults=Faults.none())
    hours = _hours_by_pattern(simulator, YEAR).filter("open")
    stores = simulator.read("stores").collect()
    doors = stores.filter(pl.col("format") != "online")["store_id"]
    expected = set(hours.select("store_id", "date").unique().rows())

    readings = set(simulator.read("footfall", YEAR).select("store_id", "date").unique().collect().rows())

    assert readings == {(store, day) for store, day in expected if store in set(doors)}
    for month in (1, 5, 12):
        window = Window(date(2026, month, 1), date(2026, month, 28))
        sold = set(simulator.read("sales", window).select("store_id", "date").unique().collect().rows())
        assert sold == {(store, day) for store, day in expected if day in window}


@pytest.mark.parametrize("country", ["DE", "ES", "GB"])
def test_stores_keep_the_public_holidays_of_their_region(country: str) -> None:
    simulator = Simulator(1, "demo", country=country, faults=Faults.none())
    hours = _hours_by_pattern(simulator, YEAR).filter("open")

    readings = simulator.read("footfall", YEAR).select("store_id", "date").unique().collect()

    doors = simulator.read("stores").filter(pl.col("format") != "online").collect()
    expected = hours.join(doors, on="store_id", how="semi").select("store_id", "date").unique()
    assert set(readings.rows()) == set(expected.rows())


def test_a_store_of_few_sales_has_a_line_each_open_day(tiny: Simulator, tiny_sales: pl.DataFrame) -> None:
    expected = _hours_by_pattern(tiny, QUARTER).filter("open").select("store_id", "date").unique()

    assert set(tiny_sales.select("store_id", "date").unique().rows()) == set(expected.rows())


def test_sales_lie_within_opening_hours(tiny: Simulator, tiny_sales: pl.DataFrame) -> None:
    hours = _hours_by_pattern(tiny, QUARTER).filter("open")
    clock = pl.col("sold_at").dt.to_string("%H:%M")

    inside = (
        tiny_sales.select("store_id", "date", "sale_id", "sold_at")
        .unique()
        .join(hours, on=["store_id", "date"])
        .filter((clock >= pl.col("opens")) & (clock < pl.col("closes")))
    )

    assert inside.height == tiny_sales["sale_id"].n_unique()


def test_a_demo_retailer_opens_and_closes_a_store_within_the_year() -> None:
    simulator = Simulator(5, "demo", faults=Faults.none())
    stores = simulator.read("stores").collect()

    [(opening, opened)] = stores.filter(pl.col("opened_on") > date(2026, 1, 1)).select("store_id", "opened_on").rows()
    [(closing, closed)] = stores.filter(pl.col("closed_on").is_not_null()).select("store_id", "closed_on").rows()
    week = timedelta(days=7)

    assert stores["opened_on"].min() < date(2015, 1, 1)  # type: ignore[operator]
    for store, day, trades_after in ((opening, opened, True), (closing, closed + timedelta(days=1), False)):
        before = simulator.read("sales", Window(day - week, day - timedelta(days=1)))
        after = simulator.read("sales", Window(day, day + week))
        assert (store in before.collect()["store_id"]) is not trades_after
        assert (store in after.collect()["store_id"]) is trades_after


def test_most_stores_close_on_public_holidays(demo: Simulator) -> None:
    may_day, ascension, tuesday = (
        demo.read("sales", Window(day, day)).collect()["store_id"].n_unique()
        for day in (date(2026, 5, 1), date(2026, 5, 14), date(2026, 6, 2))
    )

    assert may_day == 1  # the online store
    assert may_day < ascension < tuesday / 2


@pytest.mark.parametrize("scale", ["tiny", "demo"])
def test_no_hour_has_fewer_visitors_than_receipts(scale: str) -> None:
    window = Window(date(2026, 12, 1), date(2026, 12, 31))
    simulator = Simulator(1, "tiny") if scale == "tiny" else Simulator(1, "demo")
    hour = pl.col("sold_at").dt.hour().alias("hour")

    receipts = (
        simulator.read("sales", window)
        .filter(pl.col("channel") == "store")
        .group_by("store_id", "date", hour)
        .agg(receipts=pl.col("sale_id").n_unique())
        .collect()
    )
    people = simulator.true_footfall(window).group_by("store_id", "date", "hour").agg(pl.col("visitors").sum())
    both = receipts.join(people, on=["store_id", "date", "hour"], how="left")

    assert both["visitors"].null_count() == 0
    assert (both["visitors"] >= both["receipts"]).all()
    conversion = both.select(pl.col("receipts").sum() / pl.col("visitors").sum()).item()
    assert 0.1 < conversion < 0.7


def test_true_counts_keep_the_contract_and_stay_below_the_bound(demo: Simulator) -> None:
    readings = demo.true_footfall(YEAR)

    _, failures = FootfallReading.filter(
        readings.with_columns(status=pl.lit("ok"), copies=pl.lit(1, dtype=pl.Int64)), cast=True
    )

    assert failures.counts() == {}
    assert demo.max_visitors_per_hour == 8_000
    assert readings["visitors"].max() <= 6_000  # type: ignore[operator]


@pytest.mark.parametrize("seed", range(12))
def test_no_true_count_looks_implausible_even_before_christmas(seed: int) -> None:
    simulator = Simulator(seed, "demo")

    readings = simulator.true_footfall(Window(date(2026, 12, 12), date(2026, 12, 24)))

    assert readings["visitors"].max() <= 6_000  # type: ignore[operator]


def test_every_sensor_reports_every_open_hour(demo: Simulator) -> None:
    window = Window(date(2026, 6, 1), date(2026, 6, 14))
    open_now = open_hours(_hours_by_pattern(demo, window).lazy(), demo.read("stores")).collect()
    readings = demo.read("footfall", window).collect()

    sensors = readings.group_by("store_id", "date", "hour").agg(pl.col("sensor_id").n_unique())
    of_store = readings.group_by("store_id").agg(all=pl.col("sensor_id").n_unique())

    assert (sensors.join(of_store, on="store_id")["sensor_id"] == sensors.join(of_store, on="store_id")["all"]).all()
    assert of_store["all"].is_between(1, 4).all()
    known = open_now.filter(pl.col("store_id").is_in(of_store["store_id"].implode()))
    assert set(known.select("store_id", "date", "hour").rows()) == set(
        sensors.select("store_id", "date", "hour").rows()
    )
