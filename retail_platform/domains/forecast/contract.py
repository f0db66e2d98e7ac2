"""Tables of the forecast domain: visitors of the coming days, and how earlier forecasts of them turned out.

Only columns, types, units and rules belong here.
"""

import dataframely as dy
import polars as pl

HORIZON = 14  # days ahead
REGRESSION, SEASONAL_NAIVE = "regression", "seasonal_naive"
MODELS = [REGRESSION, SEASONAL_NAIVE]


def _nested() -> pl.Expr:
    known = pl.all_horizontal(pl.col("low_80", "low_50", "high_50", "high_80").is_not_null())
    ordered = (
        (pl.col("low_80") <= pl.col("low_50"))
        & (pl.col("low_50") <= pl.col("visitors"))
        & (pl.col("visitors") <= pl.col("high_50"))
        & (pl.col("high_50") <= pl.col("high_80"))
    )
    return ~known | ordered


class FootfallForecast(dy.Schema):
    """One store in one local hour to come."""

    store_id = dy.String(primary_key=True)
    date = dy.Date(primary_key=True)
    hour = dy.Int8(primary_key=True, min=0, max=23)
    visitors = dy.Float64(min=0, description="Expected persons entering; 0 in a closed hour")
    low_50 = dy.Float64(nullable=True, min=0, description="Null where there are no earlier forecasts to judge by")
    high_50 = dy.Float64(nullable=True, min=0)
    low_80 = dy.Float64(nullable=True, min=0)
    high_80 = dy.Float64(nullable=True, min=0)
    power_hour = dy.Bool(description="Of the fewest hours that hold half of the day's visitors")
    suggested_staff = dy.Int64(nullable=True, min=0, description="By RETAIL_VISITORS_PER_EMPLOYEE; null without it")
    model = dy.Enum(MODELS)
    made_on = dy.Date(description="Last observed day, after which the forecast starts")

    @dy.rule()
    def intervals_nest(cls) -> pl.Expr:
        """The 50 % interval holds the forecast and lies within the 80 % interval."""
        return _nested()


class FootfallForecastDay(dy.Schema):
    """One store on one day to come."""

    store_id = dy.String(primary_key=True)
    date = dy.Date(primary_key=True)
    visitors = dy.Float64(min=0, description="Expected persons entering; the sum of the day's hours")
    low_50 = dy.Float64(nullable=True, min=0, description="Null where there are no earlier forecasts to judge by")
    high_50 = dy.Float64(nullable=True, min=0)
    low_80 = dy.Float64(nullable=True, min=0)
    high_80 = dy.Float64(nullable=True, min=0)
    model = dy.Enum(MODELS)
    made_on = dy.Date(description="Last observed day, after which the forecast starts")

    @dy.rule()
    def intervals_nest(cls) -> pl.Expr:
        """The 50 % interval holds the forecast and lies within the 80 % interval."""
        return _nested()


class FootfallBacktest(dy.Schema):
    """What would have been forecast for a store and day from an earlier origin, and what came."""

    store_id = dy.String(primary_key=True)
    origin = dy.Date(primary_key=True, description="Last day that the forecast knew")
    horizon_day = dy.Int64(primary_key=True, min=1, max=HORIZON, description="Days after the origin")
    date = dy.Date()
    visitors = dy.Int64(min=0, description="Persons who entered; days that are not known have no row")
    forecast = dy.Float64(min=0)
    seasonal_naive = dy.Float64(min=0, description="The same weekday of the last week known at the origin")
    model = dy.Enum(MODELS)
    low_80 = dy.Float64(nullable=True, min=0, description="From the errors of earlier origins; null at the first ones")
    high_80 = dy.Float64(nullable=True, min=0)
