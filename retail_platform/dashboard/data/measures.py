"""What the pages count: sums over stores and days, the ratios of the sums, and the change against other days.

Bases are summed first and divided then, by the definitions of the metrics domain; a ratio is never averaged.
A number is null where it is not known. Pure: frames in, frames out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import polars as pl

from retail_platform.dashboard.data.facts import COUNTED, COUNTS, MONEY, Facts
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.domains.metrics.compare import WEEKS, with_ratios
from retail_platform.domains.metrics.contract import UNKNOWN_CURRENCY
from retail_platform.windows import Window

Basis = Literal["previous", "year", "average"]
BASES: tuple[Basis, ...] = ("previous", "year", "average")
Grain = Literal["day", "week", "month", "quarter", "year"]
EVERY: dict[str, str] = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_LEAST_COMPARED = 0.8  # share of a window's days that must be comparable: a change over fewer says little of it
YEAR = 364  # days: the same weekday

ADDITIVE = ("visitors", "transactions", "units", "revenue", "margin")
RATES = ("conversion_rate", "margin_rate", "visitors_imputed_share", "cost_known_share")
OF_MONEY = ("revenue", "margin", "atv", "aur", "sales_per_visitor", "margin_per_visitor")
_RATIO_BASES = {
    "conversion_rate": ("counted_transactions", "counted_visitors"),
    "atv": ("revenue", "transactions"),
    "upt": ("units", "transactions"),
    "margin_rate": ("margin", "cost_known_revenue"),
    "aur": ("revenue", "units"),
}
_COMPARED = tuple(sorted({*ADDITIVE, *(base for pair in _RATIO_BASES.values() for base in pair)}))
_SUMMED = (*COUNTS, *COUNTED, *MONEY, "imputed", "hours_without_count")


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


def summed(rows: pl.DataFrame, by: Sequence[str | pl.Expr] = ()) -> pl.DataFrame:
    """Sum `Facts.days` rows and divide.

    Args:
        rows: of one currency, if money is to be shown.
        by: what to group by; nothing: one row for all.

    Returns:
        The groups, in order, with every base and ratio of the metrics domain in Float64 or Int64 (money in units of
        the currency), `visitors_imputed_share`, `days` (open store days) and `stores`.
    """
    sums = [_known_sum(name) for name in _SUMMED]
    extent = [pl.col("is_open").sum().cast(pl.Int64).alias("days"), pl.col("store").n_unique().alias("stores")]
    grouped = rows.lazy().group_by(by).agg(*sums, *extent) if by else rows.lazy().select(*sums, *extent)
    return (
        grouped.with_columns(
            *(pl.col(name) / 100 for name in MONEY),
            visitors_imputed_share=pl.col("imputed") / pl.col("visitors").replace(0, None),
            area_m2=pl.lit(None, dtype=pl.Float64),
        )
        .pipe(with_ratios)
        .drop("area_m2", "sales_per_m2")
        .sort([expression if isinstance(expression, str) else expression.meta.output_name() for expression in by])
        .collect()
    )


def by_period(rows: pl.DataFrame, grain: Grain) -> pl.DataFrame:
    """`summed` by day, ISO week, month, quarter or year: `period` is its first day."""
    return summed(rows, [pl.col("date").dt.truncate(EVERY[grain]).alias("period")])


def by_store(rows: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """`summed` by store, with `store_id`, `label`, `region`, `format`, `city` and `currency` of each."""
    named = facts.stores.select("store", "store_id", "label", "city", "region", "format", "currency")
    return summed(rows, ["store"]).join(named, on="store", how="left")


def currency_of(rows: pl.DataFrame) -> str:
    """The one currency of `Facts.days` rows, ISO 4217.

    Raises:
        Unavailable: amounts of several currencies, or of an unknown one, would be added; or there are no rows.
    """
    found = rows["currency"].unique()
    if not found.len():
        raise Unavailable("no_rows")
    if found.len() > 1 or found.null_count():
        names = sorted(found.cast(pl.String).fill_null(UNKNOWN_CURRENCY))
        raise Unavailable("several_currencies", {"currencies": ", ".join(names)})
    return str(found[0])


def shifted(window: Window, days: int) -> Window:
    """The window so many days earlier."""
    return Window(window.first - timedelta(days=days), window.last - timedelta(days=days))


def offset(window: Window, basis: Basis) -> int:
    """How many days before a window the days lie that it is compared with; not of the average."""
    return YEAR if basis == "year" else len(window)


def changes(facts: Facts, stores: pl.Series, window: Window, basis: Basis) -> dict[str, Change]:
    """Each measure of a window against other days of the same stores.

    `previous` and `year` compare day with day, so many days earlier, and leave out days that are missing in either.
    `average` compares each store and day with the mean of the same weekday of the 4 previous weeks, closed days and
    unknown measures left out, as `daily_metrics` does. Ratios are those of the sums on both sides.

    Args:
        facts: the store days.
        stores: numbers of the stores.
        window: the days.
        basis: the other days.

    Returns:
        By measure: `ADDITIVE` and the ratios.
    """
    now = of_stores(facts.between(window), stores)
    wanted = now["date"].n_unique()
    if basis != "average":
        now, then, days = _same_days(now, _earlier(facts, stores, window, basis))
        after, before = (summed(rows).row(0, named=True) for rows in (now, then))
        return {name: _change(after[name], before[name], days, wanted) for name in (*ADDITIVE, *_RATIO_BASES)}
    sides = _with_means(facts, stores, window, now, _COMPARED)
    after = {name: _total(sides[name]) for name in _COMPARED}
    before = {name: _total(sides[f"{name}_then"]) for name in _COMPARED}
    days = sides["date"].n_unique()
    ratios = {
        name: _change(_quotient(after, *pair), _quotient(before, *pair), days, wanted)
        for name, pair in _RATIO_BASES.items()
    }
    return {name: _change(after[name], before[name], days, wanted) for name in ADDITIVE} | ratios


def compared_by_period(facts: Facts, stores: pl.Series, window: Window, basis: Basis, grain: Grain) -> pl.DataFrame:
    """What `ADDITIVE` measures were on the days that a window is compared with, at the place of the window's days.

    Returns:
        `period` (its first day) and the measures in Float64, for a line beside `by_period`'s; no row for a period
        of which days lack one to compare with.
    """
    period = pl.col("date").dt.truncate(EVERY[grain]).alias("period")
    now = of_stores(facts.between(window), stores)
    if basis == "average":
        means = [pl.col(f"{name}_then").alias(name) for name in ADDITIVE]
        then = _with_means(facts, stores, window, now, ADDITIVE).select("date", *means)
    else:
        _, then, _ = _same_days(now, _earlier(facts, stores, window, basis))
    wanted = now.lazy().group_by(period).agg(wanted=pl.col("date").n_unique())
    return (
        then.lazy()
        .group_by(period)
        .agg(*(_float_sum(name) for name in ADDITIVE), found=pl.col("date").n_unique())
        .join(wanted, on="period")
        .filter(pl.col("found") == pl.col("wanted"))
        .drop("found", "wanted")
        .sort("period")
        .collect()
    )


def change_by_store(facts: Facts, stores: pl.Series, window: Window, basis: Basis, measure: str) -> pl.DataFrame:
    """An `ADDITIVE` measure of each store against other days, as `changes` compares.

    Returns:
        `store_id`, `change` in per cent, null where it is not known.
    """
    now = of_stores(facts.between(window), stores)
    wanted = now["date"].n_unique()
    if basis == "average":
        pairs = _with_means(facts, stores, window, now, [measure])
        enough = pairs["date"].n_unique() >= _LEAST_COMPARED * wanted
        sides = pairs.lazy().filter(enough).group_by("store").agg(_float_sum(measure), _float_sum(f"{measure}_then"))
    else:
        now, then, days = _same_days(now, _earlier(facts, stores, window, basis))
        if days < _LEAST_COMPARED * wanted:
            now, then = now.clear(), then.clear()
        before = then.lazy().group_by("store").agg(_float_sum(measure).name.suffix("_then"))
        sides = now.lazy().group_by("store").agg(_float_sum(measure)).join(before, on="store")
    quotient = pl.col(measure) / pl.col(f"{measure}_then").replace(0.0, None)
    return (
        sides.join(facts.stores.lazy().select("store", "store_id"), on="store")
        .select("store_id", change=100 * (quotient - 1))
        .collect()
    )


def of_stores(rows: pl.DataFrame, stores: pl.Series) -> pl.DataFrame:
    """The rows of some stores; `stores` are their numbers, in order."""
    if stores.len() and stores.len() == stores[-1] + 1 and rows.height and rows["store"].max() == stores[-1]:
        return rows  # all there are
    return rows.filter(pl.col("store").is_in(stores.implode()))


def _earlier(facts: Facts, stores: pl.Series, window: Window, basis: Basis) -> pl.DataFrame:
    """The rows of the days a window is compared with, dated as the window's."""
    back = offset(window, basis)
    then = of_stores(facts.between(shifted(window, back)), stores)
    return then.with_columns(pl.col("date").dt.offset_by(f"{back}d"))


