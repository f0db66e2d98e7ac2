"""What comes between a source and its raw table: the columns are complete, and no store is missing.

No value is judged here: that is `quality`'s business.
"""

from collections.abc import Collection
from datetime import date
from difflib import get_close_matches

import polars as pl

from retail_platform.sources.base import DELIVERIES, Source, SourceContractError, SourceUnavailable
from retail_platform.windows import Window

_SHOWN = 10


def deliver(
    source: Source, dataset: str, window: Window | None, *, may_be_absent: Collection[date] = ()
) -> pl.LazyFrame:
    """Rows of a dataset as delivered, with all columns of its delivery schema; absent ones are null text.

    Args:
        source: that delivers.
        dataset: one of its datasets.
        window: the days wanted; None for a snapshot.
        may_be_absent: days that need no delivery, as no store is open.

    Raises:
        SourceUnavailable: a delivery of the window is not there.
        SourceContractError: a column is missing or unknown, or the delivery cannot be read.
    """
    rows = source.read(dataset, window, may_be_absent=may_be_absent)
    schema = DELIVERIES[dataset]
    wanted, given = schema.column_names(), rows.collect_schema().names()
    for column in given:
        if column not in wanted:
            near = get_close_matches(column, wanted, n=1)
            raise SourceContractError(
                f"source {source.name} delivers {dataset} with an unknown column {column}: "
                + (f"did you mean {near[0]}?" if near else f"known are {', '.join(wanted)}")
            )
    for name, definition in schema.columns().items():
        if name not in given and not definition.nullable:
            near = get_close_matches(name, given, n=1)
            raise SourceContractError(
                f"source {source.name} delivers {dataset} without the column {name}"
                + (f": is it {near[0]}?" if near else ", which every row needs")
            )
    return rows.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in wanted if name not in given).select(
        wanted
    )


def require_rows(source: Source, dataset: str, rows: pl.DataFrame) -> None:
    """Make sure that a delivery without which nothing else can be judged is not empty.

    Raises:
        SourceUnavailable: it is: a server or an export that lost its content says so in the same way.
    """
    if rows.is_empty():
        raise SourceUnavailable(
            f"{dataset} of {source.name}: the delivery is there and holds no rows; the table stays as it was. "
            "Materialize it again when it is delivered whole"
        )


def require_stores(source: Source, dataset: str, rows: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Make sure that each expected store delivered on each day.

    Args:
        source: for the message.
        dataset: for the message.
        rows: as delivered, with `date` and `store_id`.
        expected: `date`, `store_id`.

    Raises:
        SourceUnavailable: naming the stores missing, by day.
    """
    missing = expected.join(rows.select("date", "store_id").unique(), on=["date", "store_id"], how="anti")
    if missing.is_empty():
        return
    days = missing.group_by("date").agg(pl.col("store_id").sort()).sort("date")
    named = "; ".join(
        f"{day}: {', '.join(stores[:_SHOWN])}" + (f" and {len(stores) - _SHOWN} more" if len(stores) > _SHOWN else "")
        for day, stores in days.head(_SHOWN).iter_rows()
    )
    more = f"; and {days.height - _SHOWN} more days" if days.height > _SHOWN else ""
    raise SourceUnavailable(
        f"{dataset} of {source.name} lacks {missing.height} store-days ({named}{more}): nothing of these days was "
        "written; materialize them again when the stores have delivered, or give the store a closed day or a closed_on"
    )
