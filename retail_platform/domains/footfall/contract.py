"""Tables of the footfall domain: what door counters deliver and what the platform promises.

Only columns, types, units and rules belong here. How a row is judged is `quality`'s business.
"""

import dataframely as dy
import polars as pl

STATUSES = ["ok", "closed", "broken", "implausible"]


class FootfallDelivery(dy.Schema):
    """A door counter's hour as a source delivers it.

    `status` is the source's own word where it has one: ok, closed or broken. A source with one counter a
    store, or only totals by store, repeats the `store_id` as `sensor_id`.
    """

    date = dy.Date()
    hour = dy.Int8()
    store_id = dy.String()
    sensor_id = dy.String()
    visitors = dy.Int64(nullable=True)
    status = dy.String(nullable=True)


class FootfallReading(dy.Schema):
    """One door counter in one local hour."""

    date = dy.Date(primary_key=True)
    hour = dy.Int8(primary_key=True, min=0, max=23)
    store_id = dy.String(primary_key=True, min_length=1)
    sensor_id = dy.String(primary_key=True, min_length=1)
    visitors = dy.Int64(nullable=True, min=0, max=1_000_000, description="Persons entering")
    status = dy.Enum(STATUSES)
    copies = dy.Int64(min=1)

    @dy.rule()
    def working_sensor_has_a_count(cls) -> pl.Expr:
        """A counter that is called ok counted something, be it 0."""
        return (pl.col("status") != "ok") | pl.col("visitors").is_not_null()


class Footfall(dy.Schema):
    """One store in one local hour."""

    date = dy.Date(primary_key=True)
    hour = dy.Int8(primary_key=True, min=0, max=23)
    store_id = dy.String(primary_key=True)
    visitors = dy.Int64(nullable=True, min=0, description="Persons entering; null where unknown")
    observed_visitors = dy.Int64(nullable=True, min=0, description="Of them counted; null where no counter worked")
    imputed_share = dy.Float64(nullable=True, min=0, max=1, description="Share of visitors that was estimated")
    sensors_ok = dy.Int64(min=0)
    sensors_total = dy.Int64(min=0, description="That should have counted; 0 in a closed hour")
