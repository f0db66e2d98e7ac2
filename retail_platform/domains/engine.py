"""Where the engine that reduces row-level tables meets Polars, which finishes them."""

import narwhals as nw
import polars as pl


def reduced(frame: nw.LazyFrame) -> pl.LazyFrame:
    """What an engine reduced, as Polars; it stays lazy where the engine is Polars."""
    native = frame.to_native()
    return native if isinstance(native, pl.LazyFrame) else frame.collect("polars").to_native().lazy()
