"""How the stores domain hangs together: `raw_stores` -> `stores`, and the hours in which they are open."""

from datetime import timedelta

import dagster as dg
import polars as pl

from retail_platform.domains.describe import described
from retail_platform.domains.raw import raw_asset
from retail_platform.domains.stores import transform
from retail_platform.domains.stores.contract import OpeningHours, OpeningPattern, Store
from retail_platform.domains.validated import Tables, validated_asset
from retail_platform.retailer import Retailer

_AHEAD = timedelta(days=31)  # new days have their hours before the table is made again, and forecasts theirs


def build(retailer: Retailer) -> list[dg.AssetsDefinition]:
    """The assets; opening hours are unknown where the source delivers none."""

    def with_defaults(rows: pl.LazyFrame, _: Tables) -> pl.LazyFrame:
        return transform.with_defaults(
            rows, country=retailer.country, timezone=retailer.timezone, currency=retailer.currency
        )

    assets = [
        raw_asset(retailer, "stores", group="stores"),
        validated_asset(retailer, "stores", contract=Store, group="stores", derive=with_defaults),
    ]
    if not retailer.has("opening_hours"):
        return [*assets, _opening_hours(retailer, patterned=False)]
    return [
        *assets,
        raw_asset(retailer, "opening_hours", group="stores"),
        validated_asset(
            retailer,
            "opening_hours",
            table="opening_patterns",
            contract=OpeningPattern,
            group="stores",
            needs=("stores",),
            known={"store_id": "stores"},
        ),
        _opening_hours(retailer, patterned=True),
    ]


def _opening_hours(retailer: Retailer, *, patterned: bool) -> dg.AssetsDefinition:
    needs = ["stores", "calendar", "store_calendar", *(["opening_patterns"] if patterned else [])]

    @dg.asset(
        group_name="stores",
        ins={name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in needs},
        **described(OpeningHours, domain="stores", layer="validated"),
    )
    def opening_hours(**tables: pl.LazyFrame) -> pl.LazyFrame:
        """The hours of each store and date, as far as they are known."""
        patterns = tables.get("opening_patterns", OpeningPattern.create_empty(lazy=True))
        span = retailer.span()
        dates = tables["calendar"].filter(pl.col("date").is_between(span.first, span.last + _AHEAD))
        return transform.opening_hours(patterns, tables["stores"], dates, tables["store_calendar"])

    return opening_hours
