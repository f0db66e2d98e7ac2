"""Intervals from earlier errors: hand-checked quantiles, and what must hold of any."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_platform.domains.forecast.intervals import calibrated, errors

WEEKS = np.array([1] * 10 + [2] * 10)
NEVER = np.zeros((1, 20), dtype=bool)


def test_quantiles_of_earlier_errors_are_the_interval() -> None:
    # given ten errors of the first week that are -0.5, -0.4, ..., -0.1, 0.1, ..., 0.5, and twice as large ones later
    one = np.array([-0.5, -0.4, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3, 0.4, 0.5])
    found = calibrated(np.concatenate([one, 2 * one])[None], NEVER, WEEKS)

    # when
    assert found is not None
    near, far = (found.bounds(np.array([[99.0]]), np.zeros((1, 1), dtype=bool), np.array([week])) for week in (1, 2))

    # then 0.9 of 11 ranks of 10 errors lies at place 8.91 from 0: 0.4 + 0.91 x 0.1
    np.testing.assert_allclose(near["high_80"], 100 * np.exp(0.491) - 1)
    np.testing.assert_allclose(near["low_80"], 100 * np.exp(-0.491) - 1)
    np.testing.assert_allclose(far["high_80"], 100 * np.exp(0.982) - 1)


def test_a_series_that_is_surer_than_others_has_narrower_intervals() -> None:
    chance = np.random.default_rng(1)
    error = np.stack([chance.normal(0, 0.02, 400), chance.normal(0, 0.4, 400)])
    found = calibrated(error, np.zeros((2, 400), dtype=bool), np.tile([1, 2], 200))

    assert found is not None
    bounds = found.bounds(np.array([[100.0], [100.0]]), np.zeros((2, 1), dtype=bool), np.array([1]))
    width = (bounds["high_80"] - bounds["low_80"])[:, 0]
    assert width[0] < 20
    assert width[1] > 60


def test_special_days_get_the_width_that_their_own_errors_ask_for() -> None:
    chance = np.random.default_rng(1)
    special = np.arange(400)[None] % 10 == 0
    error = np.where(special, chance.normal(0, 0.4, 400), chance.normal(0, 0.1, 400))
    found = calibrated(error, special, np.ones(400, dtype=np.intp))

    assert found is not None
    assert 2.5 < found.special < 6


def test_too_few_errors_say_nothing() -> None:
    assert calibrated(np.full((2, 20), np.nan), np.zeros((2, 20), dtype=bool), WEEKS) is None
    assert calibrated(np.array([[0.1] * 13 + [np.nan] * 7]), NEVER, WEEKS) is None


def test_an_empty_hour_has_a_finite_error() -> None:
    np.testing.assert_allclose(errors(np.array([0.0, 19.0]), np.array([9.0, 19.0])), [np.log(0.1), 0])


@settings(deadline=None)
@given(
    st.lists(st.floats(-3, 3), min_size=20, max_size=20),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.floats(0, 1e5),
    st.booleans(),
)
def test_intervals_nest_hold_the_forecast_and_are_never_negative(
    error: list[float], special: list[bool], forecast: float, is_special: bool
) -> None:
    found = calibrated(np.array([error]), np.array([special]), WEEKS)

    assert found is not None
    for week in (1, 2):
        ends = found.bounds(np.array([[forecast]]), np.array([[is_special]]), np.array([week]))
        low_80, low_50, high_50, high_80 = (ends[name].item() for name in ("low_80", "low_50", "high_50", "high_80"))
        slack = 1e-9 * (forecast + 1)
        assert 0 <= low_80 <= low_50 <= forecast + slack
        assert forecast - slack <= high_50 <= high_80
