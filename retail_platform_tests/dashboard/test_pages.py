"""What the pages of stores and of one store show, and what all have in common, against SQL over the same lake."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retail_platform.dashboard.app import make_app
from retail_platform.dashboard.data.hours import peaks, spans
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.exports import csv
from retail_platform.dashboard.frames import store as store_frames
from retail_platform.dashboard.frames import stores as stores_frames
from retail_platform.dashboard.page import Page
from retail_platform.dashboard.pages import overview, products, store, stores
from retail_platform.domains.metrics.periods import period_metrics
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes, sales
from retail_platform_tests.dashboard.views import IN_MONTH, MONTH, look, sql, text


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return sales.data(tmp_path_factory.mktemp("pages"))


def test_the_ranking_holds_each_store_in_the_order_of_the_measure(data: Data) -> None:
    view = look(data, stores.PAGE, options={"sort": "atv", "order": "asc"})

    found = stores_frames.ranking(view)

    expected = sql(
        data,
        f"""SELECT store_id, sum(revenue)::DOUBLE AS revenue, sum(visitors) AS visitors,
            sum(revenue)::DOUBLE / sum(transactions) AS atv FROM store_days WHERE {IN_MONTH} GROUP BY 1 ORDER BY atv""",
    )
    assert found["store_id"].to_list() == [row["store_id"] for row in expected]
    for name in ("revenue", "visitors", "atv"):
        assert found[name].to_list() == pytest.approx([row[name] for row in expected]), name


def test_stores_that_do_not_know_the_measure_come_last_either_way(data: Data) -> None:
    for order in ("asc", "desc"):
        found = stores_frames.ranking(look(data, stores.PAGE, options={"sort": "conversion_rate", "order": order}))
        assert found["store_id"][-1] == "WEB"


def test_comparable_growth_is_that_of_period_metrics(data: Data) -> None:
    days = lakes.days().lazy()
    made = days.select("date").unique().with_columns(read_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")))
    months = period_metrics(days, made, "Europe/Paris").collect().filter(grain="month", period_start=MONTH.first)

    found = stores_frames.ranking(look(data, stores.PAGE))

    expected = dict(months.select("store_id", "revenue_vs_364d_pct").iter_rows())
    assert dict(found.select("store_id", "comparable_growth").iter_rows()) == pytest.approx(expected)
    alone = stores_frames.comparable(look(data, stores.PAGE, stores=("S3",))).filter(measure="visitors")
    assert alone["growth"].item() == pytest.approx(months.filter(store_id="S3")["visitors_vs_364d_pct"].item())


def test_growth_of_all_stores_is_of_the_days_open_in_both_years(data: Data) -> None:
    found = stores_frames.comparable(look(data, stores.PAGE)).filter(measure="revenue").row(0, named=True)

    [expected] = sql(
        data,
        f"""SELECT sum(now.revenue)::DOUBLE AS now, sum(before.revenue)::DOUBLE AS year_ago FROM store_days AS now
            JOIN store_days AS before ON before.store_id = now.store_id AND before.date = now.date - 364
            WHERE now.is_open AND before.is_open AND now.{IN_MONTH}""",
    )
    assert (found["now"], found["year_ago"]) == pytest.approx((expected["now"], expected["year_ago"]))
    assert found["growth"] == pytest.approx(100 * (expected["now"] / expected["year_ago"] - 1))


def test_without_a_year_before_the_page_says_from_when_growth_is_known(data: Data) -> None:
    first = Window(lakes.SPAN.first, lakes.SPAN.first + timedelta(days=20))

    view = look(data, stores.PAGE, window=first)

    assert stores_frames.comparable(view)["growth"].to_list() == [None] * 5
    assert "7 Dec 2025" in text(stores.layout(view))  # 364 days after 8 Dec 2024


def test_stores_compared_are_those_named_else_the_first_eight(data: Data) -> None:
    named = stores_frames.compared(look(data, stores.PAGE, stores=("S3", "S1"), grain="week"))
    every = stores_frames.compared(look(data, stores.PAGE, grain="week"))

    assert set(named["store_id"]) == {"S1", "S3"}
    assert (
        every["store_id"].unique(maintain_order=True).to_list()
        == stores_frames.ranking(look(data, stores.PAGE))["store_id"].to_list()
    )
    expected = sql(
        data,
        f"""SELECT sum(revenue)::DOUBLE AS revenue FROM store_days WHERE {IN_MONTH} AND store_id = 'S3'
            GROUP BY date_trunc('week', date) ORDER BY date_trunc('week', date)""",
    )
    assert named.filter(store_id="S3")["revenue"].to_list() == pytest.approx([row["revenue"] for row in expected])


def test_a_store_without_coordinates_is_not_on_the_map_and_said_so(data: Data) -> None:
    view = look(data, stores.PAGE)

    assert set(stores_frames.places(view)["store_id"]) == {"S1", "S2", "S3"}
    assert "not drawn: 1" in text(stores.layout(view))
    assert "add latitude and longitude to the stores" in text(stores.layout(look(data, stores.PAGE, stores=("WEB",))))


def test_the_hours_of_a_store_are_means_of_its_open_hours(data: Data) -> None:
    found = store_frames.hours(look(data, store.PAGE, stores=("S3",)))

    expected = sql(
        data,
        f"""SELECT isodow(date) AS weekday, hour, avg(visitors) AS visitors, avg(transactions) AS transactions,
            avg(revenue)::DOUBLE AS revenue, count(*) AS hours
            FROM hourly_metrics WHERE {IN_MONTH} AND store_id = 'S3' AND open GROUP BY 1, 2 ORDER BY 1, 2""",
    )
    assert found.select("weekday", "hour", "hours").rows() == [
        (row["weekday"], row["hour"], row["hours"]) for row in expected
    ]
    for name in ("transactions", "revenue"):
        assert found[name].to_list() == pytest.approx([row[name] for row in expected]), name
    assert found.filter(weekday=2, hour=12)["visitors"].to_list() == [None]


def test_power_hours_are_the_fewest_that_hold_half_of_the_day() -> None:
    hours = pl.DataFrame({"weekday": [1] * 4, "hour": [9, 10, 11, 12], "visitors": [10.0, 40.0, 40.0, 30.0]})

    [found] = peaks(hours, "visitors").to_dicts()

    assert found == {
        "weekday": 1,
        "peak_hour": 10,
        "peak": 40.0,
        "power_hours": [10, 11],
        "share": pytest.approx(2 / 3),
    }
    assert spans([9, 11, 12, 13, 17]) == "9–10, 11–14, 17–18"


def test_best_sellers_are_the_products_of_most_revenue(data: Data) -> None:
    found = store_frames.best_sellers(look(data, store.PAGE, stores=("S2",)))

    expected = sql(
        data,
        f"""SELECT product_id, sum(revenue)::DOUBLE AS revenue, sum(units) AS units FROM product_daily_metrics
            WHERE {IN_MONTH} AND store_id = 'S2' AND product_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 10""",
    )
    assert found["product_id"].to_list() == [row["product_id"] for row in expected]
    assert found["revenue"].to_list() == pytest.approx([row["revenue"] for row in expected])
    assert found.filter(product_id="P5")["margin_rate"].to_list() == [None]
    assert found.filter(product_id="P6")["product"].to_list() == ["P6"]


def test_the_opening_hours_are_those_of_the_last_days(data: Data) -> None:
    found = store_frames.opening(look(data, store.PAGE, stores=("S1",)))

    assert found["date"].to_list() == [MONTH.last - timedelta(days=back) for back in range(6, -1, -1)]
    shown = dict(found.select(pl.col("date").dt.weekday(), "hours").iter_rows())
    assert shown[5] == "09:00–12:00, 14:00–19:30"
    assert found.filter(pl.col("date").dt.weekday() == 7)["open"].to_list() == [False]
    assert found["open"][-1] is None  # nothing is known of the last day


def test_one_store_is_shown_though_several_are_chosen_and_a_closed_day_is_a_gap(data: Data) -> None:
    view = look(data, store.PAGE, stores=("S2", "S3"))

    days = store_frames.days(view)

    expected = sql(
        data, f"SELECT date, revenue::DOUBLE AS revenue FROM store_days WHERE {IN_MONTH} AND store_id = 'S2' ORDER BY 1"
    )
    assert days["period"].to_list() == [row["date"] for row in expected]
    assert days["revenue"].to_list() == pytest.approx([row["revenue"] for row in expected])
    assert "Lyon" in text(store.layout(view))


def test_a_store_without_doors_says_why_it_has_no_hours(data: Data) -> None:
    assert "No door of this store was counted" in text(store.layout(look(data, store.PAGE, stores=("WEB",))))


def test_sales_that_state_no_time_are_no_hours_to_show(tmp_path: Path) -> None:
    data = sales.data(tmp_path)
    unknown = pl.when(pl.lit(value=False)).then(pl.col("transactions", "units", "revenue"))
    data.lake.replace("hourly_metrics", data.lake.scan("hourly_metrics").with_columns(unknown).collect(), sales.WINDOW)
    by_revenue = look(data, store.PAGE, stores=("S1",), options={"hours": "revenue"})

    assert set(store_frames.hours(by_revenue)["revenue"]) == {None}
    assert store_frames.peaks(by_revenue).is_empty()
    assert "This store has no hour with this measure" in text(store.layout(by_revenue))


def test_a_day_on_which_only_the_chosen_store_was_closed_is_not_missing(tmp_path: Path) -> None:
    gap, closed = lakes.LAST - timedelta(days=40), lakes.LAST - timedelta(days=38)
    lake = lakes.small_lake(tmp_path)
    lake.replace(
        "store_days", lakes.days(Window(closed, closed)).filter(pl.col("store_id") != "S3"), Window(closed, closed)
    )
    window = Window(gap - timedelta(days=2), closed)

    shown = text(overview.layout(look(Data(lake, "Europe/Paris"), overview.PAGE, stores=("S3",), window=window)))

    assert "'1 day missing'" in shown


def test_a_store_without_rows_says_so_and_lets_another_be_chosen(data: Data) -> None:
    missing = lakes.LAST - timedelta(days=40)

    shown = text(store.layout(look(data, store.PAGE, stores=("S2",), window=Window(missing, missing))))

    assert "There are no rows for these filters" in shown
    assert "store=S3" in shown


def test_a_lake_without_hours_products_and_prices_shows_the_rest(tmp_path: Path) -> None:
    bare = lakes.small_data(tmp_path)

    assert "Materialize the asset hourly_metrics" in text(store.layout(look(bare, store.PAGE)))
    with pytest.raises(Unavailable, match="product_daily_metrics"):
        products.layout(look(bare, products.PAGE))
    assert stores.layout(look(bare, stores.PAGE))


@pytest.mark.parametrize("page", [stores.PAGE, store.PAGE, products.PAGE], ids=lambda page: page.title)
@pytest.mark.parametrize("chosen", [{}, {"language": "fr", "theme": "dark", "grain": "month", "basis": "year"}])
def test_every_page_and_download_can_be_made(data: Data, page: Page, chosen: dict[str, Any]) -> None:
    view = look(data, page, **chosen)

    assert page.layout(view)
    for name, frame in page.downloads.items():
        assert csv(frame(view)).count(b"\n") == frame(view).height + 1, name
    assert make_app(data, pages=[page])


def test_one_is_counted_as_one(data: Data) -> None:
    view = look(data, overview.PAGE)

    assert view.counted("trust_open", 1, view.formats()) == "1 day not final"
    assert view.counted("trust_open", 1200, view.formats()) == "1,200 days not final"
