"""How a table shows in Dagster: column schema from its contract, kinds, owners and tags."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg
import dataframely as dy
import polars as pl

from retail_platform.storage.io_manager import LEAVES_OUT_ABSENT_DAYS

OWNERS = ["team:retail-data"]
KINDS = {"polars", "deltalake"}
SOURCE = "source"
"""Metadata of a raw table: the name of the source it is read from."""
DAYS_BEHIND = "days_behind"
"""Metadata of a raw table whose source has a day only so many days after it."""


def described(
    contract: type[dy.Schema], *, domain: str, layer: str, more: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Arguments of an asset that holds one table; one that is computed leaves out days that cannot be.

    Args:
        contract: of the table.
        domain: it belongs to.
        layer: it lies in.
        more: metadata besides the contract's.
    """
    leaves_out = {LEAVES_OUT_ABSENT_DAYS: True} if layer == "metrics" else {}
    known = metadata(contract) | leaves_out | dict(more)
    return {"metadata": known, "kinds": KINDS, "owners": OWNERS, "tags": tags(domain, layer)}


def tags(domain: str, layer: str) -> dict[str, str]:
    """Tags to select assets by, as `tag:layer=raw`; layers are raw, validated, quarantine, metrics, published."""
    return {"domain": domain, "layer": layer}


def metadata(contract: type[dy.Schema]) -> dict[str, Any]:
    """Definition metadata of a table: its column schema and which columns are personal."""
    personal = personal_columns(contract)
    return {"dagster/column_schema": column_schema(contract)} | ({"personal_columns": personal} if personal else {})


def personal_columns(contract: type[dy.Schema]) -> list[str]:
    """Columns that tell who a person is."""
    return [name for name, column in contract.columns().items() if (column.metadata or {}).get("personal")]


def column_schema(contract: type[dy.Schema]) -> dg.TableSchema:
    """The contract's columns, types, constraints and rules."""
    personal = set(personal_columns(contract))
    types = pl.Schema(contract)
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                type=_type_name(types[name]),
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, other=_limits(column)),
                tags={"personal": ""} if name in personal else None,
            )
            for name, column in contract.columns().items()
        ],
        constraints=dg.TableConstraints(other=_table_rules(contract)),
    )


def _type_name(dtype: pl.DataType) -> str:
    match dtype:
        case pl.Decimal():
            return f"Decimal({dtype.precision}, {dtype.scale})"
        case pl.Datetime():
            return f"Datetime {dtype.time_zone or ''}".strip()
        case pl.Enum():
            return " | ".join(dtype.categories)
        case _:
            return str(dtype)


def _limits(column: dy.Column) -> list[str]:
    limits = ("min", "max", "min_exclusive", "max_exclusive", "min_length", "max_length", "regex")
    return [f"{limit} {value}" for limit in limits if (value := getattr(column, limit, None)) is not None]


def _table_rules(contract: type[dy.Schema]) -> list[str]:
    key = contract.primary_key()
    return [f"primary key {', '.join(key)}"] if key else []


def lineage(contract: type[dy.Schema], delivery: type[dy.Schema], raw: str) -> dg.TableColumnLineage:
    """Each column of a validated table that is a delivered one, judged."""
    delivered = set(delivery.column_names())
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=dg.AssetKey(raw), column_name=column)]
            for column in contract.column_names()
            if column in delivered
        }
    )
