"""Tables of the weather domain: what the weather was at each store.

Only columns, types, units and rules belong here. The bounds are a little wider than the records of the World
Meteorological Organization: what lies beyond them is a wrong unit or no measurement.
"""

import dataframely as dy
import polars as pl


class WeatherDelivery(dy.Schema):
    """The weather of a day at a store as a source delivers it; nullable columns may be left out by a source."""

    date = dy.Date()
    store_id = dy.String()
    temperature_mean = dy.Float64(nullable=True)
    temperature_max = dy.Float64(nullable=True)
    temperature_min = dy.Float64(nullable=True)
    precipitation = dy.Float64(nullable=True)
    wind_speed = dy.Float64(nullable=True)


class Weather(dy.Schema):
    """The weather of a local day at a store; null is not known."""

    date = dy.Date(primary_key=True)
    store_id = dy.String(primary_key=True, min_length=1)
    temperature_mean = dy.Float64(nullable=True, min=-95, max=60, allow_nan=False, description="°C")
    temperature_max = dy.Float64(nullable=True, min=-95, max=60, allow_nan=False, description="°C")
    temperature_min = dy.Float64(nullable=True, min=-95, max=60, allow_nan=False, description="°C")
    precipitation = dy.Float64(nullable=True, min=0, max=2000, allow_nan=False, description="mm, rain and molten snow")
    wind_speed = dy.Float64(nullable=True, min=0, max=420, allow_nan=False, description="km/h")
    copies = dy.Int64(min=1)

    @dy.rule()
    def temperatures_are_in_order(cls) -> pl.Expr:
        """The mean lies between the lowest and the highest, where they are known."""
        low, mean, high = (pl.col(f"temperature_{one}") for one in ("min", "mean", "max"))
        ordered = [(low <= high), (low <= mean), (mean <= high)]
        return pl.all_horizontal(one.fill_null(value=True) for one in ordered)
