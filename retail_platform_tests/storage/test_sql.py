"""SQL over the tables of a lake, and their sizes."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from retail_platform.storage.lake import Lake
from retail_platform.storage.sql import TableStats, connect, table_stats
from retail_platform_tests.storage.conftest import day, days, rows


def test_every_table_is_a_view(lake: Lake) -> None:
    lake.replace("sales", rows(1, 3), days(1, 3))
    lake.replace("stores", pl.DataFrame({"store_id": ["a"]}), None)

    connection = connect(lake)

    assert connection.sql("SHOW TABLES").fetchall() == [("sales",), ("stores",)]
    assert connection.sql("SELECT count(*) FROM sales WHERE date >= DATE '2026-01-02'").fetchall() == [(4,)]


def test_types_are_those_of_the_table(lake: Lake) -> None:
    frame = pl.DataFrame(
        {
            "date": [day(1)],
            "money": [Decimal("1.50")],
            "at": [datetime(2026, 1, 1, 9, tzinfo=UTC)],
            "reasons": [["late"]],
            "hour": pl.Series([9], dtype=pl.Int8),
        },
        schema_overrides={"money": pl.Decimal(18, 2)},
    )
    for name, part in (("filled", frame), ("empty", frame.clear())):
        lake.replace(name, part, days(1))
    connection = connect(lake)

    described = [connection.sql(f"DESCRIBE {name}").fetchall() for name in ("filled", "empty")]

    assert described[0] == described[1]
    assert [row[1] for row in described[0]] == [
        "DATE",
        "DECIMAL(18,2)",
        "TIMESTAMP WITH TIME ZONE",
        "VARCHAR[]",
        "TINYINT",
    ]
    assert connection.sql('SELECT "at"::VARCHAR FROM filled').fetchall() == [("2026-01-01 09:00:00+00",)]


def test_a_filter_on_days_reads_the_files_of_these_days(lake: Lake) -> None:
    lake.replace("sales", rows(1, 5), days(1, 5))

    plan = connect(lake).sql("EXPLAIN SELECT sum(value) FROM sales WHERE date = DATE '2026-01-02'").fetchall()[0][1]

    assert "Scanning Files: 1/5" in plan


def test_columns_that_came_later_are_null_before(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))
    lake.replace("sales", rows(2).with_columns(note=pl.lit("x")), days(2))
    lake.replace("sales", rows(2).clear().with_columns(note=pl.lit("x")), days(2))

    assert connect(lake).sql("SELECT note FROM sales").fetchall() == [(None,), (None,)]


def test_a_hash_of_a_table_by_its_name(lake: Lake) -> None:
    lake.replace("sales", rows(1, 3), days(1, 3))
    before = connect(lake).sql("SELECT sum(hash(sales)) FROM sales").fetchall()

    lake.replace("sales", rows(2), days(2))

    assert connect(lake).sql("SELECT sum(hash(sales)) FROM sales").fetchall() == before


def test_odd_names_are_quoted(tmp_path: object) -> None:
    lake = Lake(f"{tmp_path}/it's a 100% lake")
    lake.replace('say "hi"', rows(1), days(1))

    assert connect(lake).sql('SELECT count(*) FROM "say ""hi"""').fetchall() == [(2,)]


def test_sizes_come_from_the_log(lake: Lake) -> None:
    lake.replace("sales", rows(1, 3), days(1, 5))
    written = lake.replace("stores", pl.DataFrame({"store_id": ["a"]}), None)

    sales, stores = table_stats(lake)

    assert (sales.rows, sales.days, sales.first_day, sales.last_day, sales.version) == (6, 3, day(1), day(3), 0)
    assert sales.bytes > 0
    assert stores == TableStats("stores", 1, None, None, None, 0, written.bytes)


@pytest.mark.parametrize("uri", ["lake", "s3-is-elsewhere"])
def test_a_lake_that_is_not_there_has_no_tables(uri: str) -> None:
    assert table_stats(Lake(uri)) == []
    assert connect(Lake(uri)).sql("SHOW TABLES").fetchall() == []
