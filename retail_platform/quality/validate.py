"""The one function that judges delivered rows: accepted, or quarantined with reasons, never lost.

For any delivery: rows delivered = sum of `copies` over accepted and quarantined rows. What a rule says
belongs to the contracts; what happens to the tables afterwards belongs to the assets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import new_class
from typing import cast

import dataframely as dy
import polars as pl

from retail_platform.quality.casting import has_value, typed

ROW = "_row"
COPIES = "copies"
REASONS = "reasons"
CONFLICT = "identity|conflict"
SUPERSEDED = "identity|superseded"


@dataclass(frozen=True)
class Validated:
    """A delivery, judged.

    Attributes:
        accepted: rows of the contract; `copies` says how often each was delivered.
        quarantined: the rejected rows as delivered, with `reasons` (`column|rule`, or a rule's name) and
            `copies`.
    """

    accepted: pl.DataFrame
    quarantined: pl.DataFrame

    @property
    def duplicates(self) -> int:
        """Exact duplicates folded into `copies`."""
        return sum(int(frame[COPIES].sum()) - frame.height for frame in (self.accepted, self.quarantined))


def validate(
    delivered: pl.DataFrame,
    *,
    delivery: type[dy.Schema],
    contract: type[dy.Schema],
    identity: Sequence[str] = (),
    ordered_by: str | None = None,
    derive: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda rows: rows,
    known: Mapping[str, pl.Series] | None = None,
    meant: Mapping[str, str] | None = None,
) -> Validated:
    """Judge delivered rows against a contract.

    Args:
        delivered: rows with the columns of `delivery`, as text or typed.
        delivery: columns and types a source delivers.
        contract: the table's contract; has a column `copies`.
        identity: columns that identify a row as delivered. Rows equal in all columns are duplicates: the
            first stays. Equal identity with other content is a conflict and quarantines all of them.
        ordered_by: column whose greatest value decides a conflict; the others are superseded.
        derive: from the typed delivery, with `_row` and `copies`, to the contract's columns.
        known: for a column the ids that exist; a row with another one is quarantined (`column|unknown`).
        meant: delivered `store_id` -> the store it means; what is quarantined keeps what was delivered.

    Returns:
        Accepted and quarantined rows, each in the order delivered.
    """
    rows = delivered.select(delivery.column_names()).with_row_index(ROW)
    rows, rejected = _fold_duplicates(rows, identity, _order(rows, delivery, ordered_by))
    values, cast_failures = _cast(rows, delivery)
    if meant:
        values = values.with_columns(pl.col("store_id").replace(dict(meant)))
    # Rows that lost to another of their identity are out before keys and line numbers are looked at.
    derived = derive(values.join(rejected, on=ROW, how="anti", maintain_order="left").lazy()).collect()
    reasons = [rejected, cast_failures, _unknown(values, known or {})]
    accepted, contract_failures = _judge(derived, contract)
    # A value that did not cast is null: saying that it is null as well would name the consequence.
    undone = cast_failures.select(ROW, reason=pl.col("reason").str.replace("|dtype", "|nullability", literal=True))
    reasons.append(contract_failures.join(undone, on=[ROW, "reason"], how="anti"))
    why = (
        pl.concat(reasons)
        .unique(maintain_order=True)
        .group_by(ROW, maintain_order=True)
        .agg(pl.col("reason").sort().alias(REASONS))
    )
    quarantined = rows.join(why, on=ROW, how="inner", maintain_order="left").drop(ROW)
    good = accepted if why.is_empty() else accepted.join(why, on=ROW, how="anti", maintain_order="left")
    return Validated(
        accepted=good.select(contract.column_names()),
        quarantined=quarantined.select(*delivery.column_names(), REASONS, COPIES),
    )


def conflicts(
    delivered: pl.DataFrame, *, delivery: type[dy.Schema], identity: Sequence[str], ordered_by: str | None = None
) -> pl.DataFrame:
    """The rows that `validate` quarantines because others of their identity have other content.

    Args:
        delivered: rows with columns of `delivery`, those of `identity` and `ordered_by` among them.
        delivery: as for `validate`.
        identity: likewise.
        ordered_by: likewise.

    Returns:
        The rows in the order delivered, exact duplicates once, with `copies`.
    """
    rows = delivered.with_row_index(ROW)
    rows, rejected = _fold_duplicates(rows, identity, _order(rows, delivery, ordered_by))
    clashing = rejected.filter(pl.col("reason") == CONFLICT)
    return rows.join(clashing, on=ROW, how="semi", maintain_order="left").drop(ROW)


def _order(rows: pl.DataFrame, delivery: type[dy.Schema], column: str | None) -> pl.Expr | None:
    return None if column is None else typed(column, rows.schema[column], pl.Schema(delivery)[column])


def _no_reasons() -> pl.DataFrame:
    return pl.DataFrame(schema={ROW: pl.UInt32, "reason": pl.String})


def _fold_duplicates(
    rows: pl.DataFrame, identity: Sequence[str], order: pl.Expr | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row for each set of exact duplicates, with `copies`; and the rows in conflict, with the reason."""
    once = rows.with_columns(pl.lit(1, dtype=pl.Int64).alias(COPIES))
    if not identity or rows.is_empty():
        return once, _no_reasons()
    # Hashes find the few candidates; whether they are equal is decided below, on the values themselves.
    whole = pl.all_horizontal(has_value(name, rows.schema[name]) for name in identity)
    repeated = rows.select(pl.struct(identity).hash().is_duplicated() & whole).to_series()
    if not repeated.any():
        return once, _no_reasons()
    content = [column for column in rows.columns if column != ROW]
    folded = (
        rows.filter(repeated)
        .group_by(content, maintain_order=True)
        .agg(pl.col(ROW).first(), pl.len().cast(pl.Int64).alias(COPIES))
        .select(once.columns)
    )
    clashing = folded.filter(pl.len().over(identity) > 1)
    if order is None:
        losers = clashing.select(ROW, reason=pl.lit(CONFLICT))
    else:
        newest = order.max().over(identity)
        tied = (order == newest).sum().over(identity) > 1
        losers = clashing.select(
            ROW,
            reason=pl.when(order.ne_missing(newest))
            .then(pl.lit(SUPERSEDED))
            .when(tied | newest.is_null())
            .then(pl.lit(CONFLICT)),
        ).drop_nulls("reason")
    kept = pl.concat([once.filter(~repeated), folded]).sort(ROW)
    return kept, losers


def _cast(rows: pl.DataFrame, delivery: type[dy.Schema]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows typed; and for each value that is not of its type its row and `column|dtype`."""
    wanted = pl.Schema(delivery)
    values = rows.with_columns(typed(name, rows.schema[name], dtype) for name, dtype in wanted.items())
    suspects = [name for name, dtype in wanted.items() if rows.schema[name] != dtype]
    failures = [
        rows.select(ROW, name)
        .filter(values[name].is_null())
        .filter(has_value(name, rows.schema[name]))
        .select(ROW, reason=pl.lit(f"{name}|dtype"))
        for name in suspects
    ]
    return values, pl.concat([_no_reasons(), *failures])


def _unknown(values: pl.DataFrame, known: Mapping[str, pl.Series]) -> pl.DataFrame:
    missing = [
        values.filter(pl.col(name).is_not_null() & ~pl.col(name).is_in(ids.implode())).select(
            ROW, reason=pl.lit(f"{name}|unknown")
        )
        for name, ids in known.items()
    ]
    return pl.concat([_no_reasons(), *missing])


@cache
def _with_row(contract: type[dy.Schema]) -> type[dy.Schema]:
    """The contract plus the row index, so that a verdict finds its way back to the delivered row."""
    columns = {"row": dy.UInt32(alias=ROW)}
    return cast(
        type[dy.Schema], new_class(f"{contract.__name__}Row", (contract,), exec_body=lambda body: body.update(columns))
    )


def _judge(derived: pl.DataFrame, contract: type[dy.Schema]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that keep the contract, with `_row`; and each broken rule of the others."""
    schema = _with_row(contract)
    accepted, failure = schema.filter(derived, cast=True)
    details = failure.details()
    rules = [column for column in details.columns if column not in schema.column_names()]
    broken = [details.filter(pl.col(rule) == "invalid").select(ROW, reason=pl.lit(rule)) for rule in rules]
    return accepted, pl.concat([_no_reasons(), *broken])
