"""What the dashboard reads: new versions without a restart, only changed days, a reason for what is not there."""

import gc
import shutil
import weakref
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from retail_platform.dashboard.data import kept, tables
from retail_platform.dashboard.data.facts import Facts
from retail_platform.dashboard.data.measures import by_period, summed
from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.data.tables import Tables, Version
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.storage import s3
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes

DAY = Window(lakes.LAST, lakes.LAST)


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_LOOK_AGAIN", 0.0)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return lakes.small_data(tmp_path)


def reason(data: Data) -> str:
    with pytest.raises(Unavailable) as refused:
        data.facts()
    return str(refused.value.reason)


def same(found: Facts, expected: Facts) -> None:
    """Every store day is the same in both."""
    assert (found.span, found.stores["store_id"].to_list()) == (expected.span, expected.stores["store_id"].to_list())
    assert np.array_equal(found.grids.there, expected.grids.there)
    for ours, theirs in (
        (found.grids.flags, expected.grids.flags),
        (found.grids.currencies, expected.grids.currencies),
        (found.grids.values, expected.grids.values),
        (found.grids.known, expected.grids.known),
        (found.grids.means, expected.grids.means),
        (found.grids.both, expected.grids.both),
    ):
        for name, grid in theirs.items():
            assert np.array_equal(ours[name], grid), name  # type: ignore[index]


def test_the_same_version_is_the_same_frame(data: Data) -> None:
    assert data.facts() is data.facts()
    assert data.tables.frame("stores", ["store_id"]) is data.tables.frame("stores", ["store_id"])


