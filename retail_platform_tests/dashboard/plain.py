"""The dashboard's measures as one would write them over rows, slow and plain: what the fast ones must equal."""

from datetime import date, timedelta
from typing import Any

import polars as pl

from retail_platform.dashboard.data.measures import ADDITIVE, EVERY
from retail_platform.domains.metrics.compare import WEEKS
from retail_platform.domains.metrics.contract import OF_MONEY
from retail_platform.reports.figures import YEAR
from retail_platform.windows import Window

PAIRS = {
    "conversion_rate": ("store_transactions", "visitors"),
    "atv": ("revenue", "transactions"),
    "upt": ("units", "transactions"),
    "sales_per_visitor": ("revenue", "visitors"),
    "margin_rate": ("margin", "cost_known_revenue"),
}
RATIOS = {name: (f"{name}_above", f"{name}_below") for name in PAIRS}
COUNTED = "counted_visitors"  # visitors where every counter worked: what is compared of them
BASES = tuple(sorted({*ADDITIVE, COUNTED, *(base for pair in RATIOS.values() for base in pair)}))
LEAST = 0.8


def between(days: pl.DataFrame, stores: list[str], window: Window) -> pl.DataFrame:
    """`StoreDay` rows of some stores and days, with both sides of ratios where both are known."""
    whole = pl.col("visitors").is_not_null() & (pl.col("hours_without_count").fill_null(0) == 0)
    sides = [pl.when(whole).then(pl.col("visitors")).alias(COUNTED)]
    for name, (above, below) in PAIRS.items():
        both = pl.col(above).is_not_null() & pl.col(below).is_not_null() & (whole | (below != "visitors"))
        sides += [pl.when(both).then(one).alias(side) for one, side in zip((above, below), RATIOS[name], strict=True)]
    return days.with_columns(sides).filter(
        pl.col("store_id").is_in(stores), pl.col("date").is_between(window.first, window.last)
    )


def summed(rows: pl.DataFrame, by: list[pl.Expr]) -> pl.DataFrame:
    """Bases and ratios of groups; a sum is null where no row knows the measure."""
    sums = rows.group_by(by).agg(*(_sum(name) for name in BASES), days=pl.col("is_open").sum().cast(pl.Int64))
    ratios = {
        name: pl.col(above) / pl.when(pl.col(below) != 0).then(pl.col(below)) for name, (above, below) in RATIOS.items()
    }
    return sums.with_columns(**ratios).sort(pl.nth(range(len(by)))).select(pl.exclude("^.*_(above|below)$"))


def period(grain: str) -> pl.Expr:
    return pl.col("date").dt.truncate(EVERY[grain]).alias("period")


def sides(
    days: pl.DataFrame, stores: list[str], window: Window, basis: str
) -> tuple[list[pl.DataFrame], pl.DataFrame, pl.DataFrame]:
    """The rows of a window, and of days it is compared with; what can be compared, and with what; at its dates."""
    now = between(days, stores, window)
    if basis != "average":
        back = timedelta(days=_back(days, window, basis))
        then = between(days, stores, Window(window.first - back, window.last - back))
        then = then.with_columns(pl.col("date") + back).join(now, on="date", how="semi")
        return [now, then], _known_beside(now, then), _known_beside(then, now)
    floats = [pl.col(name).cast(pl.Float64) for name in BASES]
    every = between(days, stores, Window(window.first - timedelta(days=60), window.last)).filter("is_open")
    weeks = [
        every.select("store_id", pl.col("date").dt.offset_by(f"{7 * week}d"), *floats) for week in range(1, WEEKS + 1)
    ]
    means = pl.concat(weeks).group_by("store_id", "date").agg(pl.col(BASES).mean())
    both = now.select("store_id", "date", *floats).join(means, on=["store_id", "date"], suffix="_then")
    known = {name: pl.col(name).is_not_null() & pl.col(f"{name}_then").is_not_null() for name in BASES}
    here, there = (
        [pl.when(known[name]).then(pl.col(f"{name}{side}")).alias(name) for name in BASES] for side in ("", "_then")
    )
    is_open = pl.lit(True).alias("is_open")
    return [now], both.select("store_id", "date", is_open, *here), both.select("store_id", "date", is_open, *there)


