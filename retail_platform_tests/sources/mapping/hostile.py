"""Deliveries nobody would wish for: bodies of files and answers, broken on purpose or by nature.

Only making them belongs here; what becomes of one is `ordeal`'s business.
"""

import codecs
import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import polars as pl
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from retail_platform.sources.base import DELIVERIES

DAY = date(2026, 3, 1)
LARGE = "x" * (1 << 20)
NASTY = (
    *("", " ", "\t", "\n", "\r", "\r\n", "\0", "a\0b", "\x01\x1b[2J\x7f", "\u202e\u200b", "\ufeff", "\U0010ffff", "é"),
    *("../../x", "..\\..\\x", "/etc/passwd", "~/x", "file:///etc/passwd", "C:\\x", "date=2026-03-01/x", "%2e%2e%2fx"),
    *("'; DROP TABLE sales; --", '"; DELETE FROM stores; --', "') UNION SELECT 1 --", "$(touch x)", "`touch x`"),
    *("=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "{{7*7}}", "${jndi:ldap://x}"),
    *("<script>alert(1)</script>", "%s%n", "{date}", "NULL", "null", "None", "nan", "NaN", "inf", "-Infinity", "\\N"),
    *("0", "-0", "0.0", "1e400", "-1e400", "1e-400", "9" * 40, "-" + "9" * 400, "0x1f", "1_000", "1,5", "١٢", "1" * 19),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "99999999999999.99", "0.005", "1.5"),
    *("true", "TRUE", "2", "yes", "maybe", "[]", "{}", "[[[[", '{"a":1}', '"', '""', '"a', "a,b", ",", ";", "'"),
    *("0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "-0044-03-15", "2026-02-30", "2026-13-01", "26-03-01"),
    *("infinity", "epoch", "2026-03-01 24:00:00", "2026-03-29T02:30", "2026-10-25 02:30:00", "1e9", "20260301"),
    *("0000-01-01 00:00:00", "9999-12-31T23:59:59.999999", "25:00", "24:00", "Mars/Phobos", "Factory", "eur", "EURO"),
)
SURROGATE = "\ud800"

_PLAUSIBLE: dict[str, dict[str, str]] = {
    "clients": {"client_id": "c", "name": "Ada", "age": "36", "loyalty_card": "true", "created_on": "2020-02-29"},
    "products": {"product_id": "p", "name": "Apple", "unit_price": "1.50", "unit_cost": "0.60", "perishable": "yes"},
    "product_prices": {"product_id": "p", "unit_price": "1.50", "valid_from": "2026-01-01", "valid_to": "2026-12-31"},
    "stores": {"store_id": "s", "timezone": "Europe/Paris", "currency": "EUR", "opened_on": "2020-01-01"},
    "opening_hours": {"store_id": "A", "day": "daily", "open": "true", "opens": "09:00", "closes": "18:00"},
    "sales": {"date": str(DAY), "store_id": "A", "sale_id": "r", "sold_at": "2026-03-01 10:20", "quantity": "2"}
    | {"client_id": "c1", "product_id": "p1", "unit_price": "1.50", "net_amount": "3.00"},
    "store_totals": {"date": str(DAY), "store_id": "A", "transactions": "7", "visitors": "40", "revenue": "81.50"},
    "footfall": {"date": str(DAY), "hour": "10", "store_id": "A", "sensor_id": "d", "visitors": "12", "status": "ok"},
    "calendar_events": {"kind": "strike", "name": "Tram", "first_day": "2026-03-01", "last_day": "2026-03-02"},
    "weather": {"date": str(DAY), "store_id": "A", "temperature_mean": "7.4", "precipitation": "0.0"},
}  # fmt: skip
_NUMBERED = {"client_id": "clients", "product_id": "products", "store_id": "stores"}
DATASETS = tuple(_PLAUSIBLE)

Row = dict[str, str | None]
T = TypeVar("T")


@dataclass(frozen=True)
class Body:
    """One delivery.

    Attributes:
        content: the bytes.
        rows: that must be delivered if it is not refused; None: nobody can say.
        zipped: whether its file's name says that it is gzipped.
        status: of the answer, where it is one.
        headers: of the answer.
        cut: bytes of it that are announced and never sent.
    """

    content: bytes
    rows: tuple[Row, ...] | None = None
    zipped: bool = False
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0


texts = st.one_of(
    st.sampled_from(NASTY),
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.integers().map(str),
    st.floats().map(repr),
    st.dates().map(str),
)


def plausible(dataset: str, number: int) -> Row:
    """A row that would be accepted."""
    row: Row = dict.fromkeys(DELIVERIES[dataset].column_names()) | _PLAUSIBLE[dataset]
    for column in ("sale_id", "sensor_id", *(column for column, of in _NUMBERED.items() if of == dataset)):
        if column in row:
            row[column] = f"{row[column]}{number}"
    return row


@st.composite
def tables(draw: st.DrawFn, dataset: str) -> tuple[Row, ...]:
    """Plausible rows of which some values are not, and some rows are there twice."""
    rows = [plausible(dataset, number) for number in range(draw(st.integers(1, 6)))]
    columns, place = DELIVERIES[dataset].column_names(), st.integers(0, len(rows) - 1)
    for number, column, text in draw(st.lists(st.tuples(place, st.sampled_from(columns), texts), max_size=8)):
        rows[number] = {**rows[number], column: text}
    rows += [rows[number] for number in draw(st.lists(place, max_size=2))]
    if draw(st.integers(0, 99)) == 50:
        rows[0] = {**rows[0], columns[-1]: LARGE}
    return tuple(rows)


def damaged(bodies: st.SearchStrategy[Body]) -> st.SearchStrategy[Body]:
    """Bodies cut, changed in some bytes, or with more before or after them."""
    changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=4)
    noise = st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\0", b"\n\n", b'"', b"]", b"\xff\xfe\xfd"])

    def damage(
        body: Body, end: float, changes: list[tuple[float, bytes]], around: tuple[bytes, bytes], over: bool
    ) -> Body:
        content = bytearray(body.content[: int(len(body.content) * end)] if end < 0.9 else body.content)
        for place, new in changes:
            start = int(place * len(content))
            content[start : start + (len(new) if over else 0)] = new
        return replace(body, content=around[0] + bytes(content) + around[1], rows=None)

    return st.builds(damage, bodies, st.floats(0, 2), changes, st.tuples(noise, noise), st.booleans())


def recoded(bodies: st.SearchStrategy[Body]) -> st.SearchStrategy[Body]:
    """Bodies in other encodings than the input says."""

    def recode(body: Body, encoding: str) -> Body:
        return replace(body, content=body.content.decode().encode(encoding, errors="replace"), rows=None)

    return st.builds(recode, bodies, st.sampled_from(["utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7"]))


def zipped(bodies: st.SearchStrategy[Body]) -> st.SearchStrategy[Body]:
    """Bodies gzipped, whole and cut, or called gzipped and not."""

    def pack(body: Body, missing: int | None) -> Body:
        packed = gzip.compress(body.content, 1, mtime=0)
        if missing is None:
            return replace(body, rows=None, zipped=True)
        return replace(body, content=packed[: len(packed) - missing], rows=None if missing else body.rows, zipped=True)

    return st.builds(pack, bodies, st.sampled_from([0, 0, 1, 9, None]))


noise = st.builds(
    Body, st.one_of(st.binary(max_size=200), st.sampled_from([b"", b"\n", b"\0" * 64, b'"', b"\xef\xbb\xbf"]))
)


def csv_bodies(dataset: str) -> st.SearchStrategy[Body]:
    """CSV files."""
    columns = DELIVERIES[dataset].column_names()

    def written(rows: tuple[Row, ...], bom: bool) -> Body:
        content = io.StringIO(newline="")
        writer = csv.DictWriter(content, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        read = tuple({name: value or None for name, value in row.items()} for row in rows)
        return Body(("\ufeff" * bom + content.getvalue()).encode(), read)

    def loose(rows: tuple[Row, ...], delimiter: str, end: str) -> Body:
        lines = [columns, *([value or "" for value in row.values()] for row in rows)]
        return Body(end.join(delimiter.join(line) for line in lines).encode())

    def headed(rows: tuple[Row, ...], header: list[str], form: int) -> Body:
        names = [
            [*columns, *header],
            [*header, *columns],
            [*columns, *columns],
            header,
            [one.upper() for one in columns],
        ]
        content = io.StringIO(newline="")
        writer = csv.writer(content)
        writer.writerow(names[form])
        writer.writerows([(row.get(name) or "x") for name in names[form]] for row in rows)
        return Body(content.getvalue().encode())

    good = st.builds(written, tables(dataset), st.booleans())
    mixed = st.builds(
        loose, tables(dataset), st.sampled_from([",", ",", ";", "\t", "|", "\0"]), st.sampled_from(["\n", "\r\n", "\r"])
    )
    heads = st.builds(headed, tables(dataset), st.lists(texts, max_size=4), st.integers(0, 4))
    many = st.integers(500, 3000).map(
        lambda count: Body(",".join(f"c{one}" for one in range(count)).encode() + b"\n1\n")
    )
    return st.one_of(good, good, mixed, heads, damaged(good), recoded(good), zipped(good), noise, many)


values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        texts,
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from(
            [10**400, -(10**30), 2**63, 2**64, 1e308, 5e-324, float("nan"), float("inf"), SURROGATE, "a" + SURROGATE]
        ),
        st.floats(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


def json_bodies(dataset: str, *, wrapped: bool = False) -> st.SearchStrategy[Body]:
    """JSON files and answers.

    Args:
        dataset: whose rows they hold.
        wrapped: whether the rows stand at `rows`, and what leads to the next page at `next`.
    """
    columns = DELIVERIES[dataset].column_names()

    def told(content: Any, following: Any = None) -> Body:
        content = {"rows": content, "next": following} if wrapped else content
        return Body(json.dumps(content).encode())

    def good(rows: tuple[Row, ...], by_line: bool) -> Body:
        body = told(list(rows))
        if by_line and not wrapped:
            body = Body("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())
        return replace(body, rows=rows)

    def mixed(rows: tuple[Row, ...], changes: list[tuple[str, Any]], following: Any) -> Body:
        changed = [dict(row) | dict(changes[number : number + 1]) for number, row in enumerate(rows)]
        return told(changed, following)

    def twice(rows: tuple[Row, ...], name: str, value: str) -> Body:
        body = told([dict(row) | {"@": 0} for row in rows])
        return replace(
            body, content=body.content.replace(b'"@": 0', f"{json.dumps(name)}: {json.dumps(value)}".encode())
        )

    def deep(depth: int, form: str) -> Body:
        content = {"[": "[" * depth + "]" * depth, "{": '{"a":' * depth + "1" + "}" * depth, "<": "[" * depth}[form]
        rows = f'[{{"{columns[0]}": {content}}}]'
        return Body((f'{{"rows": {rows}}}' if wrapped else rows).encode())

    names = st.one_of(st.sampled_from(columns), texts)
    fine = st.builds(good, tables(dataset), st.booleans())
    return st.one_of(
        fine,
        fine,
        st.builds(mixed, tables(dataset), st.lists(st.tuples(names, values), max_size=4), values),
        st.builds(twice, tables(dataset), names, texts),
        st.builds(deep, st.sampled_from([10, 200, 2_000, 100_000]), st.sampled_from("[{<")),
        st.builds(told, values, values),
        st.builds(told, st.lists(values, max_size=4)),
        damaged(fine),
        recoded(fine),
        *([] if wrapped else [zipped(fine)]),
        noise,
    )


def answers(dataset: str, *, wrapped: bool) -> st.SearchStrategy[Body]:
    """Answers of a server: hostile bodies, and statuses, headers and lengths that are."""
    bodies = json_bodies(dataset, wrapped=wrapped)
    statuses = st.sampled_from([201, 204, 301, 302, 400, 401, 403, 404, 408, 418, 429, 500, 503, 599])
    headers = st.sampled_from(
        [
            {"Content-Type": "text/html; charset=utf-16"},
            {"Content-Encoding": "gzip"},
            {"Content-Encoding": "x-unknown"},
            {"Link": '<http://[::1>; rel="next"'},
            {"Link": '<//elsewhere.test/x>; rel="next"'},
            {"Retry-After": "9" * 400},
            {"Location": "file:///etc/passwd"},
            {"X-Long": "x" * 5000},
        ]
    )
    # A header may change what the body is.
    return st.one_of(
        bodies,
        bodies,
        bodies,
        st.builds(lambda body, status: replace(body, status=status, rows=None), bodies, statuses),
        st.builds(lambda body, header: replace(body, headers=header, rows=None), bodies, headers),
        st.builds(
            lambda body, cut: replace(body, cut=min(cut, len(body.content)), rows=None), bodies, st.integers(1, 50)
        ),
    )


def parquet_of(dataset: str, rows: tuple[Row, ...]) -> Body:
    """A Parquet file of text."""
    columns = DELIVERIES[dataset].column_names()
    return _parquet(pl.DataFrame(list(rows), schema=dict.fromkeys(columns, pl.String)), rows)


def _parquet(frame: pl.DataFrame, rows: tuple[Row, ...] | None = None) -> Body:
    content = io.BytesIO()
    frame.write_parquet(content)
    return Body(content.getvalue(), rows)


def parquet_bodies(dataset: str) -> st.SearchStrategy[Body]:
    """Parquet files: of text, of other types than any column has, and damaged ones."""
    columns = DELIVERIES[dataset].column_names()

    def typed(rows: tuple[Row, ...], changes: list[tuple[str, pl.Series]]) -> Body:
        frame = pl.DataFrame(list(rows), schema=dict.fromkeys(columns, pl.String))
        return _parquet(
            frame.with_columns(
                series.gather([0] * frame.height).alias(name or "_") for name, series in dict(changes).items()
            )
        )

    names = st.one_of(st.sampled_from(columns), st.sampled_from(columns), st.sampled_from(NASTY))
    fine = tables(dataset).map(partial(parquet_of, dataset))
    others = st.builds(
        typed, tables(dataset), st.lists(st.tuples(names, st.sampled_from(TYPED)), min_size=1, max_size=4)
    )
    framed = st.binary(max_size=64).map(lambda content: Body(b"PAR1" + content + b"PAR1"))
    return st.one_of(fine, fine, others, others, others, damaged(fine), framed, noise)


TYPED = (
    pl.Series([True]),
    pl.Series([2**64 - 1], dtype=pl.UInt64),
    pl.Series([-(2**63)], dtype=pl.Int64),
    pl.Series([2**127 - 1], dtype=pl.Int128),
    pl.Series([float("nan")]),
    pl.Series([float("-inf")], dtype=pl.Float32),
    pl.Series([Decimal("9" * 38)], dtype=pl.Decimal(38, 0)),
    pl.Series([Decimal("0.005")], dtype=pl.Decimal(38, 10)),
    pl.Series([date(1, 1, 1)]),
    pl.Series([3_000_000], dtype=pl.Int32).cast(pl.Date),
    pl.Series([-(2**31)], dtype=pl.Int32).cast(pl.Date),
    pl.Series([datetime(2026, 3, 1, 10, tzinfo=UTC)]),
    pl.Series([2**62], dtype=pl.Int64).cast(pl.Datetime("us")),
    pl.Series([-(2**62)], dtype=pl.Int64).cast(pl.Datetime("ns")),
    pl.Series([time(23, 59)]),
    pl.Series([timedelta(days=-1)]),
    pl.Series([b"\xff\x00"]),
    pl.Series([[1, 2]]),
    pl.Series([{"a": {"b": None}}]),
    pl.Series(["A"], dtype=pl.Categorical()),
    pl.Series(["\0"]),
    pl.Series([None], dtype=pl.Null),
)


def bodies(form: str, dataset: str, *, wrapped: bool = False) -> st.SearchStrategy[Body]:
    """Deliveries of a dataset as csv, json, parquet or http."""
    if form == "http":
        return answers(dataset, wrapped=wrapped)
    return {"csv": csv_bodies, "json": json_bodies, "parquet": parquet_bodies}[form](dataset)


def for_each(strategy: st.SearchStrategy[T], number: int, chance: int, do: Callable[[T], object]) -> None:
    """Do something with so many values of a strategy, the same for the same chance."""

    @seed(chance)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(value: T) -> None:
        do(value)

    each()
