"""From delivered text to typed values, column by column, without losing a value that does not fit.

Only what a text must look like to be a number, day or truth value belongs here.
"""

import polars as pl

_TRUE = ["true", "t", "1", "yes", "y"]
_FALSE = ["false", "f", "0", "no", "n"]


def typed(column: str, have: pl.DataType, want: pl.DataType) -> pl.Expr:
    """The column as `want`; null where a value is not one.

    Text is trimmed and empty text is null, except where text is wanted. Whole numbers may carry a zero
    fraction (`3.0`), amounts are rounded half to even to a cent, days are `YYYY-MM-DD`, wall times
    `YYYY-MM-DD HH:MM[:SS[.f]]` with a blank or `T` between.
    """
    value = pl.col(column)
    if have == want:
        return value
    if have.is_(pl.Null()):
        return pl.lit(None, dtype=want).alias(column)
    if have != pl.String():
        return value.cast(want, strict=False)
    text = value.str.strip_chars().replace("", None)
    match want:
        case pl.Boolean():
            lower = text.str.to_lowercase()
            return (pl.when(lower.is_in(_TRUE)).then(True).when(lower.is_in(_FALSE)).then(False).otherwise(None)).alias(
                column
            )
        case pl.Date():
            return text.str.to_date("%Y-%m-%d", strict=False)
        case pl.Datetime():
            blank = text.str.replace("T", " ", literal=True)
            return pl.coalesce(
                blank.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us"),
                blank.str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us"),
            )
        case _ if want.is_integer():
            return text.str.replace(r"\.0+$", "").cast(want, strict=False)
        case _:
            return text.cast(want, strict=False)
