"""The dashboard's numbers against SQL over the same lake, and against `daily_metrics`."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retail_platform.dashboard.data.comparable import comparable_days, growth, growth_by_store
from retail_platform.dashboard.data.facts import Facts, made
from retail_platform.dashboard.data.measures import (
    by_period,
    by_store,
    change_by_store,
    changes,
    compared_by_period,
    currency_of,
    summed,
)
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.domains.metrics.compare import daily_metrics
from retail_platform.reports.figures import BASES
from retail_platform.storage.sql import connect
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes

WEEK = Window(date(2026, 1, 19), date(2026, 1, 25))
MONTH = Window(date(2026, 1, 1), date(2026, 1, 31))
MONEY = pl.Decimal(18, 2)
SUMS = """
    SELECT sum(visitors) AS visitors, sum(transactions) AS transactions, sum(units) AS units,
        sum(revenue)::DOUBLE AS revenue, sum(margin)::DOUBLE AS margin,
        sum(revenue)::DOUBLE / sum(transactions) AS atv, sum(units) / sum(transactions) AS upt,
        sum(store_transactions) FILTER (visitors IS NOT NULL AND coalesce(hours_without_count, 0) = 0)
            / sum(visitors) FILTER (coalesce(hours_without_count, 0) = 0) AS conversion_rate,
        sum(visitors) FILTER (coalesce(hours_without_count, 0) = 0) AS counted_visitors,
        sum(visitors * visitors_imputed_share) / sum(visitors) AS visitors_imputed_share
    FROM store_days
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return lakes.small_data(tmp_path_factory.mktemp("measures"))


@pytest.fixture
def facts(data: Data) -> Facts:
    return data.facts()


def sql(data: Data, query: str) -> list[dict[str, Any]]:
    with connect(data.lake) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_totals_of_some_stores_and_days_equal_sql(data: Data, facts: Facts) -> None:
    some = facts.stores.filter(pl.col("store_id").is_in(["S2", "S3", "WEB"]))["store"]

    found = summed(facts.between(MONTH).of(some))

    [expected] = sql(data, f"{SUMS} WHERE date BETWEEN '2026-01-01' AND '2026-01-31' AND store_id <> 'S1'")
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12), name


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_each_period_equals_sql(data: Data, facts: Facts, grain: Any) -> None:
    found = by_period(facts.between(lakes.SPAN), grain)

    bucket = f"date_trunc('{grain}', date)::DATE"
    expected = sql(data, f"{SUMS.replace('SELECT', f'SELECT {bucket} AS period,')} GROUP BY 1 ORDER BY 1")
    assert found["period"].to_list() == [row["period"] for row in expected]
    for name in ("visitors", "revenue", "conversion_rate", "atv", "upt"):
        assert found[name].to_list() == pytest.approx([row[name] for row in expected], rel=1e-12), name


def test_a_store_without_doors_has_no_visitors_and_no_conversion(facts: Facts) -> None:
    rows = by_store(facts.between(WEEK)).filter(pl.col("store_id") == "WEB")

    assert rows.select("visitors", "conversion_rate", "visitors_imputed_share").row(0) == (None, None, None)
    assert rows["revenue"].item() > 0


def test_the_previous_period_and_last_year_are_the_same_weekdays_so_many_days_before(data: Data, facts: Facts) -> None:
    for basis, back in (("previous", 7), ("year", 364)):
        found = changes(facts.between(WEEK), basis)  # type: ignore[arg-type]

        days = [str(day - timedelta(days=back)) for day in (WEEK.first, WEEK.last)]
        [now] = sql(data, f"{SUMS} WHERE date BETWEEN '{WEEK.first}' AND '{WEEK.last}'")
        [then] = sql(data, f"{SUMS} WHERE date BETWEEN '{days[0]}' AND '{days[1]}'")
        for name in ("visitors", "transactions", "revenue", "margin", "conversion_rate", "atv", "upt"):
            compared = "counted_visitors" if name == "visitors" else name
            assert found[name].per_cent == pytest.approx(100 * (now[compared] / then[compared] - 1)), (basis, name)
            assert found[name].days == 7


