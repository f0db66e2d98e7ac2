"""Sale lines are what a retailer's would be."""

from datetime import date, timedelta

import dataframely as dy
import polars as pl
import pytest

from retail_platform.domains.sales.contract import Sale
from retail_platform.sources.simulator import Simulator
from retail_platform.windows import Window
from retail_platform_tests.sources.simulator.conftest import QUARTER, SPRING


def _as_contract(lines: pl.DataFrame, contract: type[dy.Schema]) -> pl.DataFrame:
    return lines.with_columns(
        sold_at=pl.col("sold_at")
        .dt.replace_time_zone("Europe/Paris", ambiguous="earliest")
        .dt.convert_time_zone("UTC"),
        hour=pl.col("sold_at").dt.hour(),
        client_known=pl.lit(value=True),
        product_known=pl.lit(value=True),
        copies=pl.lit(1, dtype=pl.Int64),
    ).select(pl.col(name).cast(dtype) for name, dtype in contract.create_empty().schema.items())


@pytest.mark.parametrize("lines", ["tiny_sales", "demo_sales"])
def test_every_line_keeps_the_contract(lines: str, request: pytest.FixtureRequest) -> None:
    delivered: pl.DataFrame = request.getfixturevalue(lines)

    _, failures = Sale.filter(_as_contract(delivered, Sale))

    assert failures.counts() == {}


def test_amounts_are_exact(demo_sales: pl.DataFrame) -> None:
    exact = demo_sales.select(
        agrees=(pl.col("quantity") * pl.col("unit_price") - pl.col("discount") == pl.col("net_amount")).all(),
        discount_follows=(pl.col("discount") * pl.col("quantity").sign() >= 0).all(),
        promoted=((pl.col("discount") != 0) <= pl.col("promotion_id").is_not_null()).all(),
        priced=(pl.col("unit_price") > 0).all(),
    )

    assert exact.row(0) == (True, True, True, True)


def test_lines_come_by_store_day_and_time(demo: Simulator) -> None:
    lines = demo.read("sales", Window(date(2026, 3, 2), date(2026, 3, 8))).collect()

    order = ["store_id", "date", "sold_at", "sale_id", "line_number"]
    assert lines.select(order).equals(lines.select(order).sort(order))
    assert (lines["sold_at"].dt.date() == lines["date"]).all()


def test_a_demo_store_sells_about_five_thousand_lines_a_day(demo_sales: pl.DataFrame) -> None:
    per_day = demo_sales.group_by("store_id", "date").len()["len"]

    assert 4_000 < per_day.mean() < 6_000  # type: ignore[operator]


def test_unit_prices_are_those_in_force_on_the_day(demo: Simulator, demo_sales: pl.DataFrame) -> None:
    prices = demo.read("product_prices").collect()
    sold = demo_sales.filter(pl.col("quantity") > 0).select("date", "product_id", "unit_price").unique()

    in_force = sold.join_where(
        prices.rename({"unit_price": "listed", "product_id": "listed_id"}),
        pl.col("product_id") == pl.col("listed_id"),
        pl.col("date") >= pl.col("valid_from"),
        pl.col("date") <= pl.col("valid_to").fill_null(date(9999, 12, 31)),
    )

    assert in_force.height == sold.height
    assert (in_force["unit_price"] == in_force["listed"]).all()
    assert sold.group_by("product_id").agg(pl.col("unit_price").n_unique())["unit_price"].max() == 2


