"""What a report is made of: charts and best sellers by what can be added on their own days."""

import base64
import re
from datetime import date

import polars as pl
import pytest

from retail_platform.reports import report, summary
from retail_platform.reports.material import addable_days, best_sellers, of_each_day
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.reports.materials import DAY, WEEKS, material

SATURDAY, SUNDAY = date(2026, 1, 3), date(2026, 1, 4)


def ranked(money: bool | list[date], *, daily: bool = False) -> list[str]:
    """The products of a Saturday and a Sunday, of each day first the one of most revenue or units."""
    dear, cheap = {"product_id": "Dear", "units": 1, "revenue": 900.0}, {"product_id": "Cheap", "units": 50}
    rows = [{"date": day, "store_id": "S1"} | one for day in (SATURDAY, SUNDAY) for one in (dear, cheap)]
    sold = pl.LazyFrame(rows).with_columns(pl.col("revenue").fill_null(50.0))
    return best_sellers(sold, None, money=money, daily=daily).collect()["product"].to_list()


def test_each_day_is_ranked_by_revenue_where_its_own_can_be_added() -> None:
    assert ranked([SUNDAY], daily=True) == ["Cheap", "Dear", "Dear", "Cheap"]
    assert ranked([], daily=True) == ["Cheap", "Dear"] * 2


def test_days_together_are_ranked_by_revenue_where_it_can_be_added() -> None:
    assert ranked(money=True) == ["Dear", "Cheap"]
    assert ranked(money=False) == ["Cheap", "Dear"]


def test_amounts_of_a_day_can_be_added_where_its_stores_have_one_known_currency() -> None:
    currencies = {SATURDAY: ["EUR", "CHF"], SUNDAY: ["EUR", "EUR"], date(2026, 1, 5): [None, None]}
    rows = [{"date": day, "currency": one} for day, found in currencies.items() for one in found]

    assert addable_days(pl.DataFrame(rows)) == [SUNDAY]


def test_a_chart_has_no_amounts_of_days_that_would_add_several_currencies() -> None:
    """Lyon trades in francs, and not on Sundays: then the report is in euros."""
    rows = lakes.days(currency="CHF").filter((pl.col("store_id") != "S2") | (pl.col("date").dt.weekday() < 7))
    sunday = Window(date(2026, 1, 25), date(2026, 1, 25))
    of_a_run = next(of_each_day(rows, sunday))

    for found in (material(sunday, days=rows), of_a_run):
        assert found.currency == "EUR"
        shown = found.over_time
        assert shown.filter(pl.col("revenue").is_not_null())["period"].dt.weekday().to_list() == [7, 7, 7, 7]
        assert shown["margin"].null_count() == shown["atv"].null_count() == 24
        assert shown["transactions"].null_count() == 0
        assert shown["revenue"][-1] == pytest.approx(float(found.rows["revenue"].sum()))
        for drawn in (report.html(found, language="en"), summary.markdown(found, language="en")):
            assert bars(drawn, "Revenue by day") == 4


def bars(text: str, title: str) -> int:
    """How many bars a chart has, in HTML or as an image of Markdown."""
    images = [base64.b64decode(one).decode() for one in re.findall(r"base64,([^)]+)\)", text)]
    [chart] = [one for one in re.findall(r"<svg.*?</svg>", " ".join([text, *images]), re.S) if f">{title}<" in one]
    return sum(path.count("z") for path in re.findall(r'<path d="([^"]*)"', chart))


def test_a_chart_has_amounts_in_the_currency_of_the_report_alone() -> None:
    """The euro came in January: francs are no euros."""
    began = date(2026, 1, 12)
    changed = pl.when(pl.col("date") < began).then(pl.lit("FRF")).otherwise(pl.lit("EUR"))
    rows = lakes.days().with_columns(currency=changed)

    for found in (material(DAY, days=rows), next(of_each_day(rows, DAY))):
        shown = found.over_time
        known = list(Window(began, DAY.last).days())
        assert shown.filter(pl.col("revenue").is_not_null())["period"].to_list() == known
        assert shown["transactions"].null_count() == 0


def test_in_each_currency_stores_are_not_compared_with_days_in_another() -> None:
    """Paris changed to the euro with the window; Lyon always traded in francs, the others in euros."""
    changed = pl.when(pl.col("date") < WEEKS.first, store_id="S1").then(pl.lit("BGN")).otherwise("currency")
    found = material(days=lakes.days(currency="CHF").with_columns(currency=changed)).by_currency()

    assert found.keys() == {"CHF", "EUR"}
    assert found["CHF"].changes["previous"]["revenue"].per_cent is not None
    assert found["EUR"].changes["previous"]["revenue"].per_cent is None
    assert found["EUR"].changes["previous"]["transactions"].per_cent is not None
