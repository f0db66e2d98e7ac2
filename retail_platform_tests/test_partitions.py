"""Which days there are, and which other days a day looks at."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from hypothesis import given
from hypothesis import strategies as st

from retail_platform.partitions import (
    FOOTFALL_HISTORY,
    SAME_WEEKDAYS,
    LookBack,
    daily_partitions,
    local_today,
    materialized_at,
)

PARIS = "Europe/Paris"


def test_a_closed_span_has_both_its_ends() -> None:
    days = daily_partitions(date(2026, 1, 1), date(2026, 1, 3), PARIS)

    assert days.get_partition_keys() == ["2026-01-01", "2026-01-02", "2026-01-03"]


@pytest.mark.parametrize(
    ("now", "today"),
    [
        ("2026-03-28T22:30+00:00", "2026-03-28"),
        ("2026-03-28T23:30+00:00", "2026-03-29"),  # half past midnight in Paris
        ("2026-03-29T22:30+00:00", "2026-03-30"),  # after a day of 23 hours
        ("2026-10-25T22:30+00:00", "2026-10-25"),  # still the day of 25 hours
        ("2026-10-25T23:30+00:00", "2026-10-26"),
    ],
)
def test_an_open_span_ends_with_the_retailers_today(now: str, today: str) -> None:
    instant = datetime.fromisoformat(now)
    days = daily_partitions(date(2026, 3, 27), None, PARIS)

    assert local_today(PARIS, instant) == date.fromisoformat(today)
    with partition_loading_context(effective_dt=instant):
        assert days.get_last_partition_key() == today


def test_a_day_looks_at_four_weeks_before_it_clipped_at_the_start() -> None:
    days = daily_partitions(date(2026, 1, 1), date(2026, 3, 31), PARIS)

    def looked_at(day: str) -> list[str]:
        subset = days.empty_subset().with_partition_keys([day])
        upstream = SAME_WEEKDAYS.mapping.get_upstream_mapped_partitions_result_for_partitions(subset, days, days)
        return sorted(upstream.partitions_subset.get_partition_keys())

    assert looked_at("2026-03-01")[0] == "2026-02-01"
    assert looked_at("2026-03-01")[-1] == "2026-03-01"
    assert looked_at("2026-01-03") == ["2026-01-01", "2026-01-02", "2026-01-03"]


def test_a_day_looks_at_the_same_weekday_or_at_every_day_before_it() -> None:
    day = date(2026, 3, 29)

    weekdays = [date(2026, 3, 29), date(2026, 3, 22), date(2026, 3, 15), date(2026, 3, 8), date(2026, 3, 1)]
    assert SAME_WEEKDAYS.looked_at(day) == weekdays
    assert FOOTFALL_HISTORY.looked_at(day) == [day - timedelta(days=back) for back in range(57)]


@given(st.integers(1, 60), st.integers(1, 9), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_a_day_is_reached_by_those_it_looks_at(days: int, step: int, day: date) -> None:
    window = LookBack(days, step)

    before = window.looked_at(day)[1:]

    assert all(day in window.reached([one]) for one in before)
    around = {day - timedelta(days=back) for back in range(-70, 71)}
    assert {one for one in around if day in window.reached([one])} == set(before)


def test_an_input_tells_of_its_window() -> None:
    for window in (SAME_WEEKDAYS, FOOTFALL_HISTORY):
        assert LookBack.of(window.asset_in(str).metadata) == window
    assert LookBack.of({"another": 1}) is None


def test_today_is_the_zones() -> None:
    assert local_today("Pacific/Auckland", datetime(2026, 1, 1, 12, tzinfo=UTC)) == date(2026, 1, 2)


def test_a_day_was_materialized_when_it_last_was() -> None:
    key, days = dg.AssetKey("raw_sales"), ["2026-01-01", "2026-01-02", "2026-01-03"]
    with dg.DagsterInstance.ephemeral() as instance:
        for day in ("2026-01-01", "2026-01-02", "2026-01-01"):
            instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=day))
        instance.report_runless_asset_event(dg.AssetMaterialization("raw_footfall", partition="2026-01-03"))

        found = materialized_at(instance, key, days)

    assert sorted(found) == ["2026-01-01", "2026-01-02"]
    assert found["2026-01-01"] >= found["2026-01-02"]
    assert {instant.tzinfo for instant in found.values()} == {UTC}
