"""What the pages count: sums over stores and days, the ratios of the sums, and the change against other days.

Bases are summed first and divided then, by the definitions of the metrics domain; a ratio is never averaged.
A number is null where it is not known. Pure: rows of the grids in, values and frames out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np
import polars as pl

from retail_platform.dashboard.data.grids import COMPARED, MEASURES, MONEY, Integers
from retail_platform.dashboard.data.totals import Rows, Sums, any_of, dated
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.domains.metrics.compare import RATIOS, ratio, with_ratios
from retail_platform.domains.metrics.contract import UNKNOWN_CURRENCY
from retail_platform.windows import Window

Basis = Literal["previous", "year", "average"]
BASES: tuple[Basis, ...] = ("previous", "year", "average")
Grain = Literal["day", "week", "month", "quarter", "year"]
EVERY: dict[str, str] = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_LEAST_COMPARED = 0.8  # share of a window's days that must be comparable: a change over fewer says little of it
YEAR = 364  # days: the same weekday

ADDITIVE = ("visitors", "transactions", "units", "revenue", "margin")
_RATIO_BASES = {name: RATIOS[name] for name in ("conversion_rate", "atv", "upt", "margin_rate", "aur")}


@dataclass(frozen=True)
class Change:
    """A measure against other days.

    Attributes:
        per_cent: above those days; None where they, or a fifth of them, are not known.
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
        Every base and ratio of the metrics domain (money in units of the currency), `visitors_imputed_share` and
        `days`, the open store days; None where not known.
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


def shifted(window: Window, days: int) -> Window:
    """The window so many days earlier."""
    return Window(window.first - timedelta(days=days), window.last - timedelta(days=days))


def changes(rows: Rows, basis: Basis) -> dict[str, Change]:
    """Each measure of a window against other days of the same stores.

    `previous` and `year` compare day with day, so many days earlier, and leave out days that are missing in either.
    `average` compares each store and day with the mean of the same weekday of the 4 previous weeks, closed days and
    unknown measures left out, as `daily_metrics` does. Ratios are those of the sums on both sides.

    Returns:
        By measure: `ADDITIVE` and the ratios.
    """
    after, before, days = _sides(rows, basis, COMPARED)
    totals = [{name: _in_units(name, side.total(name)) for name in COMPARED} for side in (after, before)]
    sides = {name: tuple(side[name] for side in totals) for name in ADDITIVE}
    for name, (above, below) in _RATIO_BASES.items():
        sides[name] = tuple(_quotient(side[above], side[below]) for side in totals)
    wanted = len(rows.held)
    return {name: _change(now, then, len(days), wanted) for name, (now, then) in sides.items()}


def compared_by_period(rows: Rows, basis: Basis, grain: Grain) -> pl.DataFrame:
    """What `ADDITIVE` measures were on the days that a window is compared with, at the place of the window's days.

    Returns:
        `period` (its first day) and the measures in Float64, for a line beside `by_period`'s; no row for a period
        of which days lack one to compare with.
    """
    _, before, days = _sides(rows, basis, ADDITIVE)
    wanted, found = (_lengths(dated(rows.facts.span.first, columns), grain) for columns in (rows.held, days))
    if not len(days):
        return found.select("period", *(pl.lit(None, dtype=pl.Float64).alias(name) for name in ADDITIVE))
    starts = np.concatenate([np.zeros(1, np.int64), found["days"].cum_sum().to_numpy()[:-1]])
    sums = before.grouped(starts)
    made = found.with_columns(_as_units(name, sums.series(name)) for name in ADDITIVE)
    return made.join(wanted, on=["period", "days"], how="semi", maintain_order="left").drop("days")


def change_by_store(rows: Rows, basis: Basis, measure: str) -> pl.DataFrame:
    """An `ADDITIVE` measure of each store against other days, as `changes` compares.

    Returns:
        `store_id`, `change` in per cent, null where it is not known; no row for a store that cannot be compared.
    """
    grids = rows.facts.grids
    values = grids.values[measure]
    _, _, days = _sides(rows, basis, [measure])
    if len(days) < _LEAST_COMPARED * len(rows.held) or not len(days):
        return pl.DataFrame(schema={"store_id": pl.String, "change": pl.Float64})
    if basis == "average":
        pairs = rows.at(grids.both[measure], days)
        there = any_of(pairs, 1)
        known, sides = [there, there], [rows.at(values, days) * pairs, rows.at(grids.means[measure], days)]
    else:
        both = (days, days - _back(rows.window, basis))
        known = [any_of(rows.at(grids.known[measure], columns), 1) for columns in both]
        there = np.logical_and(*(any_of(rows.at(grids.there, columns), 1) for columns in both))
        sides = [rows.at(values, columns) for columns in both]
    now, then = (
        pl.Series(np.asarray(side.sum(axis=1), np.float64)).set(pl.Series(~there_), None)
        for side, there_ in zip(sides, known, strict=True)
    )
    change = 100 * (now / then.replace(0.0, None) - 1)
    stores = rows.facts.stores["store_id"].gather(rows.stores)
    return pl.DataFrame({"store_id": stores, "change": change}).filter(pl.Series(there))


def _back(window: Window, basis: Basis) -> int:
    """How many days before a window the days lie that it is compared with; not of the average."""
    return YEAR if basis == "year" else len(window)


def _sides(rows: Rows, basis: Basis, measures: Sequence[str]) -> tuple[Sums, Sums, Integers]:
    """Sums by day of the days that can be compared, of those they are compared with, and the columns of the former."""
    totals, days = rows.totals, rows.held
    if basis == "average":
        days = days[np.logical_or.reduce([totals.means.known[name][days] for name in measures])]
        return totals.now.at(days), totals.means.at(days), days
    then = days - _back(rows.window, basis)
    both = (then >= 0) & totals.there[np.maximum(then, 0)]
    return totals.measures.at(days[both]), totals.measures.at(then[both]), days[both]


def _starts(days: pl.Series, grain: Grain) -> tuple[Integers, pl.Series]:
    """Where among days in order each period begins, and its first day."""
    named = days.dt.truncate(EVERY[grain])
    marks = named.to_physical().to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], marks[1:] != marks[:-1]]))
    return starts, named.gather(starts).alias("period")


def _lengths(days: pl.Series, grain: Grain) -> pl.DataFrame:
    """How many of the days, in order, each `period` has."""
    return days.dt.truncate(EVERY[grain]).alias("period").to_frame().group_by("period", maintain_order=True).len("days")


def _divided(sums: Sums, keys: Mapping[str, pl.Series]) -> pl.DataFrame:
    frame = pl.DataFrame([*(key.alias(name) for name, key in keys.items()), *(sums.series(name) for name in MEASURES)])
    return (
        frame.lazy()
        .with_columns(
            *(pl.col(name) / 100 for name in MONEY),
            visitors_imputed_share=ratio("imputed", "visitors"),
        )
        .pipe(with_ratios)
        .collect()
    )


def _as_units(name: str, values: pl.Series) -> pl.Series:
    return values.cast(pl.Float64) / (100 if name in MONEY else 1)


def _in_units(name: str, value: float | None) -> float | None:
    return value / 100 if value is not None and name in MONEY else value


def _quotient(dividend: float | None, divisor: float | None) -> float | None:
    return dividend / divisor if dividend is not None and divisor else None


def _change(after: float | None, before: float | None, days: int, wanted: int) -> Change:
    if after is None or before is None or days < _LEAST_COMPARED * wanted or not days:
        return Change(None, None, days)
    return Change(100 * (after / before - 1) if before else None, before, days)
