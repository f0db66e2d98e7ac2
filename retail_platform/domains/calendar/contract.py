"""Tables of the calendar domain: the days, and what each is called.

Only columns, types, units and rules belong here.
"""

import dataframely as dy
import polars as pl

KINDS = ["public_holiday", "school_holiday", "event", "promotion", "strike", "works"]
EVENT_KINDS = ["promotion", "strike", "works", "other"]


class CalendarEventDelivery(dy.Schema):
    """Days that are unlike others, as a source delivers them: of a store, of a region, or of all stores."""

    kind = dy.String()
    name = dy.String(nullable=True)
    first_day = dy.Date()
    last_day = dy.Date()
    store_id = dy.String(nullable=True)
    region = dy.String(nullable=True)


class CalendarEvent(dy.Schema):
    """A validated `CalendarEventDelivery` row.

    Without `store_id` and `region` it holds for all stores; with both, for that store if it is in that region.
    """

    kind = dy.Enum(KINDS)
    name = dy.String(nullable=True, min_length=1, description="Null: of a public holiday, as the country calls it")
    first_day = dy.Date()
    last_day = dy.Date(description="Inclusive")
    store_id = dy.String(nullable=True)
    region = dy.String(nullable=True, description="As `stores` names it")
    copies = dy.Int64(min=1)

    @dy.rule()
    def ends_after_it_begins(cls) -> pl.Expr:
        """The last day is not before the first."""
        return pl.col("last_day") >= pl.col("first_day")

    @dy.rule()
    def has_a_name(cls) -> pl.Expr:
        """Only a public holiday may do without: the country has a name for it."""
        return pl.col("name").is_not_null() | (pl.col("kind").cast(pl.String) == "public_holiday")


class CalendarDay(dy.Schema):
    """One date of the retailer's country.

    The retail year is the 4-5-4 calendar of the National Retail Federation: 52 or 53 weeks from the Sunday
    after the Saturday nearest to 31 January, in periods of 4, 5 and 4 weeks; week 53 belongs to period 12.
    """

    date = dy.Date(primary_key=True)
    year = dy.Int32()
    quarter = dy.Int8(min=1, max=4)
    month = dy.Int8(min=1, max=12)
    day = dy.Int8(min=1, max=31)
    weekday = dy.Int8(min=1, max=7, description="1 is Monday")
    iso_year = dy.Int32()
    iso_week = dy.Int8(min=1, max=53)
    retail_year = dy.Int32()
    retail_quarter = dy.Int8(min=1, max=4)
    retail_period = dy.Int8(min=1, max=12)
    retail_week = dy.Int8(min=1, max=53)
    public_holiday = dy.String(nullable=True)
    school_holiday = dy.String(nullable=True)
    event = dy.String(nullable=True)


class StoreCalendarDay(dy.Schema):
    """A date that is unlike others at a store; dates on which nothing is the matter have no row.

    Public holidays are those of the store's country and region. Several names are joined with `; `.
    """

    store_id = dy.String(primary_key=True)
    date = dy.Date(primary_key=True)
    public_holiday = dy.String(nullable=True)
    school_holiday = dy.String(nullable=True)
    event = dy.String(nullable=True)
    event_kind = dy.Enum(EVENT_KINDS, nullable=True, description="Of several events the first of these")

    @dy.rule()
    def something_is_the_matter(cls) -> pl.Expr:
        """One of the three is named."""
        return pl.any_horizontal(pl.col("public_holiday", "school_holiday", "event").is_not_null())

    @dy.rule()
    def event_has_a_kind(cls) -> pl.Expr:
        """An event has a kind, and a kind an event."""
        return pl.col("event").is_null() == pl.col("event_kind").is_null()
