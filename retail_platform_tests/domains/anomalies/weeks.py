"""Weeks of footfall in a few stores, in which a test changes a day."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from retail_platform.domains.anomalies.contract import FootfallAnomaly
from retail_platform.domains.anomalies.transform import footfall_anomalies
from retail_platform.domains.calendar.contract import StoreCalendarDay
from retail_platform.domains.footfall.contract import Footfall, SensorHealth
from retail_platform.domains.weather.contract import Weather
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import frame

DAY = date(2026, 6, 10)  # a Wednesday
HOURS = range(9, 19)
Change = Callable[[date, str, int, int], int | None]


def footfall(*, stores: str = "A", days: int = 57, last: date = DAY, change: Change | None = None) -> pl.LazyFrame:
    """An even week with a little noise; `change` gets date, store, hour and visitors; None closes the hour."""
    rows = []
    for back in range(days):
        day = last - timedelta(days=back)
        for number, store in enumerate(stores):
            for hour in HOURS:
                noise = (back * 37 + number * 61 + hour * 17) % 21 - 10
                visitors: int | None = 100 + 10 * day.weekday() + noise
                if change is not None:
                    visitors = change(day, store, hour, int(visitors or 0))
                rows.append((day, hour, store, visitors))
    known = pl.DataFrame(rows, schema=["date", "hour", "store_id", "visitors"], orient="row").drop_nulls("visitors")
    return (
        known.lazy()
        .select(
            "date",
            pl.col("hour").cast(pl.Int8),
            "store_id",
            "visitors",
            visitors_low="visitors",
            visitors_high="visitors",
            observed_visitors="visitors",
            imputed_share=pl.lit(0.0),
            method=pl.lit("observed"),
            sensors_ok=pl.lit(1, dtype=pl.Int64),
            sensors_total=pl.lit(1, dtype=pl.Int64),
        )
        .pipe(Footfall.cast)
    )


def times(factor: float, *, store: str = "A", day: date = DAY, hours: range = HOURS) -> Change:
    """So many times the visitors in hours of a store's day."""

    def change(at: date, here: str, hour: int, visitors: int) -> int:
        return round(factor * visitors) if at == day and here in store and hour in hours else visitors

    return change


def anomalies(
    counted: pl.LazyFrame,
    *,
    window: Window | None = None,
    health: Mapping[str, Any] | None = None,
    special: Mapping[str, Any] | None = None,
    weather: pl.LazyFrame | None = None,
    today: date | None = None,
) -> pl.DataFrame:
    """The anomalies of a day; `health` and `special` are a row of store A on it."""
    at = {"date": DAY, "store_id": "A"}
    judged = [{**at, "sensor_id": "A-1", "hours_expected": 10, "hours_counted": 10, **health}] if health else []
    found = footfall_anomalies(
        counted,
        frame(SensorHealth, *judged).lazy(),
        frame(StoreCalendarDay, *([{**at, **special}] if special else [])).lazy(),
        window or Window(DAY, DAY),
        weather=weather,
        today=today,
    )
    return FootfallAnomaly.validate(found.collect())


def weather(rain: float, *, stores: str = "A") -> pl.LazyFrame:
    """Dry weeks, and rain on the day."""
    rows = [
        {"date": DAY - timedelta(days=back), "store_id": store, "precipitation": 0.0 if back else rain, "copies": 1}
        for back in range(57)
        for store in stores
    ]
    return frame(Weather, *rows).lazy()
