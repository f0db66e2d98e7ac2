"""The countries the simulated retailer can trade in: places, currency, tax, and how people pay.

Only facts of a country belong here.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """A city; degrees north and east."""

    city: str
    region: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Market:
    """A country; tax rates are shares of the price without tax."""

    country: str
    locale: str
    timezone: str
    currency: str
    standard_tax: float
    reduced_tax: float
    cash_share: float
    places: tuple[Place, ...]


FRANCE = Market(
    "FR",
    "fr_FR",
    "Europe/Paris",
    "EUR",
    0.20,
    0.055,
    0.20,
    (
        Place("Paris", "Île-de-France", 48.8566, 2.3522),
        Place("Lyon", "Auvergne-Rhône-Alpes", 45.7640, 4.8357),
        Place("Marseille", "Provence-Alpes-Côte d'Azur", 43.2965, 5.3698),
        Place("Toulouse", "Occitanie", 43.6047, 1.4442),
        Place("Nantes", "Pays de la Loire", 47.2184, -1.5536),
        Place("Lille", "Hauts-de-France", 50.6292, 3.0573),
        Place("Bordeaux", "Nouvelle-Aquitaine", 44.8378, -0.5792),
        Place("Strasbourg", "Grand Est", 48.5734, 7.7521),
        Place("Rennes", "Bretagne", 48.1173, -1.6778),
        Place("Dijon", "Bourgogne-Franche-Comté", 47.3220, 5.0415),
        Place("Nice", "Provence-Alpes-Côte d'Azur", 43.7102, 7.2620),
        Place("Montpellier", "Occitanie", 43.6108, 3.8767),
        Place("Rouen", "Normandie", 49.4432, 1.0999),
        Place("Tours", "Centre-Val de Loire", 47.3941, 0.6848),
        Place("Grenoble", "Auvergne-Rhône-Alpes", 45.1885, 5.7245),
        Place("Reims", "Grand Est", 49.2583, 4.0317),
        Place("Versailles", "Île-de-France", 48.8014, 2.1301),
        Place("Angers", "Pays de la Loire", 47.4784, -0.5632),
        Place("Amiens", "Hauts-de-France", 49.8941, 2.2958),
        Place("Brest", "Bretagne", 48.3904, -4.4861),
    ),
)
GERMANY = Market(
    "DE",
    "de_DE",
    "Europe/Berlin",
    "EUR",
    0.19,
    0.07,
    0.45,
    (
        Place("Berlin", "Berlin", 52.5200, 13.4050),
        Place("München", "Bayern", 48.1351, 11.5820),
        Place("Hamburg", "Hamburg", 53.5511, 9.9937),
        Place("Köln", "Nordrhein-Westfalen", 50.9375, 6.9603),
        Place("Frankfurt am Main", "Hessen", 50.1109, 8.6821),
        Place("Stuttgart", "Baden-Württemberg", 48.7758, 9.1829),
        Place("Leipzig", "Sachsen", 51.3397, 12.3731),
        Place("Hannover", "Niedersachsen", 52.3759, 9.7320),
    ),
)
SPAIN = Market(
    "ES",
    "es_ES",
    "Europe/Madrid",
    "EUR",
    0.21,
    0.10,
    0.35,
    (
        Place("Madrid", "Comunidad de Madrid", 40.4168, -3.7038),
        Place("Barcelona", "Cataluña", 41.3874, 2.1686),
        Place("Valencia", "Comunidad Valenciana", 39.4699, -0.3763),
        Place("Sevilla", "Andalucía", 37.3891, -5.9845),
        Place("Zaragoza", "Aragón", 41.6488, -0.8891),
        Place("Bilbao", "País Vasco", 43.2630, -2.9350),
    ),
)
BRITAIN = Market(
    "GB",
    "en_GB",
    "Europe/London",
    "GBP",
    0.20,
    0.0,
    0.12,
    (
        Place("London", "Greater London", 51.5072, -0.1276),
        Place("Manchester", "North West", 53.4808, -2.2426),
        Place("Birmingham", "West Midlands", 52.4862, -1.8904),
        Place("Leeds", "Yorkshire and the Humber", 53.8008, -1.5491),
        Place("Bristol", "South West", 51.4545, -2.5879),
        Place("Edinburgh", "Scotland", 55.9533, -3.1883),
        Place("Cardiff", "Wales", 51.4816, -3.1791),
    ),
)
MARKETS = {market.country: market for market in (FRANCE, GERMANY, SPAIN, BRITAIN)}


def market_of(country: str) -> Market:
    """The market of an ISO 3166 alpha-2 code.

    Raises:
        ValueError: for a country the simulator knows nothing of.
    """
    if country not in MARKETS:
        raise ValueError(
            f"the simulator does not know the country {country!r}: set one of {', '.join(sorted(MARKETS))}"
        )
    return MARKETS[country]
