"""Reading a mapping: the rows of a window, and what is refused."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform_tests.sources.mapping.conftest import HEADER, MAPPING, SALES, Retailer, days

ARCHIVE = MAPPING.replace("default_start = 2026-03-01", "span = { first = 2026-03-01, last = 2026-03-31 }").replace(
    'delivery = "day"', 'delivery = "archive"'
)
ONE_FILE = MAPPING.replace("sales/{date}.csv", "sales.csv")


def test_a_window_delivers_its_days_as_text_beside_the_date(retailer: Retailer) -> None:
    rows = retailer.source().read("sales", days(1, 2)).collect()

    assert rows.schema == {
        "date": pl.Date,
        "store_id": pl.String,
        "sale_id": pl.String,
        "product_id": pl.String,
        "quantity": pl.String,
        "net_amount": pl.String,
    }
    assert rows.rows() == [
        (date(2026, 3, 1), "A", "r1", "apple", "2", "3.00"),
        (date(2026, 3, 1), "B", "r1", "pear", "1", "0.80"),
        (date(2026, 3, 2), "A", "r2", "apple", "-1", "-1.50"),
    ]


def test_a_snapshot_needs_no_window(retailer: Retailer) -> None:
    rows = retailer.source().read("stores").collect()

    assert rows.rows() == [("A", "Étoile"), ("B", "Port")]


def test_a_delivered_file_without_rows_is_an_empty_day(retailer: Retailer) -> None:
    assert retailer.source().read("sales", days(3, 3)).collect().is_empty()


def test_a_day_without_file_is_no_delivery(retailer: Retailer) -> None:
    (retailer.files / "sales/2026-03-02.csv").unlink()

    with pytest.raises(SourceUnavailable) as raised:
        retailer.source().read("sales", days(1, 4))

    assert str(raised.value) == (
        f"input lines (sales/{{date}}.csv in {retailer.files}): no delivery for 2026-03-02, 2026-03-04"
    )


def test_bad_values_stay_as_they_are(retailer: Retailer) -> None:
    retailer.deliver("sales/2026-03-01.csv", HEADER + "2026-03-01,A,r1,apple,two,3.00€\n")

    rows = retailer.source().read("sales", days(1, 1)).collect()

    assert rows.select("quantity", "net_amount").row(0) == ("two", "3.00€")


def test_a_dataset_that_the_mapping_lacks_is_refused(retailer: Retailer) -> None:
    with pytest.raises(SourceContractError, match="corner has no dataset 'sale'; did you mean sales"):
        retailer.source().read("sale", days(1, 1))


def test_a_join_that_multiplies_rows_is_refused(retailer: Retailer) -> None:
    retailer.sql("sales", SALES + "JOIN shops ON true\n")

    with pytest.raises(SourceContractError) as raised:
        retailer.source().read("sales", days(1, 2))

    assert str(raised.value) == (
        f"{retailer.mapping}/sales.sql delivers 6 rows, its driving input lines has 3: "
        "a join or filter drops or multiplies rows"
    )


def test_a_filter_that_drops_rows_is_refused(retailer: Retailer) -> None:
    retailer.sql("sales", SALES + "WHERE amount > '0'\n")

    with pytest.raises(SourceContractError, match="delivers 2 rows, its driving input lines has 3"):
        retailer.source().read("sales", days(1, 2))


def test_rows_that_bear_another_date_than_their_file_are_refused(retailer: Retailer) -> None:
    retailer.deliver("sales/2026-03-02.csv", HEADER + "2026-03-01,A,r2,apple,1,1.50\n")

    with pytest.raises(SourceContractError, match=r"for 2026-03-01 has 2 rows, 3 rows bear that date"):
        retailer.source().read("sales", days(1, 2))


def test_the_date_can_be_the_files(retailer: Retailer) -> None:
    retailer.sql("sales", SALES.replace("day AS date", "file_date AS date"))

    rows = retailer.source().read("sales", days(1, 2)).collect()

    assert rows["date"].to_list() == [date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 2)]


def test_a_date_that_cannot_be_read_is_refused(retailer: Retailer) -> None:
    retailer.deliver("sales/2026-03-01.csv", HEADER + "01/03/2026,A,r1,apple,2,3\n01/03/2026,A,r1,pear,2,3\n")

    with pytest.raises(SourceContractError, match="2 rows of input lines bear no date as YYYY-MM-DD: '01/03/2026'"):
        retailer.source().read("sales", days(1, 1))


def test_an_unknown_column_suggests_the_nearest(retailer: Retailer) -> None:
    retailer.sql("sales", SALES.replace("net_amount", "net_amout"))

    with pytest.raises(SourceContractError, match="sales has no column 'net_amout'; did you mean net_amount"):
        retailer.source().read("sales", days(1, 1))


def test_a_needed_column_that_is_missing_is_refused(retailer: Retailer) -> None:
    retailer.sql("sales", SALES.replace("    pieces AS quantity,\n", ""))

    with pytest.raises(SourceContractError, match="sales needs the column 'quantity', which is missing"):
        retailer.source().read("sales", days(1, 1))


def test_one_file_of_many_days_lacks_the_days_it_has_no_rows_for(retailer: Retailer) -> None:
    retailer.describe(ONE_FILE)
    retailer.deliver("sales.csv", HEADER + "2026-03-01,A,r1,apple,2,3\n2026-03-03,A,r2,apple,2,3\n")

    assert retailer.source().read("sales", days(3, 3)).collect().height == 1
    with pytest.raises(SourceUnavailable, match="no delivery for 2026-03-02, 2026-03-04"):
        retailer.source().read("sales", days(1, 4))


def test_an_archive_may_have_days_without_rows(retailer: Retailer) -> None:
    retailer.describe(ARCHIVE.replace("sales/{date}.csv", "sales.csv"))
    retailer.deliver("sales.csv", HEADER + "2026-03-01,A,r1,apple,2,3\n2026-03-03,A,r2,apple,2,3\n")

    assert retailer.source().read("sales", days(2, 2)).collect().is_empty()
    assert retailer.source().read("sales", days(1, 31)).collect().height == 2


def test_an_archive_of_daily_files_may_lack_files(retailer: Retailer) -> None:
    retailer.describe(ARCHIVE)

    assert retailer.source().read("sales", days(20, 25)).collect().is_empty()
    assert retailer.source().read("sales", days(1, 31)).collect().height == 3


def test_days_outside_the_span_are_not_there(retailer: Retailer) -> None:
    retailer.describe(ARCHIVE.replace("2026-03-31", "2026-03-02"))

    with pytest.raises(SourceUnavailable, match=r"corner has the days 2026-03-01..2026-03-02; outside are 2026-03-03"):
        retailer.source().read("sales", days(1, 3))


def test_rows_outside_the_span_are_refused(retailer: Retailer) -> None:
    retailer.describe(ARCHIVE.replace("sales/{date}.csv", "sales.csv"))
    retailer.deliver("sales.csv", HEADER + "2026-03-01,A,r1,apple,2,3\n2062-03-01,A,r2,apple,2,3\n")

    with pytest.raises(
        SourceContractError,
        match=r"1 rows of input lines lie outside the span 2026-03-01..2026-03-31: 2062-03-01",
    ):
        retailer.source().read("sales", days(1, 1))


def test_rows_beyond_the_span_are_passed_by_where_the_mapping_says_so(retailer: Retailer) -> None:
    whole = ARCHIVE.replace("sales/{date}.csv", "sales.csv")
    retailer.describe(whole.replace('delivery = "archive"', 'delivery = "archive"\nbeyond_span = true'))
    retailer.deliver("sales.csv", HEADER + "2026-03-01,A,r1,apple,2,3\n2026-04-01,A,r2,apple,2,3\n")

    assert retailer.source().read("sales", days(1, 31)).collect()["sale_id"].to_list() == ["r1"]


def test_distinct_keys_of_an_input_can_be_what_is_delivered(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace('driving = "shops"', 'driving = "lines"\ndriving_key = ["shop"]'))
    retailer.sql("stores", "SELECT DISTINCT shop AS store_id FROM lines")

    assert sorted(retailer.source().read("stores").collect()["store_id"]) == []

    (retailer.files / "sales/2026-03-03.csv").unlink()
    assert retailer.source().read("stores").collect()["store_id"].to_list() == ["A"]

    retailer.describe(MAPPING.replace('driving = "shops"', 'driving = "lines"\ndriving_key = ["shp"]'))
    with pytest.raises(SourceContractError, match=r"mapping.toml: Binder Error: Referenced column \"shp\" not found"):
        retailer.source().read("stores")


def test_a_snapshot_of_dated_files_is_the_newest(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("shops.csv", "shops/{date:%Y%m%d}.csv"))
    retailer.deliver("shops/20260228.csv", "id,name\nA,Old\n")
    retailer.deliver("shops/20260301.csv", "id,name\nA,New\n")
    retailer.deliver("shops/readme.csv", "nothing")

    assert retailer.source().read("stores").collect().rows() == [("A", "New")]


def test_a_missing_file_names_what_is_there(retailer: Retailer) -> None:
    (retailer.files / "shops.csv").rename(retailer.files / "shop.csv")

    with pytest.raises(SourceUnavailable) as raised:
        retailer.source().read("stores")

    assert str(raised.value).startswith(
        f"input shops: no file shops.csv in RETAIL_SOURCE_DIR {retailer.files}; there are shop.csv"
    )


def test_an_empty_folder_says_so(retailer: Retailer, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(SourceUnavailable, match=r"no file shops.csv in RETAIL_SOURCE_DIR .*; the folder is empty"):
        retailer.source(str(tmp_path / "empty")).read("stores")


def test_a_folder_that_is_not_there_says_so(retailer: Retailer) -> None:
    with pytest.raises(SourceUnavailable, match="RETAIL_SOURCE_DIR nowhere is not there or is no folder"):
        retailer.source("nowhere").read("stores")


def test_one_layout_of_several_is_there(retailer: Retailer) -> None:
    two = '[[inputs.shops]]\npath = "shops.csv"\n[[inputs.shops]]\npath = "shops.json"'
    retailer.describe(MAPPING.replace('[inputs.shops]\npath = "shops.csv"', two))
    source = retailer.source()
    assert source.read("stores").collect().height == 2

    retailer.deliver("shops.json", '[{"id": "C", "name": "Quay"}]')
    with pytest.raises(SourceContractError, match=r"holds both shops.csv and shops.json; leave one of them"):
        source.read("stores")

    (retailer.files / "shops.csv").unlink()
    assert source.read("stores").collect().rows() == [("C", "Quay")]


def test_a_value_has_the_text_of_its_own_file_whatever_is_read_beside_it(retailer: Retailer) -> None:
    """One day's Parquet file holds whole numbers, the other has a null and so floats."""
    retailer.describe(MAPPING.replace("{date}.csv", "{date}.parquet"))
    row = {"day": "2026-03-01", "shop": "A", "receipt": "r", "article": "a", "pieces": 1, "amount": Decimal("1.50")}
    pl.DataFrame([row]).write_parquet(retailer.files / "sales/2026-03-01.parquet")
    other = pl.DataFrame([row | {"day": "2026-03-02", "pieces": 2.0}])
    other.write_parquet(retailer.files / "sales/2026-03-02.parquet")
    source = retailer.source()

    both = source.read("sales", days(1, 2)).collect()

    assert both["quantity"].to_list() == ["1", "2.0"]
    alone = pl.concat([source.read("sales", days(day, day)).collect() for day in (1, 2)])
    assert alone.sort("date").equals(both.sort("date"))


