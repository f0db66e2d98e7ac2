"""A small store's door counters over some weeks, for tests: what they count, and what goes wrong.

Only making readings and asking the platform's functions belongs here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from retail_platform.domains.calendar.contract import StoreCalendarDay
from retail_platform.domains.footfall import estimates
from retail_platform.domains.footfall.contract import Footfall, FootfallReading, SensorHealth
from retail_platform.domains.footfall.layout import Surroundings
from retail_platform.domains.stores.contract import OpeningHours, Store
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import frame

FIRST = date(2026, 1, 5)  # a Monday
DAY = FIRST + timedelta(days=60)
"""A Friday with more than eight weeks before it."""
OPEN = range(9, 19)
KEY = ["date", "store_id", "sensor_id", "hour"]


def on(day: date = DAY, sensor: str | None = None, hours: Iterable[int] | None = None, store: str = "S1") -> pl.Expr:
    """Readings of a day, by default of all counters of the first store and all hours."""
    found = (pl.col("date") == day) & (pl.col("store_id") == store)
    if sensor is not None:
        found &= pl.col("sensor_id") == sensor
    return found if hours is None else found & pl.col("hour").is_in(list(hours))


@dataclass(frozen=True)
class Doors:
    """Readings of stores that open from 9 to 19 every day, and what is known of the stores."""

    readings: pl.DataFrame
    stores: tuple[str, ...]
    known_hours: bool = True
    timezone: str = "Europe/Paris"
    holidays: tuple[date, ...] = ()
    closed: tuple[date, ...] = ()
    sold: Mapping[date, int] | None = None
    today: date | None = None
    days: int = field(default=61)

    def but(self, **changes: Any) -> "Doors":
        """The same with other facts."""
        return replace(self, **changes)

    def scaled(self, where: pl.Expr, factor: float) -> "Doors":
        """Counts times a factor, rounded down."""
        return self.said(where, (pl.col("visitors") * factor).floor().cast(pl.Int64))

    def said(self, where: pl.Expr, visitors: pl.Expr | int | None, status: str = "ok") -> "Doors":
        """Other counts, with a status."""
        value = pl.lit(visitors, dtype=pl.Int64) if visitors is None or isinstance(visitors, int) else visitors
        changed = self.readings.with_columns(
            visitors=pl.when(where).then(value).otherwise("visitors"),
            status=pl.when(where).then(pl.lit(status)).otherwise(pl.col("status").cast(pl.String)),
        )
        return replace(self, readings=changed.cast({"status": self.readings.schema["status"]}))

    def without(self, where: pl.Expr) -> "Doors":
        """Readings that were not delivered."""
        return replace(self, readings=self.readings.filter(~where))

    def broken(self, where: pl.Expr) -> "Doors":
        """Readings without a count."""
        return self.said(where, None, "broken")

    def health(self, first: date = DAY, last: date | None = None) -> pl.DataFrame:
        """`SensorHealth` rows."""
        return self.both(first, last)[0]

    def footfall(self, first: date = DAY, last: date | None = None) -> pl.DataFrame:
        """`Footfall` rows."""
        return self.both(first, last)[1]

    def both(self, first: date = DAY, last: date | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`SensorHealth` and `Footfall` rows."""
        window = Window(first, last or first)
        health, footfall = estimates.sensor_health_and_footfall(self.readings.lazy(), self._around(), window)
        return SensorHealth.validate(health.collect()), Footfall.validate(footfall.collect())

    def status(self, day: date = DAY) -> dict[str, str]:
        """What each counter is called on a day."""
        return dict(self.health(day).select("sensor_id", pl.col("status").cast(pl.String)).rows())

    def truth(self, day: date = DAY, store: str = "S1") -> int:
        """Sum of a store's readings of a day."""
        return int(self.readings.filter(on(day, store=store))["visitors"].sum())

    def _around(self) -> Surroundings:
        dates = [FIRST + timedelta(days=number) for number in range(-70, self.days + 40)]
        hours = [
            {"date": day, "open": day not in self.closed}
            | ({"opens": "09:00", "closes": "19:00"} if self.known_hours and day not in self.closed else {})
            for day in dates
        ]
        by_store = [{"store_id": store, **row} for store in self.stores for row in hours]
        holidays = [
            {"store_id": s, "date": day, "public_holiday": "Fête"} for s in self.stores for day in self.holidays
        ]
        sold = self.sold and pl.LazyFrame({"date": list(self.sold), "units": list(self.sold.values())})
        return Surroundings(
            stores=frame(
                Store, *({"store_id": one} for one in self.stores), format="shop", timezone=self.timezone
            ).lazy(),
            hours=frame(OpeningHours, *by_store).lazy(),
            special=frame(StoreCalendarDay, *holidays).lazy(),
            sold=None if sold is None else sold.with_columns(store_id=pl.lit("S1")),
            today=self.today,
        )


def doors(levels: Mapping[str, float] | None = None, days: int = 61, stores: tuple[str, ...] = ("S1",)) -> Doors:
    """Counters that count rightly: `levels` are persons in a usual hour; the weekday, the hour and chance move them."""
    levels = {"D1": 120.0, "D2": 60.0} if levels is None else levels
    chance = np.random.default_rng(7)
    weekday = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.6, 1.1])
    hour = np.array([0.5, 0.8, 1.0, 1.3, 1.1, 1.0, 1.1, 1.3, 1.2, 0.7])
    rows = []
    for store in stores:
        for number in range(days):
            day = FIRST + timedelta(days=number)
            crowd = weekday[day.weekday()] * hour * np.exp(0.08 * chance.standard_normal())
            for sensor, level in levels.items():
                counts = chance.poisson(level * crowd)
                rows += [
                    {"date": day, "hour": OPEN[i], "store_id": store, "sensor_id": sensor, "visitors": int(count)}
                    for i, count in enumerate(counts)
                ]
    return Doors(frame(FootfallReading, *rows, status="ok", copies=1), stores, days=days)


def methods(found: pl.DataFrame) -> set[str]:
    """The methods of `Footfall` rows."""
    return set(found["method"].cast(pl.String))
