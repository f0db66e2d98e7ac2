"""What a lake keeps: exactly the days that were replaced, of exactly the types that were promised."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from deltalake.transaction import AddAction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform.storage.lake import Lake, LakeError
from retail_platform_tests.storage.conftest import day, days, rows


def files_of(lake: Lake, table: str) -> set[str]:
    root = Path(lake.table_uri(table))
    return {str(path.relative_to(root)) for path in root.rglob("*.parquet")}


def content(lake: Lake, table: str) -> dict[date, list[int]]:
    found = lake.scan(table).collect().sort("date", "value")
    return {d: part["value"].to_list() for (d,), part in found.group_by("date", maintain_order=True)}


def test_a_write_replaces_exactly_its_days(lake: Lake) -> None:
    lake.replace("sales", rows(1, 5), days(1, 5))

    written = lake.replace("sales", rows(2, 3, each=1, value=9), days(2, 3))

    assert content(lake, "sales") == {day(1): [0, 0], day(2): [9], day(3): [9], day(4): [0, 0], day(5): [0, 0]}
    assert (written.version, written.rows, written.rows_by_day) == (1, 2, {day(2): 1, day(3): 1})
    assert written.bytes > 0


def test_a_range_is_one_commit_and_one_file_a_day(lake: Lake) -> None:
    written = lake.replace("sales", rows(1, 31), days(1, 31), commit={"run_id": "r-1"})

    assert written.version == lake.delta("sales").version() == 0
    assert lake.delta("sales").history()[0]["run_id"] == "r-1"
    assert len(lake.delta("sales").file_uris()) == 31


def test_no_rows_are_a_content(lake: Lake) -> None:
    lake.replace("sales", rows(1, 3), days(1, 3))

    written = lake.replace("sales", rows(1).clear(), days(2))

    assert (written.rows, written.rows_by_day, written.bytes) == (0, {day(2): 0}, 0)
    assert content(lake, "sales") == {day(1): [0, 0], day(3): [0, 0]}


def test_a_first_write_without_rows_makes_a_typed_table(lake: Lake) -> None:
    lake.replace("sales", rows(1).clear(), days(1, 2))

    assert lake.tables() == ["sales"]
    assert_frame_equal(lake.scan("sales").collect(), rows(1).clear())
    assert_frame_equal(lake.scan("sales", days(1)).collect(), rows(1).clear())


@pytest.mark.parametrize("exists", [True, False])
def test_rows_outside_the_window_are_refused_with_days_and_counts(lake: Lake, exists: bool) -> None:
    if exists:
        lake.replace("sales", rows(1, 5), days(1, 5))
    files = files_of(lake, "sales")
    frame = pl.concat([rows(2), rows(4, each=3), rows(5, each=1).with_columns(date=pl.lit(None, pl.Date))])

    with pytest.raises(LakeError, match=r"rows outside 2026-01-02.*2026-01-04: 3 rows, no date: 1 rows"):
        lake.replace("sales", frame, days(2))

    assert files_of(lake, "sales") == files
    assert lake.exists("sales") is exists
    assert lake.tables() == (["sales"] if exists else [])


def test_only_the_files_of_a_window_are_planned(lake: Lake) -> None:
    lake.replace("sales", rows(1, 5), days(1, 5))

    plan = lake.scan("sales", days(2, 3)).explain()

    assert "date=2026-01-02" in plan
    assert "date=2026-01-03" in plan
    assert not any(f"date=2026-01-0{other}" in plan for other in (1, 4, 5))


def test_only_the_files_of_a_window_are_read(lake: Lake) -> None:
    lake.replace("sales", rows(1, 5), days(1, 5))
    for file in Path(lake.table_uri("sales")).rglob("*.parquet"):
        if "2026-01-02" not in str(file):
            file.write_bytes(b"unreadable")

    assert lake.scan("sales", days(2)).collect().height == 2


def test_rows_are_counted_without_reading_them(lake: Lake) -> None:
    lake.replace("sales", rows(1, 5), days(1, 6))
    lake.replace("stores", pl.DataFrame({"store_id": ["a", "b"]}), None)
    lake.replace("clients", pl.DataFrame({"client_id": ["a"]}).clear(), None)
    for file in Path(lake.uri).rglob("*.parquet"):
        file.write_bytes(b"unreadable")

    by_day = lake.row_counts("sales", days(4, 6)).sort("date")

    assert by_day.rows() == [(day(4), 2), (day(5), 2)]
    assert lake.row_counts("sales").rows() == [(None, 10)]
    assert lake.row_counts("stores").rows() == [(None, 2)]
    assert lake.row_counts("clients").rows() == [(None, 0)]


def test_rows_of_a_writer_that_did_not_count_them_are_read(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))
    _add_uncounted(lake, "sales", rows(2, each=3).drop("date"), day(2))

    assert lake.row_counts("sales", days(1, 3)).sort("date").rows() == [(day(1), 2), (day(2), 3)]
    assert lake.row_counts("sales").rows() == [(None, 5)]


def _add_uncounted(lake: Lake, table: str, frame: pl.DataFrame, of: date) -> None:
    """Append a file as a writer does that keeps no statistics."""
    delta, path = lake.delta(table), f"date={of}/other.parquet"
    file = Path(lake.table_uri(table), path)
    file.parent.mkdir()
    frame.write_parquet(file)
    added = AddAction(path, file.stat().st_size, {"date": str(of)}, 0, True, "{}")
    delta.create_write_transaction([added], "append", delta.schema(), ["date"])


def test_a_held_table_stays_as_it_was_first_read(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))
    held = lake.held()
    assert content(held, "sales") == {day(1): [0, 0]}

    lake.replace("sales", rows(1, value=9), days(1))
    lake.replace("stores", pl.DataFrame({"store_id": ["a"]}), None)

    assert content(held, "sales") == {day(1): [0, 0]}
    assert content(lake, "sales") == content(lake.held(), "sales") == {day(1): [9, 9]}
    assert held.held().row_counts("stores").rows() == [(None, 1)]


def test_a_whole_table_is_replaced(lake: Lake) -> None:
    lake.replace("stores", pl.DataFrame({"store_id": ["a", "b"]}), None)

    written = lake.replace("stores", pl.DataFrame({"store_id": ["c"]}), None)

    assert lake.scan("stores").collect()["store_id"].to_list() == ["c"]
    assert (written.version, written.rows, written.rows_by_day) == (1, 1, {})


def test_a_frame_read_from_a_table_can_replace_it(lake: Lake) -> None:
    lake.replace("stores", pl.DataFrame({"n": [1, 2, 3]}), None)

    lake.replace("stores", lake.scan("stores").filter(pl.col("n") > 1), None)

    assert lake.scan("stores").collect()["n"].to_list() == [2, 3]


def test_blanks_and_signs_in_the_folder_s_name_do_not_matter(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "it's a 100% é lake"))
    lake.replace("sales", rows(1, 2), days(1, 2))
    lake.replace("sales", rows(1, value=1), days(1))

    assert lake.tables() == ["sales"]
    assert content(lake, "sales") == {day(1): [1, 1], day(2): [0, 0]}
    assert lake.scan("sales", days(2)).collect().height == 2


def test_types_survive(lake: Lake) -> None:
    frame = pl.DataFrame(
        {
            "date": [day(1), day(1)],
            "money": [Decimal("12.34"), None],
            "reasons": [["late", "wrong"], []],
            "sold_at": [datetime(2026, 1, 1, 9, 30, 15, 123456, tzinfo=UTC), None],
            "opens": [datetime(2026, 1, 1, 9), None],
            "opened_on": [date(1999, 12, 31), None],
            "hour": [9, None],
            "rate": [0.1, None],
            "open": [True, None],
            "text": ["é|\n", None],
        },
        schema_overrides={"money": pl.Decimal(18, 2), "hour": pl.Int8},
    )

    lake.replace("types", frame, days(1))

    assert_frame_equal(lake.scan("types").collect(), frame)


def test_types_delta_lacks_are_stored_as_the_nearest(lake: Lake) -> None:
    frame = pl.DataFrame({"status": ["ok"], "kind": ["a"], "n": [2**32 - 1], "at": [datetime(2026, 1, 1, 1)]}).select(
        pl.col("status").cast(pl.Enum(["ok"])),
        pl.col("kind").cast(pl.Categorical),
        pl.col("n").cast(pl.UInt32),
        pl.col("at").dt.replace_time_zone("Europe/Paris").dt.cast_time_unit("ns"),
        pl.lit(["x"], pl.List(pl.Enum(["x"]))).alias("tags"),
    )

    lake.replace("types", frame, None)

    found = lake.scan("types").collect()
    assert found.schema == {
        "status": pl.String,
        "kind": pl.String,
        "n": pl.Int64,
        "at": pl.Datetime("us", "UTC"),
        "tags": pl.List(pl.String),
    }
    assert found.row(0) == ("ok", "a", 2**32 - 1, datetime(2026, 1, 1, 0, tzinfo=UTC), ["x"])


@pytest.mark.parametrize("column", [pl.lit(None).alias("x"), pl.lit(timedelta(1)).alias("x")])
def test_types_that_cannot_be_stored_are_named(lake: Lake, column: pl.Expr) -> None:
    with pytest.raises(LakeError, match=r"table sales: column x of type .* cannot be stored: cast it"):
        lake.replace("sales", rows(1).with_columns(column), days(1))


def test_a_partitioned_table_needs_a_date(lake: Lake) -> None:
    with pytest.raises(LakeError, match="needs a column date of type Date, found String"):
        lake.replace("sales", rows(1).cast({"date": pl.String}), days(1))


def test_a_new_column_is_added_and_null_before(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))

    lake.replace("sales", rows(2).with_columns(at=datetime(2026, 1, 2)), days(2))

    found = lake.scan("sales").collect().sort("date")
    assert found.columns == ["date", "value", "at"]
    assert found["at"].to_list() == [None, None, datetime(2026, 1, 2), datetime(2026, 1, 2)]


def test_the_order_of_columns_does_not_matter(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))

    lake.replace("sales", rows(2, value=3).select("value", "date"), days(2))

    assert lake.scan("sales", days(2)).collect()["value"].to_list() == [3, 3]


def test_a_lost_column_is_refused(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))
    before = files_of(lake, "sales")

    with pytest.raises(LakeError, match=r"table sales: column value \(Int64\) is missing.*remove .*sales"):
        lake.replace("sales", rows(1).drop("value"), days(1))

    assert files_of(lake, "sales") == before
    assert lake.delta("sales").version() == 0


def test_a_changed_type_is_refused(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))

    with pytest.raises(LakeError, match="column value is Int64 in the table and String now"):
        lake.replace("sales", rows(1).cast({"value": pl.String}), days(1))

    assert lake.delta("sales").version() == 0


@pytest.mark.parametrize(("first", "second"), [(days(1), None), (None, days(1))])
def test_a_table_with_days_is_not_replaced_whole_nor_the_other_way(lake: Lake, first: object, second: object) -> None:
    lake.replace("sales", rows(1), first)  # type: ignore[arg-type]

    with pytest.raises(LakeError, match=r"partitioned by .*, not by .*Move it away"):
        lake.replace("sales", rows(1), second)  # type: ignore[arg-type]


def test_a_missing_table_says_how_to_make_it(lake: Lake) -> None:
    with pytest.raises(LakeError, match="has no table sales: materialize the asset sales first"):
        lake.scan("sales")
    assert lake.tables() == []
    assert not lake.exists("sales")


def test_a_place_that_delta_would_look_for_elsewhere_is_refused(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "50% of%20all"))

    with pytest.raises(LakeError, match="%20 in it would be read as an escaped character"):
        lake.replace("sales", rows(1), days(1))

    assert not list(tmp_path.iterdir())


def test_a_percent_sign_of_a_place_is_no_escape(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "50% of all #1?"))

    lake.replace("sales", rows(1), days(1))

    assert content(lake, "sales") == {day(1): [0, 0]}


def test_a_window_of_a_table_without_days_is_refused(lake: Lake) -> None:
    lake.replace("stores", pl.DataFrame({"store_id": ["a"]}), None)

    with pytest.raises(LakeError, match="stores is not stored by date"):
        lake.scan("stores", days(1))


def test_an_error_of_the_frame_itself_is_not_called_the_lake_s(lake: Lake) -> None:
    broken = rows(1).lazy().with_columns(value=pl.lit("x").cast(pl.Int64))

    with pytest.raises(pl.exceptions.InvalidOperationError):
        lake.replace("sales", broken, days(1))

    assert not Path(lake.table_uri("sales")).exists()


def test_one_lake_holds_one_source(lake: Lake) -> None:
    lake.claim("simulator seed=1")
    lake.claim("simulator seed=1")

    with pytest.raises(LakeError, match=r"holds rows of simulator seed=1, not of olist.*RETAIL_LAKE_URI"):
        lake.claim("olist")

    assert lake.tables() == []


def test_equal_content_has_an_equal_hash_whatever_its_history(tmp_path: Path) -> None:
    one, other = Lake(str(tmp_path / "one")), Lake(str(tmp_path / "other"))
    one.replace("sales", rows(1, 4).with_row_index("n"), days(1, 4))
    for number in (3, 1, 4, 2):
        part = rows(1, 4).with_row_index("n").filter(pl.col("date") == day(number))
        other.replace("sales", part.reverse().select("date", "value", "n"), days(number))

    assert one.content_hash("sales") == other.content_hash("sales")
    assert one.content_hash("sales", days(2)) == other.content_hash("sales", days(2))
    assert one.content_hash("sales", days(2)) != one.content_hash("sales", days(3))


def test_a_hash_is_the_same_in_every_process(lake: Lake) -> None:
    lake.replace("stores", pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [["r"], []], "d": [0.5, None]}), None)

    code = f"from retail_platform.storage.lake import Lake; print(Lake({lake.uri!r}).content_hash('stores'))"
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert lake.content_hash("stores") == other


def test_vacuum_removes_what_nobody_needs(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))
    [replaced] = files_of(lake, "sales")
    lake.replace("sales", rows(1, value=1), days(1))
    root = Path(lake.table_uri("sales"))
    old, young = root / "date=2026-01-01/rows-killed.parquet", root / "date=2026-01-01/rows-running.parquet"
    half = root / "date=2026-01-01/x.parquet#1"
    for file in (old, young, half):
        file.write_bytes(b"")
    two_hours_ago = datetime.now().timestamp() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    os.utime(half, (two_hours_ago, two_hours_ago))

    lake.vacuum("sales", timedelta(hours=1))

    assert not old.exists()
    assert not half.exists()
    assert young.exists()
    assert (root / replaced).exists()  # replaced just now: a reader may hold it
    assert content(lake, "sales") == {day(1): [1, 1]}


@pytest.mark.parametrize("retention", [timedelta(0), timedelta(minutes=59)])
def test_vacuum_never_takes_files_in_use(lake: Lake, retention: timedelta) -> None:
    lake.replace("sales", rows(1), days(1))

    with pytest.raises(LakeError, match="would delete files in use"):
        lake.vacuum("sales", retention)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6))
def test_any_sequence_of_writes_leaves_the_last_of_each_day(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, int, int]]
) -> None:
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    expected: dict[date, list[int]] = {}
    for value, (first, more, each) in enumerate(writes):
        lake.replace("sales", rows(first, first + more, each=each, value=value), days(first, first + more))
        expected |= {d: [value] * each for d in days(first, first + more).days()}

    assert content(lake, "sales") == {d: values for d, values in sorted(expected.items()) if values}
