"""All that is wrong with a mapping, told at once."""

import pytest

from retail_platform.sources.mapping.check import Finding, check_mapping
from retail_platform_tests.sources.mapping.conftest import HEADER, MAPPING, SALES, Retailer


def findings(retailer: Retailer) -> list[Finding]:
    return check_mapping(retailer.mapping, str(retailer.files))


def faults(retailer: Retailer) -> list[tuple[str, str | None, str | None, str]]:
    return [(one.level, one.dataset, one.column, one.message) for one in findings(retailer) if one.level != "info"]


def test_a_sound_mapping_has_no_faults(retailer: Retailer) -> None:
    assert faults(retailer) == []
    told = {(one.dataset, one.column, one.message) for one in findings(retailer)}
    assert (None, None, "input lines: 3 files sales/{date}.csv for 2026-03-01..2026-03-03") in told
    assert (
        "stores",
        None,
        "2 rows; optional columns not delivered: city, region, country, latitude, longitude, format, area_m2, "
        "capacity, timezone, currency, opened_on, closed_on",
    ) in told
    assert [one.column for one in findings(retailer) if one.dataset == "sales"] == [None]


def test_columns_are_missing_unknown_or_mistyped(retailer: Retailer) -> None:
    retailer.sql("stores", "SELECT name AS nam, name AS capacity, '1' AS area_m2 FROM shops")
    retailer.deliver("sales/2026-03-02.csv", HEADER + "2026-03-02,A,r2,apple,two,1.5\n2026-03-02,,r3,apple,2,1.5\n")

    assert faults(retailer) == [
        ("error", "stores", "nam", "stores has no such column; did you mean name?"),
        ("error", "stores", "store_id", "is missing: every row needs it"),
        (
            "error",
            "stores",
            "capacity",
            "2 of 2 values (100.0%) cannot be read as a whole number, most often 'Étoile' (1): "
            "their rows are quarantined",
        ),
        (
            "warning",
            "sales",
            "store_id",
            "empty in 1 of 4 rows: every row needs it, those without are quarantined",
        ),
        (
            "warning",
            "sales",
            "quantity",
            "1 of 4 values (25.0%) cannot be read as a whole number, most often 'two' (1): their rows are quarantined",
        ),
    ]


def test_values_of_a_dataset_of_persons_are_told_by_their_shape(retailer: Retailer) -> None:
    people = (
        '\n[inputs.people]\npath = "clients.csv"\n\n[datasets.clients]\ndelivery = "snapshot"\ndriving = "people"\n'
    )
    retailer.describe(MAPPING + people)
    retailer.deliver("clients.csv", "id,mail,born\nc1,ada@example.org,12.10.1985\n")
    retailer.sql("clients", "SELECT id AS client_id, born AS birth_year, mail AS loyalty_card FROM people")

    told = [message for *_, message in faults(retailer)]

    assert "1 of 1 value (100.0%) cannot be read as a whole number, most often like '99.99.9999' (1)" in told[0]
    assert "most often like 'aaa@aaaaaaa.aaa' (1)" in told[1]


def matched(against: str) -> str:
    return MAPPING + f'match_stores = {{ against = "{against}", least_similarity = 0.75 }}\n'


def test_misspelt_stores_are_told_with_what_they_are_taken_for(retailer: Retailer) -> None:
    retailer.describe(matched("name"))
    rows = ["Etoille", "Etoille", "Port", "B", "Harbour"]
    lines = "".join(f"2026-03-02,{shop},r{number},apple,2,1.5\n" for number, shop in enumerate(rows))
    retailer.deliver("sales/2026-03-02.csv", HEADER + lines)

    assert faults(retailer) == [("warning", "sales", "store_id", "'Etoille' is taken for store 'A' (0.86 alike)")]


def test_stores_are_matched_by_their_ids_too(retailer: Retailer) -> None:
    retailer.describe(matched("store_id"))
    retailer.deliver("shops.csv", "id,name\nnantes,Quay\nrennes,Market\n")
    retailer.deliver("sales/2026-03-02.csv", HEADER + "2026-03-02,Nantes,r1,apple,2,1.5\n")

    assert faults(retailer) == [("warning", "sales", "store_id", "'Nantes' is taken for store 'nantes' (1.00 alike)")]


def test_stores_without_the_column_to_be_like_are_an_error(retailer: Retailer) -> None:
    retailer.describe(matched("name"))
    retailer.sql("stores", "SELECT id AS store_id FROM shops")

    assert faults(retailer) == [("error", "sales", "store_id", "match_stores needs the column 'name' of stores")]


def test_inputs_that_are_missing_or_have_gaps(retailer: Retailer) -> None:
    (retailer.files / "shops.csv").unlink()
    (retailer.files / "sales/2026-03-02.csv").unlink()

    told = faults(retailer)

    assert told[0][0] == "error"
    assert told[0][3].startswith("input shops: no file shops.csv")
    without = "no file for 1 day between: 2026-03-02; a day fails without, unless no store is open"
    assert told[1:] == [("warning", None, None, f"input lines: {without}")]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (SALES + "JOIN shops ON true", "delivers 6 rows, its driving input lines has 3"),
        (SALES.replace("amount AS", "amont AS"), "line 7: Binder Error"),
        (SALES.replace(",\n    amount AS net_amount", ""), "net_amount or unit_price is needed"),
    ],
)
def test_faults_of_the_sql(retailer: Retailer, sql: str, told: str) -> None:
    retailer.sql("sales", sql)

    [(level, dataset, _, message)] = faults(retailer)

    assert (level, dataset) == ("error", "sales")
    assert told in message


