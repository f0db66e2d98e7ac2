"""Key figures are those that SQL over the lake gives on the same days; ratios are ratios of sums."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from retail_platform.reports import figures
from retail_platform.reports.figures import Change
from retail_platform.storage.sql import connect
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.dashboard.lakes import LAST

WEEKS = Window(date(2026, 1, 4), LAST)
OF_MONEY = ("revenue", "margin", "cost_known_revenue")
DAY = Window(date(2026, 1, 20), date(2026, 1, 20))  # a Tuesday: S3 has no whole count
ACROSS_A_GAP = Window(date(2025, 12, 20), date(2025, 12, 31))
WINDOWS = pytest.mark.parametrize("window", [WEEKS, DAY, ACROSS_A_GAP], ids=str)

MEASURES = """
    sum(visitors) AS visitors,
    sum(transactions) AS transactions,
    sum(revenue)::DOUBLE AS revenue,
    sum(margin)::DOUBLE AS margin,
    sum(store_transactions) FILTER (counted)::DOUBLE / sum(visitors) FILTER (counted) AS conversion_rate,
    sum(revenue)::DOUBLE / sum(transactions) AS atv,
    sum(units)::DOUBLE / sum(transactions) AS upt
"""
WHOLE = """(
    SELECT day.* REPLACE (
        day.counted AND coalesce(other.counted, TRUE) AS counted,
        CASE WHEN day.counted AND coalesce(other.counted, TRUE) THEN day.visitors END AS visitors
    )
    FROM days AS day LEFT JOIN days AS other ON other.store_id = day.store_id AND other.date = day.date + (%d)
)"""
MEANS = """
    now AS (SELECT * FROM days WHERE date BETWEEN $first AND $last),
    means AS (
        SELECT now.date, now.store_id, avg(earlier.transactions) AS transactions,
            avg(earlier.revenue) AS revenue, avg(earlier.margin) AS margin, avg(earlier.units) AS units,
            avg(earlier.store_transactions) FILTER (earlier.counted) AS counted_transactions,
            avg(earlier.visitors) FILTER (earlier.counted) AS counted_visitors,
        FROM now JOIN days AS earlier ON earlier.store_id = now.store_id AND earlier.is_open
            AND now.date - earlier.date IN (7, 14, 21, 28)
        GROUP BY now.date, now.store_id
    )
