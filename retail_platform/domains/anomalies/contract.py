"""Tables of the anomalies domain: store-days and store-hours whose footfall is unlike what was to be expected.

Only columns, types, units and rules belong here.
"""

import dataframely as dy
import polars as pl

SCOPES = ["day", "hour"]
DIRECTIONS = ["high", "low"]
SEVERITIES = ["minor", "major"]
KEY = ["date", "store_id", "scope", "hour"]  # no primary key of the contract: the hour of a day is null
CAUSES = ["sensor_fault", "event", "holiday", "weather", "closed", "unexplained"]


class FootfallAnomaly(dy.Schema):
    """A store's day, or an hour of it, with visitors outside the expected band; what is as expected has no row.

    An hour is listed only where it is not just the day's: it stands out on its day, too.
    """

    date = dy.Date()
    store_id = dy.String()
    scope = dy.Enum(SCOPES)
    hour = dy.Int8(nullable=True, min=0, max=23, description="Null for a day")
    visitors = dy.Int64(min=0, description="Persons entering, in the hours that are known")
    expected = dy.Float64(min=0, description="Persons, of the same hours in the weeks before and the day's level")
    expected_low = dy.Float64(min=0, description="Of the band outside which it is an anomaly")
    expected_high = dy.Float64(min=0, description="Of the band outside which it is an anomaly")
    deviation_pct = dy.Float64(nullable=True, description="100 x (visitors / expected - 1)")
    score = dy.Float64(description="Distance from expected, in usual distances; negative is low")
    direction = dy.Enum(DIRECTIONS)
    severity = dy.Enum(SEVERITIES)
    cause = dy.Enum(CAUSES, description="The likely one")
    detail = dy.String(description="A sentence for whoever runs the store")

    @dy.rule()
    def hour_has_its_number(cls) -> pl.Expr:
        """An hour says which, a day says none."""
        return (pl.col("scope") == "hour") == pl.col("hour").is_not_null()

    @dy.rule()
    def lies_outside_the_band(cls) -> pl.Expr:
        """What is within the band is no anomaly."""
        high = pl.col("direction") == "high"
        return (
            pl.when(high)
            .then(pl.col("visitors") >= pl.col("expected_high"))
            .otherwise(pl.col("visitors") <= pl.col("expected_low"))
        )
