"""What a page is, and what it is handed to be made of.

Only these two values belong here; what a page shows is its own module's business, how it is framed the `shell`'s.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import polars as pl

from retail_platform.dashboard.data.facts import Facts
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.data.totals import Rows
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.filters import Filters, Option, chosen_stores
from retail_platform.dashboard.texts import text
from retail_platform.language.formats import Formats
from retail_platform.windows import Window

if TYPE_CHECKING:
    from dash.development.base_component import Component

PERIOD, GRAIN, BASIS = "period", "grain", "basis"
STORES, REGIONS, FORMATS, CHANNEL, CURRENCY = "stores", "regions", "formats", "channel", "currency"
CATEGORIES = "categories"
_ANY_STORE, _ANY_DAYS = "0" * 24, Window(date(1, 1, 1), date(1, 1, 2))  # stand for real ones in a query
PLACES = frozenset({STORES, REGIONS, FORMATS, CHANNEL, CURRENCY})
USUAL = frozenset({PERIOD, GRAIN, BASIS}) | PLACES
"""The filters most pages take: all but categories."""


@dataclass(frozen=True)
class Page:
    """One page of the dashboard.

    Attributes:
        path: its address, as `/stores`.
        title: key of its name in the catalogue.
        layout: makes its content; may raise `Unavailable`, which is shown as a message.
        downloads: what can be downloaded of it, by name: the frame that the chart or table of that name shows.
        options: choices of its own in the address.
        filters: the filters it takes; others are not offered.
    """

    path: str
    title: str
    layout: "Callable[[View], Component]"
    downloads: "Mapping[str, Callable[[View], pl.DataFrame]]" = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    filters: frozenset[str] = USUAL

    def takes(self, filters: Filters) -> Filters:
        """Another page's filters as this page can take them: without categories it does not know, and no options."""
        kept = filters.but(options=())
        return kept if CATEGORIES in self.filters else kept.but(categories=())


@dataclass(frozen=True)
class View:
    """One look at one page: what was chosen, and all that is needed to answer.

    Attributes:
        language: that of the address without one.
    """

    page: Page
    data: Data
    filters: Filters
    language: str = "en"

    def t(self, key: str, **facts: str) -> str:
        """A text of the catalogue in the visitor's language."""
        return text(self.filters.language, key, facts)

    def counted(self, key: str, count: int, formats: Formats) -> str:
        """A text that counts: that of `<key>_one` where it is one."""
        return self.t(f"{key}_one") if count == 1 else self.t(key, count=formats.number(count))

    def href(self, filters: Filters, path: str | None = None) -> str:
        """The address of this page, or of another, with other filters."""
        return (path or self.page.path) + self.query(filters)

    def query(self, filters: Filters) -> str:
        """Filters as the query of an address."""
        return filters.query("fr" if self.language == "fr" else "en")

    def of_stores(self, stores: Iterable[str]) -> list[str]:
        """For each store the query that shows it alone: written once for all, there may be a thousand."""
        query = self.query(self.filters.but(stores=(_ANY_STORE,)))
        return [query.replace(_ANY_STORE, quote_plus(store), 1) for store in stores]

    def of_windows(self, windows: Iterable[Window]) -> list[str]:
        """Likewise for windows."""
        query = self.query(self.filters.but(window=_ANY_DAYS))
        first, last = str(_ANY_DAYS.first), str(_ANY_DAYS.last)
        return [query.replace(first, str(days.first), 1).replace(last, str(days.last), 1) for days in windows]

    @cached_property
    def facts(self) -> Facts:
        """The store days, the same ones throughout this look."""
        return self.data.facts()

    @cached_property
    def stores(self) -> pl.DataFrame:
        """The rows of `Facts.stores` that the filters leave.

        Raises:
            Unavailable: none.
        """
        chosen = chosen_stores(self.filters, self.facts.stores)
        if not chosen.height:
            raise Unavailable("no_rows")
        return chosen

    @cached_property
    def rows(self) -> Rows:
        """The store days of the chosen stores and days.

        Raises:
            Unavailable: none.
        """
        found = self.facts.between(self.filters.window).of(self.stores["store"])
        if not len(found.held):
            raise Unavailable("no_rows")
        return found

    def formats(self, currency: str | None = None) -> Formats:
        """How numbers and dates are written for the visitor."""
        return Formats(self.filters.language, currency, self.data.timezone)