def test_a_missing_day_is_left_out_on_both_sides(facts: Facts, data: Data) -> None:
    missing = lakes.LAST - timedelta(days=40)
    window = Window(missing, missing + timedelta(days=6))

    found = changes(facts.between(window), "previous")["revenue"]

    [now] = sql(data, f"{SUMS} WHERE date BETWEEN '{missing}' AND '{window.last}'")
    [then] = sql(data, f"{SUMS} WHERE date BETWEEN '{missing - timedelta(days=6)}' AND '{missing - timedelta(days=1)}'")
    assert found.days == 6
    assert found.per_cent == pytest.approx(100 * (now["revenue"] / then["revenue"] - 1))


def test_the_four_week_average_of_one_store_and_day_is_that_of_daily_metrics(facts: Facts) -> None:
    for day in (date(2026, 1, 27), date(2026, 1, 26)):  # S3 is closed on Mondays and lacks counts on Tuesdays
        window = Window(day, day)
        metrics = daily_metrics(lakes.days().lazy(), window).collect()
        for row in metrics.iter_rows(named=True):
            number = facts.stores.filter(store_id=row["store_id"])["store"]
            found = changes(facts.between(window).of(number), "average")
            for name in ("visitors", "transactions", "units", "revenue", "margin"):
                expected = row[f"{name}_vs_avg_4w_pct"]
                assert found[name].per_cent == (None if expected is None else pytest.approx(expected)), (row, name)


def test_the_change_of_each_store_is_that_of_the_store_alone(facts: Facts) -> None:
    for basis in ("previous", "year", "average"):
        found = change_by_store(facts.between(MONTH), basis, "revenue")  # type: ignore[arg-type]

        for store_id, change in found.iter_rows():
            alone = changes(facts.between(MONTH).of(facts.stores.filter(store_id=store_id)["store"]), basis)  # type: ignore[arg-type]
            assert change == pytest.approx(alone["revenue"].per_cent), (basis, store_id)


def test_before_the_first_day_there_is_nothing_to_compare_with(facts: Facts) -> None:
    first = Window(lakes.SPAN.first, lakes.SPAN.first + timedelta(days=13))

    for basis in ("previous", "year"):
        assert changes(facts.between(first), basis)["revenue"].per_cent is None  # type: ignore[arg-type]
        assert not compared_by_period(facts.between(first), basis, "day")["revenue"].count()  # type: ignore[arg-type]


def test_a_change_over_too_few_days_is_none(facts: Facts) -> None:
    window = Window(lakes.SPAN.first + timedelta(days=5), lakes.SPAN.first + timedelta(days=24))

    found = changes(facts.between(window), "previous")["revenue"]

    assert (found.per_cent, found.days) == (None, 5)


def of(days: pl.DataFrame) -> Facts:
    return made(days, lakes.stores())


def test_a_window_that_reaches_beyond_the_data_is_compared_with_as_many_days_as_it_holds(facts: Facts) -> None:
    beyond = Window(MONTH.first, MONTH.last + timedelta(days=28))

    held, asked = facts.between(MONTH), facts.between(beyond)

    assert changes(asked, "previous") == changes(held, "previous")
    assert change_by_store(asked, "previous", "revenue").equals(change_by_store(held, "previous", "revenue"))
    assert compared_by_period(asked, "previous", "week").equals(compared_by_period(held, "previous", "week"))


def test_a_store_that_opened_within_the_days_compared_with_has_no_change() -> None:
    four_weeks = Window(lakes.LAST - timedelta(days=27), lakes.LAST)
    opened = four_weeks.first - timedelta(days=7)
    facts = of(lakes.days().filter((pl.col("store_id") != "S1") | (pl.col("date") >= opened)))

    found = dict(change_by_store(facts.between(four_weeks), "previous", "revenue").iter_rows())

    assert found["S1"] is None
    assert abs(found["S2"]) < 50


def test_the_change_of_a_store_is_of_the_days_it_traded_in_both() -> None:
    week, before = WEEK, Window(WEEK.first - timedelta(days=7), WEEK.first - timedelta(days=1))
    closed = (pl.col("store_id") == "S1") & (pl.col("date") == before.first)
    rows = lakes.days().filter(~closed)

    found = dict(change_by_store(of(rows).between(week), "previous", "revenue").iter_rows())["S1"]

    one = rows.filter(store_id="S1")
    now = one.filter(pl.col("date").is_between(week.first + timedelta(days=1), week.last))["revenue"].sum()
    then = one.filter(pl.col("date").is_between(before.first, before.last))["revenue"].sum()
    assert found == pytest.approx(100 * (float(now) / float(then) - 1))


