"""Whether a table's sums are those of the table it was made from, store by store and day by day.

How two tables are compared, and how a difference is told, belongs here. Which tables must agree in which
measures is their domain's business.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import polars as pl

from retail_platform.quality.rules import ERROR, Rule
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

STORE_DAY = ("date", "store_id")
_NAMED = 3

Sums = Callable[[pl.LazyFrame], pl.LazyFrame]
"""From the rows of a table to one row of measures a store and day."""

Gap = Literal["zero", "unknown", "error"]
"""What it means that one side has no rows of a store and day: zero: all its measures are 0 (either side); unknown: the
source's are null; error: a fault. Unless zero, the derived table has a row for each of the source's."""


def sums(**measures: pl.Expr) -> Sums:
    """Measures of each store and day."""
    return lambda rows: rows.group_by(STORE_DAY).agg(**measures)


def known_sum(column: str) -> pl.Expr:
    """The sum of a column; null, not 0, where no row knows it."""
    return pl.when(pl.col(column).is_not_null().any()).then(pl.col(column).sum())


def reconciliation(
    table: str,
    source: str,
    sides: tuple[Sums, Sums],
    *,
    what: str,
    gap: Gap,
    name: str = "reconciliation",
    blocking: bool = False,
) -> Rule:
    """Each store's measures of a day are those of the rows they were made from, exactly.

    Args:
        table: the derived table.
        source: the table it was made from.
        sides: the measures of `table` and of `source`, of the same names.
        what: what must be equal, for people.
        gap: what it means that the source has no rows of a store and day.
        name: of the check.
        blocking: a failure stops what comes after.
    """

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        assert window is not None
        ours, theirs = sides[0](lake.scan(table, window)), sides[1](lake.scan(source, window))
        stores = compared(ours, theirs, STORE_DAY, source=source, gap=gap, named=pl.col("store_id"))
        pairs = [(name, f"{source}_{name}") for name in stores.columns if f"{source}_{name}" in stores.columns]
        figures = [name for pair in pairs for name in pair]
        by_day = stores.group_by("date").agg(pl.col(figures).sum(), **told(pl.col("store_id")))
        return (
            pl.DataFrame({"date": list(window.days())})
            .join(by_day, on="date", how="left")
            .with_columns(pl.selectors.numeric().fill_null(0), pl.col("found").fill_null(""))
            .sort("date")
            .with_columns(
                passed=pl.col("differing") == 0,
                severity=pl.lit(ERROR),
                description=pl.when(pl.col("differing") == 0)
                .then(pl.format("; ".join(f"{_spoken(name)} {{}} of {{}}" for name, _ in pairs), *figures))
                .otherwise(pl.format("{} of {} stores differ: {}", "differing", "compared", "found")),
            )
            .rename({"compared": "stores", "differing": "differing_stores"})
            .drop("found")
        )

    return Rule(name, what, judge, blocking)


def compared(
    ours: pl.LazyFrame, theirs: pl.LazyFrame, key: Sequence[str], *, source: str, gap: Gap, named: pl.Expr
) -> pl.DataFrame:
    """Both sides beside each other, one row a key.

    Args:
        ours: the key and measures; one row a key.
        theirs: the same columns, of the source.
        key: columns that tell the rows apart.
        source: its name.
        gap: what a key without row of the source means.
        named: what to call a row.

    Returns:
        The key, the measures, the source's as `<source>_<measure>`, `differs`, and `found`: the row's name and
        the figures of both sides that differ.
    """
    measures = [name for name in ours.collect_schema().names() if name not in key]
    both = ours.with_columns(ours=True).join(
        theirs.select(*key, *(pl.col(name).alias(f"{source}_{name}") for name in measures), theirs=True),
        on=key,
        how="full",
        coalesce=True,
    )
    lost = pl.col("ours").is_null()
    if gap == "zero":
        # No row and a row of zeros say the same, on either side: a store of which all lines were cancelled, say.
        absent = pl.col("theirs").is_null()
        both = both.with_columns(
            *(_zero_where(absent, f"{source}_{name}") for name in measures),
            *(_zero_where(lost, name) for name in measures),
        )
    made_up = pl.col("theirs").is_null() & (gap == "error")
    unequal = {name: pl.col(name).ne_missing(pl.col(f"{source}_{name}")) for name in measures}
    figures = pl.concat_str(
        (
            pl.when(differs).then(pl.format(f"{_spoken(name)} {{}} of {{}}", _text(name), _text(f"{source}_{name}")))
            for name, differs in unequal.items()
        ),
        separator=", ",
        ignore_nulls=True,
    )
    detail = pl.when(lost).then(pl.lit("no row")).when(made_up).then(pl.lit(f"no row in {source}")).otherwise(figures)
    missing = pl.lit(value=False) if gap == "zero" else lost
    return both.with_columns(
        differs=missing | made_up | pl.any_horizontal(unequal.values()), found=pl.format("{} ({})", named, detail)
    ).collect()


def told(order: pl.Expr) -> dict[str, pl.Expr]:
    """Of rows of `compared`: how many were `compared`, how many are `differing`, and the first `found`."""
    differs = pl.col("differs")
    return {
        "compared": pl.len().cast(pl.Int64),
        "differing": differs.sum().cast(pl.Int64),
        "found": pl.col("found").filter(differs).sort_by(order.filter(differs)).head(_NAMED).str.join("; "),
    }


def _zero_where(absent: pl.Expr, name: str) -> pl.Expr:
    return pl.when(absent).then(0).otherwise(pl.col(name)).alias(name)


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("unknown")


def _spoken(name: str) -> str:
    return name.replace("_", " ")
