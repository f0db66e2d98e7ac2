"""Kinds of stores: when they open, when people come, how many of them buy and how much.

Only what holds for every store of a kind belongs here; a single store's traits are `stores`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Interval = tuple[str, str]
Special = Literal["never", "main_holidays", "advent_sundays"]
YEARS = range(2015, 2036)
"""The years special opening days are delivered for."""


@dataclass(frozen=True)
class Timetable:
    """Opening intervals of the weekdays (1 is Monday) and of public holidays; a missing day is closed.

    No hour of the clock holds parts of two intervals.
    """

    week: Mapping[int, tuple[Interval, ...]]
    holiday: tuple[Interval, ...] = ()
    special: Special = "never"
    special_hours: tuple[Interval, ...] = ()

    def special_days(self, years: range = YEARS) -> list[date]:
        """Dates that are neither an ordinary weekday nor an ordinary holiday."""
        if self.special == "main_holidays":
            return [date(year, month, day) for year in years for month, day in ((1, 1), (5, 1), (12, 25))]
        if self.special == "advent_sundays":
            eves = [date(year, 12, 24) for year in years]
            last = [eve - timedelta(days=eve.isoweekday() % 7) for eve in eves]
            return sorted(sunday - timedelta(weeks=weeks) for sunday in last for weeks in (0, 1))
        return []


@dataclass(frozen=True)
class StoreFormat:
    """A kind of store.

    Attributes:
        hours: relative demand of each hour of the day, while open.
        weekdays: relative demand of Monday to Sunday.
        christmas: how many times the usual demand the days before Christmas bring.
        basket: mean lines a receipt.
        conversion: share of visitors who buy; None: nobody can be counted.
        loyalty: share of receipts that name a client.
        returns: share of receipts that are meant as returns.
        area: from and to, in square metres.
        appetite: relative demand for each category, in the order of `assortment.CATEGORIES`.
    """

    name: str
    timetables: tuple[Timetable, ...]
    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    christmas: float
    basket: float
    conversion: float | None
    loyalty: float
    returns: float
    area: tuple[int, int] | None
    appetite: tuple[float, ...]
    cancelled: float = field(default=0.0)


def _week(first: int, last: int, *intervals: Interval) -> dict[int, tuple[Interval, ...]]:
    return dict.fromkeys(range(first, last + 1), intervals)


_NIGHT = (0.2,) * 8
_MORNING = (("09:00", "12:30"),)

CITY = StoreFormat(
    name="city",
    timetables=(
        Timetable(_week(1, 6, ("10:00", "19:00"))),
        Timetable(_week(2, 6, ("09:30", "12:30"), ("14:00", "19:00"))),
        Timetable(_week(1, 5, ("09:00", "12:30"), ("13:30", "18:30")) | _week(6, 6, ("09:00", "19:00"))),
    ),
    hours=(*_NIGHT, 0.5, 0.6, 0.8, 1.0, 1.3, 1.0, 0.9, 1.0, 1.2, 1.4, 1.3, 0.8, 0.5, 0.2, 0.2, 0.2),
    weekdays=(0.85, 0.85, 0.95, 0.9, 1.1, 1.6, 0.7),
    christmas=1.9,
    basket=1.9,
    conversion=0.3,
    loyalty=0.45,
    returns=0.035,
    area=(80, 400),
    appetite=(0.2, 0.2, 3.0, 1.5, 1.2, 0.8, 1.0, 0.8),
)
SUPERMARKET = StoreFormat(
    name="supermarket",
    timetables=(
        Timetable(_week(1, 6, ("08:30", "20:30")) | _week(7, 7, *_MORNING), _MORNING, special="main_holidays"),
        Timetable(_week(1, 6, ("08:00", "20:00"))),
    ),
    hours=(*_NIGHT, 0.6, 0.9, 1.2, 1.3, 0.9, 0.6, 0.7, 0.9, 1.2, 1.6, 1.7, 1.2, 0.6, 0.2, 0.2, 0.2),
    weekdays=(0.9, 0.85, 0.9, 0.9, 1.15, 1.4, 1.0),
    christmas=1.4,
    basket=5.5,
    conversion=0.8,
    loyalty=0.6,
    returns=0.008,
    area=(900, 2500),
    appetite=(5.0, 4.0, 0.2, 0.5, 1.5, 0.3, 0.2, 0.6),
)
MALL = StoreFormat(
    name="mall",
    timetables=(
        Timetable(_week(1, 6, ("10:00", "20:00")), special="advent_sundays", special_hours=(("10:00", "19:00"),)),
        Timetable(
            _week(1, 4, ("10:00", "20:00")) | _week(5, 6, ("10:00", "21:00")),
            special="advent_sundays",
            special_hours=(("10:00", "19:00"),),
        ),
    ),
    hours=(*_NIGHT, 0.4, 0.4, 0.5, 0.8, 1.1, 1.0, 1.2, 1.4, 1.5, 1.5, 1.3, 1.0, 0.7, 0.2, 0.2, 0.2),
    weekdays=(0.75, 0.75, 1.0, 0.8, 1.15, 1.9, 1.5),
    christmas=2.0,
    basket=2.3,
    conversion=0.28,
    loyalty=0.4,
    returns=0.03,
    area=(150, 900),
    appetite=(0.2, 0.2, 2.5, 1.0, 1.0, 1.8, 1.2, 1.2),
)
ONLINE = StoreFormat(
    name="online",
    timetables=(Timetable(_week(1, 7, ("00:00", "24:00")), holiday=(("00:00", "24:00"),)),),
    hours=(
        *(0.5, 0.25, 0.12, 0.08, 0.08, 0.12, 0.3, 0.6, 0.9, 1.1, 1.2, 1.2),
        *(1.3, 1.2, 1.1, 1.1, 1.1, 1.2, 1.3, 1.5, 1.9, 2.0, 1.6, 1.0),
    ),
    weekdays=(1.1, 1.0, 1.0, 0.95, 0.9, 0.9, 1.15),
    christmas=1.8,
    basket=2.6,
    conversion=None,
    loyalty=0.92,
    returns=0.11,
    area=None,
    appetite=(0.2, 0.3, 2.0, 1.2, 1.0, 2.5, 1.0, 1.5),
    cancelled=0.03,
)
FORMATS = (CITY, SUPERMARKET, MALL, ONLINE)
