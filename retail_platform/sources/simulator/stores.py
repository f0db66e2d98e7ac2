"""The simulated stores: kind, place, size, timetable and years of trade.

Only what a store is belongs here; what happens in it on a day is `days`'s business.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from retail_platform.sources.simulator.formats import CITY, FORMATS, MALL, ONLINE, SUPERMARKET, Interval
from retail_platform.sources.simulator.markets import Market
from retail_platform.sources.simulator.scales import Scale
from retail_platform.sources.simulator.streams import Bits, Ints, Mask, bits, field, key, share

EPOCH = date(1970, 1, 1)
NEVER = (date(9999, 12, 31) - EPOCH).days
_KINDS = (CITY, SUPERMARKET, MALL, CITY, CITY, SUPERMARKET, MALL, CITY, CITY, MALL)
_OPENS, _CLOSES = 7, 8  # of ten stores this one opens, and that one closes, within the simulated years


def days_since_epoch(day: date) -> int:
    """The day's number, from 1970-01-01 on."""
    return (day - EPOCH).days


@dataclass(frozen=True)
class Stores:
    """All stores, by their index 0, 1, ...

    Attributes:
        format: index into `formats.FORMATS`.
        timetable: index into the timetables of that format.
        sensors: door sensors; 0 for a store without a door.
        opened, closed: first and last day of trade, as days since 1970-01-01.
        place: index into the market's places.
        draws: random bits of each store.
    """

    format: Ints
    timetable: Ints
    sensors: Ints
    opened: Ints
    closed: Ints
    place: Ints
    draws: Bits
    market: Market

    def __len__(self) -> int:
        return len(self.format)

    @cached_property
    def ids(self) -> pl.Series:
        """`store_id` of each store."""
        return pl.Series("store_id", [f"S{index + 1:04d}" for index in range(len(self))])

    @cached_property
    def online(self) -> Mask:
        """Whether a store has no door."""
        return np.equal(self.format, FORMATS.index(ONLINE))

    def frame(self) -> pl.DataFrame:
        """The stores as delivered."""
        places = [self.market.places[index] for index in self.place]
        formats = [FORMATS[index] for index in self.format]
        areas = [
            None if kind.area is None else float(round(kind.area[0] + size * (kind.area[1] - kind.area[0])))
            for kind, size in zip(formats, share(self.draws, 40, 16), strict=True)
        ]
        shift = share(self.draws, 0, 12) * 0.06 - 0.03
        return pl.DataFrame(
            {
                "store_id": self.ids,
                "name": [
                    f"{place.city} {kind.name} {index + 1}"
                    for index, (place, kind) in enumerate(zip(places, formats, strict=True))
                ],
                "city": [place.city for place in places],
                "region": [place.region for place in places],
                "country": [self.market.country] * len(self),
                "latitude": [round(p.latitude + s, 5) for p, s in zip(places, shift, strict=True)],
                "longitude": [round(p.longitude - s, 5) for p, s in zip(places, shift, strict=True)],
                "format": [kind.name for kind in formats],
                "area_m2": pl.Series(areas, dtype=pl.Float64),
                # Two square metres a person, and never so tight that a true hour would look implausible.
                "capacity": pl.Series(
                    [None if area is None else max(500, int(area / 2)) for area in areas], dtype=pl.Int32
                ),
                "timezone": [self.market.timezone] * len(self),
                "currency": [self.market.currency] * len(self),
                "opened_on": pl.Series(self.opened.astype(np.int32)).cast(pl.Date),
                "closed_on": pl.Series(
                    [None if day == NEVER else int(day) for day in self.closed], dtype=pl.Int32
                ).cast(pl.Date),
            }
        )

    def opening_hours(self) -> pl.DataFrame:
        """The pattern of each store, as delivered: weekdays, holidays, and dates that are neither."""
        patterns = [
            (index, number, day, *interval)
            for index, kind in enumerate(FORMATS)
            for number, timetable in enumerate(kind.timetables)
            for day, intervals in (
                *((str(weekday), timetable.week.get(weekday, ())) for weekday in range(1, 8)),
                ("holiday", timetable.holiday),
                *((day.isoformat(), timetable.special_hours) for day in timetable.special_days()),
            )
            for interval in _rows(intervals)
        ]
        pattern = pl.DataFrame(
            patterns,
            schema={
                "format": pl.Int64,
                "timetable": pl.Int64,
                "day": pl.String,
                "open": pl.Boolean,
                "opens": pl.String,
                "closes": pl.String,
            },
            orient="row",
        )
        stores = pl.DataFrame({"store_id": self.ids, "format": self.format, "timetable": self.timetable})
        return stores.join(pattern, on=["format", "timetable"], maintain_order="left_right").select(
            "store_id", "day", "open", "opens", "closes"
        )


def _rows(intervals: tuple[Interval, ...]) -> list[tuple[bool, str | None, str | None]]:
    return [(True, opens, closes) for opens, closes in intervals] or [(False, None, None)]


def make_stores(seed: int, scale: Scale, market: Market) -> Stores:
    """Found the stores of a retailer; the last of every `online_every` is online."""
    index = np.arange(scale.stores)
    draws = bits(key(seed, "stores"), index)
    online = index % scale.online_every == scale.online_every - 1
    kinds = np.array([FORMATS.index(kind) for kind in _KINDS])
    store_format = np.where(online, FORMATS.index(ONLINE), kinds[index % len(kinds)])
    timetables = np.array([len(kind.timetables) for kind in FORMATS])[store_format]
    changes = scale.stores >= len(_KINDS)
    opens = changes & (index % 10 == _OPENS) & ~online
    closes = changes & (index % 10 == _CLOSES) & ~online
    # A small retailer's changes fall into the first year, a large one's are spread over the years around it.
    years = 0 if scale.stores == len(_KINDS) else 3
    long_ago = days_since_epoch(date(2003, 1, 1)) + field(draws, 20, 12)
    spread = share(draws, 8, 12)
    opened = days_since_epoch(date(2026 - years, 2, 1)) + (spread * (100 + 365 * 2 * years)).astype(np.int64)
    closed = days_since_epoch(date(2026 - years, 8, 1)) + (spread * (90 + 365 * 2 * years)).astype(np.int64)
    return Stores(
        format=store_format,
        timetable=(share(draws, 32, 8) * timetables).astype(np.int64),
        sensors=np.where(online, 0, 1 + field(draws, 56, 2)),
        opened=np.where(opens, opened, long_ago),
        closed=np.where(closes, closed, NEVER),
        place=index % len(market.places),
        draws=draws,
        market=market,
    )
