"""The weather at the stores, from Open-Meteo's archive of past weather.

Only what is asked and what an answer must be belongs here (https://open-meteo.com/en/docs/historical-weather-api); how
a request is sent, and sent again, is the business of `mapping.http.client`. Values are delivered as the text they are.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any
from urllib.parse import urlencode

import polars as pl

from retail_platform.sources.base import (
    DELIVERIES,
    Dataset,
    Delivery,
    Source,
    SourceContractError,
    SourceUnavailable,
)
from retail_platform.sources.mapping.http.client import Api, Client
from retail_platform.sources.mapping.http.model import HttpInput
from retail_platform.windows import Window

WEATHER = "weather"
URL = "RETAIL_WEATHER_URL"
DAYS_BEHIND = 7
"""The archive has a day about five days after it."""
_LAYOUT = HttpInput(kind="http", path="/v1/archive", columns=("daily",), auth="none")
_DAILY = {
    "temperature_mean": ("temperature_2m_mean", "°C"),
    "temperature_max": ("temperature_2m_max", "°C"),
    "temperature_min": ("temperature_2m_min", "°C"),
    "precipitation": ("precipitation_sum", "mm"),
    "wind_speed": ("wind_speed_10m_max", "km/h"),
}
"""What each column is called there, and its unit."""
_PLACES_AT_ONCE = 100  # coordinates in one request: its address stays short
_TOO_NEW = "out of allowed range"  # what a refused day's reason says
_SHOWN = 10

_Row = tuple[date | str | None, ...]


@dataclass(frozen=True)
class OpenMeteo:
    """A retailer's source with the weather beside it; it is asked for nothing but that.

    Attributes:
        beside: the retailer's own source, whose days, zone and stores these are.
        url: where the API is.
        stores: the `Store` rows.
    """

    beside: Source
    url: str
    stores: Callable[[], pl.DataFrame]
    name: str = "open-meteo"

    @property
    def identity(self) -> str:
        """That of the retailer's own source: what else a lake holds does not depend on the weather."""
        return self.beside.identity

    @property
    def span(self) -> Window | None:
        """First and last day."""
        return self.beside.span

    @property
    def default_start(self) -> date:
        """First day where the settings name none."""
        return self.beside.default_start

    @property
    def timezone(self) -> str:
        """IANA name of the zone of its dates."""
        return self.beside.timezone

    @property
    def currency(self) -> str:
        """ISO 4217 code."""
        return self.beside.currency

    @property
    def country(self) -> str:
        """ISO 3166 alpha-2 code."""
        return self.beside.country

    @property
    def max_visitors_per_hour(self) -> int | None:
        """Hourly counts of one sensor above this are implausible."""
        return self.beside.max_visitors_per_hour

    @property
    def datasets(self) -> Mapping[str, Dataset]:
        """The retailer's own, and `weather`."""
        return {**self.beside.datasets, WEATHER: Dataset(WEATHER, Delivery.DAY, ("store_id",))}

    def read(self, dataset: str, window: Window | None = None, *, may_be_absent: Collection[date] = ()) -> pl.LazyFrame:
        """The weather as text, as `Source.read` says; a day that no place has values of is not there yet."""
        if dataset != WEATHER or window is None:
            raise ValueError(f"{dataset} of {window} is asked for: {self.name} has the weather of days")
        rows = list(self._rows(window))
        there = {row[0] for row in rows if any(value is not None for value in row[2:])}
        if lacking := [day for day in window.days() if day not in there and day not in may_be_absent]:
            raise SourceUnavailable(
                f"{self.name} does not have the weather of {_some(lacking)} yet: the archive is some days behind; "
                "materialize weather of these days later, nothing else waits for it"
            )
        schema = dict.fromkeys(DELIVERIES[WEATHER].column_names(), pl.String()) | {"date": pl.Date()}
        return pl.LazyFrame([row for row in rows if row[0] in there], schema, orient="row")

    def _rows(self, window: Window) -> Iterator[_Row]:
        places = self._places(window)
        client = Client(Api(self.url.rstrip("/"), setting=URL), _LAYOUT, Event())
        try:
            with TemporaryDirectory() as folder:
                for batch in _batches(places):
                    answers = _asked(client, self.url.rstrip("/"), batch, window, Path(folder, "answer.json"))
                    for place, days in zip(batch, answers, strict=True):
                        for store in places[place]:
                            yield from ((day, store, *values) for day, values in days)
        finally:
            client.close()

    def _places(self, window: Window) -> "dict[_Place, list[str]]":
        """The stores at each place, of those that exist within the window: what is near shares the weather."""
        exists = (pl.col("opened_on").is_null() | (pl.col("opened_on") <= window.last)) & (
            pl.col("closed_on").is_null() | (pl.col("closed_on") >= window.first)
        )
        located = self.stores().drop_nulls(["latitude", "longitude"])
        if located.is_empty():
            raise SourceContractError(
                "no store has latitude and longitude, without which its weather cannot be asked for: let `stores` "
                "deliver them, or set RETAIL_WEATHER=none"
            )
        found: dict[_Place, list[str]] = {}
        columns = ("timezone", "latitude", "longitude", "store_id")
        for timezone, latitude, longitude, store in located.filter(exists).select(columns).sort(columns).iter_rows():
            # Adding 0 makes 0.0 of -0.0: they are one place.
            place = _Place(timezone, round(latitude, 1) + 0.0, round(longitude, 1) + 0.0)
            found.setdefault(place, []).append(store)
        return found


