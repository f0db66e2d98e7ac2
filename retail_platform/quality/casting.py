"""From delivered text to typed values, column by column, without losing a value that does not fit.

Only what a value must look like to be a number, day or truth value belongs here.
"""

import polars as pl

_TRUE = ["true", "t", "1", "yes", "y"]
_FALSE = ["false", "f", "0", "no", "n"]
_YEARS = (1000, 9999)  # `26-01-05` is not the year 26, and Python has no year 0


def typed(column: str, have: pl.DataType, want: pl.DataType) -> pl.Expr:
    """The column as `want`; null where a value is not one.

    Blank text is null whatever is wanted: JSON's `""` says no more than CSV's nothing. Other text is trimmed,
    except where text is wanted. Whole numbers may carry a zero fraction (`3.0`), amounts are rounded half to
    even to a cent, days are `YYYY-MM-DD`, wall times `YYYY-MM-DD HH:MM[:SS[.f]]` with a blank or `T` between.
    """
    if have == want:
        return pl.when(has_value(column, have)).then(pl.col(column)) if have == pl.String() else pl.col(column)
    if have.is_(pl.Null()):
        return pl.lit(None, dtype=want).alias(column)
    return _of_text(pl.col(column), want) if have == pl.String() else _of_values(pl.col(column), have, want)


def has_value(column: str, have: pl.DataType) -> pl.Expr:
    """Whether the column says anything: it is not null, nor blank text."""
    value = pl.col(column)
    if have == pl.String():
        return (value.str.strip_chars() != "").fill_null(value=False)
    return value.is_not_null()


def _of_text(value: pl.Expr, want: pl.DataType) -> pl.Expr:
    text = value.str.strip_chars().replace("", None)
    match want:
        case pl.Boolean():
            lower = text.str.to_lowercase()
            truth = pl.when(lower.is_in(_TRUE)).then(True).when(lower.is_in(_FALSE)).then(False)
            return truth.otherwise(None).name.keep()
        case pl.Date():
            return _in_years(text.str.to_date("%Y-%m-%d", strict=False))
        case pl.Datetime():
            blank = text.str.replace("T", " ", literal=True)
            return _in_years(
                pl.coalesce(
                    blank.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us"),
                    blank.str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us"),
                )
            )
        case _ if want.is_integer():
            return text.str.replace(r"\.0+$", "").cast(want, strict=False)
        case _:
            return text.cast(want, strict=False)


def _of_values(value: pl.Expr, have: pl.DataType, want: pl.DataType) -> pl.Expr:
    """A value that is already of some type, where it is one of the wanted type without a loss of meaning."""
    cast = value.cast(want, strict=False)
    if have.is_numeric() and want.is_temporal():
        return pl.when(False).then(cast)
    if have.is_numeric() and want == pl.Boolean():
        return pl.when(value.is_in([0, 1])).then(cast)
    if (have.is_float() or have.is_decimal()) and want.is_integer():
        return pl.when(value == value.floor()).then(cast)
    if isinstance(have, pl.Datetime) and have.time_zone is not None and want.is_temporal():
        return value.dt.replace_time_zone(None).cast(want, strict=False)  # the wall time of its own zone
    return cast


def _in_years(day: pl.Expr) -> pl.Expr:
    return pl.when(day.dt.year().is_between(*_YEARS)).then(day)
