"""What a report is made of: best sellers by what can be added on their own days."""

from datetime import date

import polars as pl

from retail_platform.reports.material import addable_days, best_sellers
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.reports.materials import WEEKS, material

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


def test_in_each_currency_stores_are_not_compared_with_days_in_another() -> None:
    """Paris changed to the euro with the window; Lyon always traded in francs, the others in euros."""
    changed = pl.when(pl.col("date") < WEEKS.first, store_id="S1").then(pl.lit("BGN")).otherwise("currency")
    found = material(days=lakes.days(currency="CHF").with_columns(currency=changed)).by_currency()

    assert found.keys() == {"CHF", "EUR"}
    assert found["CHF"].changes["previous"]["revenue"].per_cent is not None
    assert found["EUR"].changes["previous"]["revenue"].per_cent is None
    assert found["EUR"].changes["previous"]["transactions"].per_cent is not None
