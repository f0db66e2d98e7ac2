"""What visitors click: a random walk over the filters of every page, the same for the same seed, never twice alike."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from urllib.parse import urlencode

from benchmarks.dashboard.lake import CATEGORIES, DETAILED, FORMATS, PRODUCTS, REGIONS, SPAN, STORES

PAGES = ("/", "/stores", "/store", "/footfall", "/products", "/quality")
_LENGTHS = (1, 7, 28, 91, 182, 364, 728, len(SPAN))
_GRAINS = ("day", "week", "month", "quarter", "year")
_MEASURES = ("revenue", "visitors", "transactions", "units", "margin", "conversion_rate", "atv", "upt")


class Walk:
    """Addresses that were not asked for before; `path` and `query` of each."""

    def __init__(self, seed: int) -> None:
        self._random, self._seen = Random(seed), set[tuple[str, str]]()

    def of(self, page: str) -> Iterator[tuple[str, str]]:
        """Addresses of one page."""
        while True:
            address = page, "?" + urlencode(self._period() + getattr(self, f"_of_{page[1:] or 'overview'}")())
            if address not in self._seen:
                self._seen.add(address)
                yield address

    def anywhere(self) -> Iterator[tuple[str, str]]:
        """Addresses of any page."""
        pages = {page: self.of(page) for page in PAGES}
        while True:
            yield next(pages[self._random.choice(PAGES)])

    def _period(self) -> list[tuple[str, str]]:
        """Days of a usual length, ending anywhere: two dates, for the presets would soon have been asked for."""
        length = min(self._random.choice(_LENGTHS) + self._random.randrange(7), len(SPAN))
        last = SPAN.last - timedelta(days=self._random.randrange(len(SPAN) - length + 1))
        first = last - timedelta(days=length - 1)
        return [("from", first.isoformat()), ("to", last.isoformat())]

    def _some(self, name: str, choices: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(name, self._random.choice(choices))]

    def _places(self) -> list[tuple[str, str]]:
        kind = self._random.choice(("all", "region", "format", "both", "stores"))
        if kind == "stores":
            numbers = self._random.sample(range(STORES), self._random.randint(1, 8))
            return [("store", f"S{number:04}") for number in numbers]
        found = self._some("region", REGIONS) if kind in ("region", "both") else []
        return found + (self._some("format", FORMATS[:3]) if kind in ("format", "both") else [])

    def _one(self) -> list[tuple[str, str]]:
        return [("store", f"S{self._random.randrange(DETAILED):04}")]

    def _compared(self) -> list[tuple[str, str]]:
        return self._some("by", _GRAINS) + self._some("against", ("previous", "year", "average"))

    def _of_overview(self) -> list[tuple[str, str]]:
        return self._places() + self._compared()

    def _of_stores(self) -> list[tuple[str, str]]:
        order = self._some("order", ("asc", "desc")) + self._some("portion", ("1", "2", "3"))
        return self._places() + self._compared() + self._some("sort", _MEASURES) + order

    def _of_store(self) -> list[tuple[str, str]]:
        return self._one() + self._compared() + self._some("measure", _MEASURES[:5])

    def _of_footfall(self) -> list[tuple[str, str]]:
        return self._one() + self._some("detail", ("day", "hour")) + self._some("tolerance", ("10", "20", "30"))

    def _of_products(self) -> list[tuple[str, str]]:
        found = self._one() if self._random.random() < 0.5 else []
        found += self._some("by", _GRAINS) + self._some("sort", ("revenue", "units", "margin", "aur"))
        if self._random.random() < 0.3:
            found += self._some("category", CATEGORIES)
        if self._random.random() < 0.3:
            chosen = self._random.sample(range(PRODUCTS), 3)
            found.append(("product", "~".join(f"P{number:03}" for number in chosen)))
        return found

    def _of_quality(self) -> list[tuple[str, str]]:
        return []
