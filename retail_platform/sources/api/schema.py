"""The JSON schema of a page of each dataset, for the OpenAPI description.

Only how columns look in JSON belongs here.
"""

from typing import Any

import polars as pl

from retail_platform.sources.base import DELIVERIES


def page_schema(dataset: str) -> dict[str, Any]:
    """The JSON schema of a page, from the contract of the dataset's delivery."""
    columns = DELIVERIES[dataset].columns()
    row = {
        "type": "object",
        "properties": {name: _column_schema(column.dtype, column.nullable) for name, column in columns.items()},
    }
    return {
        "type": "object",
        "required": ["rows", "row_count", "total_rows", "next_cursor"],
        "properties": {
            "rows": {"type": "array", "items": row},
            "row_count": {"type": "integer", "description": "Rows on this page"},
            "total_rows": {"type": "integer", "description": "Rows of the whole answer, over all pages"},
            "next_cursor": {"type": ["string", "null"], "description": "Null on the last page"},
        },
    }


def _column_schema(dtype: pl.DataType, nullable: bool) -> dict[str, Any]:
    kind, more = _json_type(dtype)
    return {"type": [kind, "null"] if nullable else kind, **more}


def _json_type(dtype: pl.DataType) -> tuple[str, dict[str, str]]:
    if dtype.is_integer():
        return "integer", {}
    if dtype.is_float():
        return "number", {}
    if dtype.is_decimal():
        return "string", {"format": "decimal"}
    match dtype:
        case pl.Boolean():
            return "boolean", {}
        case pl.Date():
            return "string", {"format": "date"}
        case pl.Datetime():
            return "string", {"description": "Local wall time, ISO 8601"}
        case _:
            return "string", {}
