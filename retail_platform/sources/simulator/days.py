"""What happens in each store in each hour of a range of days: open minutes, receipts, visitors.

Only counts belong here; what a receipt holds is `sales`'s business, what a sensor sees `footfall`'s. Arrays are
laid out (store, day, hour).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from retail_platform.domains.calendar.public_holidays import subdivision
from retail_platform.sources.simulator.formats import FORMATS, Interval, StoreFormat, Timetable
from retail_platform.sources.simulator.stores import EPOCH, Stores, days_since_epoch
from retail_platform.sources.simulator.streams import Bits, Floats, Ints, bell, bits, key, share
from retail_platform.windows import Window

LOOK_BACK = 30
"""How many days before a sale's return the sale can lie."""
CROWD = 6_000
"""No more people than this enter a store in an hour, unless they all buy."""
_HOLIDAY, _SPECIAL = 7, 8  # after the weekdays 0 to 6


@dataclass(frozen=True)
class Days:
    """The days of a window and the `LOOK_BACK` days before it, in every store.

    Attributes:
        numbers: the days, as days since 1970-01-01.
        opens: first open minute of each hour.
        minutes: open minutes of each hour, which are consecutive.
        receipts: receipts of each hour, returns included.
        keys: key of each store and day's random streams.
    """

    stores: Stores
    numbers: Ints
    opens: NDArray[np.uint8]
    minutes: NDArray[np.uint8]
    receipts: NDArray[np.int32]
    keys: Bits

    @cached_property
    def totals(self) -> Ints:
        """Receipts of each store and day."""
        totals: Ints = np.sum(self.receipts, axis=2, dtype=np.int64)
        return totals

    @cached_property
    def visitors(self) -> Ints:
        """True visitors of each store, day and hour, never fewer than receipts; 0 without a door."""
        conversion = np.array([kind.conversion or 1.0 for kind in FORMATS])[self.stores.format]
        drawn = bits(bits(self.keys, np.array(1))[:, :, None], np.arange(24))
        idle = (1 / conversion - 1)[:, None, None] * (0.75 + 0.5 * share(drawn, 0, 16)) * self.receipts
        passing = (self.minutes / 60) * share(drawn, 16, 16) * 3
        people = self.receipts + (idle + passing).astype(np.int64)
        people = np.minimum(people, np.maximum(self.receipts, CROWD))
        return np.where(self.stores.online[:, None, None], 0, people)


def simulate_days(seed: int, stores: Stores, window: Window, receipts_per_day: Floats, look_back: int) -> Days:
    """Simulate all stores over a window and the days before it.

    Args:
        seed: the simulator's.
        stores: all stores.
        window: the days wanted.
        receipts_per_day: mean receipts of an ordinary day of each store.
        look_back: days before the window.
    """
    first = days_since_epoch(window.first) - look_back
    numbers = np.arange(first, days_since_epoch(window.last) + 1)
    opens, minutes = _open_minutes(stores, numbers)
    store_keys = bits(key(seed, "store days"), np.arange(len(stores)))
    keys = bits(store_keys[:, None], numbers)
    demand = receipts_per_day[:, None] * _season(numbers)[stores.format] * (1 + 0.12 * bell(bits(keys, np.array(0))))
    profile = np.array([kind.hours for kind in FORMATS])
    usual = np.array([_usual_day(kind) for kind in FORMATS])
    weight = (profile / usual[:, None])[stores.format][:, None, :] * (minutes / 60)
    expected = demand[:, :, None] * weight
    hours = np.arange(24)
    expected += np.sqrt(expected) * bell(bits(bits(keys, np.array(2))[:, :, None], hours))
    drawn = share(bits(bits(keys, np.array(3))[:, :, None], hours), 0, 24)
    receipts = (np.maximum(expected, 0) + drawn).astype(np.int32)
    receipts[minutes == 0] = 0
    _give_each_open_day_a_receipt(receipts, minutes)
    return Days(stores, numbers, opens, minutes, receipts, keys)


def _give_each_open_day_a_receipt(receipts: NDArray[np.int32], minutes: NDArray[np.uint8]) -> None:
    store, day = np.nonzero((receipts.sum(axis=2) == 0) & (minutes.sum(axis=2) > 0))
    receipts[store, day, (minutes[store, day] > 0).argmax(axis=1)] = 1


