"""Events as they are declared or delivered, for tests."""

from datetime import date

import polars as pl

from retail_platform.domains.calendar.contract import CalendarEventDelivery


def declared(*events: tuple[str | date | None, ...]) -> pl.LazyFrame:
    """Rows of kind, name, first day, last day, and perhaps store and region."""
    schema = pl.Schema(CalendarEventDelivery)
    return pl.LazyFrame([(*event, None, None)[: len(schema)] for event in events], schema, orient="row")
