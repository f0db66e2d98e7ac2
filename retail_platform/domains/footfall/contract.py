"""Tables of the footfall domain: what door counters deliver and what the platform promises.

Only columns, types, units and rules belong here. How a row is judged is `quality`'s business.
"""

import dataframely as dy
import polars as pl

STATUSES = ["ok", "closed", "broken", "implausible"]
HEALTH = [
    "ok",
    "unjudged",
    "dead",
    "partial_day",
    "stuck",
    "spikes",
    "undercounting",
    "overcounting",
    "clock_shift",
]
METHODS = ["observed", "closed", "siblings", "corrected", "history", "unknown"]


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


class SensorHealth(dy.Schema):
    """How far one door counter can be believed on one day its store is open.

    `expected` is what it should have counted in its open hours, from its own previous weeks and from its siblings
    on the day; it is null where there is no history, and the counter is then `unjudged`.
    """

    date = dy.Date(primary_key=True)
    store_id = dy.String(primary_key=True)
    sensor_id = dy.String(primary_key=True)
    status = dy.Enum(HEALTH)
    hours_expected = dy.Int64(min=0, description="Open hours of the day")
    hours_counted = dy.Int64(min=0, description="Of them with a count")
    observed = dy.Int64(nullable=True, min=0, description="Persons counted in them; null where none was")
    expected = dy.Float64(nullable=True, min=0, description="Persons it should have counted")
    expected_low = dy.Float64(nullable=True, min=0, description="Of an 80 % interval of a working day")
    expected_high = dy.Float64(nullable=True, min=0, description="Of an 80 % interval of a working day")
    score = dy.Float64(nullable=True, description="Distance from expected, in the counter's usual distances")
    rejected_hours = dy.List(dy.Int8(), description="Hours whose counts are not used")
    reason = dy.String(nullable=True, description="Why it is not ok")


class Footfall(dy.Schema):
    """One store in one local hour, every open hour of every store with doors; all, where nothing tells when it opens.

    A count of an hour known to be closed, as of staff, stays and is none of the store's visitors: `sensors_total` is 0.
    `method` is the weakest that was used for any of the store's counters: `observed`; `closed` is a known 0;
    `siblings` estimates from the counters beside it; `corrected` scales a counter that counts too few or too many;
    `history` estimates from the previous weeks alone; `unknown` has nothing to go on.
    """

    date = dy.Date(primary_key=True)
    hour = dy.Int8(primary_key=True, min=0, max=23)
    store_id = dy.String(primary_key=True)
    visitors = dy.Int64(nullable=True, min=0, description="Persons entering; null where unknown")
    visitors_low = dy.Int64(nullable=True, min=0, description="Of an 80 % interval")
    visitors_high = dy.Int64(nullable=True, min=0, description="Of an 80 % interval")
    observed_visitors = dy.Int64(nullable=True, min=0, description="Of them counted; null where no counter worked")
    imputed_share = dy.Float64(nullable=True, min=0, max=1, description="Share of visitors that was estimated")
    method = dy.Enum(METHODS)
    sensors_ok = dy.Int64(min=0, description="Of `sensors_total`")
    sensors_total = dy.Int64(min=0, description="That should have counted; 0 in a closed hour")

    @dy.rule()
    def counts_are_of_counters_that_should_count(cls) -> pl.Expr:
        """No more counters are used than should have counted."""
        return pl.col("sensors_ok") <= pl.col("sensors_total")

    @dy.rule()
    def interval_holds_the_estimate(cls) -> pl.Expr:
        """The interval is there where the estimate is, and around it."""
        known = pl.col("visitors").is_not_null()
        ordered = (pl.col("visitors_low") <= pl.col("visitors")) & (pl.col("visitors") <= pl.col("visitors_high"))
        return pl.when(known).then(ordered).otherwise(pl.col("visitors_low").is_null())