def _known_beside(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Rows with what the same store's other day knows, too, or has no row to know it."""
    found = rows.join(others.with_columns(there=True), on=["store_id", "date"], how="left", suffix="_other")
    kept = {name: pl.col("there").is_null() | pl.col(f"{name}_other").is_not_null() for name in BASES}
    return found.with_columns(pl.when(kept[name]).then(pl.col(name)).alias(name) for name in BASES).select(rows.columns)


def changes(days: pl.DataFrame, stores: list[str], window: Window, basis: str) -> dict[str, float | None]:
    """Per cent by measure."""
    return {name: _compared(days, stores, window, basis, name)[0] for name in (*ADDITIVE, *RATIOS)}


def change_by_store(
    days: pl.DataFrame, stores: list[str], window: Window, basis: str, measure: str
) -> dict[str, float | None]:
    """Per cent by store, of those that can be compared: that of each store alone."""
    found = {store: _compared(days, [store], window, basis, measure) for store in stores}
    return {store: change for store, (change, count) in found.items() if count}


def compared_by_period(days: pl.DataFrame, stores: list[str], window: Window, basis: str, grain: str) -> pl.DataFrame:
    """Each measure on the days compared with, by period: of the days that know it now, if all that do know it then."""
    held, after, then = sides(days, stores, window, basis)
    one_currency = _of_one_currency(days, stores, window, basis)
    starts = held[0].select(period(grain)).to_series().unique().sort()

    def value(start: date, name: str) -> float | None:
        within = [rows.filter(period(grain) == start) for rows in (*held, after, then)]
        known = [_days_of(rows, (name,)) for rows in within[:-2]]
        both = set.intersection(*(_days_of(rows, (_compared_as(name),)) for rows in within[-2:]))
        comparable = known[0] <= both and len(known[0]) >= LEAST * len(set.union(*known))
        if not known[0] or not comparable or not (one_currency or name not in OF_MONEY):
            return None
        shown = _compared_as(name) if basis == "average" else name
        return float(within[-1].filter(pl.col("date").is_in(known[0]))[shown].sum())

    lines = {name: [value(start, name) for start in starts] for name in ADDITIVE}
    return pl.DataFrame({"period": starts} | lines, schema_overrides=dict.fromkeys(ADDITIVE, pl.Float64))


def comparable_days(days: pl.DataFrame, stores: list[str], window: Window) -> dict[str, tuple[Any, ...]]:
    """By store the days open in both years, and revenue of those on which both are known, now and then."""
    before = Window(window.first - timedelta(days=YEAR), window.last - timedelta(days=YEAR))
    now = between(days, stores, window).filter("is_open")
    then = between(days, stores, before).filter("is_open").with_columns(pl.col("date").dt.offset_by(f"{YEAR}d"))
    pairs = now.join(then, on=["store_id", "date"], suffix="_then")
    known = pairs.drop_nulls(["revenue", "revenue_then"]).filter(pl.col("currency") == pl.col("currency_then"))
    sums = known.group_by("store_id").agg(_sum("revenue"), _sum("revenue_then"))
    counted = pairs.group_by("store_id").agg(days=pl.len().cast(pl.Int64)).join(sums, on="store_id", how="left")
    return {row[0]: row[1:] for row in counted.iter_rows()}


def _compared(
    days: pl.DataFrame, stores: list[str], window: Window, basis: str, measure: str
) -> tuple[float | None, int]:
    """Per cent, and how many days are compared."""
    held, after, before = sides(days, stores, window, basis)
    compared = RATIOS.get(measure, (_compared_as(measure),))
    both = set.intersection(*(_days_of(rows, compared) for rows in (after, before)))
    either = set.union(*(_days_of(rows, RATIOS.get(measure, (measure,))) for rows in held))
    if not both or len(both) < LEAST * len(either):
        return None, len(both)
    if measure in OF_MONEY and not _of_one_currency(days, stores, window, basis):
        return None, len(both)
    sums = [
        summed(rows.filter(pl.col("date").is_in(both)), [pl.lit(1).alias("all")])[_compared_as(measure)].item()
        for rows in (after, before)
    ]
    return _change(sums[0], sums[1]), len(both)


def _days_of(rows: pl.DataFrame, bases: tuple[str, ...]) -> set[date]:
    """The days on which any row knows each of the bases."""
    return set.intersection(*({*rows.filter(pl.col(name).is_not_null())["date"]} for name in bases))


def _of_one_currency(days: pl.DataFrame, stores: list[str], window: Window, basis: str) -> bool:
    held = between(days, stores, window)["date"].unique().sort()
    if basis == "average":
        compared = [*Window(held[0] - timedelta(days=7 * WEEKS), held[-1]).days()]
    else:
        back = timedelta(days=_back(days, window, basis))
        with_history = [day for day in held if day - back >= days["date"].min()]
        compared = with_history + [day - back for day in with_history]
    return days.filter(pl.col("store_id").is_in(stores), pl.col("date").is_in(compared))["currency"].n_unique() <= 1


def _back(days: pl.DataFrame, window: Window, basis: str) -> int:
    """How many days earlier the others lie: for the previous period the days of the window that the data reach."""
    first, last = (max(window.first, days["date"].min()), min(window.last, days["date"].max()))
    return YEAR if basis == "year" else (last - first).days + 1


def _compared_as(measure: str) -> str:
    return COUNTED if measure == "visitors" else measure


def _sum(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum().cast(pl.Float64)).alias(name)


def _change(after: float | None, before: float | None) -> float | None:
    return 100 * (after / before - 1) if after is not None and before and before > 0 else None
