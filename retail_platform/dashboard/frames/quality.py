"""What the data quality page shows, as frames, from the lake alone.

What Dagster knows of runs and checks is not asked for: the page leads to its UI instead.
"""

from datetime import date

import dataframely as dy
import polars as pl

from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.filters import Option
from retail_platform.dashboard.frames.days import closed
from retail_platform.dashboard.page import View
from retail_platform.domains.calendar.contract import CalendarEvent
from retail_platform.domains.clients.contract import Client
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.products.contract import Product, ProductPrice
from retail_platform.domains.sales.contract import Sale, StoreTotal
from retail_platform.domains.stores.contract import OpeningPattern, Store
from retail_platform.domains.weather.contract import Weather
from retail_platform.windows import Window

STATES = ("complete", "open", "closed", "partial", "missing")
SOUND = ("complete", "closed")
"""Those that nobody needs to look at."""

EXPECTED = ("sales", "store_totals", "footfall_readings", "footfall", "store_days")
"""Tables that have rows on each day, if the retailer has them at all."""

_COUNTED = ("footfall_readings", "footfall")
"""Of them those that have none where every store with doors is closed."""

CONTRACTS: dict[str, type[dy.Schema]] = {
    "sales": Sale,
    "store_totals": StoreTotal,
    "footfall_readings": FootfallReading,
    "stores": Store,
    "opening_patterns": OpeningPattern,
    "products": Product,
    "product_prices": ProductPrice,
    "clients": Client,
    "calendar_events": CalendarEvent,
    "weather": Weather,
}
_COMPUTED = ("sensor_health", "footfall", "footfall_anomalies", "hourly_metrics", "store_days", "daily_metrics")
TABLES = (*CONTRACTS, *_COMPUTED, "footfall_forecast", "period_metrics")
SAMPLE = Option("table", "first", ("first", *CONTRACTS))
SAMPLE_ROWS = 20


def calendar(view: View) -> pl.DataFrame:
    """Each day of the period: `date`, `state` (of `STATES`) and `lacks` (tables without rows on it).

    `missing` has no store day; `closed` neither, for every store was closed; `partial` lacks another table; `open` is
    not final; the rest is `complete`.
    """
    window = view.filters.window
    stored = {table: _days(view, table) for table in EXPECTED if view.data.tables.exists(table)}
    every, flags = view.facts.between(window), view.facts.grids.flags
    with_doors = every.of(view.facts.counting)
    known, final = set(every.dates), set(every.dates_of(flags["final"]))
    counting = set(with_doors.dates_of(flags["is_open"]))
    rows, all_closed = [], closed(view, window)
    for day in window.days():
        lacks = [
            table for table, there in stored.items() if day not in there and (day in counting or table not in _COUNTED)
        ]
        if day in all_closed:
            state, lacks = "closed", []
        elif day not in known:
            state = "missing"
        elif lacks:
            state = "partial"
        else:
            state = "complete" if day in final else "open"
        rows.append({"date": day, "state": state, "lacks": ", ".join(lacks)})
    return pl.DataFrame(rows, schema={"date": pl.Date, "state": pl.String, "lacks": pl.String})


def freshness(view: View) -> pl.DataFrame:
    """Each table that is there: `table`, `updated`, and of one by day `last_day`, `days` and `days_without` (rows)."""
    window, rows = view.filters.window, []
    for table in (name for name in TABLES if view.data.tables.exists(name)):
        version, days = view.data.tables.version(table), _days(view, table)
        held = sum(window.first <= day <= window.last for day in days)
        by_day = version.by_day
        rows.append(
            {
                "table": table,
                "updated": version.at,
                "last_day": max(days, default=None),
                "days": held if by_day else None,
                "days_without": _length(window) - held if by_day else None,
            }
        )
    types: dict[str, pl.DataType] = {
        "table": pl.String(),
        "updated": pl.Datetime("us", "UTC"),
        "last_day": pl.Date(),
        "days": pl.Int64(),
        "days_without": pl.Int64(),
    }
    return pl.DataFrame(rows, schema=types)


def quarantine(view: View) -> pl.DataFrame:
    """Rows set aside by `table` and `reason`, the most first; one with two reasons is counted for each."""
    parts = [_reasons(view, table) for table in quarantined(view)]
    types = {"table": pl.String, "reason": pl.String, "rows": pl.Int64}
    return pl.concat([pl.DataFrame(schema=types), *parts]).sort(
        "rows", "table", "reason", descending=[True, False, False]
    )


def quarantined(view: View) -> list[str]:
    """The tables that set rows aside, as `sales`."""
    return [table for table in CONTRACTS if view.data.tables.exists(f"quarantine_{table}")]


def sampled(view: View) -> str | None:
    """The table whose rows are shown: the one chosen, else the one with the most set aside; none without any."""
    chosen, found = view.filters.option(SAMPLE), quarantine(view)["table"].to_list()
    if chosen in CONTRACTS:
        return chosen
    return found[0] if found else None


def sample(view: View) -> pl.DataFrame:
    """The first rows set aside of a table with their reasons; without personal columns."""
    table = sampled(view)
    if table is None or not view.data.tables.exists(f"quarantine_{table}"):
        return pl.DataFrame(schema={"reasons": pl.String})
    source = f"quarantine_{table}"
    there = view.data.tables.version(source).columns
    columns = ("reasons", *(name for name in shown_columns(table) if name in there))

    def query(rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.head(SAMPLE_ROWS).with_columns(pl.col("reasons").list.join(", "))

    return collected(view.data, source, columns, query, _window(view, source))


def shown_columns(table: str) -> list[str]:
    """The columns of a contract that are nobody's own: only what a contract knows is shown at all."""
    columns = CONTRACTS[table].columns()
    return [
        name for name, column in columns.items() if not (column.metadata or {}).get("personal") and name != "copies"
    ]


def _reasons(view: View, table: str) -> pl.DataFrame:
    source = f"quarantine_{table}"
    window = _window(view, source)

    def query(rows: pl.LazyFrame) -> pl.LazyFrame:
        return (
            rows.explode("reasons")
            .group_by(reason=pl.col("reasons"))
            .agg(rows=pl.len().cast(pl.Int64))
            .select(pl.lit(table).alias("table"), "reason", "rows")
        )

    def compute() -> pl.DataFrame:
        return collected(view.data, source, ("reasons",), query, window)

    return view.data.tables.result(source, ("quarantine reasons", window), compute)


def _window(view: View, table: str) -> Window | None:
    return view.filters.window if view.data.tables.version(table).by_day else None


def _days(view: View, table: str) -> set[date]:
    return {day for _, day in view.data.tables.version(table).files if day is not None}


def _length(window: Window) -> int:
    return (window.last - window.first).days + 1
