"""What a table can hold, and how its columns may change from one write to the next.

Only types belong here; whether rows are good is `quality`'s business.
"""

from collections.abc import Mapping

import polars as pl
from deltalake import Schema as DeltaSchema
from polars._typing import PolarsDataType

from retail_platform.storage.places import LakeError

_SIGNED: Mapping[type[pl.DataType], pl.DataType] = {
    pl.UInt8: pl.Int16(),
    pl.UInt16: pl.Int32(),
    pl.UInt32: pl.Int64(),
    pl.UInt64: pl.Int64(),
}
_UNSTORABLE = (pl.Null, pl.Time, pl.Duration, pl.Object, pl.Unknown, pl.Int128, pl.UInt128)


def storable(table: str, schema: pl.Schema, existing: pl.Schema | None) -> pl.Schema:
    """The types a frame's columns are stored as.

    Enum and Categorical become String, unsigned integers the next wider signed ones, times microseconds in
    UTC. A column of nulls without a type takes that of the table.

    Raises:
        LakeError: naming the columns that cannot be stored, and the mend.
    """
    types: dict[str, pl.DataType] = {}
    for column, dtype in schema.items():
        if dtype == pl.Null and existing is not None and column in existing:
            types[column] = existing[column]
            continue
        try:
            types[column] = _storable(dtype)
        except TypeError:
            raise LakeError(
                f"table {table}: column {column} of type {dtype} cannot be stored: "
                "cast it to a type Delta Lake has (text, integer, float, decimal, boolean, date, datetime)"
            ) from None
    return pl.Schema(types)


def _storable(dtype: PolarsDataType) -> pl.DataType:
    if isinstance(dtype, (type, *_UNSTORABLE)):
        raise TypeError
    if isinstance(dtype, (pl.Enum, pl.Categorical)):
        return pl.String()
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC" if dtype.time_zone else None)
    if isinstance(dtype, (pl.List, pl.Array)):
        return pl.List(_storable(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _storable(field.dtype) for field in dtype.fields})
    return _SIGNED.get(type(dtype), dtype)


def has_local_times(schema: pl.Schema) -> bool:
    """Whether a column holds datetimes without a zone, for which Delta asks a table feature."""
    return any(_is_local_time(dtype) for dtype in schema.values())


def _is_local_time(dtype: PolarsDataType) -> bool:
    if isinstance(dtype, pl.Datetime):
        return dtype.time_zone is None
    if isinstance(dtype, (pl.List, pl.Array)):
        return _is_local_time(dtype.inner)
    return isinstance(dtype, pl.Struct) and any(_is_local_time(field.dtype) for field in dtype.fields)


def merged(table: str, existing: pl.Schema, new: pl.Schema, uri: str) -> pl.Schema:
    """The table's columns after a write: the existing ones in their order, then the new ones.

    Raises:
        LakeError: naming each lost column and each changed type, and the mend.
    """
    problems = [f"column {name} ({dtype}) is missing" for name, dtype in existing.items() if name not in new] + [
        f"column {name} is {dtype} in the table and {new[name]} now"
        for name, dtype in existing.items()
        if name in new and new[name] != dtype
    ]
    if problems:
        raise LakeError(
            f"table {table}: {'; '.join(problems)}. Deliver the columns as they were, "
            f"or remove {uri} and materialize all its days again"
        )
    return pl.Schema({**existing, **{name: dtype for name, dtype in new.items() if name not in existing}})


def to_delta(schema: pl.Schema) -> DeltaSchema:
    """A Polars schema as Delta's."""
    return DeltaSchema.from_arrow(pl.DataFrame(schema=schema).to_arrow().schema)


def from_delta(schema: DeltaSchema) -> pl.Schema:
    """Delta's schema as Polars reads it."""
    return pl.Schema(schema)
