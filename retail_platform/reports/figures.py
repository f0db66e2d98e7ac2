"""The key figures of days: sums, the ratios of the sums, and the change against other days.

Bases are summed first and divided then, by the definitions of the metrics domain; a ratio is never averaged. Only
counting belongs here; how a number is written is `report`'s and `summary`'s business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from retail_platform.domains.metrics.compare import (
    RATIOS,
    WEEKS,
    change,
    change_of,
    compared_as,
    with_ratio_bases,
    with_ratios,
)
from retail_platform.domains.metrics.contract import OF_MONEY
from retail_platform.windows import Window

Basis = Literal["previous", "year", "average"]
BASES: tuple[Basis, ...] = ("previous", "year", "average")
KEY_FIGURES = ("visitors", "transactions", "revenue", "margin", "conversion_rate", "atv", "upt")
RANKED = ("revenue", "transactions", "visitors")
"""What stores and days are ranked by: the first of them that is known."""

COLUMNS = (
    *("date", "store_id", "currency", "is_open", "final", "hours_without_count"),
    *("visitors", "visitors_imputed_share", "transactions", "store_transactions", "units"),
    *("revenue", "margin", "cost_known_revenue", "area_m2"),
)
"""What is read of `StoreDay` rows."""

YEAR = 364  # days: the same weekday
LEAST_COMPARED = 0.8  # share of the days that know a measure: a change over fewer says little of them
_BASES = (
    *("visitors", "counted_visitors", "transactions", "units", "revenue", "margin", "cost_known_revenue"),
    *("counted_transactions", "conversion_visitors", "receipt_revenue", "itemised_transactions"),
)
_RATIOS = ("conversion_rate", "atv", "upt", "cost_known_share")
_SUMMED = (*_BASES, "hours_without_count", "imputed")
_PARTS = 2.0**20  # whole numbers of such parts add up alike in any order
_Values = Mapping[str, float | None]


@dataclass(frozen=True)
class Change:
    """A measure against other days.

    Attributes:
        per_cent: above those days, of visitors over whole counts alone; None where it was 0 or less, where fewer than
            four fifths of the days that know the measure, now or then, can be compared, or amounts are of several
            currencies.
        base: what it was on those days; of an average, their mean.
    """

    per_cent: float | None = None
    base: float | None = None


@dataclass(frozen=True)
class Figures:
    """What is known of a day, or of several together.

    Attributes:
        last: the last of the days.
        total: sums and ratios by name, with `visitors_imputed_share` and `hours_without_count`; None: not known.
        changes: of `KEY_FIGURES`, by basis and name.
    """

    last: date
    total: _Values
    changes: Mapping[Basis, Mapping[str, Change]]


def needed(window: Window) -> list[Window]:
    """The days that the figures of a window are made from, as windows that do not overlap."""
    before = Window(window.first - timedelta(days=max(len(window), 7 * WEEKS)), window.last)
    year = Window(window.first - timedelta(days=YEAR), window.last - timedelta(days=YEAR))
    if year.last >= before.first:
        return [Window(min(year.first, before.first), window.last)]
    return [year, before]


def of_window(days: pl.DataFrame, window: Window) -> Figures:
    """The figures of all days and stores together.

    Args:
        days: `StoreDay` rows, `COLUMNS` of them, of the days `needed`, as far as there are; of one currency, if amounts
            are to be shown.
        window: the days.
    """
    return _figures(days, window, len(window), pl.lit(window.last).alias("last")).get(
        window.last, Figures(window.last, {}, {})
    )


def of_days(days: pl.DataFrame, window: Window) -> dict[date, Figures]:
    """The figures of each day of a window; none of a day without rows. `days` as of `of_window`."""
    return _figures(days, window, 1, pl.col("date").alias("last"))


def sums(days: pl.DataFrame, by: Sequence[str | pl.Expr]) -> pl.DataFrame:
    """Sums and ratios of `StoreDay` rows by something, in its order; amounts in Float64."""
    return _divided(_summed(_measured(days), by)).sort([pl.col(_name(one)) for one in by])


def change_by_store(days: pl.DataFrame, window: Window, *, daily: bool = False) -> pl.DataFrame:
    """Each of `RANKED` of each store against the 4-week average, in per cent, over all days or of each.

    Returns:
        `date` (if daily), `store_id`, `<measure>_change`; null where it is not known, or too few of the store's days
        can be compared, or amounts are of several currencies.
    """
    rows = _measured(days)
    now, pairs = _with_means(rows, window, pl.lit(window.last).alias("last"))
    by = ["date", "store_id"] if daily else ["store_id"]
    sides = {name: (pl.col(compared_as(name)), pl.col(f"{compared_as(name)}_then")) for name in RANKED}
    pairs = pairs.filter(pl.any_horizontal(then.is_not_null() for _, then in sides.values()))
    compared = pairs.group_by(by, maintain_order=True).agg(
        *(change(one.sum(), then.sum()).alias(f"{name}_change") for name, (one, then) in sides.items()),
        *(then.count().alias(f"{name}_compared") for name, (_, then) in sides.items()),
    )
    known = now.group_by(by).agg(pl.col(RANKED).count().name.suffix("_known"))
    currencies = _of_one_currency([now, *_weeks(rows, window)], by)

    def known_change(name: str) -> pl.Expr:
        enough = pl.col(f"{name}_compared") >= LEAST_COMPARED * pl.col(f"{name}_known")
        comparable = enough & (pl.col("one_currency") if name in OF_MONEY else pl.lit(value=True))
        return pl.when(comparable).then(pl.col(f"{name}_change"))

    joined = compared.join(known, on=by, how="left", maintain_order="left").join(
        currencies, on=by, how="left", maintain_order="left"
    )
    return joined.select(*by, *(known_change(name) for name in RANKED))


def _figures(days: pl.DataFrame, window: Window, length: int, last: pl.Expr) -> dict[date, Figures]:
    rows = _measured(days)
    now, pairs = _with_means(rows, window, last)
    means = pairs.select("date", "last", *(pl.col(f"{name}_then").alias(name) for name in _BASES))
    sides = {("", "total"): now, ("average", "after"): pairs, ("average", "before"): means}
    comparable = {"average": _comparable([now], [means], [now, *_weeks(rows, window)], last)}
    for basis, back in (("previous", length), ("year", YEAR)):
        then = _earlier(rows, window, back)
        both = [now.join(then, on="date", how="semi"), then.join(now, on="date", how="semi")]
        pair = [_of_stores_that_know(*both), _of_stores_that_know(*both[::-1])]
        comparable[basis] = _comparable([now, both[1]], pair, both, last)
        sides[basis, "after"], sides[basis, "before"] = (_where_known(*pair), _where_known(*pair[::-1]))
    found = [
        _summed(frame, [last]).with_columns(basis=pl.lit(basis), side=pl.lit(side))
        for (basis, side), frame in sides.items()
    ]
    values = {
        (row.pop("basis"), row.pop("side"), row["last"]): row
        for row in _divided(pl.concat(found, how="diagonal_relaxed")).to_dicts()
    }

    def changes(day: date, basis: Basis) -> dict[str, Change]:
        after, before = (values.get((basis, side, day), {}) for side in ("after", "before"))
        known = comparable[basis].get(day, frozenset())
        return {
            name: _change(after.get(compared_as(name)), before.get(compared_as(name))) if name in known else Change()
            for name in KEY_FIGURES
        }

    return {
        day: Figures(day, values["", "total", day], {basis: changes(day, basis) for basis in BASES})
        for day in sorted(day for basis, _, day in values if not basis)
    }


def _comparable(
    held: Sequence[pl.DataFrame], pair: Sequence[pl.DataFrame], of_amounts: Sequence[pl.DataFrame], last: pl.Expr
) -> dict[date, frozenset[str]]:
    """Which of `KEY_FIGURES` can be compared, by `last`.

    Args:
        held: rows of a window and of days that it is compared with, at its dates.
        pair: what of them is compared.
        of_amounts: the rows that amounts are from.
        last: of the days that belong together.
    """
    days = held[0].select("date").unique()
    for at, rows in enumerate([*held, *pair]):
        known = rows.group_by("date").agg(pl.col(_BASES).is_not_null().any().name.suffix(f"_{at}"))
        days = days.join(known, on="date", how="left")

    def enough(name: str) -> pl.Expr:
        shown = RATIOS.get(name, (name,))[0]
        either = pl.any_horizontal(pl.col(f"{shown}_{at}") for at in range(len(held))).sum()
        both = pl.all_horizontal(pl.col(f"{compared_as(shown)}_{len(held) + at}") for at in range(len(pair))).sum()
        return ((both > 0) & (both >= LEAST_COMPARED * either)).alias(name)

    found = days.fill_null(value=False).group_by(last).agg(enough(name) for name in KEY_FIGURES)
    found = found.join(_of_one_currency(of_amounts, [last]), on="last", how="left")
    return {
        row["last"]: frozenset(
            name for name in KEY_FIGURES if row[name] and (row["one_currency"] or name not in OF_MONEY)
        )
        for row in found.iter_rows(named=True)
    }


def _of_one_currency(compared: Sequence[pl.DataFrame], by: Sequence[str | pl.Expr]) -> pl.DataFrame:
    """Whether amounts that are compared are in one currency, by something."""
    rows = pl.concat(rows.select("date", "store_id", "currency") for rows in compared)
    return rows.group_by(by).agg(one_currency=pl.col("currency").n_unique() <= 1)


def _of_stores_that_know(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Rows with the bases of a store's day alone of which the other row, if there is one, knows them, too."""
    lacking = others.select("date", "store_id", pl.col(_BASES).is_null().name.suffix("_lacking"))
    found = rows.join(lacking, on=["date", "store_id"], how="left", maintain_order="left")
    return found.with_columns(
        pl.when(pl.col(f"{name}_lacking").not_().fill_null(value=True)).then(pl.col(name)).alias(name)
        for name in _BASES
    )