def _usual_day(kind: StoreFormat) -> float:
    """What an ordinary Tuesday's hours sum to, over a format's timetables."""
    days = [_clock(timetable.week.get(2, ())) for timetable in kind.timetables]
    return float(np.mean([(np.array(kind.hours) * minutes / 60).sum() for _, minutes in days]))


def _clock(intervals: tuple[Interval, ...]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """First open minute, and open minutes, of each hour of a day."""
    opens, minutes = np.zeros(24, np.uint8), np.zeros(24, np.uint8)
    for interval in intervals:
        first, last = (int(clock[:2]) * 60 + int(clock[3:]) for clock in interval)
        for hour in range(first // 60, -(-last // 60)):
            begin, end = max(first, hour * 60), min(last, hour * 60 + 60)
            opens[hour], minutes[hour] = begin - hour * 60, end - begin
    return opens, minutes


def _timetable_days(timetable: Timetable) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    days = [
        *(timetable.week.get(weekday, ()) for weekday in range(1, 8)),
        timetable.holiday,
        timetable.special_hours,
    ]
    clocks = [_clock(intervals) for intervals in days]
    return np.stack([opens for opens, _ in clocks]), np.stack([minutes for _, minutes in clocks])


def _open_minutes(stores: Stores, numbers: Ints) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    years = range(_date(numbers[0]).year, _date(numbers[-1]).year + 1)
    weekdays = (numbers + 3) % 7  # 1970-01-01 was a Thursday
    holidays = [
        np.isin(numbers, _holidays(stores.market.country, place.region, years)) for place in stores.market.places
    ]
    ordinary = np.where(np.array(holidays)[stores.place], _HOLIDAY, weekdays)
    shape = (len(stores), len(numbers), 24)
    opens, minutes = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for index, kind in enumerate(FORMATS):
        for number, timetable in enumerate(kind.timetables):
            here = (stores.format == index) & (stores.timetable == number)
            special = [days_since_epoch(day) for day in timetable.special_days()]
            days = np.where(np.isin(numbers, special), _SPECIAL, ordinary[here])
            day_opens, day_minutes = _timetable_days(timetable)
            opens[here], minutes[here] = day_opens[days], day_minutes[days]
    for day, hour in _skipped_hours(stores.market.timezone, numbers):
        minutes[:, day, hour] = 0
    trades = (numbers >= stores.opened[:, None]) & (numbers <= stores.closed[:, None])
    return opens, minutes * trades[:, :, None]


@cache
def _holidays(country: str, region: str, years: range) -> list[int]:
    import holidays

    of_region = holidays.country_holidays(country, subdiv=subdivision(country, region), years=years)
    return [days_since_epoch(day) for day in of_region]


def _skipped_hours(timezone: str, numbers: Ints) -> list[tuple[int, int]]:
    """Index of day, and hour, that the clock jumps over when summer time begins."""
    zone = ZoneInfo(timezone)
    offsets = [
        datetime.combine(_date(number), datetime.min.time(), zone).utcoffset() for number in [*numbers, numbers[-1] + 1]
    ]
    jumps = [
        day
        for day, (before, after) in enumerate(pairwise(offsets))
        if before is not None and after is not None and after > before
    ]
    return [(day, hour) for day in jumps for hour in range(24) if _is_skipped(_date(numbers[day]), hour, zone)]


def _is_skipped(day: date, hour: int, zone: ZoneInfo) -> bool:
    wall = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
    return wall.astimezone(ZoneInfo("UTC")).astimezone(zone).hour != hour


def _date(number: int | np.int64) -> date:
    return EPOCH + timedelta(days=int(number))


def _season(numbers: Ints) -> Floats:
    """Demand of each day, relative to an ordinary one: one row a format, one column a day."""
    dates = numbers.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    months = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    of_year = (dates - years.astype("datetime64[D]")).astype(np.int64)
    of_month = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    to_christmas = np.where(months == 12, 25 - of_month, 99)
    christmas = np.where(to_christmas > 0, np.clip(1 - to_christmas / 32, 0, 1), 0.0)
    calm = 1.0 + np.where((of_year >= 7) & (of_year < 35), 0.15, 0.0)  # winter sales
    calm += np.where((of_year >= 175) & (of_year < 203), 0.12, 0.0)  # summer sales
    calm -= np.where(months == 8, 0.15, 0.0)
    weekdays = np.array([kind.weekdays for kind in FORMATS])[:, (numbers + 3) % 7]
    peak = np.array([kind.christmas for kind in FORMATS])[:, None] - 1
    season: Floats = weekdays * (calm + peak * christmas)
    return season
