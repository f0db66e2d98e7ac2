"""Clients, products, prices, stores and opening hours keep their contracts."""

from datetime import date

import polars as pl
import pytest

from retail_platform.domains.clients.contract import Client
from retail_platform.domains.products.contract import Product, ProductPrice
from retail_platform.domains.stores.contract import OpeningPattern, Store
from retail_platform.sources.simulator import Faults, Simulator
from retail_platform.sources.simulator.scales import ScaleName

CONTRACTS = {
    "clients": Client,
    "products": Product,
    "product_prices": ProductPrice,
    "stores": Store,
    "opening_hours": OpeningPattern,
}


@pytest.mark.parametrize("scale", ["tiny", "demo", "large"])
@pytest.mark.parametrize("dataset", CONTRACTS)
def test_every_row_keeps_the_contract(dataset: str, scale: ScaleName) -> None:
    simulator = Simulator(3, scale, faults=Faults.none())
    contract = CONTRACTS[dataset]
    rows = simulator.read(dataset).collect()
    absent = [name for name in contract.column_names() if name not in rows.columns]

    _, failures = contract.filter(
        rows.with_columns(pl.lit(1 if name == "copies" else None).alias(name) for name in absent), cast=True
    )

    assert failures.counts() == {}
    assert not rows.select(simulator.datasets[dataset].identity).is_duplicated().any()


def test_scales_have_their_sizes() -> None:
    sizes = {
        scale: [Simulator(1, scale).read(name).collect().height for name in ("stores", "clients", "products")]
        for scale in ("tiny", "demo", "large")
    }

    assert sizes["tiny"] == [3, 200, 40]
    assert sizes["demo"] == [10, 20_000, 500]
    assert sizes["large"][0] == 1_000


def test_prices_cover_every_day_once_and_change(demo: Simulator) -> None:
    prices = demo.read("product_prices").collect().sort("product_id", "valid_from")
    follows = prices.with_columns(next=pl.col("valid_from").shift(-1).over("product_id"))

    ended = follows.drop_nulls("next")
    assert (ended["valid_to"].dt.offset_by("1d") == ended["next"]).all()
    assert follows.filter(pl.col("next").is_null())["valid_to"].null_count() == 500
    assert (prices.group_by("product_id").agg(pl.col("valid_from").min())["valid_from"] == date(2000, 1, 1)).all()
    assert (prices["unit_cost"] < prices["unit_price"]).all()
    changed = prices.filter(pl.col("valid_from").dt.year() == 2026)["product_id"].n_unique()
    assert changed > 250


def test_products_show_the_price_of_the_first_day(demo: Simulator) -> None:
    day = demo.default_start
    listed = demo.read("product_prices").filter(
        pl.col("valid_from") <= day, pl.col("valid_to").is_null() | (pl.col("valid_to") >= day)
    )

    both = demo.read("products").join(listed, on="product_id", suffix="_listed").collect()

    assert both.height == 500
    assert (both["unit_price"] == both["unit_price_listed"]).all()
    assert (both["unit_cost"] == both["unit_cost_listed"]).all()


def test_clients_look_like_people(demo: Simulator) -> None:
    clients = demo.read("clients").collect()

    assert clients["email"].n_unique() == clients.height
    assert clients["email"].str.contains(r"^[a-z]*\.[a-z]*\.\d+@example\.com$").all()
    assert clients["name"].n_unique() > 10_000
    assert 30 < clients["age"].mean() < 70  # type: ignore[operator]
    assert set(clients["gender"]) == {"female", "male", "other"}


def test_opening_hours_have_sundays_holidays_and_lunch_breaks(demo: Simulator) -> None:
    hours = demo.read("opening_hours").collect()
    sundays = hours.filter(pl.col("day") == "7")
    intervals = hours.filter("open").group_by("store_id", "day").len()

    assert set(sundays["open"]) == {True, False}
    assert set(hours.filter(pl.col("day") == "holiday")["open"]) == {True, False}
    assert intervals["len"].max() == 2
