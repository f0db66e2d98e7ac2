"""Days on which clocks change, from counters to the metrics of a store that never closes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from retail_platform.domains.calendar.contract import StoreCalendarDay
from retail_platform.domains.footfall import estimates
from retail_platform.domains.footfall.contract import Footfall, FootfallReading
from retail_platform.domains.footfall.layout import Surroundings
from retail_platform.domains.metrics import transform
from retail_platform.domains.stores.contract import OpeningHours, Store
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import frame

SPRING = date(2026, 3, 29)  # in Paris 02:00 is followed by 03:00
AUTUMN = date(2026, 10, 25)  # in Paris 02:59 is followed by 02:00
SKIPPED = (SPRING, 2)


@dataclass(frozen=True)
class Night:
    """A store of one door that opens at midnight and counts 50 visitors an hour, over eight weeks and a day."""

    day: date
    closes: str = "24:00"
    without: tuple[tuple[date, int], ...] = ()

    @property
    def _stores(self) -> pl.LazyFrame:
        return frame(Store, {"store_id": "S1"}, format="shop", timezone="Europe/Paris", currency="EUR").lazy()

    @property
    def _hours(self) -> pl.LazyFrame:
        days = [{"date": self.day - timedelta(days=back)} for back in range(60)]
        return frame(OpeningHours, *days, store_id="S1", open=True, opens="00:00", closes=self.closes).lazy()

    def footfall(self) -> pl.DataFrame:
        """`Footfall` rows of the day."""
        days = [self.day - timedelta(days=back) for back in range(57)]
        rows = [{"date": day, "hour": hour} for day in days for hour in range(24) if (day, hour) not in self.without]
        readings = frame(FootfallReading, *rows, store_id="S1", sensor_id="D1", visitors=50, status="ok")
        noise = (pl.col("date").dt.day() * 7 + pl.col("hour") * 5) % 11
        readings = readings.with_columns(visitors=pl.col("visitors") + noise)
        around = Surroundings(self._stores, self._hours, frame(StoreCalendarDay).lazy())
        _, visitors = estimates.sensor_health_and_footfall(readings.lazy(), around, Window(self.day, self.day))
        return Footfall.validate(visitors.collect())

    def store_day(self) -> dict[str, Any]:
        """The day's `StoreDay`."""
        dates = pl.LazyFrame({"date": [self.day]})
        around = {"stores": self._stores, "hours": self._hours, "dates": dates}
        hourly = transform.hourly_metrics(**around, sums=None, transactions=None, footfall=self.footfall().lazy())
        found = transform.store_days(
            **around,
            hourly=hourly,
            products=None,
            totals=None,
            has_footfall=True,
            read_at=dates.with_columns(read_at=pl.lit(datetime(2030, 1, 1, tzinfo=UTC))),
        )
        return found.collect().row(0, named=True)


def test_the_hour_that_clocks_skip_is_neither_open_nor_missing() -> None:
    night = Night(SPRING, without=(SKIPPED,))

    day = night.store_day()

    assert (day["open_hours"], day["hours_without_count"]) == (23, 0)
    assert day["visitors"] == night.footfall()["visitors"].sum() > 0
    assert 2 not in night.footfall()["hour"]


def test_a_count_of_the_hour_that_clocks_skip_is_of_an_open_hour() -> None:
    night = Night(SPRING)

    day, footfall = night.store_day(), night.footfall()

    assert (day["open_hours"], day["hours_without_count"], day["visitors"]) == (24, 0, footfall["visitors"].sum())
    assert footfall.filter(hour=2)["sensors_total"].item() == 1


def test_but_not_where_the_store_would_have_been_closed() -> None:
    night = Night(SPRING, closes="02:00")

    day, footfall = night.store_day(), night.footfall()

    assert (day["open_hours"], day["hours_without_count"]) == (2, 0)
    assert day["visitors"] == footfall.filter(pl.col("hour") < 2)["visitors"].sum()
    assert footfall.filter(hour=2)["sensors_total"].item() == 0


@pytest.mark.parametrize("day", [AUTUMN, SPRING - timedelta(days=1)])
@pytest.mark.parametrize("missing", [0, 1])
def test_on_other_days_every_hour_is_open_and_one_that_nobody_counted_is_missing(day: date, missing: int) -> None:
    night = Night(day, without=((day, 2),) * missing)

    found = night.store_day()

    assert (found["open_hours"], found["hours_without_count"], found["visitors_imputed_share"] > 0) == (24, 0, missing)
    assert night.footfall()["hour"].to_list() == list(range(24))
