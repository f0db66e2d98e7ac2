"""How a date is named in the ISO and the retail calendar, and at a store. Pure functions, frames in, frame out."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from retail_platform.domains.calendar.contract import EVENT_KINDS, CalendarDay, StoreCalendarDay
from retail_platform.windows import Window

_WEEKS_OF_PERIODS = (4, 5, 4) * 4
_HOLIDAYS = ("public_holiday", "school_holiday")  # the kinds that are no event
UNNAMED = "Public holiday"
"""What a public holiday is called that nobody names."""


def calendar_days(
    window: Window, public_holidays: Mapping[date, str], events: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """The date spine.

    Args:
        window: first and last day.
        public_holidays: names by date; dates outside the window are ignored.
        events: columns of `CalendarEventDelivery`, typed; those of some stores or regions alone are left out.

    Returns:
        `CalendarDay` rows, one a day, in order. Several names on one day are joined with `; `.
    """
    day = pl.col("date")
    days = pl.LazyFrame({"date": pl.date_range(window.first, window.last, "1d", eager=True)})
    national = pl.LazyFrame(
        [("public_holiday", name, day) for day, name in public_holidays.items()],
        schema={"kind": pl.String, "name": pl.String, "date": pl.Date},
        orient="row",
    )
    declared = _by_day(events, window).filter(pl.col("store_id").is_null(), pl.col("region").is_null())
    named = _named(pl.concat([national, declared.select("kind", "name", "date")]), "date")
    return (
        days.with_columns(
            year=day.dt.year(),
            quarter=day.dt.quarter(),
            month=day.dt.month(),
            day=day.dt.day(),
            weekday=day.dt.weekday(),
            iso_year=day.dt.iso_year(),
            iso_week=day.dt.week(),
        )
        .join(retail_weeks(window), on="date", how="left")
        .join(named.drop("event_kind"), on="date", how="left")
        .sort("date")
        .pipe(CalendarDay.cast)
    )


def retail_weeks(window: Window) -> pl.LazyFrame:
    """Retail year, quarter, period and week of each day: the National Retail Federation's 4-5-4 calendar."""
    years = range(window.first.year - 1, window.last.year + 2)
    starts = pl.LazyFrame({"start": [retail_year_start(year) for year in years], "retail_year": list(years)})
    period_of_week = [period for period, weeks in enumerate(_WEEKS_OF_PERIODS, 1) for _ in range(weeks)] + [12]
    weeks = pl.LazyFrame({"retail_week": range(1, 54), "retail_period": period_of_week})
    return (
        pl.LazyFrame({"date": pl.date_range(window.first, window.last, "1d", eager=True)})
        .join_asof(starts, left_on="date", right_on="start", strategy="backward")
        .with_columns(retail_week=(pl.col("date") - pl.col("start")).dt.total_days() // 7 + 1)
        .join(weeks, on="retail_week", how="left")
        .with_columns(retail_quarter=(pl.col("retail_period") - 1) // 3 + 1)
        .drop("start")
    )


def retail_year_start(year: int) -> date:
    """The Sunday after the Saturday nearest to 31 January."""
    end_of_january = date(year, 1, 31)
    days_to_saturday = (5 - end_of_january.weekday() + 3) % 7 - 3
    return end_of_january + timedelta(days=days_to_saturday + 1)


def store_calendar(
    window: Window, stores: pl.LazyFrame, public_holidays: pl.LazyFrame, events: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """The dates that are unlike others at each store.

    Args:
        window: first and last day.
        stores: `Store` rows.
        public_holidays: `country`, `region` (null: of stores without one), `date`, `name`.
        events: columns of `CalendarEventDelivery`, typed; a store takes those that name it or no store, and its region
            or none.

    Returns:
        `StoreCalendarDay` rows in the order of stores and dates.
    """
    declared = _by_day(events, window)
    own, others = pl.col("store_id").is_not_null(), pl.col("region").is_not_null()
    # Stores of one region that no event names are alike: names are joined once for all of them.
    named = declared.filter(own).select("store_id", alone="store_id").unique()
    stores = stores.select("store_id", "country", "region").join(named, on="store_id", how="left")
    like = ("country", "region", "alone")
    places = stores.select(like).unique()
    of_places = places.join(public_holidays, on=["country", "region"], nulls_equal=True).with_columns(
        kind=pl.lit("public_holiday")
    )
    of_all = declared.filter(~own, ~others).select("kind", "name", "date").join(places, how="cross")
    of_regions = declared.filter(~own, others).drop("store_id").join(places, on="region")
    of_stores = (
        declared.filter(own)
        .rename({"region": "region_of_event"})
        .join(places, left_on="store_id", right_on="alone", coalesce=False)
        .filter(pl.col("region_of_event").is_null() | (pl.col("region_of_event") == pl.col("region")))
    )
    columns = (*like, "date", "kind", "name")
    return (
        pl.concat(part.select(columns) for part in (of_places, of_all, of_regions, of_stores))
        .filter(pl.col("date").is_between(window.first, window.last))
        .pipe(_named, *like, "date")
        .join(stores, on=like, nulls_equal=True)
        .drop(like)
        .sort("store_id", "date")
        .pipe(StoreCalendarDay.cast)
    )


def _by_day(events: pl.LazyFrame | None, window: Window) -> pl.LazyFrame:
    """The events, a row for each of their days within the window: `kind`, `name`, `date`, `store_id`, `region`."""
    text = ("kind", "name", "store_id", "region")
    if events is None:
        return pl.LazyFrame(schema=dict.fromkeys(text, pl.String()) | {"date": pl.Date()})
    first, last = (
        pl.max_horizontal("first_day", pl.lit(window.first)),
        pl.min_horizontal("last_day", pl.lit(window.last)),
    )
    return (
        events.filter(pl.col("last_day") >= window.first, pl.col("first_day") <= window.last)
        .select(*(pl.col(name).cast(pl.String) for name in text), date=pl.date_ranges(first, last, "1d"))
        .explode("date")
    )


def _named(days: pl.LazyFrame, *key: str) -> pl.LazyFrame:
    """Columns `public_holiday`, `school_holiday`, `event` and `event_kind` from rows of `kind` and `name`."""
    kind, order = (
        pl.col("kind"),
        pl.col("kind").replace_strict({one: at for at, one in enumerate(EVENT_KINDS)}, default=3),
    )
    is_event = ~kind.is_in(_HOLIDAYS)

    def joined(names: pl.Expr) -> pl.Expr:
        known = names.drop_nulls()
        named = pl.when(known.len() > 0).then(known.unique().sort().str.join("; "))
        return named.when(names.len() > 0).then(pl.lit(UNNAMED))

    return days.group_by(key).agg(
        *(joined(pl.col("name").filter(kind == one)).alias(one) for one in _HOLIDAYS),
        event=joined(pl.col("name").filter(is_event)),
        event_kind=order.filter(is_event).min().replace_strict(dict(enumerate(EVENT_KINDS)), return_dtype=pl.String),
    )
