"""How a date is named in the ISO and the retail calendar. Pure functions, frames in, frame out."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from retail_platform.domains.calendar.contract import CalendarDay
from retail_platform.windows import Window

_WEEKS_OF_PERIODS = (4, 5, 4) * 4


def calendar_days(
    window: Window, public_holidays: Mapping[date, str], events: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """The date spine.

    Args:
        window: first and last day.
        public_holidays: names by date; dates outside the window are ignored.
        events: `kind` (`school_holiday` or `event`), `name`, `first_day`, `last_day` (inclusive).

    Returns:
        `CalendarDay` rows, one a day, in order. Several events on one day are joined with `; `.
    """
    day = pl.col("date")
    days = pl.LazyFrame({"date": pl.date_range(window.first, window.last, "1d", eager=True)})
    named = pl.LazyFrame(
        {"date": list(public_holidays), "public_holiday": list(public_holidays.values())},
        schema={"date": pl.Date, "public_holiday": pl.String},
    )
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
        .join(named, on="date", how="left")
        .join(_named_days(events, "school_holiday"), on="date", how="left")
        .join(_named_days(events, "event"), on="date", how="left")
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


def _named_days(events: pl.LazyFrame | None, kind: str) -> pl.LazyFrame:
    if events is None:
        return pl.LazyFrame(schema={"date": pl.Date, kind: pl.String})
    return (
        events.filter(pl.col("kind") == kind)
        .with_columns(date=pl.date_ranges("first_day", "last_day", "1d"))
        .explode("date")
        .group_by("date")
        .agg(pl.col("name").sort().str.join("; ").alias(kind))
    )
