"""Whatever is delivered: it is refused by an error that a source may raise, or each row is accounted for."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from retail_platform.sources.base import SourceContractError
from retail_platform_tests.sources.mapping.conftest import HEADER, MAPPING, Retailer, days
from retail_platform_tests.sources.mapping.hostile import NASTY, parquet_of, plausible
from retail_platform_tests.sources.mapping.ordeal import FORMS, Ordeal, ordeal, outside

_INPUTS = 50


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ordeal]:
    """The retailer; nothing but its scratch folder may be another after it than before."""
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(tmp_path.parent / "hypothesis"))
    with ordeal(tmp_path / "deep" / "down" / "hostile") as one:
        before = outside(tmp_path)
        yield one
        assert outside(tmp_path) == before


@pytest.mark.parametrize("form", FORMS)
def test_hostile_deliveries_are_refused_or_accounted_for(hostile: Ordeal, form: str) -> None:
    hostile.face_many(form, _INPUTS, chance=1)

    assert hostile.count.problems == []
    assert hostile.count.inputs == _INPUTS
    assert hostile.count.refused.total() < _INPUTS
    assert hostile.count.accepted > 0
    assert hostile.count.quarantined > 0


@pytest.mark.parametrize("dataset", ["sales", "clients", "stores", "footfall"])
def test_each_nasty_text_in_each_column_is_delivered_as_it_is(hostile: Ordeal, dataset: str) -> None:
    columns = [name for name in plausible(dataset, 0) if name != "date"]
    rows = tuple(
        plausible(dataset, number) | {columns[(number + offset) % len(columns)]: text}
        for offset in range(0, len(columns), 3)
        for number, text in enumerate(NASTY)
    )

    hostile.face("parquet", dataset, parquet_of(dataset, rows))

    assert hostile.count.problems == []
    assert hostile.count.delivered == len(rows)


@pytest.mark.parametrize("day", ["0000-01-01", "10000-01-01", "-0044-03-15", "infinity", "2026-02-30"])
def test_a_day_of_no_calendar_is_no_date(retailer: Retailer, day: str) -> None:
    retailer.describe(MAPPING.replace("sales/{date}.csv", "sales.csv"))
    retailer.deliver("sales.csv", HEADER + f"2026-03-01,A,r1,apple,2,3\n{day},A,r2,apple,2,3\n")

    with pytest.raises(SourceContractError, match=f"1 rows of input lines bear no date as YYYY-MM-DD: '{day}'"):
        retailer.source().read("sales", days(1, 1))


def test_a_parquet_type_that_cannot_be_read_is_named(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace("shops.csv", "shops.parquet"))
    frame = pl.DataFrame({"id": ["A"], "name": [2**100]}, schema={"id": pl.String, "name": pl.Int128})
    frame.write_parquet(retailer.files / "shops.parquet")

    with pytest.raises(SourceContractError, match=r"shops\.parquet is no readable Parquet file: .* 64 bits"):
        retailer.source().read("stores")


def test_thousands_of_columns_do_not_fill_the_message(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace('"shops.csv"', '"shops.csv"\ncolumns = ["id", "name"]'))
    retailer.deliver("shops.csv", ",".join(["name", *(f"c{number}{'x' * 500}" for number in range(2999))]) + "\n")

    with pytest.raises(SourceContractError, match=r"column 'id' is missing.*and 2900 more$") as raised:
        retailer.source().read("stores")

    assert len(str(raised.value)) < 15_000


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
@pytest.mark.parametrize("name", ["till_*", "till_?", "till_[1]", "till_'; DROP TABLE x", 'till_"1"', "till_é\n"])
def test_a_files_name_is_no_pattern_of_other_names(retailer: Retailer, name: str, ending: str) -> None:
    retailer.describe(MAPPING.replace("sales/{date}.csv", f"sales/{{date}}/*.{ending}"))
    for file, shop in ((name, "A"), ("till_1", "B")):
        row = dict(zip(HEADER.strip().split(","), ["2026-03-01", shop, "r1", "apple", "1", "2"], strict=True))
        path = retailer.deliver(f"sales/2026-03-01/{file}.{ending}", b"")
        getattr(pl.DataFrame([row]), f"write_{ending}")(path)

    rows = retailer.source().read("sales", days(1, 1)).collect()

    assert sorted(rows["store_id"]) == ["A", "B"]