@dataclass(frozen=True)
class _Place:
    """Degrees north and east, rounded, and the zone whose days are wanted."""

    timezone: str
    latitude: float
    longitude: float


def _batches(places: Collection[_Place]) -> Iterator[list[_Place]]:
    """Places that one request can ask for: of one zone, and not too many."""
    zones = dict.fromkeys(place.timezone for place in places)
    for zone in zones:
        of_zone = [place for place in places if place.timezone == zone]
        for start in range(0, len(of_zone), _PLACES_AT_ONCE):
            yield of_zone[start : start + _PLACES_AT_ONCE]


_Days = list[tuple[date, tuple[str | None, ...]]]


def _asked(client: Client, url: str, batch: Sequence[_Place], window: Window, target: Path) -> list[_Days]:
    """The days of each place, in order."""
    query = {
        "latitude": ",".join(f"{place.latitude:.1f}" for place in batch),
        "longitude": ",".join(f"{place.longitude:.1f}" for place in batch),
        "start_date": window.first,
        "end_date": window.last,
        "daily": ",".join(name for name, _ in _DAILY.values()),
        "timezone": batch[0].timezone,
    }
    what = f"weather of {window} at {len(batch)} places: GET {_LAYOUT.path}"
    address = f"{url}{_LAYOUT.path}?{urlencode(query, safe=',/')}"
    try:
        body = client.repeated(what, lambda: client.get(what, address, target))
    except SourceContractError as error:
        if _TOO_NEW in str(error):
            raise SourceUnavailable(str(error)) from None
        raise
    try:
        answer = json.loads(body.path.read_bytes(), parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise SourceContractError(f"{what}: the answer is no JSON: {error}; mend {URL}") from None
    answers = answer if isinstance(answer, list) else [answer]
    if len(answers) != len(batch):
        raise SourceContractError(f"{what}: {len(answers)} places are answered")
    try:
        return [_days_of(one, window) for one in answers]
    except _Wrong as error:
        raise SourceContractError(client.safe(f"{what}: {error}")) from None


class _Wrong(Exception):
    """The answer is not what it should be."""


def _days_of(answer: Any, window: Window) -> _Days:
    """The days of one place: their values in the order of the columns."""
    daily, units = (_object(answer, key) for key in ("daily", "daily_units"))
    series = [_series(daily, name) for name, _ in _DAILY.values()]
    for name, unit in _DAILY.values():
        if units.get(name) != unit:
            raise _Wrong(f"daily_units.{name} is {units.get(name)!r}, {unit!r} is expected")
    days = _series(daily, "time")
    if days != [str(day) for day in window.days()]:
        raise _Wrong(f"daily.time has {len(days)} days from {days[:1]}, {len(window)} from {window.first} are expected")
    if any(len(values) != len(days) for values in series):
        raise _Wrong(f"daily has {len(days)} days and not as many values of each")
    return list(zip(window.days(), zip(*series, strict=True), strict=True))


def _object(answer: Any, key: str) -> dict[str, Any]:
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, dict):
        raise _Wrong(f"{key} is missing or no object")
    return found


def _series(daily: Mapping[str, Any], name: str) -> list[Any]:
    found = daily.get(name)
    if not isinstance(found, list) or not all(value is None or isinstance(value, str) for value in found):
        raise _Wrong(f"daily.{name} is missing or no list of numbers")
    return found


def _some(days: Sequence[date]) -> str:
    more = f" and {len(days) - _SHOWN} days more" if len(days) > _SHOWN else ""
    return ", ".join(str(day) for day in days[:_SHOWN]) + more