FOUR_WEEKS = Window(date(2026, 1, 2), date(2026, 1, 29))  # against 3 to 30 January 2025


def counting(when: pl.Expr) -> Facts:
    """Of 400 visitors on each day on which the doors are counted."""
    return of(lakes.days().with_columns(visitors=pl.when(when).then(100), revenue=pl.lit(1).cast(MONEY)))


@pytest.mark.parametrize(
    ("began", "days", "change"), [(date(2025, 1, 15), 16, None), (date(2025, 1, 4), 27, pytest.approx(0.0))]
)
def test_days_on_which_no_door_counted_yet_are_left_out_on_both_sides(
    began: date, days: int, change: float | None
) -> None:
    found = changes(counting(pl.col("date") >= began).between(FOUR_WEEKS), "year")

    assert (found["revenue"].days, found["revenue"].per_cent) == (28, pytest.approx(0.0))
    assert (found["visitors"].days, found["visitors"].per_cent) == (days, change)


def test_the_line_is_over_the_days_that_the_bar_counts() -> None:
    rows = counting(pl.col("date") <= date(2026, 1, 24)).between(FOUR_WEEKS)  # 23 of 28 days now, all a year ago

    assert changes(rows, "year")["visitors"].per_cent == pytest.approx(0.0)
    assert by_period(rows, "month")["visitors"].to_list() == [23 * 400]
    assert compared_by_period(rows, "year", "month")["visitors"].to_list() == [23 * 400]
    assert by_period(rows, "week")["visitors"].to_list() == [1200, 2800, 2800, 2400, None]
    assert compared_by_period(rows, "year", "week")["visitors"].to_list() == [1200, 2800, 2800, 2400, None]


def test_no_line_is_where_the_bar_counts_a_day_that_nobody_counted_then() -> None:
    rows = counting(pl.col("date") >= date(2025, 1, 4)).between(FOUR_WEEKS)  # all of 28 days now, 27 a year ago

    assert by_period(rows, "week")["visitors"].to_list() == [1200, 2800, 2800, 2800, 1600]
    assert compared_by_period(rows, "year", "week")["visitors"].to_list() == [None, 2800, 2800, 2800, 1600]
    assert compared_by_period(rows, "year", "month")["visitors"].to_list() == [None]
    assert compared_by_period(rows, "year", "month")["revenue"].to_list() == [28 * 4]


DAY = Window(date(2026, 1, 28), date(2026, 1, 28))  # a Wednesday
WEEKS_BEFORE = pl.col("date").is_in([DAY.last - timedelta(days=7 * week) for week in range(1, 5)])


def partly_counted(*when: pl.Expr) -> Facts:
    """Of 100 visitors in each shop on each day, but 20 in two of ten hours on some."""
    return of(
        lakes.days().with_columns(
            visitors=pl.when(pl.col("store_id") != "WEB").then(pl.when(*when).then(20).otherwise(100)),
            hours_without_count=pl.when(*when).then(8).otherwise(0).cast(pl.Int64),
        )
    )


@pytest.mark.parametrize(("partly", "shown"), [(WEEKS_BEFORE, 100), (pl.col("date") == DAY.last, 20)])
def test_visitors_of_partly_counted_days_are_shown_and_not_compared(partly: pl.Expr, shown: int) -> None:
    facts = partly_counted(partly)
    rows = facts.between(DAY).of(facts.stores.filter(store_id="S1")["store"])

    assert summed(rows)["visitors"] == shown
    assert changes(rows, "average")["visitors"].per_cent is None
    assert changes(rows, "average")["transactions"].per_cent is not None
    assert change_by_store(rows, "average", "visitors")["change"].to_list() in ([], [None])
    assert compared_by_period(rows, "average", "day")["visitors"].to_list() == [None]


