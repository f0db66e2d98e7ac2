"""What lies in a mapping's folder, which dataset each file touches, and on which days two deliveries differ."""

from datetime import date

import polars as pl
import pytest

from retail_platform.sources.mapping.changes import changed_days, inputs_read, listing
from retail_platform.sources.mapping.source import Mapping
from retail_platform_tests.sources.mapping.conftest import HEADER, MAPPING, STORES, Retailer

D1, D2 = date(2026, 3, 1), date(2026, 3, 2)


def mapping(retailer: Retailer) -> Mapping:
    source = retailer.source()
    assert isinstance(source, Mapping)
    return source


def rows(*values: tuple[date, str | None]) -> pl.LazyFrame:
    return pl.LazyFrame(values, {"date": pl.Date, "amount": pl.String}, orient="row")


def touched(retailer: Retailer) -> set[tuple[str, str, date | None]]:
    return {(one.dataset, one.name.rsplit("/", 1)[1], one.day) for one in listing(mapping(retailer)).touches}


def test_a_file_touches_the_datasets_whose_sql_reads_it(retailer: Retailer) -> None:
    retailer.sql("stores", "SELECT id AS store_id FROM shops WHERE id IN (SELECT shop FROM lines)")

    assert inputs_read(mapping(retailer)) == {"stores": {"shops", "lines"}, "sales": {"lines"}}
    assert touched(retailer) >= {("stores", "shops.csv", None), ("sales", "2026-03-01.csv", date(2026, 3, 1))}


def test_a_snapshot_reads_the_newest_day_alone(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("shops.csv", "shops-{date}.csv"))
    for day in (D1, D2):
        retailer.deliver(f"shops-{day}.csv", "id,name\nA,a\n")
    retailer.sql("stores", STORES)

    assert {one for one in touched(retailer) if one[0] == "stores"} == {("stores", "shops-2026-03-02.csv", None)}


def test_a_day_stands_anywhere_in_a_name(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("sales/{date}.csv", "sales/{date}_*.csv"))
    retailer.deliver("sales/2026-03-02_till_7.csv", HEADER)

    assert ("sales", "2026-03-02_till_7.csv", D2) in touched(retailer)


def test_names_of_unfinished_files_and_names_without_a_day_are_passed_by(retailer: Retailer) -> None:
    before = touched(retailer)
    retailer.describe(MAPPING.replace("sales/{date}.csv", "sales/{date}*").replace("[inputs.lines]", CSV))
    for name in ("2026-03-04.csv.part", "2026-03-04.csv.tmp", ".2026-03-04.csv", "readme.csv"):
        retailer.deliver(f"sales/{name}", HEADER)

    assert {one for one in touched(retailer) if one[0] == "stores"} <= before
    assert not {name for _, name, _ in touched(retailer)} & {"2026-03-04.csv.part", "2026-03-04.csv.tmp", "readme.csv"}


CSV = '[inputs.lines]\nformat = "csv"'


@pytest.mark.parametrize(
    ("delivered", "known", "expected"),
    [
        (rows((D1, "1"), (D2, "2")), rows((D2, "2"), (D1, "1")), set()),
        (rows((D1, "1"), (D2, "2")), rows((D1, "1"), (D2, "3")), {D2}),
        (rows((D1, "1"), (D1, "1")), rows((D1, "1")), {D1}),
        (rows((D1, None)), rows((D1, "")), {D1}),
        (rows((D1, None)), rows((D1, None)), set()),
        (rows((D1, "1")), rows(), {D1}),
        (rows(), rows((D2, "1")), {D2}),
        (rows((D1, None)), rows((D1, None)).drop("amount"), set()),
        (rows((D1, "1")), rows((D1, "1")).drop("amount"), {D1}),
        (rows((D1, "1")), rows((D1, "1")).cast({"amount": pl.Int64}), set()),
    ],
    ids=["order", "value", "copies", "null", "nulls", "new", "gone", "new column", "filled column", "type"],
)
def test_days_differ_where_their_rows_do(delivered: pl.LazyFrame, known: pl.LazyFrame, expected: set[date]) -> None:
    assert changed_days(delivered, known) == expected
