"""A mapping's SQL: its macros, and errors that name file and line."""

from pathlib import Path

import polars as pl
import pytest

from retail_platform.sources.base import SourceContractError
from retail_platform.sources.mapping.query import database
from retail_platform_tests.sources.mapping.conftest import MAPPING, Retailer


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("cents('1250')", "12.50"),
        ("cents('-5')", "-0.05"),
        ("cents('12.5')", "12.5"),
        ("cents('free')", "free"),
        ("cents(NULL)", None),
        ("decimal_comma('1.234,50')", "1234.50"),
        ("decimal_comma('-3,5')", "-3.5"),
        ("decimal_comma('1 234')", "1234"),
        ("decimal_comma('1,2,3')", "1,2,3"),
        ("clock('7')", "07:00"),
        ("clock('24')", "24:00"),
        ("clock('9:30')", "09:30"),
        ("clock('09:30:15')", "09:30"),
        ("clock('noon')", "noon"),
        ("iso_day('3/2/26', '%d/%m/%y')", "2026-02-03"),
        ("iso_day('31/02/2026', '%d/%m/%Y')", "31/02/2026"),
        ("iso_day(NULL, '%d/%m/%Y')", None),
        ("iso_time('03.02.2026 7:05', '%d.%m.%Y %H:%M')", "2026-02-03 07:05:00"),
        ("iso_time('soon', '%H:%M')", "soon"),
    ],
)
def test_macros_change_what_fits_and_leave_the_rest(tmp_path: Path, call: str, text: str | None) -> None:
    with database(tmp_path) as connection:
        assert connection.execute(f"SELECT {call}").fetchall() == [(text,)]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT id AS store_id\nFRM shops", 'line 2: syntax error at or near "FRM"'),
        ("SELECT\n  id AS store_id,\n  nam AS name\nFROM shops", 'line 3: Binder Error: Referenced column "nam"'),
        (
            "SELECT id AS store_id\nFROM shop",
            "line 2: shop is no input of the mapping; did you mean shops? Inputs are: shops, lines",
        ),
        ("SELECT 1 AS store_id; SELECT 2", "one SELECT is expected, 2 were found"),
        ("DROP TABLE shops", "one SELECT is expected; Only SELECT"),
        (
            "SELECT id AS store_id, name::INT AS name FROM shops",
            "Conversion Error: a value like 'Aaaaaa' of column name is no INT32; deliver it as the text it is",
        ),
    ],
)
def test_an_error_in_sql_names_file_and_line(retailer: Retailer, sql: str, told: str) -> None:
    retailer.sql("stores", sql)

    with pytest.raises(SourceContractError) as raised:
        retailer.source().read("stores")

    message = str(raised.value)
    assert message.startswith(f"{retailer.mapping}/stores.sql")
    assert told in message


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("name::DATE", "a value like 'Aaaaa A. Aaaaaa' of column name is no DATE"),
        ("trim(name)::INT", "a value like 'Aaaaa A. Aaaaaa' is no INT32"),
        ("name::DECIMAL(5, 2)", "a value like 'Aaaaa A. Aaaaaa' of column name is no DECIMAL(5,2)"),
        ("name::INT[]", "a value of column name is no INTEGER[]"),
        ("(name || chr(39) || ' to INT8 ' || name)::INT", "is no INT32; deliver"),
        ("strptime(name, '%d/%m/%Y')", "a value like 'Aaaaa A. Aaaaaa' is no time written %d/%m/%Y"),
        ("json(name)", "Malformed JSON at byte 0 of input: unexpected character"),
        ("error('no such ' || name)", "what DuckDB says of it is left out, as it may quote a row"),
        ("unhex(name)", "what DuckDB says of it is left out, as it may quote a row"),
        ("timezone(name, now())", "what DuckDB says of it is left out, as it may quote a row"),
        ("grace", 'Referenced column "grace" not found in FROM clause'),
        ("nam", 'Referenced column "nam" not found in FROM clause; did you mean name?'),
        ("s.nam", 'does not have a column named "nam"'),
    ],
)
def test_an_error_quotes_no_value_of_a_row(retailer: Retailer, call: str, told: str) -> None:
    retailer.deliver("shops.csv", "id,name,Grace@example.com\nA,Grace B. Hopper,x\n")
    retailer.sql("stores", f"SELECT id AS store_id, {call} AS name FROM shops AS s")

    with pytest.raises(SourceContractError) as raised:
        retailer.source().read("stores")

    assert told in str(raised.value)
    assert "Hopper" not in str(raised.value)
    assert "@" not in str(raised.value)
    assert raised.value.__suppress_context__  # what Dagster writes of an error holds what it came from


def test_a_damaged_parquet_file_is_named_without_its_values(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("shops.csv", "shops.parquet"))
    path = retailer.files / "shops.parquet"
    pl.DataFrame({"id": ["A"], "name": ["Grace Hopper"]}).write_parquet(path, compression="uncompressed")
    path.write_bytes(path.read_bytes().replace(b"Grace", b"Gr\xffce"))

    with pytest.raises(SourceContractError) as raised:
        retailer.source().read("stores").collect()

    assert f'Invalid string encoding found in Parquet file "{path}"' in str(raised.value)
    assert "Hopper" not in str(raised.value)


def test_a_closing_semicolon_and_comments_are_no_error(retailer: Retailer) -> None:
    retailer.sql("stores", "-- the shops\nSELECT id AS store_id FROM shops;\n-- that is all\n")

    assert retailer.source().read("stores").collect().height == 2


def test_only_the_inputs_that_a_query_reads_are_touched(retailer: Retailer) -> None:
    retailer.sql("stores", "SELECT id AS store_id, lines.name FROM Shops AS lines")
    retailer.deliver("sales/2026-03-03.csv", "broken")

    assert retailer.source().read("stores").collect().height == 2
