"""It does not matter in which order and in how many runs days are materialized."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_platform.windows import Window, chunks
from retail_platform_tests.platform import Platform


def in_one_go(platform: Platform, days: Window, _: int) -> None:
    assert platform.materialize(str(days.first), str(days.last)).failures == []


def in_reverse(platform: Platform, days: Window, part: int) -> None:
    """The last part first: later days that an earlier part reaches are made again with it."""
    for some in reversed(list(chunks(days, part))):
        assert platform.materialize(str(some.first), str(some.last)).failures == []


def day_by_day(platform: Platform, days: Window, _: int) -> None:
    assert platform.materialize(str(days.first), str(days.last), days_per_run=1).failures == []


Order = Callable[[Platform, Window, int], None]


def assert_equal_in_any_order(folder: Path, days: Window, part: int, orders: list[Order]) -> None:
    hashes = {}
    for order in orders:
        with Platform(folder / order.__name__) as platform:
            order(platform, days, part)
            hashes[order.__name__] = platform.hashes()
    first = hashes.pop("in_one_go")
    assert len(first) > 25
    assert hashes == dict.fromkeys(hashes, first)


def test_days_in_one_go_and_in_reverse_give_the_same(tmp_path: Path) -> None:
    """The last day alone, then the seven before it, of which it looks at the first."""
    assert_equal_in_any_order(tmp_path, Window(date(2026, 3, 1), date(2026, 3, 8)), 7, [in_one_go, in_reverse])


FOOTFALL = ("sensor_health", "footfall", "footfall_anomalies")
THREE_DAYS = Window(date(2026, 3, 1), date(2026, 3, 3))


@pytest.fixture(scope="module")
def footfall_of_three_days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with Platform(tmp_path_factory.mktemp("in_one_go"), seed=3) as platform:
        assert platform.materialize(str(THREE_DAYS.first), str(THREE_DAYS.last), "+footfall_anomalies").failures == []
        return {table: platform.hashes()[table] for table in FOOTFALL}


@pytest.mark.acceptance
@settings(max_examples=3, deadline=None)
@given(order=st.permutations(list(THREE_DAYS.days())))
def test_footfall_does_not_depend_on_the_order_in_which_days_come(
    tmp_path_factory: pytest.TempPathFactory, footfall_of_three_days: dict[str, str], order: list[date]
) -> None:
    with Platform(tmp_path_factory.mktemp("shuffled"), seed=3) as platform:
        for day in order:
            assert platform.materialize(str(day), select="+footfall_anomalies").failures == []

        assert {table: platform.hashes()[table] for table in FOOTFALL} == footfall_of_three_days


@pytest.mark.acceptance
def test_months_in_one_go_in_reverse_and_day_by_day_give_the_same(tmp_path: Path) -> None:
    orders = [in_one_go, in_reverse, day_by_day]
    assert_equal_in_any_order(tmp_path, Window(date(2026, 1, 1), date(2026, 3, 31)), 31, orders)


def test_another_seed_gives_other_rows(tmp_path: Path) -> None:
    """The hash that the other tests compare does tell tables apart."""
    daily = []
    for seed in (1, 2):
        with Platform(tmp_path / str(seed), seed=seed) as platform:
            platform.materialize("2026-03-01", select="+key:sales")
            daily.append(platform.hashes()["sales"])

    assert daily[0] != daily[1]