def _where_known(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Rows with the bases on the days alone on which others know them."""
    known = others.group_by("date").agg(pl.col(_BASES).is_not_null().any().name.suffix("_known"))
    found = rows.join(known, on="date", how="left", maintain_order="left")
    return found.with_columns(pl.when(pl.col(f"{name}_known")).then(pl.col(name)).alias(name) for name in _BASES)


def _change(after: float | None, before: float | None) -> Change:
    if after is None or before is None:
        return Change()
    return Change(change_of(after, before), before)


def _measured(days: pl.DataFrame) -> pl.DataFrame:
    imputed = _in_parts(pl.col("visitors") * pl.col("visitors_imputed_share"))
    rows = days.lazy().select(COLUMNS).sort("date", "store_id")
    return with_ratio_bases(rows).with_columns(imputed=imputed).collect()


def _between(rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    return rows.filter(pl.col("date").is_between(window.first, window.last))


def _earlier(rows: pl.DataFrame, window: Window, back: int) -> pl.DataFrame:
    """Rows of so many days before a window, at its dates."""
    return _between(rows.with_columns(pl.col("date").dt.offset_by(f"{back}d")), window)


def _weeks(rows: pl.DataFrame, window: Window) -> list[pl.DataFrame]:
    """Rows of open days in each of the 4 weeks before, at the dates of a window."""
    return [_earlier(rows.filter("is_open"), window, 7 * week) for week in range(1, WEEKS + 1)]


def _summed(rows: pl.DataFrame, by: Sequence[str | pl.Expr]) -> pl.DataFrame:
    """Exact sums; Float64 of amounts only then. Means of weeks are Float64 already."""
    names = [name for name in _SUMMED if name in rows.columns]
    known = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum().cast(pl.Float64)).alias(name) for name in names]
    found = rows.group_by(by).agg(*known, days=pl.col("date").n_unique())
    return found.filter(pl.col("days") > 0)  # of a constant there is a group even without rows


def _divided(summed: pl.DataFrame) -> pl.DataFrame:
    share = pl.col("imputed") / pl.col("visitors").replace(0.0, None)
    return with_ratios(summed.lazy().with_columns(visitors_imputed_share=share), _RATIOS).collect()


def _with_means(rows: pl.DataFrame, window: Window, last: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A window's rows, and those with the mean of the same weekday of the 4 previous weeks, as `daily_metrics` has it.

    Returns:
        The rows; and of those with any mean `date`, `store_id`, `last`, the bases and `<base>_then` in Float64, both
        null where one is not known.
    """
    now = _between(rows, window)
    bases = [_in_parts(pl.col(name).cast(pl.Float64)) for name in _BASES]
    earlier = [week.select("date", "store_id", *bases) for week in _weeks(rows, window)]
    means = pl.concat(earlier).group_by("date", "store_id", maintain_order=True).agg(_in_parts(pl.col(_BASES).mean()))
    pairs = now.select("date", "store_id", last, *bases).join(
        means, on=["date", "store_id"], suffix="_then", maintain_order="left"
    )
    both = {name: pl.col(name).is_not_null() & pl.col(f"{name}_then").is_not_null() for name in _BASES}
    sides = [pl.when(both[name]).then(pl.col(side)).alias(side) for name in _BASES for side in (name, f"{name}_then")]
    return now, pairs.with_columns(sides).filter(pl.any_horizontal(pl.col("^.*_then$").is_not_null()))


def _in_parts(values: pl.Expr) -> pl.Expr:
    return (values * _PARTS).round() / _PARTS


def _name(by: str | pl.Expr) -> str:
    return by if isinstance(by, str) else by.meta.output_name()
