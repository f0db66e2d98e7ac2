"""Eight street cameras of Leeds as the footfall domain sees them: one store, eight counters.

Rows that repeat another are dropped; a camera's day of nothing but zeros is unknown, no truth to compare with.
"""

import os
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from retail_platform.domains.footfall.grid import HISTORY_DAYS, Grid
from retail_platform.domains.footfall.layout import Surroundings, lay_out
from retail_platform.windows import Window

_PLACE = "leeds_city_centre"


def folder() -> Path:
    """Where the data lies: `RETAIL_TEST_DATA`/leeds_footfall."""
    found = Path(os.environ.get("RETAIL_TEST_DATA", "../shared/data")) / "leeds_footfall"
    if not (found / "footfall.csv.gz").exists():
        raise SystemExit(f"{found}/footfall.csv.gz is not there: set RETAIL_TEST_DATA to the folder of the test data")
    return found


@cache
def readings() -> pl.DataFrame:
    """`FootfallReading` rows of all years, without `copies`."""
    rows = (
        pl.read_csv(folder() / "footfall.csv.gz", infer_schema=False)
        .select(
            date=pl.col("NewDate").str.to_date("%d-%b-%Y"),
            hour=pl.col("Hour").cast(pl.Int8),
            store_id=pl.lit(_PLACE),
            sensor_id=pl.col("LocationName"),
            visitors=pl.col("InCount").cast(pl.Int64),
            status=pl.lit("ok"),
        )
        .unique()
    )
    return rows.filter(pl.col("visitors").sum().over("date", "sensor_id") > 0)


def laid_out(window: Window) -> Grid:
    """The cameras' counts of a window and of the 56 days before."""
    import holidays

    years = range(window.first.year - 1, window.last.year + 1)
    public = holidays.country_holidays("GB", subdiv="ENG", years=years)
    special = pl.LazyFrame({"store_id": _PLACE, "date": list(public), "public_holiday": list(public.values())})
    stores = pl.LazyFrame(
        {
            "store_id": [_PLACE],
            "format": ["street"],
            "timezone": ["Europe/London"],
            "opened_on": [None],
            "closed_on": [None],
        },
        schema_overrides={"opened_on": pl.Date, "closed_on": pl.Date},
    )
    hours = pl.LazyFrame(
        schema={
            "store_id": pl.String,
            "date": pl.Date,
            "open": pl.Boolean,
            "opens": pl.String,
            "closes": pl.String,
        }
    )
    before = window.first - timedelta(days=HISTORY_DAYS)
    within = readings().filter(pl.col("date").is_between(before, window.last)).lazy()
    return lay_out(within, Surroundings(stores, hours, special), window)


def years(first: int, last: int) -> list[Window]:
    """A window for each year."""
    return [Window(date(year, 1, 1), date(year, 12, 31)) for year in range(first, last + 1)]
