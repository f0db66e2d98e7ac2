"""Tables as files to download: CSV that no spreadsheet takes for formulas, and Parquet."""

import io

import polars as pl

_FORMULA = r"^[=+\-@\t\r\n|]|^\s+[=+\-@|]"  # what a spreadsheet runs or passes on to another program
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


def csv(rows: pl.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, as spreadsheets want it; texts that begin like a formula get an apostrophe."""
    texts = [name for name, kind in rows.schema.items() if kind in (pl.String, pl.Categorical, pl.Enum)]
    lists = [name for name, kind in rows.schema.items() if isinstance(kind, pl.List)]
    structs = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Struct)]
    safe = rows.with_columns(
        *(pl.col(name).list.eval(pl.element().cast(pl.String)).list.join("; ") for name in lists),
        *(pl.col(name).struct.json_encode() for name in structs),
    ).with_columns(*(_neutral(pl.col(name).cast(pl.String)).alias(name) for name in [*texts, *lists, *structs]))
    heads = pl.Series(rows.columns, dtype=pl.String).to_frame("head").select(_neutral(pl.col("head"))).to_series()
    safe.columns = heads.to_list()
    return safe.write_csv(include_bom=True).encode()


def parquet(rows: pl.DataFrame) -> bytes:
    """The rows with their types."""
    file = io.BytesIO()
    rows.write_parquet(file)
    return file.getvalue()


def _neutral(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text)
