"""Footfall as arrays: what is known, what is not, and which day is like which."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from retail_platform.domains.forecast.panel import SPECIAL_SCHEMA, Panel, panel
from retail_platform_tests.domains.forecast.made import MONDAY, rows


def laid_out(footfall: pl.DataFrame, special: pl.DataFrame | None = None) -> Panel:
    found = panel(footfall, special)
    assert found is not None
    return found


def special(*days: tuple[str, date, str]) -> pl.DataFrame:
    return pl.DataFrame(
        [(store, day, name, None, None) for store, day, name in days], schema=SPECIAL_SCHEMA, orient="row"
    )


def test_a_day_lacks_its_total_where_an_hour_is_unknown_that_is_mostly_known() -> None:
    found = laid_out(rows("A", [(1, 2), (3, None), (5, 6)], hours=(10, 11)))

    np.testing.assert_array_equal(found.daily, [[3, np.nan, 11]])


def test_an_hour_that_is_never_known_spoils_no_day() -> None:
    found = laid_out(rows("A", [(1, None), (3, None), (5, None)], hours=(10, 11)))

    np.testing.assert_array_equal(found.daily, [[1, 3, 5]])


def test_a_day_without_anybody_is_no_day_to_learn_from() -> None:
    found = laid_out(rows("A", [(1,), (0,), (5,)], hours=(10,)))

    np.testing.assert_array_equal(found.daily, [[1, np.nan, 5]])
    np.testing.assert_array_equal(found.shut, [[False, True, False]])


def test_before_a_stores_first_count_nothing_is_known_of_it() -> None:
    younger = rows("B", [(7,)], first=MONDAY + timedelta(days=2), hours=(10,))
    found = laid_out(pl.concat([younger, rows("A", [(1,), (2,), (3,)], hours=(10,))]))

    assert found.stores == ["A", "B"]
    np.testing.assert_array_equal(found.shut[1], [False, False, False])
    np.testing.assert_array_equal(found.daily[1], [np.nan, np.nan, 7])


def test_stores_without_a_count_in_eight_weeks_are_left_out() -> None:
    gone = rows("GONE", [(9,)] * 3, hours=(10,))
    found = laid_out(pl.concat([gone, rows("A", [(1,)] * 70, hours=(10,))]))

    assert found.stores == ["A"]
    assert panel(rows("A", [(None,)], hours=(10,))) is None


def test_what_is_usual_is_the_median_of_four_same_weekdays() -> None:
    mondays = [10, 1000, 20, 30, 40]
    found = laid_out(rows("A", [(count,) for monday in mondays for count in [monday, *[5] * 6]], hours=(10,)))

    np.testing.assert_allclose(np.exp(found.usual[0, 28]), np.exp((np.log(30) + np.log(40)) / 2))  # of 20, 30, 40, 1000


def test_a_special_day_is_like_the_last_one_of_its_name_and_so_are_the_days_around() -> None:
    easter, before = MONDAY + timedelta(days=70), MONDAY + timedelta(days=5)
    days = special(("A", easter, "Easter"), ("A", before, "Easter"), ("A", MONDAY + timedelta(days=69), "Other"))
    found = laid_out(rows("A", [(1,)] * 80, hours=(10,)), days)

    assert found.earlier[0, 66:75].tolist() == [-1, 2, 3, 4, 5, 6, 7, 8, -1]
    assert np.flatnonzero(found.special[0]).tolist() == [5, 69, 70]


def test_days_of_one_occasion_are_not_like_each_other() -> None:
    days = special(*(("A", MONDAY + timedelta(days=day), "Sale") for day in (10, 11, 12)))
    found = laid_out(rows("A", [(1,)] * 30, hours=(10,)), days)

    assert (found.earlier == -1).all()


def test_special_days_of_a_store_are_not_those_of_another() -> None:
    both = pl.concat([rows(store, [(1,)] * 10, hours=(10,)) for store in "AB"])
    found = laid_out(both, special(("B", MONDAY, "Feast")))

    assert found.special.sum(axis=1).tolist() == [0, 1]