def test_a_wrong_description_is_the_only_finding(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("EUR", "euro"))

    [finding] = findings(retailer)

    assert finding.level == "error"
    assert "currency: found 'euro'" in finding.message


def test_sql_that_belongs_to_no_dataset_is_named(retailer: Retailer) -> None:
    retailer.sql("foot_fall", "SELECT 1")

    [(level, _, _, message)] = faults(retailer)

    assert level == "warning"
    assert message.endswith("foot_fall.sql belongs to no dataset of mapping.toml; did you mean footfall?")


def test_counts_that_nothing_bounds_are_warned_of(retailer: Retailer) -> None:
    counts = '\n[inputs.counts]\npath = "counts.csv"\n\n[datasets.footfall]\ndelivery = "day"\ndriving = "counts"\n'
    retailer.describe(MAPPING + counts)
    retailer.deliver("counts.csv", "day,hour,shop,visitors\n2026-03-01,9,A,12\n")
    retailer.sql("footfall", "SELECT day AS date, hour, shop AS store_id, shop AS sensor_id, visitors FROM counts")
    retailer.deliver("shops.csv", "id,name,seats\nA,Quay,\nB,Port,80\n")
    retailer.sql("stores", "SELECT id AS store_id, name, seats AS capacity FROM shops")

    assert faults(retailer) == [
        (
            "warning",
            "stores",
            "capacity",
            "unknown for 1 of 2 stores, and mapping.toml says no max_visitors_per_hour: "
            "implausible counts of footfall cannot be told there",
        )
    ]

    retailer.describe(MAPPING.replace("[inputs.shops]", "max_visitors_per_hour = 500\n[inputs.shops]") + counts)
    assert faults(retailer) == []


def test_an_archive_has_no_gaps(retailer: Retailer) -> None:
    span = "span = { first = 2026-03-01, last = 2026-03-31 }"
    retailer.describe(MAPPING.replace("default_start = 2026-03-01", span).replace('"day"\ndriv', '"archive"\ndriv'))
    (retailer.files / "sales/2026-03-02.csv").unlink()

    assert faults(retailer) == []


BY_RECEIPT = MAPPING + 'identity = ["store_id", "sale_id"]\n'
MEND = (
    "all of them are quarantined; name in identity all columns that tell rows apart, or none, "
    "or in ordered_by the one that tells which row holds"
)


def test_lines_that_share_an_identity_with_other_lines_are_warned_of(retailer: Retailer) -> None:
    retailer.describe(BY_RECEIPT)
    basket = [("A", "r1", "apple"), ("A", "r1", "pear"), ("B", "r1", "apple"), ("A", "r2", "apple"), ("A", "r2", "fig")]
    lines = "".join(f"2026-03-01,{shop},{receipt},{article},2,1.5\n" for shop, receipt, article in basket)
    retailer.deliver("sales/2026-03-01.csv", HEADER + lines + lines[: lines.index("\n") + 1])

    assert faults(retailer) == [
        (
            "warning",
            "sales",
            None,
            "5 of 7 rows (71.4%) share date, store_id, sale_id with rows of other content, "
            f"most often '2026-03-01', 'A', 'r1' (3): {MEND}",
        )
    ]


def test_equal_rows_other_days_and_rows_without_identity_are_no_conflict(retailer: Retailer) -> None:
    retailer.describe(BY_RECEIPT)
    twice = "2026-03-01,A,r1,apple,2,1.5\n" * 2
    retailer.deliver("sales/2026-03-01.csv", HEADER + twice + "2026-03-01,A,,apple,2,1.5\n2026-03-01,A,,fig,2,1.5\n")
    retailer.deliver("sales/2026-03-02.csv", HEADER + "2026-03-02,A,r1,pear,1,0.8\n")

    assert [column for _, _, column, _ in faults(retailer)] == ["sale_id"]  # which two rows lack

    retailer.describe(MAPPING + 'identity = ["store_id", "sale_id", "line_number"]\n')
    retailer.deliver("sales/2026-03-02.csv", HEADER + "2026-03-02,A,r1,pear,1,0.8\n2026-03-02,A,r1,fig,1,0.8\n")
    assert [column for _, _, column, _ in faults(retailer)] == ["sale_id"]  # no row has a line_number


def test_rows_that_a_column_orders_conflict_where_it_does_not_tell(retailer: Retailer) -> None:
    cards = """
[inputs.cards]
path = "cards.csv"

[datasets.clients]
delivery = "snapshot"
driving = "cards"
identity = ["client_id"]
ordered_by = "created_on"
"""
    retailer.describe(MAPPING + cards)
    retailer.sql("clients", "SELECT id AS client_id, town AS city, since AS created_on FROM cards")
    retailer.deliver("cards.csv", "id,town,since\nAnn,Lyon,2026-01-02\nAnn,Nice,2026-01-01\nBob,Lyon,\n")

    assert faults(retailer) == []

    retailer.deliver("cards.csv", "id,town,since\nAnn,Lyon,2026-01-02\nAnn,Nice,2026-01-02\nBob,Lyon,\n")
    assert faults(retailer) == [
        (
            "warning",
            "clients",
            None,
            "2 of 3 rows (66.7%) share client_id with rows of other content that created_on does not order, "
            f"most often like 'Aaa' (2): {MEND}",
        )
    ]


def test_where_all_rows_conflict_it_is_an_error(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace('identity = ["store_id"]', 'identity = ["city"]'))
    retailer.sql("stores", "SELECT id AS store_id, name, 'Nantes' AS city FROM shops")

    [(level, dataset, _, message)] = faults(retailer)

    assert (level, dataset) == ("error", "stores")
    assert message.startswith("2 of 2 rows (100.0%) share city with rows of other content, most often 'Nantes' (2)")