@pytest.mark.parametrize("scale", ["tiny", "demo"])
def test_returns_refer_to_earlier_sales_once(scale: str, request: pytest.FixtureRequest) -> None:
    lines: pl.DataFrame = request.getfixturevalue(f"{scale}_sales")
    window = QUARTER if scale == "tiny" else SPRING
    same = ["store_id", "client_id", "product_id", "unit_price", "promotion_id", "discount", "net_amount", "units"]
    lines = lines.with_columns(units=pl.col("quantity").abs())
    money = [pl.col(name).abs() for name in ("discount", "net_amount")]
    returns = lines.filter(
        (pl.col("quantity") < 0) & (pl.col("date") >= window.first + timedelta(days=30))
    ).with_columns(money)
    sales = lines.filter((pl.col("quantity") > 0) & (pl.col("status") == "completed"))

    found = returns.select("sale_id", "date", *same).join(
        sales.select(pl.col("date").alias("sold"), pl.struct("sale_id", "line_number").alias("sale"), *same),
        on=same,
        nulls_equal=True,
    )
    found = found.filter((pl.col("date") - pl.col("sold")).dt.total_days().is_between(1, 30))

    assert returns.height > 20
    assert found["sale_id"].n_unique() == returns.height == returns["sale_id"].n_unique()
    # As many sales as returns of the same thing: none need have come back twice.
    assert (found.group_by(same).agg(pl.col("sale").n_unique() >= pl.col("sale_id").n_unique())["sale"]).all()
    share = lines.filter(pl.col("quantity") < 0).height / lines["sale_id"].n_unique()
    assert 0.01 < share < 0.06


def test_online_and_physical_stores_differ_as_they_should(demo: Simulator, demo_sales: pl.DataFrame) -> None:
    formats = demo.read("stores").collect().select("store_id", "format")
    lines = demo_sales.join(formats, on="store_id").with_columns(online=pl.col("format") == "online")

    online, physical = lines.filter("online"), lines.filter(~pl.col("online"))

    assert online["channel"].unique().to_list() == ["online"]
    assert physical["channel"].unique().to_list() == ["store"]
    assert physical["freight_amount"].null_count() == physical.height
    assert online["freight_amount"].null_count() == 0
    assert 0.02 < (online["status"] == "cancelled").mean() < 0.04  # type: ignore[operator]
    assert (physical["status"] == "completed").all()
    assert 0.05 < online["client_id"].null_count() / online.height < 0.11
    assert 0.4 < physical["client_id"].null_count() / physical.height < 0.6
    assert "cash" not in online["payment_method"]
    assert physical["campaign_id"].null_count() == physical.height


def test_few_products_sell_much_and_all_sell(demo_sales: pl.DataFrame) -> None:
    lines = demo_sales["product_id"].value_counts(sort=True)["count"]

    assert lines.len() == 500
    assert lines.head(50).sum() > 0.3 * demo_sales.height


def test_payment_methods_differ_by_region(demo: Simulator, demo_sales: pl.DataFrame) -> None:
    regions = demo.read("stores").collect().filter(pl.col("format") != "online").select("store_id", "region")

    cash = (
        demo_sales.join(regions, on="store_id")
        .group_by("region")
        .agg(share=(pl.col("payment_method") == "cash").mean())["share"]
    )

    assert cash.max() - cash.min() > 0.05  # type: ignore[operator]


def test_promotions_last_one_to_two_weeks_and_sell_their_category(demo: Simulator, demo_sales: pl.DataFrame) -> None:
    categories = demo.read("products").collect().select("product_id", "category")
    promoted = demo_sales.filter(pl.col("promotion_id").is_not_null() & (pl.col("quantity") > 0))

    periods = (
        promoted.join(categories, on="product_id")
        .group_by("promotion_id")
        .agg(
            categories=pl.col("category").n_unique(),
            days=(pl.col("date").max() - pl.col("date").min()).dt.total_days() + 1,
        )
    )

    assert periods.height > 4
    assert periods["categories"].max() == 1
    assert periods["days"].max() <= 14  # type: ignore[operator]


def test_christmas_is_busier_than_october(tiny_sales: pl.DataFrame) -> None:
    by_day = tiny_sales.filter(pl.col("store_id") == "S0001").group_by("date").len()
    october = by_day.filter(pl.col("date") < date(2026, 11, 1))["len"].mean()
    advent = by_day.filter(pl.col("date").is_between(date(2026, 12, 12), date(2026, 12, 24)))["len"].mean()

    assert advent > 1.4 * october  # type: ignore[operator]


def test_no_sale_lies_in_the_hour_that_summer_time_skips(demo_sales: pl.DataFrame) -> None:
    night = demo_sales.filter((pl.col("date") == date(2026, 3, 29)) & (pl.col("channel") == "online"))

    hours = night["sold_at"].dt.hour().unique().to_list()

    assert 2 not in hours
    assert {0, 1, 3, 4} <= set(hours)