def test_a_changed_file_is_read_again(retailer: Retailer) -> None:
    source = retailer.source()
    source.read("stores").collect()
    before = (retailer.files / "shops.csv").stat()

    retailer.deliver("shops.csv", "id,name\nA,Etoiles\nB,Port\n")
    os.utime(retailer.files / "shops.csv", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert source.read("stores").collect()["name"].to_list() == ["Etoiles", "Port"]


def test_the_identity_does_not_depend_on_where_files_lie_or_on_the_sql(retailer: Retailer) -> None:
    before = retailer.source().identity
    retailer.sql("stores", "SELECT id AS store_id FROM shops")

    assert retailer.source("elsewhere").identity == before == "mapping:corner"


def test_an_unreadable_parquet_file_is_named(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("shops.csv", "shops.parquet"))
    path = retailer.deliver("shops.parquet", "id,name\n")

    with pytest.raises(SourceContractError) as raised:
        retailer.source().read("stores")

    assert str(raised.value).startswith(f"{path} is no readable Parquet file: ")


def test_a_parquet_file_that_lacks_a_column_is_named(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("{date}.csv", "{date}.parquet"))
    path = retailer.files / "sales/2026-03-01.parquet"
    pl.DataFrame({"day": ["2026-03-01"], "shops": ["A"]}).write_parquet(path)

    with pytest.raises(SourceContractError) as raised:
        retailer.source().read("sales", days(1, 1))

    assert str(raised.value).startswith(f"{path}: column 'shop' is missing; did you mean shops? column 'receipt'")


def test_an_input_may_be_named_like_a_word_of_sql(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("inputs.lines", "inputs.order").replace('"lines"', '"order"'))
    retailer.sql("sales", SALES.replace("FROM lines", 'FROM "order"'))

    assert retailer.source().read("sales", days(1, 2)).collect().height == 3


def test_a_day_that_may_be_absent_needs_no_file(retailer: Retailer) -> None:
    (retailer.files / "sales/2026-03-02.csv").unlink()
    source, closed = retailer.source(), [date(2026, 3, 2)]

    rows = source.read("sales", days(1, 3), may_be_absent=closed).collect()

    assert rows["date"].unique().to_list() == [date(2026, 3, 1)]
    with pytest.raises(SourceUnavailable, match=r"no delivery for 2026-03-04, 2026-03-05$"):
        source.read("sales", days(1, 5), may_be_absent=closed)


def test_rows_of_a_day_that_may_be_absent_are_delivered(retailer: Retailer) -> None:
    rows = retailer.source().read("sales", days(1, 3), may_be_absent=list(days(1, 3).days())).collect()

    assert rows.equals(retailer.source().read("sales", days(1, 3)).collect())
    assert rows.height == 3


def test_a_day_that_may_be_absent_needs_no_rows_in_one_file_of_many_days(retailer: Retailer) -> None:
    retailer.describe(ONE_FILE)
    retailer.deliver("sales.csv", HEADER + "2026-03-01,A,r1,apple,2,3\n2026-03-03,A,r2,apple,2,3\n")

    rows = retailer.source().read("sales", days(1, 3), may_be_absent=[date(2026, 3, 2)]).collect()

    assert rows.height == 2


def test_a_window_without_files_has_the_columns_of_the_newest(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace('columns = ["day"', '# ["day"'))

    rows = retailer.source().read("sales", days(8, 8), may_be_absent=[date(2026, 3, 8)]).collect()

    assert (rows.height, rows.columns) == (0, retailer.source().read("sales", days(1, 1)).collect_schema().names())


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_bear_the_names_declared_in_small_and_capital_letters(retailer: Retailer, ending: str) -> None:
    retailer.describe(MAPPING.replace('"shops.csv"', f'"shops.{ending}"\ncolumns = ["store_id", "Name"]'))
    retailer.sql("stores", "SELECT store_id, Name AS name, city AS city FROM shops")
    frame = pl.DataFrame({"STORE_ID": ["A"], "NAME": ["Quay"], "CITY": ["Nice"]})
    (retailer.files / "shops.csv").unlink()
    getattr(frame, f"write_{ending}")(retailer.files / f"shops.{ending}")

    assert retailer.source().read("stores").collect().rows(named=True) == [
        {"store_id": "A", "name": "Quay", "city": "Nice"}
    ]


def test_opening_hours_may_be_derived(retailer: Retailer) -> None:
    retailer.describe(MAPPING + '\n[datasets.opening_hours]\ndelivery = "snapshot"\n')
    retailer.sql(
        "opening_hours",
        "SELECT id AS store_id, day, 'true' AS open FROM shops, (VALUES ('1'), ('2')) AS week(day)",
    )

    assert retailer.source().read("opening_hours").collect().height == 4


def test_a_day_may_have_several_files_and_their_date(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("sales/{date}.csv", "tills/{date:%Y%m%d}/lines_*.csv"))
    retailer.sql("sales", SALES.replace("day AS date", "file_date AS date"))
    for shop in "AB":
        retailer.deliver(f"tills/20260301/lines_{shop}.csv", HEADER + f",{shop},r1,apple,2,3.00\n")

    rows = retailer.source().read("sales", days(1, 1)).collect()

    assert rows.select("date", "store_id").rows() == [(date(2026, 3, 1), "A"), (date(2026, 3, 1), "B")]