def test_a_day_materialized_again_shows_and_no_other_day_is_read(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    # given facts that were read
    before = data.facts()
    read: list[Sequence[date] | None] = []
    whole = Tables.read

    def counted(
        self: Tables,
        version: Version,
        columns: Sequence[str],
        window: Window | None = None,
        days: Sequence[date] | None = None,
    ) -> pl.DataFrame:
        read.append(days)
        return whole(self, version, columns, window, days)

    monkeypatch.setattr(Tables, "read", counted)

    # when a day is corrected
    data.lake.replace("store_days", lakes.days(DAY, seed=8), DAY)
    after = data.facts()

    # then that day is another, the rest are the same, and that day alone was read
    assert read == [[DAY.first]]
    assert after.key != before.key
    assert summed(after.between(DAY)) != summed(before.between(DAY))
    rest = Window(lakes.SPAN.first, lakes.LAST - timedelta(days=1))
    assert by_period(after.between(rest), "day").equals(by_period(before.between(rest), "day"))
    same(after, Data(data.lake).facts())


def test_days_and_stores_that_come_and_go_leave_no_trace(data: Data) -> None:
    # given facts that were read
    data.facts()

    # when a day is added and one at the beginning emptied, a store is closed for good and another opens
    next_day = Window(lakes.LAST + timedelta(days=1), lakes.LAST + timedelta(days=1))
    opened = lakes.days(next_day).filter(pl.col("store_id") != "S1")
    data.lake.replace("store_days", opened.with_columns(pl.col("store_id").replace("S3", "A9")), next_day)
    first = Window(lakes.SPAN.first, lakes.SPAN.first)
    data.lake.replace("store_days", lakes.days(DAY).clear(), first)
    data.lake.replace("stores", lakes.stores().filter(pl.col("store_id") != "S2"), None)

    # then all is as if it had been read at once
    found = data.facts()
    assert found.span == Window(first.first + timedelta(days=1), next_day.last)
    same(found, Data(data.lake).facts())


def test_a_store_that_opens_or_is_gone_before_any_day_changes_is_no_error(data: Data) -> None:
    data.facts()
    opening = lakes.stores().head(1).with_columns(store_id=pl.lit("A1"))

    for stores in (pl.concat([lakes.stores(), opening]), lakes.stores()):
        data.lake.replace("stores", stores, None)

        found = data.facts()
        assert found.stores["store_id"].to_list() == sorted(stores["store_id"])
        same(found, Data(data.lake).facts())


def test_what_is_equal_as_a_rule_is_held_once_until_a_day_makes_it_differ(data: Data) -> None:
    pairs = [("receipt_revenue", "revenue"), ("itemised_transactions", "transactions")]

    def held_once(facts: Facts) -> list[bool]:
        grids = facts.grids
        parts = (grids.values, grids.known, grids.means, grids.both)
        return [part[name] is part[rule] for name, rule in pairs for part in parts]

    # given all transactions and units are known, also of a day read again
    assert all(held_once(data.facts()))
    next_day = Window(lakes.LAST + timedelta(days=1), lakes.LAST + timedelta(days=1))
    data.lake.replace("store_days", lakes.days(next_day), next_day)
    assert all(held_once(data.facts()))

    # when a store does not tell its transactions
    partly = lakes.days(DAY).with_columns(transactions=pl.when(pl.col("store_id") != "S1").then("transactions"))
    data.lake.replace("store_days", partly, DAY)

    # then the days that tell make the ratio
    found = data.facts()
    assert not any(held_once(found)[:2])
    same(found, Data(data.lake).facts())
    told = partly.filter(pl.col("store_id") != "S1").select(pl.col("revenue", "transactions").sum().cast(pl.Float64))
    assert summed(found.between(DAY))["atv"] == pytest.approx(told["revenue"].item() / told["transactions"].item())


@pytest.mark.parametrize("most", [0, 10_000])
def test_a_query_is_the_same_of_a_table_held_in_memory_and_of_its_files(
    data: Data, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(kept, "MOST_ROWS", most)
    week = Window(lakes.LAST - timedelta(days=6), lakes.LAST)

    def asked() -> pl.DataFrame:
        columns = ("date", "store_id", "revenue")
        return collected(data, "store_days", columns, lambda rows: rows.filter(store_id="S1").sort("date"), week)

    found = asked()
    expected = lakes.days().filter(pl.col("date").is_in([*week.days()]), store_id="S1")
    assert found.equals(expected.select(found.columns))

    data.lake.replace("store_days", lakes.days(DAY, seed=8), DAY)
    assert asked()[-1].equals(lakes.days(DAY, seed=8).filter(store_id="S1").select(found.columns))


def test_an_old_version_is_let_go_after_a_look_that_missed_a_table(data: Data) -> None:
    def look() -> weakref.ref[Facts]:
        facts = data.facts()
        assert not data.tables.exists("nothing")
        return weakref.ref(facts)

    old = look()
    data.lake.replace("store_days", lakes.days(DAY, seed=8), DAY)
    data.facts()
    gc.collect()

    assert old() is None


def test_a_result_is_computed_once_a_version(data: Data) -> None:
    computed: list[int] = []

    def compute() -> int:
        computed.append(1)
        return len(computed)

    assert [data.tables.result("store_days", "key", compute) for _ in range(2)] == [1, 1]
    data.lake.replace("store_days", lakes.days(DAY, seed=8), DAY)
    assert data.tables.result("store_days", "key", compute) == 2


def test_a_lake_deleted_and_made_again_shows(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_OPEN_AGAIN", 0.0)
    data.facts()
    shutil.rmtree(tmp_path / "lake")

    assert reason(data) == "table_missing"

    lakes.small_lake(tmp_path)
    assert data.facts().span == lakes.SPAN


def test_a_store_that_only_the_days_know_is_there_without_a_name(data: Data) -> None:
    data.lake.replace("stores", lakes.stores().filter(pl.col("store_id") != "S2"), None)

    stores = data.facts().stores

    assert stores["store_id"].to_list() == list(lakes.STORES)
    assert stores.filter(store_id="S2").select("name", "label", "currency").row(0) == (None, "S2", None)


def test_a_window_of_a_table_reads_its_days_alone(data: Data) -> None:
    found = data.tables.frame("store_days", ["date", "store_id"], DAY)

    assert found["date"].unique().to_list() == [lakes.LAST]


def test_an_empty_lake_says_which_table_is_missing(tmp_path: Path) -> None:
    assert reason(Data(Lake(str(tmp_path / "nothing")))) == "table_missing"


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    lake.replace("stores", lakes.stores(), None)
    lake.replace("store_days", lakes.days(DAY).clear(), DAY)

    assert reason(Data(lake)) == "table_empty"


def test_a_lost_column_is_named(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    lake.replace("stores", lakes.stores(), None)
    lake.replace("store_days", lakes.days(DAY).drop("margin"), DAY)

    with pytest.raises(Unavailable, match=r"column_missing .*margin"):
        Data(lake).facts()


def test_a_lost_file_is_a_reason_and_no_wrong_number(tmp_path: Path) -> None:
    data = lakes.small_data(tmp_path)
    next((tmp_path / "lake" / "store_days" / f"date={lakes.LAST}").glob("*.parquet")).unlink()

    assert reason(data) == "table_unreadable"


def test_a_bucket_that_does_not_answer_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    monkeypatch.setattr(s3, "_INSISTED", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    assert reason(Data(Lake("s3://bucket/lake"))) == "lake_unreachable"


def test_a_lake_in_a_bucket_gives_the_same_days(s3_bucket: str, tmp_path: Path) -> None:
    lake = Lake(f"{s3_bucket}/lake" if s3_bucket.startswith("s3://") else f"s3://{s3_bucket}/lake")
    month = Window(date(2026, 1, 1), lakes.LAST)
    lake.replace("stores", lakes.stores(), None)
    lake.replace("store_days", lakes.days(month), month)

    same(Data(lake).facts(), _only(lakes.small_data(tmp_path), month))


def _only(data: Data, window: Window) -> Facts:
    data.facts()
    data.lake.replace("store_days", lakes.days(window), window)
    data.lake.replace("store_days", lakes.days(DAY).clear(), Window(lakes.SPAN.first, window.first - timedelta(days=1)))
    return data.facts()
