"""What was tampered with in a real lake fails the comparison with what it was made from, on its day, and no other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from retail_platform.domains.metrics.periods import period_metrics
from retail_platform.quality.reconciliation import STORE_DAY, compared
from retail_platform_tests.platform import Platform, window

FIRST, BAD, LAST = "2026-03-02", "2026-03-04", "2026-03-06"
BAD_DAY = date(2026, 3, 4)
DAY = window(BAD)

Tamper = Callable[[pl.LazyFrame], pl.LazyFrame]
Found = set[tuple[str, str, str | None]]

OF_STORE_DAYS: Found = {
    ("store_days", "reconciliation", BAD),
    ("daily_metrics", "reconciliation", BAD),
    ("period_metrics", "reconciliation", None),
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Five days of three stores, one of them online."""
    with Platform(tmp_path_factory.mktemp("reconciled")) as platform:
        assert platform.materialize(FIRST, LAST).failures == []
        yield platform


@contextmanager
def tampered(platform: Platform, table: str, tamper: Tamper) -> Iterator[None]:
    """The table with other rows on the bad day (or as a whole, if it has no days), for as long as it is needed."""
    days = None if table == "period_metrics" else DAY
    good = platform.lake.scan(table, days).collect()
    platform.lake.replace(table, tamper(good.lazy()).collect(), days)
    try:
        yield
    finally:
        platform.lake.replace(table, good, days)


def failures(platform: Platform) -> dict[tuple[str, str, str | None], str]:
    """Table, check and day of what did not pass, and what was said."""
    return {
        (result.table, result.check, str(result.day) if result.day else None): result.description
        for result in platform.check(FIRST, LAST, select="group:metrics")
        if not result.passed
    }


