"""How a day spreads over its hours, and which of them are power hours."""

import numpy as np

from retail_platform.domains.forecast.hours import power_hours, shares
from retail_platform.domains.forecast.panel import HOURS, panel
from retail_platform_tests.domains.forecast.made import rows


def day(**visitors: float) -> np.ndarray:
    """24 hours, as h10=5."""
    found = np.zeros(HOURS)
    for hour, count in visitors.items():
        found[int(hour.removeprefix("h"))] = count
    return found


def test_power_hours_are_the_fewest_that_hold_half_of_the_day() -> None:
    found = power_hours(np.array([day(h9=10, h10=30, h11=20, h12=25, h13=15), day(h9=60, h10=40)]))

    assert [np.flatnonzero(of_day).tolist() for of_day in found] == [[10, 12], [9]]  # 30 + 25 of 100; 60 of 100


def test_of_equal_hours_the_earlier_is_the_power_hour_and_an_empty_day_has_none() -> None:
    found = power_hours(np.array([day(h9=10, h10=10, h11=10, h12=10), day()]))

    assert [np.flatnonzero(of_day).tolist() for of_day in found] == [[9, 10], []]


def test_shares_are_the_median_of_the_last_four_same_weekdays() -> None:
    # given five Mondays of 10 visitors, of which 9, 1, 2, 3 and 4 came at ten o'clock, and equal other days
    mondays = [(count, 10 - count) for count in (9, 1, 2, 3, 4)]
    found = panel(rows("A", [of_day for monday in mondays for of_day in [monday, *[(5, 5)] * 6]], hours=(10, 11)))

    # when
    assert found is not None
    split = shares(found, np.array([found.days - 1]))[0, 0]

    # then the oldest Monday is forgotten, and the median of 0.1, 0.2, 0.3, 0.4 is 0.25
    np.testing.assert_allclose(split[0, [9, 10, 11, 12]], [0, 0.25, 0.75, 0])
    np.testing.assert_allclose(split[1, [10, 11]], [0.5, 0.5])
    np.testing.assert_allclose(split.sum(axis=-1), 1)
