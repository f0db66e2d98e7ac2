"""Reading files as text, in the dialect declared, and what is said of files that cannot be read."""

import gzip
from pathlib import Path
from zipfile import ZipFile

import duckdb
import polars as pl
import pytest

from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.model import FilesInput
from retail_platform.sources.mapping.query import database
from retail_platform.sources.mapping.readers import to_parquet
from retail_platform_tests.sources.mapping.excel import write_workbook


def read(path: Path, content: bytes | str | None = None, **layout: object) -> pl.DataFrame:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    target = path.with_name("target.parquet")
    with database(path.parent) as connection:
        to_parquet(str(path), path, FilesInput.model_validate({"path": path.name, **layout}), target, connection)
    return pl.read_parquet(target)


@pytest.fixture
def till(tmp_path: Path) -> Path:
    return tmp_path / "till.csv"


def refusal(path: Path, content: bytes | str, **layout: object) -> str:
    with pytest.raises(SourceContractError) as raised:
        read(path, content, **layout)
    return str(raised.value)


def test_every_value_stays_the_text_it_is(till: Path) -> None:
    rows = read(till, 'zip,day,amount,note\n01037,2026-03-01,1.50,"say ""hi"", then\nleave"\n,,,\n')

    assert rows.schema == dict.fromkeys(["zip", "day", "amount", "note"], pl.String)
    assert rows.row(0) == ("01037", "2026-03-01", "1.50", 'say "hi", then\nleave')
    assert rows.row(1) == (None, None, None, None)


def test_a_declared_dialect_is_followed(till: Path) -> None:
    text = "Export of 1 March\r\nday;city;amount\r\n2026-03-01;'Orléans; Centre';1,50\r\n2026-03-01;Nîmes;NULL\r\n"

    rows = read(till, text.encode("cp1252"), delim=";", quote="'", skip=1, encoding="cp1252", nulls=["NULL"])

    assert rows.rows() == [("2026-03-01", "Orléans; Centre", "1,50"), ("2026-03-01", "Nîmes", None)]


def test_columns_can_be_named_where_there_is_no_header(till: Path) -> None:
    assert read(till, "1,2\n3,4\n", header=False, columns=["a", "b"]).rows() == [("1", "2"), ("3", "4")]


def test_a_byte_order_mark_is_no_part_of_the_first_name(till: Path) -> None:
    assert read(till, "\ufeffa,b\n1,2\n", columns=["a"]).columns == ["a", "b"]


def test_what_sniffing_would_get_wrong_late_is_read_as_declared(till: Path) -> None:
    """The holiday is 0 for 50,000 lines and then a letter; then comes a quoted comma."""
    rows = read(till, "day,holiday\n" + "1,0\n" * 50_000 + '2,a\n3,"b,c"\n')

    assert rows.tail(2).rows() == [("2", "a"), ("3", "b,c")]


COUNTED = "Expected Number of Columns: 2 Found: {}"
UNTERMINATED = "Value with unterminated quote found"


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("Grace,grace@example.com,3,4\n", COUNTED.format(3)),
        ("Grace\n", COUNTED.format(1)),
        ('Grace,"grace@example.com\n', UNTERMINATED),
        ('"Grace" Hopper,grace@example.com\n', UNTERMINATED),
        ('"Grace\nExpected Number of Columns: 2 Found: Hopper",Possible fixes,grace\n', COUNTED.format(3)),
    ],
)
def test_an_unreadable_line_is_named_and_not_told(till: Path, broken: str, told: str) -> None:
    assert refusal(till, "a,b\n1,2\n" + broken) == f"{till}, line 3 cannot be read: {told}"


def test_a_file_that_lacks_its_header_is_refused_without_its_first_row(till: Path) -> None:
    message = refusal(till, "c2,Grace Hopper,emil@x.nl\n", columns=["id", "name", "email"])

    assert message.startswith(
        f"{till}: none of the declared columns id, name, email is in the header: where the header"
    )
    assert not any(value in message for value in ("c2", "Grace", "emil@"))


