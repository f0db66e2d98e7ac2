"""What the page of all stores shows, as frames: charts, tables and downloads have the same."""

import polars as pl

from retail_platform.dashboard.data.comparable import comparable_days, growth, growth_by_store
from retail_platform.dashboard.data.measures import (
    ADDITIVE,
    by_store,
    by_store_and_period,
    change_by_store,
    periods,
)
from retail_platform.dashboard.frames.common import numbers_key, remembered
from retail_platform.dashboard.page import View
from retail_platform.dashboard.ranking import Ranking

MEASURES = (
    "revenue",
    "visitors",
    "transactions",
    "units",
    "margin",
    "margin_rate",
    "conversion_rate",
    "atv",
    "upt",
    "sales_per_visitor",
    "visitors_imputed_share",
)
RANKING = Ranking(MEASURES, "store_id")
MOST_COMPARED = 8


def ranking(view: View) -> pl.DataFrame:
    """Measures of each store in the order chosen, with the change of the measure and comparable growth of revenue."""
    key, changed = numbers_key(view), changed_measure(view)
    rows = remembered(view, ("stores", key), lambda: by_store(view.rows))
    change = remembered(
        view, ("stores change", key, changed), lambda: change_by_store(view.rows, view.filters.basis, changed)
    )
    found = (
        rows.join(change, on="store_id", how="left")
        .join(growth_by_store(of_comparable_days(view)), on="store", how="left")
        .select("store_id", "label", "city", "region", "format", *MEASURES, "change", "comparable_growth")
    )
    return RANKING.ranked(view, found)


def places(view: View) -> pl.DataFrame:
    """The chosen measure of each store that has it and coordinates."""
    measure = RANKING.measure(view)
    known = view.facts.stores.select("store_id", "latitude", "longitude")
    return (
        ranking(view)
        .join(known, on="store_id", maintain_order="left")
        .drop_nulls(["latitude", "longitude", measure])
        .select("store_id", "label", "city", "latitude", "longitude", measure)
    )


def spread(view: View) -> pl.DataFrame:
    """The chosen measure of each store that knows it, with its format."""
    measure = RANKING.measure(view)
    return ranking(view).filter(pl.col(measure).is_not_null()).select("store_id", "label", "format", measure)


def compared(view: View) -> pl.DataFrame:
    """The chosen measure of up to 8 stores by period: those chosen by name, else the first of the ranking."""
    measure, stores, grain = RANKING.measure(view), _of_comparison(view), view.filters.grain
    numbers = view.facts.stores.filter(pl.col("store_id").is_in(stores.implode()))

    def compute() -> pl.DataFrame:
        rows = by_store_and_period(view.rows.of(numbers["store"]), grain)
        order = pl.DataFrame({"store_id": stores}).with_row_index("place").join(numbers, on="store_id")
        return (
            order.join(periods(view.rows, grain).to_frame(), how="cross")
            .join(rows, on=["store", "period"], how="left")
            .sort("place", "period")
            .select("store_id", "label", "period", *MEASURES)
        )

    key = ("stores compared", numbers_key(view), grain, tuple(stores))
    return remembered(view, key, compute).select("store_id", "label", "period", measure)


def comparable(view: View) -> pl.DataFrame:
    """Each measure over the comparable days of all stores, and 364 days earlier."""
    return growth(of_comparable_days(view))


def of_comparable_days(view: View) -> pl.DataFrame:
    """Sums of each store over its comparable days."""
    return remembered(view, ("stores comparable", numbers_key(view)), lambda: comparable_days(view.rows))


def changed_measure(view: View) -> str:
    """The measure whose change the ranking shows: the chosen one, or revenue where that is a ratio."""
    measure = RANKING.measure(view)
    return measure if measure in ADDITIVE else "revenue"


def _of_comparison(view: View) -> pl.Series:
    named = view.filters.stores
    rows = ranking(view)["store_id"]
    if 0 < len(named) <= MOST_COMPARED:
        return rows.filter(rows.is_in(list(named)))
    return rows.head(MOST_COMPARED)
