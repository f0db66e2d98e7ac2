"""Which days are public holidays in a country, and in its regions; from the library `holidays`.

Only finding them belongs here; how they lie in the calendar is the transform's business.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from retail_platform.settings import SettingsError
from retail_platform.windows import Window

_ALSO_CALLED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "DE": {
            "Bavaria": "BY",
            "Hesse": "HE",
            "Lower Saxony": "NI",
            "North Rhine-Westphalia": "NW",
            "Rhineland-Palatinate": "RP",
            "Saxony": "SN",
            "Saxony-Anhalt": "ST",
            "Thuringia": "TH",
        },
        "FR": {"Alsace-Moselle": "57", "Bas-Rhin": "6AE", "Haut-Rhin": "6AE"},
    }
)
"""Names of regions that the library does not know, by country."""
_SCHEMA = pl.Schema({"country": pl.String, "region": pl.String, "date": pl.Date, "name": pl.String})


@dataclass(frozen=True)
class RegionalHolidays:
    """The public holidays of places.

    Attributes:
        days: `country`, `region` (as asked for, or null), `date`, `name`.
        unknown_countries: without public holidays.
        unknown_regions: `country region` of which only the holidays of the whole country are known.
    """

    days: pl.LazyFrame
    unknown_countries: list[str]
    unknown_regions: list[str]


def national_holidays(country: str, window: Window) -> dict[date, str]:
    """Names of the public holidays of a whole country, by date.

    Raises:
        SettingsError: the holidays of the country are not known.
    """
    try:
        return _holidays(country, None, window)
    except NotImplementedError:
        raise SettingsError(
            f"RETAIL_COUNTRY is {country!r}, whose public holidays are not known: an ISO 3166 code is expected, as FR"
        ) from None


def regional_holidays(places: Iterable[tuple[str, str | None]], window: Window) -> RegionalHolidays:
    """The public holidays of each country and region, those of the whole country among them.

    Args:
        places: country code, and region as a name or code of its own (`Bayern`, `BY`, `DE-BY`), or None.
        window: first and last day.
    """
    rows = list[tuple[str, str | None, date, str]]()
    countries, regions = set[str](), set[str]()
    for country, region in set(places):
        try:
            code = subdivision(country.upper(), region) if region else None
            days = _holidays(country.upper(), code, window)
        except NotImplementedError:
            countries.add(country)
            continue
        if region and code is None:
            regions.add(f"{country} {region}")
        rows += [(country, region, day, name) for day, name in days.items() if day in window]
    return RegionalHolidays(pl.LazyFrame(rows, _SCHEMA, orient="row"), sorted(countries), sorted(regions))


def subdivision(country: str, region: str) -> str | None:
    """The library's code of a region, by code or name, in any spelling of case, accents and signs; None: unknown.

    Raises:
        NotImplementedError: the country is unknown.
    """
    import holidays

    of = holidays.country_holidays(country)
    names = {**_ALSO_CALLED.get(country, {}), **of.subdivisions_aliases, **{code: code for code in of.subdivisions}}
    codes = {_plain(name): code for name, code in names.items()}
    return codes.get(_plain(region)) or codes.get(_plain(region.removeprefix(f"{country}-")))


def _holidays(country: str, code: str | None, window: Window) -> dict[date, str]:
    import holidays

    return dict(holidays.country_holidays(country, subdiv=code, years=range(window.first.year, window.last.year + 1)))


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())
