"""Tables of the stores domain: where a retailer sells, and when each place is open.

Only columns, types, units and rules belong here. How a row is judged is `quality`'s business.
"""

from functools import cache
from zoneinfo import available_timezones

import dataframely as dy
import polars as pl

ONLINE = "online"  # the format of a store without a door
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"  # HH:MM, 24:00 for the end of the day
PATTERN_DAY = r"^([1-7]|daily|holiday|\d{4}-\d{2}-\d{2})$"


@cache
def zones() -> list[str]:
    """IANA names of the zones there are."""
    return sorted(available_timezones() - {"Factory", "localtime"})  # these two are no places


class StoreDelivery(dy.Schema):
    """A store as a source delivers it; nullable columns may be left out by a source."""

    store_id = dy.String()
    name = dy.String(nullable=True)
    city = dy.String(nullable=True)
    region = dy.String(nullable=True)
    country = dy.String(nullable=True)
    latitude = dy.Float64(nullable=True)
    longitude = dy.Float64(nullable=True)
    format = dy.String(nullable=True)
    area_m2 = dy.Float64(nullable=True)
    capacity = dy.Int32(nullable=True)
    timezone = dy.String(nullable=True)
    currency = dy.String(nullable=True)
    opened_on = dy.Date(nullable=True)
    closed_on = dy.Date(nullable=True)


class OpeningHoursDelivery(dy.Schema):
    """One opening interval of a store's pattern; several rows for one `day` are several intervals.

    `day` is an ISO date, `holiday` (of the store's country or region), a weekday `1` (Monday) to `7`, or `daily`;
    the first of these that a store has for a date decides. `open` is whether the store opens at all; without `opens`
    and `closes` (HH:MM) it is open at unknown hours.
    """

    store_id = dy.String()
    day = dy.String()
    open = dy.Bool()
    opens = dy.String(nullable=True)
    closes = dy.String(nullable=True)


class Store(dy.Schema):
    """One store; `opened_on` and `closed_on` are its first and last day of trade."""

    store_id = dy.String(primary_key=True, min_length=1)
    name = dy.String(nullable=True)
    city = dy.String(nullable=True)
    region = dy.String(nullable=True)
    country = dy.String(nullable=True, description="ISO 3166 alpha-2")
    latitude = dy.Float64(nullable=True, min=-90, max=90)
    longitude = dy.Float64(nullable=True, min=-180, max=180)
    format = dy.String(description="Shop, supermarket, online, ...")
    area_m2 = dy.Float64(nullable=True, min_exclusive=0)
    capacity = dy.Int32(nullable=True, min=1, description="Persons at once")
    timezone = dy.String(description="IANA name")
    currency = dy.String(regex=r"^[A-Z]{3}$", description="ISO 4217")
    opened_on = dy.Date(nullable=True)
    closed_on = dy.Date(nullable=True)
    copies = dy.Int64(min=1)

    @dy.rule()
    def zone_is_known(cls) -> pl.Expr:
        """Without its zone a store's wall times and days mean nothing, and would stop every other store's."""
        return pl.col("timezone").is_in(zones())

    @dy.rule()
    def closes_after_it_opens(cls) -> pl.Expr:
        """The last day of trade is not before the first."""
        return (
            pl.col("closed_on").is_null() | pl.col("opened_on").is_null() | (pl.col("closed_on") >= pl.col("opened_on"))
        )


class OpeningPattern(dy.Schema):
    """A validated `OpeningHoursDelivery` row."""

    store_id = dy.String(min_length=1)
    day = dy.String(regex=PATTERN_DAY)
    open = dy.Bool()
    opens = dy.String(nullable=True, regex=CLOCK)
    closes = dy.String(nullable=True, regex=CLOCK)
    copies = dy.Int64(min=1)

    @dy.rule()
    def interval_has_both_ends(cls) -> pl.Expr:
        """Opening without closing time (or the reverse) says nothing."""
        return pl.col("opens").is_null() == pl.col("closes").is_null()

    @dy.rule()
    def interval_ends_the_same_day(cls) -> pl.Expr:
        """An interval over midnight is delivered as two."""
        return pl.col("opens").is_null() | (pl.col("closes") > pl.col("opens"))


class OpeningHours(dy.Schema):
    """One interval in which a store is open on a date; a known closed day is one row with `open` false.

    A store and date without a row has unknown hours: it counts as open in all hours that have data.
    """

    store_id = dy.String()
    date = dy.Date()
    open = dy.Bool()
    opens = dy.String(nullable=True, description="HH:MM local")
    closes = dy.String(nullable=True, description="HH:MM local, exclusive")
