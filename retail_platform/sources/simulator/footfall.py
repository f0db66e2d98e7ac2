"""The simulated door sensors: what each counts in each open hour, rightly and wrongly.

Only counting belongs here; how many come is `days`'s business.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from retail_platform.sources.simulator.days import Days
from retail_platform.sources.simulator.faults import Faults
from retail_platform.sources.simulator.streams import Ints, Mask, below, bits, share

MAX_VISITORS_PER_HOUR = 8_000
"""Above every true count of a sensor, below every injected one."""
_IMPLAUSIBLE = 10_000, 50_000
FOOTFALL_FAULTS = ("null_hour", "implausible_hour", "dead_sensor_day", "undercounting_sensor_day")
_NULL, _IMPLAUSIBLE_HOUR, _DEAD, _UNDERCOUNTING = range(1, 5)


@dataclass(frozen=True)
class Readings:
    """One row a sensor and open hour, sorted by store, day, sensor, hour.

    Attributes:
        true, counted: visitors; `counted` is -1 where the sensor delivers null.
        fault: 0, or 1 + index into `FOOTFALL_FAULTS`.
    """

    store: Ints
    day: Ints
    sensor: Ints
    hour: Ints
    true: Ints
    counted: Ints
    fault: Ints


def simulate_readings(days: Days, faults: Faults) -> Readings:
    """Split the visitors of each store and hour among its sensors, and let some sensors fail."""
    sensors = days.stores.sensors
    most = int(sensors.max(initial=1))
    number = np.arange(most)
    here = number < sensors[:, None]
    sensor_keys = bits(bits(days.keys, np.array(4))[:, :, None], number)
    true = _split(days, here, most)
    shown = here[:, None, :, None] & (days.minutes > 0)[:, :, None, :]
    store, day, sensor, hour = np.nonzero(shown)
    true = true[store, day, sensor, hour]
    of_day = share(sensor_keys, 0, 32)[store, day, sensor]
    drawn = bits(sensor_keys[store, day, sensor], hour)
    of_hour = share(drawn, 0, 32)
    dead, under = faults.dead_sensor_day, faults.undercounting_sensor_day
    fault = np.select(
        [
            of_day < dead,
            of_day < dead + under,
            of_hour < faults.null_hour,
            of_hour < faults.null_hour + faults.implausible_hour,
        ],
        [_DEAD, _UNDERCOUNTING, _NULL, _IMPLAUSIBLE_HOUR],
        0,
    )
    absurd = _IMPLAUSIBLE[0] + below(drawn, 32, 32, _IMPLAUSIBLE[1] - _IMPLAUSIBLE[0] + 1)
    counted = np.select(
        [(fault == _NULL) | (fault == _DEAD), fault == _IMPLAUSIBLE_HOUR, fault == _UNDERCOUNTING],
        [-1, absurd, true // 5],
        true,
    )
    fault[counted == true] = 0  # a fifth of nobody is right
    return Readings(store, day, sensor, hour, true, counted, fault)


def _split(days: Days, here: Mask, most: int) -> Ints:
    """Visitors by store, day, sensor and hour; each store and hour sums to its visitors."""
    weight = np.where(here, 0.5 + share(bits(days.stores.draws[:, None], np.arange(most)), 0, 16), 0.0)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    upto = np.cumsum(weight, axis=1)
    upto[:, -1] = 1.0
    upto = np.where(np.arange(most) >= days.stores.sensors[:, None] - 1, 1.0, upto)
    reached = (days.visitors[:, :, None, :] * upto[:, None, :, None]).astype(np.int64)
    visitors: Ints = np.diff(reached, axis=2, prepend=0)
    return visitors


def reading_frame(days: Days, readings: Readings, visitors: Ints) -> pl.DataFrame:
    """Readings as delivered, with these counts; null where negative."""
    index = {name: getattr(readings, name).astype(np.uint32) for name in ("store", "day", "sensor", "hour")}
    dates = pl.Series(days.numbers.astype(np.int32)).cast(pl.Date)
    ids = days.stores.ids
    count = pl.Series(visitors)
    return pl.DataFrame(index).select(
        date=dates.gather(index["day"]),
        hour=pl.col("hour").cast(pl.Int8),
        store_id=ids.gather(index["store"]),
        sensor_id=ids.gather(index["store"]) + "-D" + (pl.col("sensor") + 1).cast(pl.String),
        visitors=count.set(count < 0, None),
    )


def reading_truth(days: Days, readings: Readings) -> pl.DataFrame:
    """The faults: one row for each reading that is not the true count."""
    wrong = readings.fault > 0
    kinds = pl.Series("fault", FOOTFALL_FAULTS).gather((readings.fault[wrong] - 1).astype(np.uint32))
    frame = reading_frame(days, readings, readings.counted).filter(pl.Series(wrong))
    return frame.select(kinds, "date", "store_id", "sensor_id", "hour")
