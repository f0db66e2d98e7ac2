"""A mapping's SQL: its macros, and errors that name file and line."""

from pathlib import Path

import pytest

from retail_platform.sources.base import SourceContractError
from retail_platform.sources.mapping.query import database
from retail_platform_tests.sources.mapping.conftest import Retailer


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
        ("SELECT id AS store_id, name::INT AS name FROM shops", "Conversion Error: Could not convert string"),
    ],
)
def test_an_error_in_sql_names_file_and_line(retailer: Retailer, sql: str, told: str) -> None:
    retailer.sql("stores", sql)

    with pytest.raises(SourceContractError) as raised:
        retailer.source().read("stores")

    message = str(raised.value)
    assert message.startswith(f"{retailer.mapping}/stores.sql")
    assert told in message


def test_a_closing_semicolon_and_comments_are_no_error(retailer: Retailer) -> None:
    retailer.sql("stores", "-- the shops\nSELECT id AS store_id FROM shops;\n-- that is all\n")

    assert retailer.source().read("stores").collect().height == 2


def test_only_the_inputs_that_a_query_reads_are_touched(retailer: Retailer) -> None:
    retailer.sql("stores", "SELECT id AS store_id, lines.name FROM Shops AS lines")
    retailer.deliver("sales/2026-03-03.csv", "broken")

    assert retailer.source().read("stores").collect().height == 2