"""


class Sql:
    """The lake in DuckDB, days with `counted`: every counter worked all open hours."""

    def __init__(self, folder: Path) -> None:
        self._connection = connect(lakes.small_lake(folder))
        self._connection.execute(
            "CREATE VIEW days AS SELECT *, visitors IS NOT NULL AND coalesce(hours_without_count, 0) = 0 AS counted "
            "FROM store_days"
        )

    def row(self, query: str, **values: object) -> dict[str, float | None]:
        found = self._connection.execute(query, values)
        names = [column[0] for column in found.description]
        return dict(zip(names, found.fetchone() or (), strict=True))

    def total(self, window: Window, back: int = 0, among: str = "TRUE", of: str = "days") -> dict[str, float | None]:
        return self.row(
            f"SELECT {MEASURES} FROM {of} AS now WHERE date BETWEEN $first - $back AND $last - $back AND {among}",
            first=window.first,
            last=window.last,
            back=back,
        )

    def compared(self, window: Window, back: int) -> dict[str, float | None]:
        """The change in per cent over the days that both sides have, of visitors where both are counted in whole."""
        later = self.total(window, 0, f"EXISTS (FROM days AS d WHERE d.date = now.date - {back})", WHOLE % -back)
        earlier = self.total(window, back, f"EXISTS (FROM days AS d WHERE d.date = now.date + {back})", WHOLE % back)
        return {name: _per_cent(later[name], earlier[name]) for name in later}

    def against_means(self, window: Window) -> dict[str, float | None]:
        pairs = f"WITH {MEANS} SELECT %s FROM now JOIN means USING (date, store_id)"
        names = ("transactions", "revenue", "margin", "units")
        both = [f"sum(now.{name}) FILTER (means.{name} NOT NULL)::DOUBLE AS {name}_now" for name in names]
        both += [f"sum(means.{name}) FILTER (now.{name} NOT NULL) AS {name}_then" for name in names]
        for name, column in (("counted_transactions", "store_transactions"), ("counted_visitors", "visitors")):
            both.append(f"sum(now.{column}) FILTER (now.counted AND means.{name} NOT NULL)::DOUBLE AS {name}_now")
            both.append(f"sum(means.{name}) FILTER (now.counted AND now.{column} NOT NULL) AS {name}_then")
        sums = self.row(pairs % ", ".join(both), first=window.first, last=window.last)
        sides = [
            {name.removesuffix(side): sums[name] for name in sums if name.endswith(side)} for side in ("_now", "_then")
        ]
        for side in sides:
            side["visitors"] = side["counted_visitors"]
            side["conversion_rate"] = _ratio(side["counted_transactions"], side["counted_visitors"])
            side["atv"], side["upt"] = (_ratio(side[name], side["transactions"]) for name in ("revenue", "units"))
        return {name: _per_cent(sides[0][name], sides[1][name]) for name in figures.KEY_FIGURES}


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _per_cent(now: float | None, then: float | None) -> float | None:
    found = _ratio(now, then)
    return None if found is None else 100 * (found - 1)


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Sql:
    return Sql(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def days() -> pl.DataFrame:
    return lakes.days()


def needed(days: pl.DataFrame, window: Window) -> pl.DataFrame:
    parts = [days.filter(pl.col("date").is_between(one.first, one.last)) for one in figures.needed(window)]
    return pl.concat(parts)


@WINDOWS
def test_figures_are_those_of_sql(sql: Sql, days: pl.DataFrame, window: Window) -> None:
    found = figures.of_window(needed(days, window), window)

    assert {name: found.total[name] for name in figures.KEY_FIGURES} == pytest.approx(sql.total(window))


@WINDOWS
def test_changes_are_those_of_sql(sql: Sql, days: pl.DataFrame, window: Window) -> None:
    found = figures.of_window(needed(days, window), window)

    changes = {
        basis: {name: found.changes[basis][name].per_cent for name in found.changes[basis]} for basis in figures.BASES
    }
    assert changes == {
        "previous": pytest.approx(sql.compared(window, len(window))),
        "year": pytest.approx(sql.compared(window, 364)),
        "average": pytest.approx(sql.against_means(window)),
    }


def test_a_store_that_does_not_tell_its_transactions_or_units_makes_no_ratio_wrong(days: pl.DataFrame) -> None:
    partly = days.with_columns(
        pl.when(pl.col("store_id") != "S1").then(pl.col("transactions", "store_transactions", "units")),
    )

    found, others = (figures.of_window(needed(rows, WEEKS), WEEKS) for rows in (partly, _without("S1", days)))

    for name in ("conversion_rate", "atv", "upt"):
        assert found.total[name] == others.total[name] is not None
        for basis in figures.BASES:
            assert found.changes[basis][name] == others.changes[basis][name] != Change()
    assert found.total["revenue"] != others.total["revenue"]


def _without(store: str, days: pl.DataFrame) -> pl.DataFrame:
    return days.filter(pl.col("store_id") != store)


def test_the_figures_of_each_day_are_those_of_a_window_of_that_day(days: pl.DataFrame) -> None:
    by_day = figures.of_days(needed(days, WEEKS), WEEKS)

    assert list(by_day) == list(WEEKS.days())
    for day, of in by_day.items():
        alone = figures.of_window(needed(days, Window(day, day)), Window(day, day))
        assert of.total == alone.total
        for basis in figures.BASES:
            for name, change in of.changes[basis].items():
                assert change.per_cent == pytest.approx(alone.changes[basis][name].per_cent), (day, basis, name)


def test_a_day_that_is_not_there_has_no_figures(days: pl.DataFrame) -> None:
    missing = LAST - timedelta(days=40)

    assert figures.of_days(days, Window(missing, missing)) == {}
    nothing = figures.of_window(days, Window(missing, missing))
    assert nothing.total == {}
    assert nothing.changes == {}


def test_too_few_days_to_compare_give_no_change(days: pl.DataFrame) -> None:
    first = days["date"].min()
    assert isinstance(first, date)
    window = Window(first, first + timedelta(days=9))

    found = figures.of_window(days, window)

    assert {change for basis in figures.BASES for change in found.changes[basis].values()} == {Change()}
    assert found.total["revenue"] is not None


def test_a_store_is_compared_with_its_own_means(days: pl.DataFrame) -> None:
    changes = figures.change_by_store(needed(days, WEEKS), WEEKS)

    alone = {store: figures.of_window(days.filter(store_id=store), WEEKS) for store in ("S1", "S2", "S3", "WEB")}
    for name in figures.RANKED:
        found = dict(changes.select("store_id", f"{name}_change").iter_rows())
        expected = {store: of.changes["average"][name].per_cent for store, of in alone.items()}
        assert found == pytest.approx(expected), name


def test_a_store_s_day_is_compared_with_the_means_of_that_day(days: pl.DataFrame) -> None:
    by_day = figures.change_by_store(needed(days, WEEKS), WEEKS, daily=True)

    alone = figures.change_by_store(needed(days, DAY), DAY)
    assert by_day.filter(date=DAY.last).drop("date").sort("store_id").equals(alone.sort("store_id"))


def test_a_store_that_opened_lately_has_no_change_though_others_have(days: pl.DataFrame) -> None:
    opened = days.filter((pl.col("store_id") != "S1") | (pl.col("date") >= LAST - timedelta(days=13)))

    changes = figures.change_by_store(needed(opened, WEEKS), WEEKS)

    found = dict(changes.select("store_id", "revenue_change").iter_rows())
    assert found["S1"] is None
    assert found["S2"] is not None


@pytest.mark.parametrize(("began", "change"), [(date(2025, 1, 15), None), (date(2025, 1, 8), pytest.approx(0.0))])
def test_days_on_which_no_door_counted_yet_are_left_out_on_both_sides(
    days: pl.DataFrame, began: date, change: float | None
) -> None:
    counted = pl.when(pl.col("date") >= began).then(100)
    flat = days.with_columns(visitors=counted, revenue=pl.lit(1).cast(pl.Decimal(18, 2)))

    found = figures.of_window(needed(flat, WEEKS), WEEKS).changes["year"]  # against 5 January to 1 February 2025

    assert found["visitors"].per_cent == change
    assert found["revenue"].per_cent == pytest.approx(0.0)


def flat(days: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    """Every door counted 100 visitors in whole on each day, but for what is said otherwise."""
    doors = pl.when(pl.col("store_id") != "WEB").then(100)
    return days.with_columns(visitors=doors, hours_without_count=pl.lit(0, pl.Int64)).with_columns(**columns)


LATE = Window(date(2026, 1, 28), date(2026, 1, 28))  # a Wednesday
WEEKS_BEFORE = pl.col("date").is_in([LATE.last - timedelta(days=7 * week) for week in range(1, 5)])


def test_visitors_of_partly_counted_days_are_shown_and_not_compared(days: pl.DataFrame) -> None:
    of_one = days.filter(store_id="S1")
    for partly, shown in ((WEEKS_BEFORE, 100), (pl.col("date") == LATE.last, 20)):
        hours, counted = pl.when(partly).then(8).otherwise(0), pl.when(partly).then(20).otherwise(100)
        rows = flat(of_one).with_columns(visitors=counted, hours_without_count=hours.cast(pl.Int64))

        found = figures.of_window(needed(rows, LATE), LATE)

        assert found.total["visitors"] == shown
        assert found.changes["average"]["visitors"].per_cent is None
        assert figures.change_by_store(needed(rows, LATE), LATE)["visitors_change"].is_null().all()


@pytest.mark.parametrize("basis", ["previous", "year"])
def test_a_store_s_day_that_does_not_know_its_visitors_is_left_out_on_both_sides(
    days: pl.DataFrame, basis: figures.Basis
) -> None:
    back = timedelta(days={"previous": 1, "year": 364}[basis])
    lacking = pl.col("store_id").is_in(["S2", "S3"]), pl.col("date") == LATE.last - back
    unknown = {"visitors": pl.when(~pl.all_horizontal(lacking)).then("visitors")}
    partly = {
        "visitors": pl.when(*lacking).then(10).otherwise("visitors"),
        "hours_without_count": pl.when(*lacking).then(9).otherwise(0).cast(pl.Int64),
    }
    for columns in (unknown, partly):
        rows = flat(days, **columns)

        found = figures.of_window(needed(rows, LATE), LATE)

        assert found.total["visitors"] == 300
        assert found.changes[basis]["visitors"] == Change(pytest.approx(0.0), 100.0)
        assert found.changes[basis]["transactions"] == _changes_of(days, basis)["transactions"]


def test_a_store_that_was_not_there_yet_counts_in_a_change(days: pl.DataFrame) -> None:
    opened = flat(days).filter((pl.col("store_id") != "S1") | (pl.col("date") >= LATE.last))

    found = figures.of_window(needed(opened, LATE), LATE).changes["previous"]

    assert found["visitors"] == Change(pytest.approx(50.0), 200.0)


def _changes_of(days: pl.DataFrame, basis: figures.Basis) -> Mapping[str, Change]:
    return figures.of_window(needed(days, LATE), LATE).changes[basis]


def test_against_less_than_0_there_is_no_change(days: pl.DataFrame) -> None:
    lost = pl.when(pl.col("date") == LATE.last).then(50).otherwise(-20).cast(pl.Decimal(18, 2))
    rows = days.with_columns(margin=lost, revenue=lost)

    found = figures.of_window(needed(rows, LATE), LATE)

    for basis in figures.BASES:
        assert found.changes[basis]["margin"].per_cent is None, basis
    assert found.changes["average"]["margin"].base == pytest.approx(-80.0)
    assert figures.change_by_store(needed(rows, LATE), LATE)["revenue_change"].is_null().all()


def test_amounts_in_another_currency_are_not_compared(days: pl.DataFrame) -> None:
    before = pl.col("date") < date(2026, 1, 1)
    money = [pl.when(before).then(3).otherwise(1).cast(pl.Decimal(18, 2)).alias(name) for name in OF_MONEY]
    code = pl.when(before).then(pl.lit("BGN")).otherwise(pl.lit("EUR"))
    changed = days.with_columns(*money, currency=code, transactions=pl.lit(5, dtype=pl.Int64))
    week, late = Window(date(2026, 1, 12), date(2026, 1, 18)), Window(LAST, LAST)

    for found, basis in (
        (figures.of_window(needed(changed, week), week), "year"),
        (figures.of_window(needed(changed, week), week), "average"),
        (figures.of_days(changed, week)[week.last], "average"),
        (figures.of_days(changed, week)[week.last], "year"),
    ):
        assert {found.changes[basis][name] for name in ("revenue", "margin", "atv")} == {Change()}, basis  # type: ignore[index]
        assert found.changes[basis]["transactions"].per_cent == pytest.approx(0.0)  # type: ignore[index]
    assert figures.of_window(changed, week).changes["previous"]["revenue"].per_cent == pytest.approx(0.0)
    assert figures.of_window(changed, late).changes["average"]["revenue"].per_cent == pytest.approx(0.0)
    for daily in (False, True):
        by_store = figures.change_by_store(changed, week, daily=daily)
        assert by_store["revenue_change"].null_count() == by_store.height > 0
        assert by_store["transactions_change"].null_count() == 0


@pytest.mark.parametrize("length", [1, 7, 28, 31, 200, 364, 400])
def test_the_days_needed_do_not_overlap_and_hold_all_that_is_compared(length: int) -> None:
    window = Window(LAST - timedelta(days=length - 1), LAST)

    needed = [day for part in figures.needed(window) for day in part.days()]

    assert len(needed) == len(set(needed))
    for back in (0, 7, 28, length, figures.YEAR):
        assert {day - timedelta(days=back) for day in window.days()} <= set(needed), back
