"""Of what is wrong the simulator says all, and nothing else."""

from dataclasses import fields
from datetime import date

import polars as pl
import pytest

from retail_platform.sources.simulator import Faults, Simulator
from retail_platform.windows import Window

MONTH = Window(date(2026, 9, 1), date(2026, 10, 1))
MANY = Faults(
    null_hour=0.05,
    implausible_hour=0.05,
    dead_sensor_day=0.1,
    undercounting_sensor_day=0.1,
    duplicate_line=0.05,
    unknown_product=0.05,
    unknown_client=0.05,
    impossible_age=0.1,
)


@pytest.mark.parametrize("dataset", ["sales", "footfall", "clients"])
@pytest.mark.parametrize("faults", [Faults(), MANY])
def test_what_differs_from_a_faultless_retailer_is_named(dataset: str, faults: Faults) -> None:
    simulator, faultless = Simulator(4, "tiny", faults=faults), Simulator(4, "tiny", faults=Faults.none())
    keys = simulator.datasets[dataset].identity
    delivered = simulator.read(dataset, MONTH).collect()
    truth = simulator.ground_truth(dataset, MONTH)

    good = faultless.read(dataset, MONTH).collect()
    changed = delivered.join(good, on=good.columns, how="anti", nulls_equal=True).select(keys)
    twice = delivered.filter(delivered.is_duplicated()).select(keys).unique()

    assert set(truth.select(keys).rows()) == set(pl.concat([changed, twice]).rows())
    assert truth.height == changed.height + twice.height
    assert delivered.height == good.height + twice.height
    assert faultless.ground_truth(dataset, MONTH).is_empty()
    assert good.select(keys).is_duplicated().sum() == 0


def test_each_kind_does_what_its_name_says() -> None:
    simulator = Simulator(4, "tiny", faults=MANY)
    products, clients = (set(simulator.read(name).collect().to_series(0)) for name in ("products", "clients"))
    sales = simulator.read("sales", MONTH).collect()
    wrong = sales.join(simulator.ground_truth("sales", MONTH), on=["date", "store_id", "sale_id", "line_number"])
    of_kind = {kind: wrong.filter(pl.col("fault") == kind) for kind in wrong["fault"].unique()}

    assert set(of_kind) == {"duplicate_line", "unknown_product", "unknown_client"}
    assert of_kind["duplicate_line"].is_duplicated().all()
    assert products.isdisjoint(of_kind["unknown_product"]["product_id"])
    assert clients.isdisjoint(of_kind["unknown_client"]["client_id"])
    assert products.issuperset(of_kind["unknown_client"]["product_id"])
    ages = simulator.read("clients").join(simulator.ground_truth("clients").lazy(), on="client_id").collect()["age"]
    assert ages.is_between(200, 1000).all()


def test_each_kind_of_sensor_fault_does_what_its_name_says() -> None:
    simulator = Simulator(4, "tiny", faults=MANY)
    keys = ["date", "hour", "store_id", "sensor_id"]
    readings = simulator.read("footfall", MONTH).collect()
    true = simulator.true_footfall(MONTH).rename({"visitors": "true"})
    wrong = readings.join(true, on=keys).join(simulator.ground_truth("footfall", MONTH), on=keys)
    of_kind = {kind: wrong.filter(pl.col("fault") == kind) for kind in wrong["fault"].unique()}
    sensor_day = ["date", "store_id", "sensor_id"]

    assert len(of_kind) == 4
    assert of_kind["null_hour"]["visitors"].is_null().all()
    assert of_kind["implausible_hour"]["visitors"].is_between(10_000, 50_000).all()
    dead = readings.join(of_kind["dead_sensor_day"].select(sensor_day).unique(), on=sensor_day)
    assert dead["visitors"].is_null().all()
    assert (of_kind["undercounting_sensor_day"]["visitors"] == of_kind["undercounting_sensor_day"]["true"] // 5).all()


def test_the_rates_are_those_asked_for() -> None:
    simulator = Simulator(11, "demo")
    month, years = Window(date(2026, 6, 1), date(2026, 6, 14)), Window(date(2022, 1, 1), date(2026, 12, 31))
    lines = simulator.read("sales", month).collect()
    readings = simulator.read("footfall", years).collect()
    sensor_day = ["date", "store_id", "sensor_id"]
    hour_faults = simulator.ground_truth("footfall", years)

    by_line = dict(simulator.ground_truth("sales", month)["fault"].value_counts().rows())
    by_hour = dict(hour_faults["fault"].value_counts().rows())
    by_day = dict(hour_faults.unique([*sensor_day, "fault"])["fault"].value_counts().rows())
    sensor_days = readings.select(sensor_day).unique().height
    named = lines.height - lines["client_id"].null_count()

    assert by_line["duplicate_line"] / lines.height == pytest.approx(0.001, rel=0.25)
    assert by_line["unknown_product"] / lines.height == pytest.approx(0.0005, rel=0.25)
    assert by_line["unknown_client"] / named == pytest.approx(0.0005, rel=0.25)
    assert by_hour["null_hour"] / readings.height == pytest.approx(0.002, rel=0.25)
    assert by_hour["implausible_hour"] / readings.height == pytest.approx(0.001, rel=0.25)
    assert by_day["dead_sensor_day"] / sensor_days == pytest.approx(0.005, rel=0.25)
    assert by_day["undercounting_sensor_day"] / sensor_days == pytest.approx(0.015, rel=0.25)
    assert Simulator(11, "large").ground_truth("clients").height / 1_000_000 == pytest.approx(0.001, rel=0.25)


@pytest.mark.parametrize("kind", [field.name for field in fields(Faults)])
def test_a_rate_is_a_share(kind: str) -> None:
    with pytest.raises(ValueError, match=rf"{kind} is 1\.5: a share from 0 to 1"):
        Faults(**{kind: 1.5})


def test_kinds_of_one_row_share_its_chances() -> None:
    with pytest.raises(ValueError, match=r"null_hour, implausible_hour sum to more than 1"):
        Faults(null_hour=0.7, implausible_hour=0.7)
