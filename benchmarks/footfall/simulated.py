"""The simulated retailer as the footfall domain sees it: readings, what is known of the stores, and the truth."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from retail_platform.domains.calendar.transform import calendar_days
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.footfall.grid import HISTORY_DAYS
from retail_platform.domains.footfall.layout import Surroundings
from retail_platform.domains.footfall.transform import judged_readings
from retail_platform.domains.stores.transform import opening_hours
from retail_platform.sources.simulator.faults import Faults
from retail_platform.sources.simulator.source import Simulator
from retail_platform.windows import Window

COUNTER = ["date", "store_id", "sensor_id"]


@dataclass(frozen=True)
class World:
    """Ten stores for a time.

    Attributes:
        window: the days that are measured; readings begin with its first, or 56 days before.
        readings: `FootfallReading` rows.
        around: what is known of the stores; their sales are not, which makes telling a fault harder.
        simulator: knows the truth.
    """

    window: Window
    readings: pl.DataFrame
    around: Surroundings
    simulator: Simulator


def world(seed: int, window: Window, *, faults: Faults | None = None, history: bool = False) -> World:
    """Ten stores in France: `history` lets their readings begin before the window."""
    import holidays

    simulator = Simulator(seed, "demo", country="FR", faults=faults)
    first = window.first - timedelta(days=HISTORY_DAYS if history else 0)
    public = dict(holidays.country_holidays("FR", years=range(first.year, window.last.year + 1)))
    stores = simulator.read("stores").collect()
    missing = [name for name in ("opened_on", "closed_on") if name not in stores.columns]
    stores = stores.with_columns(pl.lit(None, dtype=pl.Date).alias(name) for name in missing)
    patterns = simulator.read("opening_hours").with_columns(copies=pl.lit(1))
    special = stores.select("store_id").join(
        pl.DataFrame({"date": list(public), "public_holiday": list(public.values())}), how="cross"
    )
    calendar = calendar_days(Window(first, window.last), public)
    hours = opening_hours(patterns, stores.lazy(), calendar, special.lazy()).collect()
    around = Surroundings(stores.lazy(), hours.lazy(), special.lazy())
    empty = FootfallReading.create_empty()
    made = World(window, empty, around, simulator)
    return replace(made, readings=judged(made, delivered(simulator, first, window.last)))


def delivered(simulator: Simulator, first: date, last: date) -> pl.DataFrame:
    """Readings as they come, typed."""
    rows = simulator.read("footfall", Window(first, last)).with_columns(status=pl.lit(None, dtype=pl.String))
    return rows.collect()


def judged(of: World, rows: pl.DataFrame, *, bound: int | None = None) -> pl.DataFrame:
    """Delivered rows as `FootfallReading` rows; `bound` replaces the simulator's own of an implausible count."""
    most = of.simulator.max_visitors_per_hour if bound is None else bound
    told = judged_readings(rows.lazy(), of.around.stores, of.around.hours, most).with_columns(copies=pl.lit(1))
    return FootfallReading.cast(told.collect())
