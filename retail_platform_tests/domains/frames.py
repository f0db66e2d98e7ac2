"""Small frames of a contract's columns, of which a test names only what it is about."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import dataframely as dy
import polars as pl

MONDAY = date(2026, 1, 5)


def frame(contract: type[dy.Schema], *rows: Mapping[str, Any], **common: Any) -> pl.DataFrame:
    """Rows of a contract; columns that no row names are null."""
    schema = pl.Schema(contract)
    records = [{**common, **row} for row in rows]
    if unknown := {name for record in records for name in record} - set(schema):
        raise ValueError(f"{contract.__name__} has no columns {sorted(unknown)}")
    return pl.DataFrame([{name: record.get(name) for name in schema} for record in records], schema=schema)


def text(contract: type[dy.Schema], *rows: Mapping[str, str | None], **common: str | None) -> pl.DataFrame:
    """Delivered rows as text, `date` as a date."""
    names = contract.column_names()
    records = [{**common, **row} for row in rows]
    delivered = pl.DataFrame(
        [{name: record.get(name) for name in names} for record in records], schema=dict.fromkeys(names, pl.String())
    )
    return delivered.with_columns(pl.col("date").str.to_date()) if "date" in names else delivered


def money(amount: str | int | None) -> Decimal | None:
    """An amount of Decimal(18, 2)."""
    return None if amount is None else Decimal(amount).quantize(Decimal("0.01"))