@pytest.mark.parametrize(("basis", "back"), [("previous", 1), ("year", 364)])
def test_a_store_s_day_that_does_not_know_its_visitors_is_left_out_on_both_sides(basis: Any, back: int) -> None:
    facts = partly_counted(pl.col("store_id").is_in(["S2", "S3"]), pl.col("date") == DAY.last - timedelta(days=back))

    found = changes(facts.between(DAY), basis)["visitors"]

    assert (found.per_cent, found.base) == (pytest.approx(0.0), 100.0)
    assert summed(facts.between(DAY))["visitors"] == 300
    assert growth(comparable_days(facts.between(DAY)))["growth"][0] == pytest.approx(0.0)


def test_a_store_that_was_not_there_yet_counts_in_a_change() -> None:
    doors, hours = pl.when(pl.col("store_id") != "WEB").then(100), pl.lit(0, pl.Int64)
    days = lakes.days().with_columns(visitors=doors, hours_without_count=hours)
    facts = of(days.filter((pl.col("store_id") != "S1") | (pl.col("date") >= DAY.last)))

    found = changes(facts.between(DAY), "previous")["visitors"]

    assert (found.per_cent, found.base) == (pytest.approx(50.0), 200.0)


def test_against_less_than_0_there_is_no_change() -> None:
    amount = pl.when(pl.col("date") == DAY.last).then(50).otherwise(-20).cast(MONEY)
    rows = of(lakes.days().with_columns(margin=amount, revenue=amount)).between(DAY)

    for basis in BASES:
        found = changes(rows, basis)["margin"]
        assert (found.per_cent, found.base) == (None, pytest.approx(-80.0)), basis
        assert change_by_store(rows, basis, "margin")["change"].is_null().all()
    comparable = comparable_days(rows)
    assert growth(comparable, ["margin", "revenue"])["growth"].to_list() == [None, None]
    assert growth_by_store(comparable)["comparable_growth"].is_null().all()


def test_amounts_in_another_currency_are_not_compared() -> None:
    changed = date(2026, 1, 1)
    flat = pl.when(pl.col("date") < changed).then(19558).otherwise(10_000) / 100
    days = lakes.days().with_columns(
        currency=pl.when(pl.col("date") < changed).then(pl.lit("BGN")).otherwise(pl.lit("EUR")),
        **{name: flat.cast(MONEY) for name in ("revenue", "margin")},
        transactions=pl.lit(5, dtype=pl.Int64),
    )
    facts = of(days)
    rows = facts.between(WEEK)

    for basis in BASES:
        if basis != "previous":
            found = changes(rows, basis)
            for name in ("revenue", "margin", "atv"):
                assert (found[name].per_cent, found[name].base) == (None, None), (basis, name)
            assert found["transactions"].per_cent == pytest.approx(0.0)
            assert change_by_store(rows, basis, "revenue")["change"].null_count() == 4
            assert change_by_store(rows, basis, "transactions")["change"].null_count() == 0
            assert compared_by_period(rows, basis, "week").select("revenue", "transactions").row(0)[0] is None
    for within in (rows, facts.between(Window(date(2025, 12, 1), date(2025, 12, 7)))):
        assert changes(within, "previous")["revenue"].per_cent == pytest.approx(0.0)
    assert growth(comparable_days(rows))["growth"].is_null().to_list() == [False, False, False, True, True]


def test_the_line_compared_with_has_only_periods_whose_days_are_all_there(facts: Facts, data: Data) -> None:
    found = compared_by_period(facts.between(MONTH), "year", "week")

    starts = by_period(facts.between(MONTH), "week")["period"].to_list()
    assert found["period"].to_list() == starts
    [then] = sql(data, f"{SUMS} WHERE date BETWEEN '2025-01-20' AND '2025-01-26'")
    assert found.filter(period=date(2026, 1, 19))["revenue"].item() == pytest.approx(then["revenue"])


def test_amounts_of_two_currencies_are_not_added(tmp_path: Path) -> None:
    facts = lakes.small_data(tmp_path, currency="CHF").facts()

    with pytest.raises(Unavailable, match="CHF, EUR"):
        currency_of(facts.between(WEEK))
    assert currency_of(facts.between(WEEK).of(facts.stores.filter(store_id="S2")["store"])) == "CHF"