def test_the_line_is_right_far_down_in_a_gzipped_file(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * 200_000 + "1,2,3\n" + "1,2\n" * 10

    assert "till.csv.gz, line 200002 cannot be read" in refusal(
        tmp_path / "till.csv.gz", gzip.compress(text.encode(), 1)
    )


def test_a_wrong_encoding_names_file_and_line(till: Path) -> None:
    expected = f"{till}, line 3: is not utf-8 text; name its encoding in the input, as encoding = 'latin-1'"
    assert refusal(till, "a,b\n1,2\n3,café\n".encode("latin-1")) == expected
    assert refusal(till, "é,b\n".encode("latin-1")).startswith(f"{till}, line 1: is not utf-8 text")
    assert refusal(till, b"a,b\n1,2\n\x81,4\n", encoding="cp1252").startswith(f"{till}, line 3: is not cp1252 text")


def test_a_missing_column_suggests_the_nearest(till: Path) -> None:
    assert refusal(till, "day,amnt,shop\n", columns=["day", "amount"]) == (
        f"{till}: column 'amount' is missing; did you mean amnt? Found are: day, amnt, shop"
    )


def test_a_column_that_is_there_twice_is_refused(till: Path) -> None:
    assert refusal(till, "a,b,A\n") == f"{till}, line 1: columns 1, 3 have the same name"


def test_a_file_without_even_a_header_is_refused(till: Path) -> None:
    assert refusal(till, "") == f"{till} is empty: a header line is expected, even on a day without rows"


def test_a_file_that_went_away_is_no_delivery(till: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"till.csv cannot be opened: No such file"):
        read(till)


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "till.csv.gz"
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000)))
    flipped = whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:]

    for damaged in (whole[: len(whole) // 2], flipped, b"a,b\n1,2\n"):
        assert refusal(path, damaged).startswith(f"{path}: the gzip file is damaged (")


def test_duckdb_does_not_see_a_wrong_checksum(tmp_path: Path) -> None:
    """Why files are unzipped by Python: when this fails, DuckDB may do it."""
    whole = gzip.compress(b"a,b\n1,2\n")
    path = tmp_path / "till.csv.gz"
    path.write_bytes(whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:])

    with duckdb.connect() as connection:
        [[count]] = connection.execute(f"SELECT count(*) FROM read_csv('{path}')").fetchall()
    assert count == 1


@pytest.mark.parametrize("text", ['[{"a": 1.50, "b": "x"}, {"a": null, "b": {"c": [1]}}]', None])
def test_json_is_text_too(tmp_path: Path, text: str | None) -> None:
    text = text or '{"a": 1.50, "b": "x"}\n{"a": null, "b": {"c": [1]}}\n'

    rows = read(tmp_path / "till.json", text, columns=["a", "b"])

    assert rows.rows() == [("1.5", "x"), (None, '{"c":[1]}')]


def test_json_without_records_has_the_declared_columns(tmp_path: Path) -> None:
    assert read(tmp_path / "till.json", "[]", columns=["a", "b"]).columns == ["a", "b"]


def test_bad_json_names_the_file_and_the_record(tmp_path: Path) -> None:
    path = tmp_path / "till.json"

    cut = refusal(path, '[{"a": 1}, {"a": ')
    assert cut.startswith(f'{path} cannot be read: Malformed JSON in file "{path}", at byte ')
    assert cut.endswith(": unexpected end of data")
    twice = refusal(path, '[{"name": "Grace", "name": "Ada"}]')
    assert twice.endswith(f'JSON transform error in file "{path}", in record/value 1 has the same key twice')
    assert "Grace" not in twice
    assert "column 'b' is missing" in refusal(path, '[{"a": 1}]', columns=["a", "b"])
    assert str(path) in refusal(path, '[{"a": "é"}]'.encode("latin-1"))


def test_excel_is_text_too(tmp_path: Path) -> None:
    path = tmp_path / "till.xlsx"
    write_workbook(path, "March", [["day", "shop", "amount"], ["2026-03-01", 7, 1.5], ["2026-03-01", None, 2]])

    rows = read(path, sheet="March", columns=["day", "amount"])

    assert rows.schema == dict.fromkeys(["day", "shop", "amount"], pl.String)
    assert rows.rows() == [("2026-03-01", "7", "1.5"), ("2026-03-01", None, "2")]
    with pytest.raises(SourceContractError, match="has no sheet 'Marsh'; did you mean March"):
        read(path, sheet="Marsh")
    with pytest.raises(SourceContractError, match="column 'amnt' is missing; did you mean amount"):
        read(path, columns=["amnt"])
    assert refusal(path, "day,amount\n").startswith(f"{path} is no readable Excel file")


def test_excel_does_not_tell_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "till.xlsx"
    write_workbook(path, "March", [["name"], ["Grace Hopper"]])
    cell = b'<c t="inlineStr"><is><t>Grace Hopper</t></is></c>'
    with ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with ZipFile(path, "w") as book:
        for name, part in parts.items():
            book.writestr(name, part.replace(cell, b'<c t="e"><v>Grace Hopper</v></c>'))

    message = refusal(path, path.read_bytes())

    assert "is no readable Excel file: calamine error: Xlsx error: Unsupported cell error value" in message
    assert "Grace" not in message
