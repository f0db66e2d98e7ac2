"""What the page of products shows, against SQL over the same lake."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from retail_platform.dashboard.data import tables
from retail_platform.dashboard.data.products import by_category
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.frames import products as product_frames
from retail_platform.dashboard.pages import products
from retail_platform.domains.products.contract import ProductPrice
from retail_platform_tests.dashboard import lakes, sales
from retail_platform_tests.dashboard.views import IN_MONTH, MONTH, look, sql, text


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return sales.data(tmp_path_factory.mktemp("products"))


def test_products_are_ranked_by_what_the_chosen_stores_sold(data: Data) -> None:
    found = product_frames.ranking(look(data, products.PAGE, regions=("South",), options={"sort": "aur"}))

    expected = sql(
        data,
        f"""SELECT product_id, sum(units) AS units, sum(revenue)::DOUBLE AS revenue, sum(margin)::DOUBLE AS margin,
            sum(revenue)::DOUBLE / sum(units) AS aur, sum(returns) AS returns,
            sum(margin)::DOUBLE / sum(revenue) FILTER (margin IS NOT NULL)::DOUBLE AS margin_rate
            FROM product_daily_metrics WHERE {IN_MONTH} AND store_id IN ('S2', 'S3') GROUP BY 1 ORDER BY aur DESC""",
    )
    assert found["product_id"].to_list() == [row["product_id"] for row in expected]
    for name in ("units", "revenue", "aur", "returns"):
        assert found[name].to_list() == pytest.approx([row[name] for row in expected]), name
    for name in ("margin", "margin_rate"):
        held = dict(zip(found["product_id"], found[name], strict=True))
        assert held == {
            row["product_id"]: row[name] if row[name] is None else pytest.approx(row[name]) for row in expected
        }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("TEA", {"P1", "P2"}),
        ("tea green", {"P1"}),
        ("%", {"P5"}),
        ("_", {"P5"}),
        (".*", set()),
        ("' OR 1=1 --", set()),
        ("p3", {"P3"}),
    ],
)
def test_a_search_finds_its_words_and_takes_nothing_for_a_pattern(data: Data, words: str, expected: set[str]) -> None:
    view = look(data, products.PAGE, options={"search": words})

    assert set(product_frames.ranking(view)["product_id"]) == expected
    assert expected or "No product sold on these days has" in text(products.layout(view))


def test_categories_are_the_sums_of_their_products(data: Data) -> None:
    view = look(data, products.PAGE)

    found = product_frames.categories(view)

    expected = sql(
        data,
        f"""SELECT category, sum(revenue)::DOUBLE AS revenue, sum(units) AS units FROM product_daily_metrics
            LEFT JOIN products USING (product_id) WHERE {IN_MONTH} GROUP BY 1 ORDER BY 2 DESC""",
    )
    assert found["category"].to_list() == [row["category"] for row in expected]
    assert found["revenue"].to_list() == pytest.approx([row["revenue"] for row in expected])
    assert found["share"].sum() == pytest.approx(1)
    assert product_frames.tree(view)["revenue"].sum() == pytest.approx(sum(row["revenue"] for row in expected))
    toys = product_frames.ranking(look(data, products.PAGE, categories=("toys",)))
    assert set(toys["product_id"]) == {"P3", "P4", "P5"}


@pytest.mark.parametrize("amounts", [(0, 0), (20, -20)], ids=["gifts", "a sale and its return"])
def test_products_that_brought_nothing_together_are_shown_without_a_share(
    tmp_path: Path, amounts: tuple[int, int]
) -> None:
    data = sales.data(tmp_path)
    rows = data.lake.scan("product_daily_metrics").filter(product_id="P1", store_id="S1").collect().tail(2)
    amount = pl.Series("revenue", amounts).cast(rows.schema["revenue"])
    data.lake.replace("product_daily_metrics", rows.with_columns(amount), MONTH)
    view = look(data, products.PAGE, options={"search": "green tea"})

    shown = text(products.layout(view))

    assert product_frames.categories(view).select("revenue", "share").rows() == [(0.0, None)]
    assert "card-categories" in shown


def test_the_price_over_time_is_revenue_per_unit_beside_the_list_price_in_force(data: Data) -> None:
    found = product_frames.prices(look(data, products.PAGE, options={"product": "P1~nonsense"}))

    expected = sql(
        data,
        f"""SELECT sum(revenue)::DOUBLE / nullif(sum(units), 0) AS aur FROM product_daily_metrics
            WHERE {IN_MONTH} AND product_id = 'P1' AND date <> '2025-12-22' GROUP BY date ORDER BY date""",
    )
    assert set(found["product_id"]) == {"P1"}
    assert found["aur"].to_list() == pytest.approx([row["aur"] for row in expected])
    change = lakes.LAST - timedelta(days=9)
    assert found["list_price"].to_list() == [2.0 if day <= change else 2.5 for day in found["period"]]


def test_after_a_promotion_the_list_price_is_again_what_it_was(tmp_path: Path) -> None:
    data = sales.data(tmp_path)
    usual, promotion = (MONTH.first - timedelta(days=90), None), (MONTH.first - timedelta(days=3), MONTH.first)
    rows = [("P1", from_, to, price) for (from_, to), price in ((usual, 3), (promotion, 2))]
    listed = pl.DataFrame(rows, ["product_id", "valid_from", "valid_to", "unit_price"], orient="row")
    data.lake.replace("product_prices", ProductPrice.cast(listed.with_columns(unit_cost=pl.lit(None), copies=1)), None)

    found = product_frames.prices(look(data, products.PAGE, options={"product": "P1"}))

    assert found["list_price"].to_list() == [2.0 if day == MONTH.first else 3.0 for day in found["period"]]
    assert found["period"].min() == MONTH.first


def test_a_renamed_product_has_its_new_name_in_the_charts_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_LOOK_AGAIN", 0.0)
    data = sales.data(tmp_path)
    view = look(data, products.PAGE, options={"product": "P1"})
    charts = (product_frames.prices, product_frames.margins)
    assert [set(chart(view)["product"]) for chart in charts] == [{"Green tea"}] * 2

    renamed = pl.when(product_id="P1").then(pl.lit("Sencha")).otherwise("name").alias("name")
    data.lake.replace("products", data.lake.scan("products").with_columns(renamed).collect(), None)

    assert [set(chart(view)["product"]) for chart in charts] == [{"Sencha"}] * 2


def test_a_product_that_was_not_sold_is_said_so(data: Data) -> None:
    assert "not among those sold: nonsense" in text(
        products.layout(look(data, products.PAGE, options={"product": "P1~nonsense"}))
    )


def test_of_sums_that_cancel_no_share_is_told() -> None:
    rows = pl.DataFrame(
        {
            "category": ["Fruit", "Dairy", "Dairy"],
            "units": [1, 1, -2],
            "revenue": [0.1, 0.2, -0.3],
            "cost_known_revenue": [0.0, 0.0, 0.0],
            "margin": [None, None, None],
        },
        schema_overrides={"margin": pl.Float64},
    )
    assert rows["revenue"].sum() != 0, "floats do not quite cancel"

    assert by_category(rows)["share"].to_list() == [None, None]
