"""Polars columns from NumPy arrays, without a detour over Python values.

Only conversion belongs here.
"""

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from retail_platform.sources.simulator.streams import Ints

MONEY = pl.Decimal(18, 2)


def money(hundredths: Ints, known: NDArray[np.bool_] | None = None) -> pl.Series:
    """Amounts in hundredths as Decimal(18, 2); null where not `known`."""
    words = np.empty((len(hundredths), 2), dtype=np.int64)
    words[:, 0] = hundredths
    words[:, 1] = hundredths >> 63
    column = pl.Series(pa.Array.from_buffers(pa.decimal128(18, 2), len(hundredths), [None, pa.py_buffer(words)]))
    if known is None:
        return column
    return pl.select(pl.when(pl.Series(known)).then(column)).to_series()


def pick(pool: pl.Series, index: Ints) -> pl.Series:
    """The pool's values at `index`; null where it is negative."""
    if len(index) and index.min() < 0:
        taken = pl.Series(index)
        return pool.gather(taken.set(taken < 0, None).cast(pl.UInt32))
    return pool.gather(index.astype(np.uint32))
