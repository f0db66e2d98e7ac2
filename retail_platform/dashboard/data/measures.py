"""What the pages count: sums over stores and days, the ratios of the sums, and the change against other days.

Bases are summed first and divided then, by the definitions of the metrics domain; a ratio is never averaged.
A number is null where it is not known. Pure: rows of the grids in, values and frames out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from retail_platform.dashboard.data.grids import MEASURES, MONEY, Bools, Integers
from retail_platform.dashboard.data.sides import days_back, held_days, sides
from retail_platform.dashboard.data.totals import Rows, Sums, any_of
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.domains.metrics.compare import (
    RATIOS,
    WEEKS,
    change,
    change_of,
    compared_as,
    ratio,
    with_ratios,
)
from retail_platform.domains.metrics.contract import OF_MONEY, UNKNOWN_CURRENCY
from retail_platform.reports.figures import LEAST_COMPARED, Basis

Grain = Literal["day", "week", "month", "quarter", "year"]
EVERY: dict[str, str] = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}

ADDITIVE = ("visitors", "transactions", "units", "revenue", "margin")
_MADE_OF: dict[str, tuple[str, ...]] = {name: (name,) for name in ADDITIVE} | {
    name: RATIOS[name] for name in ("conversion_rate", "atv", "upt")
}
_SHOWN = ("conversion_rate", "atv", "upt", "margin_rate", "sales_per_visitor")  # ratios, by any page


@dataclass(frozen=True)
class Change:
    """A measure against other days.

    Attributes:
        per_cent: above those days; None where it is not known, as `changes` says.
        base: what the measure was on those days; of an average, their mean.
        days: days of the window that could be compared.
    """

    per_cent: float | None
    base: float | None
    days: int


def summed(rows: Rows) -> dict[str, Any]:
    """All rows together.

    Args:
        rows: of one currency, if money is to be shown.

    Returns:
        Every base and ratio that any page shows (money in units of the currency), `visitors_imputed_share` and `days`,
        the open store days; None where not known.
    """
    totals, columns = rows.totals, rows.columns
    found = totals.measures.at(columns).grouped(np.zeros(1, np.int64))
    return _divided(found, {"days": pl.Series([int(totals.open[columns].sum())])}).row(0, named=True)


def by_period(rows: Rows, grain: Grain) -> pl.DataFrame:
    """As `summed`, by day, ISO week, month, quarter or year with rows: `period` is its first day."""
    totals, columns = rows.totals, rows.columns
    starts, names = _starts(rows.days, grain)
    keys = {"period": names, "days": pl.Series(np.add.reduceat(totals.open[columns], starts))}
    found = _divided(totals.measures.at(columns).grouped(starts), keys)
    return found.filter(pl.Series(np.logical_or.reduceat(totals.there[columns], starts)))


def by_store(rows: Rows) -> pl.DataFrame:
    """As `summed`, by store with rows, with `store_id`, `label`, `city`, `region`, `format` and `currency` of each."""
    grids = rows.facts.grids
    named = rows.facts.stores.select("store", "store_id", "label", "city", "region", "format", "currency")
    keys = {"store": rows.stores, "days": pl.Series(rows.cut(grids.flags["is_open"]).sum(axis=1))}
    found = _divided(rows.by_store(), keys).filter(pl.Series(any_of(rows.cut(grids.there), 1)))
    return found.join(named, on="store", how="left", maintain_order="left")


def by_store_and_period(rows: Rows, grain: Grain) -> pl.DataFrame:
    """As `summed`, by `store` and `period`; a store without rows in a period has a row of nulls."""
    starts, names = _starts(rows.days, grain)
    keys = rows.stores.alias("store").to_frame().join(names.to_frame(), how="cross")
    return _divided(rows.by_store(starts), {name: keys[name] for name in keys.columns})


def periods(rows: Rows, grain: Grain) -> pl.Series:
    """The first days of the periods that have rows, in order, as `period`."""
    return _starts(rows.dates, grain)[1]


def currency_of(rows: Rows) -> str:
    """The one currency of the rows, ISO 4217.

    Raises:
        Unavailable: amounts of several currencies, or of an unknown one, would be added; or there are no rows.
    """
    found = [code for code, grid in rows.facts.grids.currencies.items() if rows.cut(grid).any()]
    if not found:
        raise Unavailable("no_rows")
    if len(found) > 1 or found[0] is None:
        names = sorted(code or UNKNOWN_CURRENCY for code in found)
        raise Unavailable("several_currencies", {"currencies": ", ".join(names)})
    return found[0]


def changes(rows: Rows, basis: Basis) -> dict[str, Change]:
    """Each measure of a window, as far as there are data, against other days of the same stores.

    `previous` and `year` compare day with day, so many days earlier, and leave out days on which either does not know
    the measure, and a store's day that does not know it on one side, but has a row. `average` compares each store and
    day with the mean of the same weekday of the 4 previous weeks, closed days and unknown measures left out, as
    `daily_metrics` does. Ratios are those of the sums on both sides. Visitors are compared where they were counted in
    whole. A change is not known where fewer than four fifths of the days that know the measure, now or then, can be
    compared; nor that of an amount where the days are of several currencies; nor where the measure was 0 or less.

    Returns:
        By measure: `ADDITIVE` and the ratios.
    """
    one_currency = _one_currency(rows, basis)
    held, (after, before) = held_days(rows, basis), sides(rows, basis)
    found = {}
    for name, bases in _MADE_OF.items():
        wanted = np.logical_or.reduce([_known(side, bases) for side in held])
        compared = [compared_as(base) for base in bases]
        both = np.flatnonzero(_known(after, compared) & _known(before, compared))
        comparable = one_currency or name not in OF_MONEY
        values = [_value(side.at(both), compared) if comparable else None for side in (after, before)]
        found[name] = _change(values[0], values[1], len(both), int(wanted.sum()))
    return found


def compared_by_period(rows: Rows, basis: Basis, grain: Grain) -> pl.DataFrame:
    """What `ADDITIVE` measures were on the days that a window is compared with, at the place of the window's days.

    Returns:
        By period with rows: `period` (its first day) and the measures in Float64, for a line beside `by_period`'s: over
        the very days that this counts. Null where one of them cannot be compared in any store, and where `changes`
        would not compare the period. Where the average is not meant, visitors are as they were shown then.
    """
    one_currency = _one_currency(rows, basis)
    held, (after, before) = held_days(rows, basis), sides(rows, basis)
    starts, names = _starts(rows.dates, grain)

    def line(name: str) -> pl.Series:
        base = compared_as(name)
        known = [side.known[name] for side in held]
        both = known[0] & after.known[base] & before.known[base]
        counted, compared, either = (
            np.add.reduceat(some, starts, dtype=np.int64) for some in (known[0], both, np.logical_or.reduce(known))
        )
        shown = (compared == counted) & (compared > 0) & (compared >= LEAST_COMPARED * either)
        shown &= one_currency or name not in OF_MONEY
        then = before.values[name if name in before.values else base]
        values = pl.Series(name, np.add.reduceat(then * both, starts))
        return _as_units(name, values).set(pl.Series(~shown), None)

    return pl.DataFrame([names, *(line(name) for name in ADDITIVE)])


def change_by_store(rows: Rows, basis: Basis, measure: str) -> pl.DataFrame:
    """An `ADDITIVE` measure of each store against other days of the store, as `changes` compares those of the store.

    Returns:
        `store_id`, `change` in per cent, null where it is not known; no row for a store that cannot be compared.
    """
    grids, held, base = rows.facts.grids, rows.held, compared_as(measure)
    values, known, shown = grids.values[base], grids.known[base], grids.known[measure]
    days = held if basis == "average" else held[held >= days_back(rows, basis)]
    wanted = rows.at(shown, held).sum(axis=1)
    if basis == "average":
        both, before = rows.at(grids.both[base], days), rows.at(grids.means[base], days)
    else:
        then = days - days_back(rows, basis)
        both, before = rows.at(known, days) & rows.at(known, then), rows.at(values, then)
        wanted += (rows.at(grids.there, days) & ~rows.at(shown, days) & rows.at(shown, then)).sum(axis=1)
    sums = [np.sum(side * both, axis=1, dtype=np.float64) for side in (rows.at(values, days), before)]
    compared = both.sum(axis=1)
    enough = compared >= LEAST_COMPARED * wanted
    if measure in OF_MONEY:
        enough &= np.add.reduce([np.zeros(enough.shape, np.int64), *_currencies(rows, basis)]) <= 1
    stores = rows.facts.stores["store_id"].gather(rows.stores)
    found = pl.DataFrame({"store_id": stores, "now": sums[0], "then": sums[1], "enough": enough})
    known_change = pl.when("enough").then(change(pl.col("now"), pl.col("then"))).alias("change")
    return found.select("store_id", known_change).filter(pl.Series(compared > 0))


def _known(sums: Sums, measures: Sequence[str]) -> Bools:
    """Whether groups know all of the measures."""
    found: Bools = np.logical_and.reduce([sums.known[name] for name in measures])
    return found


def _one_currency(rows: Rows, basis: Basis) -> bool:
    """Whether no two stores trade in several currencies on days that are compared."""
    return sum(bool(stores.any()) for stores in _currencies(rows, basis)) <= 1


def _currencies(rows: Rows, basis: Basis) -> list[Bools]:
    """Of each currency, which stores trade in it on days of a window that are compared, or that they are compared with.

    Nothing where all days of all stores are in one.
    """
    grids, days = rows.facts.grids.currencies, rows.held
    if len(grids) <= 1 or not len(days):
        return []
    if basis == "average":
        days = np.arange(max(days[0] - 7 * WEEKS, 0), days[-1] + 1)
    else:
        earlier = days - days_back(rows, basis)
        days = np.union1d(days[earlier >= 0], earlier[earlier >= 0])
    return [any_of(rows.at(grid, days), 1) for grid in grids.values()]


def _starts(days: pl.Series, grain: Grain) -> tuple[Integers, pl.Series]:
    """Where among days in order each period begins, and its first day."""
    named = days.dt.truncate(EVERY[grain])
    marks = named.to_physical().to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], marks[1:] != marks[:-1]])[: len(marks)])
    return starts, named.gather(starts).alias("period")


def _divided(sums: Sums, keys: Mapping[str, pl.Series]) -> pl.DataFrame:
    frame = pl.DataFrame([*(key.alias(name) for name, key in keys.items()), *(sums.series(name) for name in MEASURES)])
    return (
        frame.lazy()
        .with_columns(
            *(pl.col(name) / 100 for name in MONEY),
            visitors_imputed_share=ratio("imputed", "visitors"),
        )
        .pipe(with_ratios, _SHOWN)
        .collect()
    )


def _as_units(name: str, values: pl.Series) -> pl.Series:
    return values.cast(pl.Float64) / (100 if name in MONEY else 1)


def _in_units(name: str, value: float | None) -> float | None:
    return value / 100 if value is not None and name in MONEY else value


def _value(sums: Sums, bases: Sequence[str]) -> float | None:
    """The sum of a measure, or the quotient of the sums of two."""
    found = [_in_units(name, sums.total(name)) for name in bases]
    return found[0] if len(found) == 1 else _quotient(found[0], found[1])


def _quotient(dividend: float | None, divisor: float | None) -> float | None:
    return dividend / divisor if dividend is not None and divisor else None


def _change(after: float | None, before: float | None, days: int, wanted: int) -> Change:
    if after is None or before is None or days < LEAST_COMPARED * wanted or not days:
        return Change(None, None, days)
    return Change(change_of(after, before), before, days)