def moved(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Revenue moves between the stores; the day's sum stays."""
    return rows.with_columns(pl.col("revenue").reverse())


def cut(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The first store's rows are lost."""
    return rows.filter(pl.col("store_id") != pl.col("store_id").min())


def times_seven(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.with_columns(pl.col("visitors") * 7)


def without(column: str, value: object) -> Tamper:
    return lambda rows: rows.filter(pl.col(column) != value)


def test_a_good_lake_reconciles(platform: Platform) -> None:
    assert failures(platform) == {}


CASES: dict[str, tuple[str, Tamper, Found]] = {
    "product revenue moved": ("product_daily_metrics", moved, {("product_daily_metrics", "reconciliation", BAD)}),
    "product rows cut": ("product_daily_metrics", cut, {("product_daily_metrics", "reconciliation", BAD)}),
    "hourly revenue moved": ("hourly_metrics", moved, {("hourly_metrics", "reconciliation", BAD)}),
    "hours cut": (
        "hourly_metrics",
        cut,
        {("hourly_metrics", "reconciliation", BAD), ("hourly_metrics", "footfall_reconciliation", BAD)},
    ),
    "hourly visitors times 7": ("hourly_metrics", times_seven, {("hourly_metrics", "footfall_reconciliation", BAD)}),
    "footfall times 7": ("footfall", times_seven, {("hourly_metrics", "footfall_reconciliation", BAD)}),
    "footfall cut": (
        "footfall",
        without("hour", 12),
        {("hourly_metrics", "footfall_reconciliation", BAD)},
    ),
    "store days' revenue moved": ("store_days", moved, OF_STORE_DAYS),
    "store days cut": ("store_days", cut, OF_STORE_DAYS),
    "store days' visitors times 7": (
        "store_days",
        times_seven,
        OF_STORE_DAYS - {("store_days", "reconciliation", BAD)},
    ),
    "daily revenue moved": ("daily_metrics", moved, {("daily_metrics", "reconciliation", BAD)}),
    "daily metrics cut": ("daily_metrics", cut, {("daily_metrics", "reconciliation", BAD)}),
    "daily visitors times 7": ("daily_metrics", times_seven, {("daily_metrics", "reconciliation", BAD)}),
    "periods cut": ("period_metrics", cut, {("period_metrics", "reconciliation", None)}),
    "months cut": ("period_metrics", without("grain", "month"), {("period_metrics", "reconciliation", None)}),
    "period revenue moved": ("period_metrics", moved, {("period_metrics", "reconciliation", None)}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_tampered_with_fails_its_comparison_on_its_day_alone(platform: Platform, case: str) -> None:
    table, tamper, expected = CASES[case]

    with tampered(platform, table, tamper):
        assert set(failures(platform)) == expected


def test_a_failure_counts_the_stores_and_names_both_figures(platform: Platform) -> None:
    def a_cent_less(rows: pl.LazyFrame) -> pl.LazyFrame:
        cent = pl.when(pl.col("store_id") == "S0001").then(pl.lit("0.01").cast(pl.Decimal(18, 2))).otherwise(0)
        return rows.with_columns((pl.col("revenue") - cent).cast(pl.Decimal(18, 2)))

    revenue = platform.table("store_days").filter(date=BAD_DAY, store_id="S0001")["revenue"].item()
    with tampered(platform, "daily_metrics", a_cent_less):
        said = failures(platform)["daily_metrics", "reconciliation", BAD]
    assert said == f"1 of 3 stores differ: S0001 (revenue {revenue - Decimal('0.01')} of {revenue})"

    with tampered(platform, "daily_metrics", cut):
        said = failures(platform)["daily_metrics", "reconciliation", BAD]
    assert said == "1 of 3 stores differ: S0001 (no row)"


def test_a_figure_that_is_unknown_is_not_0(platform: Platform) -> None:
    def unknown(rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.with_columns(visitors=pl.when(pl.col("visitors").is_null()).then(0).otherwise("visitors"))

    with tampered(platform, "daily_metrics", unknown):
        [said] = failures(platform).values()

    assert said.endswith("(visitors 0 of unknown)")


def test_only_what_is_built_on_lines_stops_a_run(platform: Platform) -> None:
    graph = platform.graph
    blocking = {
        (key.asset_key.to_user_string(), key.name)
        for key in graph.asset_check_keys
        if "reconciliation" in key.name and graph.get(key).blocking
    }

    assert blocking == {
        (table, "reconciliation") for table in ("store_days", "product_daily_metrics", "hourly_metrics")
    }


def test_days_made_after_the_periods_are_a_warning(platform: Platform) -> None:
    earlier = platform.lake.scan("store_days").filter(pl.col("date") < date(2026, 3, 6))
    made = earlier.select("date", read_at=pl.lit(datetime(2026, 3, 7, tzinfo=UTC))).unique()
    with tampered(platform, "period_metrics", lambda _: period_metrics(earlier, made, "Europe/Paris")):
        [late] = [
            result
            for result in platform.check(FIRST, LAST, select="period_metrics")
            if result.check == "reconciliation"
        ]

    assert late.level == "WARN"
    assert late.description.endswith("newer days are not in it yet: materialize period_metrics")


def test_a_day_that_is_not_over_is_left_to_the_next_morning(platform: Platform) -> None:
    def of_an_hour_later(rows: pl.LazyFrame) -> pl.LazyFrame:
        return times_seven(rows).with_columns(final=False)

    with tampered(platform, "store_days", of_an_hour_later):
        assert ("period_metrics", "reconciliation", None) not in failures(platform)


def test_no_row_and_a_row_of_zeros_say_the_same_where_a_gap_is_zero() -> None:
    # given a store of which all lines were cancelled: it has no hour in the derived table
    day = date(2026, 3, 4)
    ours = pl.LazyFrame({"date": [day], "store_id": ["A"], "revenue": [5]})
    theirs = pl.LazyFrame({"date": [day, day], "store_id": ["A", "B"], "revenue": [5, 0]})

    found = compared(ours, theirs, STORE_DAY, source="sales", gap="zero", named=pl.col("store_id"))
    lost = compared(
        ours,
        theirs.with_columns(pl.col("revenue") + 1),
        STORE_DAY,
        source="sales",
        gap="zero",
        named=pl.col("store_id"),
    )

    assert not found["differs"].any()
    assert lost.sort("store_id")["found"].to_list() == ["A (revenue 5 of 6)", "B (no row)"]