def _same_days(now: pl.DataFrame, then: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The rows of the days that both have, and how many these are."""
    both = now.select(pl.col("date").unique()).join(then.select(pl.col("date").unique()), on="date")["date"]
    among = pl.col("date").is_in(both.implode())
    return now.filter(among), then.filter(among), both.len()


def _with_means(
    facts: Facts, stores: pl.Series, window: Window, now: pl.DataFrame, measures: Sequence[str]
) -> pl.DataFrame:
    """A window's rows with the mean of the same weekday of the 4 previous weeks, over open days that know a measure.

    A grid of days and stores: joining four weeks row by row takes ten times as long over a year.

    Returns:
        `date`, `store`, the measures and `<measure>_then`, in Float64: both null where one is not known; without rows
        that know no mean at all.
    """
    back, days, width = 7 * WEEKS, len(window), facts.stores.height
    start = window.first - timedelta(days=back)
    before = of_stores(facts.between(Window(start, window.last - timedelta(days=7))), stores).filter("is_open")
    place = (pl.col("date") - start).dt.total_days().cast(pl.Int64) * width + pl.col("store")
    at, wanted = before.select(place).to_series().to_numpy(), now.select(place).to_series().to_numpy() - back * width
    found = now.select("date", "store")
    for name in measures:
        grid = np.full((back + days, width), np.nan)
        grid.reshape(-1)[at] = before[name].cast(pl.Float64).to_numpy()
        total, weeks = np.zeros((days, width)), np.zeros((days, width))
        for week in range(1, WEEKS + 1):
            then = grid[back - 7 * week : back - 7 * week + days]
            known = ~np.isnan(then)
            total += np.where(known, then, 0.0)
            weeks += known
        with np.errstate(invalid="ignore"):
            mean = pl.Series((total / weeks).reshape(-1)[wanted]).fill_nan(None)
        both = now[name].is_not_null() & mean.is_not_null()
        found = found.with_columns(
            now[name].cast(pl.Float64).set(~both, None).alias(name), mean.set(~both, None).alias(f"{name}_then")
        )
    return found.filter(pl.any_horizontal(pl.col(f"{name}_then").is_not_null() for name in measures))


def _known_sum(name: str) -> pl.Expr:
    column = pl.col(name)
    total = column.cast(pl.Int64).sum() if name != "imputed" else column.sum()
    return pl.when(column.is_not_null().any()).then(total).alias(name)


def _float_sum(name: str) -> pl.Expr:
    """In units, as Float64; null where no row knows it."""
    scale = 100 if name.removesuffix("_then") in MONEY else 1
    total = pl.col(name).sum().cast(pl.Float64) / scale
    return pl.when(pl.col(name).is_not_null().any()).then(total).alias(name)


def _total(values: pl.Series) -> float | None:
    scale = 100 if values.name.removesuffix("_then") in MONEY else 1
    return float(values.sum()) / scale if values.count() else None


def _quotient(sums: Mapping[str, float | None], above: str, below: str) -> float | None:
    dividend, divisor = sums[above], sums[below]
    return dividend / divisor if dividend is not None and divisor else None


def _change(after: float | None, before: float | None, days: int, wanted: int) -> Change:
    if after is None or before is None or days < _LEAST_COMPARED * wanted or not days:
        return Change(None, None, days)
    return Change(100 * (after / before - 1) if before else None, float(before), days)
