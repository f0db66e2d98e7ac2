"""What every source is: datasets it can deliver, rows as delivered, and two kinds of error.

Only the protocol and its values belong here; how rows are made or fetched is each source's business.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

import dataframely as dy
import polars as pl

from retail_platform.domains.calendar.contract import CalendarEventDelivery
from retail_platform.domains.clients.contract import ClientDelivery
from retail_platform.domains.footfall.contract import FootfallDelivery
from retail_platform.domains.products.contract import ProductDelivery, ProductPriceDelivery
from retail_platform.domains.sales.contract import SaleDelivery, StoreTotalDelivery
from retail_platform.domains.stores.contract import OpeningHoursDelivery, StoreDelivery
from retail_platform.domains.weather.contract import WeatherDelivery
from retail_platform.quality.store_names import StoreMatching
from retail_platform.windows import Window

DELIVERIES: Mapping[str, type[dy.Schema]] = {
    "clients": ClientDelivery,
    "products": ProductDelivery,
    "product_prices": ProductPriceDelivery,
    "stores": StoreDelivery,
    "opening_hours": OpeningHoursDelivery,
    "sales": SaleDelivery,
    "store_totals": StoreTotalDelivery,
    "footfall": FootfallDelivery,
    "calendar_events": CalendarEventDelivery,
    "weather": WeatherDelivery,
}
"""The datasets a source can deliver, and the columns of each."""

DAILY_DATASETS = frozenset(name for name, schema in DELIVERIES.items() if "date" in schema.column_names())


class SourceError(Exception):
    """A source did not deliver what it should."""


class SourceUnavailable(SourceError):
    """The delivery is not there, or not there yet: worth trying again.

    Attributes:
        retry_after: seconds for which the source asks to be left alone; None: it asks for nothing.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceContractError(SourceError):
    """The delivery is there and wrong: somebody must mend it; says which file, column or setting."""


class Delivery(StrEnum):
    """How a dataset arrives, and so what its absence means."""

    SNAPSHOT = "snapshot"  # a reference table, whole
    STORE_DAY = "store_day"  # each open store each day
    DAY = "day"  # one delivery a day for all stores; a store without rows had none
    ARCHIVE = "archive"  # one delivery for a whole span; a day without rows had none


@dataclass(frozen=True)
class Dataset:
    """What a source says of one dataset it delivers.

    Attributes:
        identity: columns that identify a row as delivered; empty: nothing is called a duplicate.
        ordered_by: of rows with equal identity the one with the greatest value here holds; None: they
            conflict and are all quarantined.
        match_stores: how its `store_id` names stores; None: by their ids alone.
    """

    name: str
    delivery: Delivery
    identity: tuple[str, ...] = ()
    ordered_by: str | None = None
    match_stores: StoreMatching | None = None


class Source(Protocol):
    """Where a retailer's rows come from."""

    @property
    def name(self) -> str:
        """The source's name, as `simulator` or `olist`."""

    @property
    def identity(self) -> str:
        """What the rows depend on besides dataset and day (seed and scale, say); a lake holds one identity."""

    @property
    def span(self) -> Window | None:
        """First and last day there can be rows for; None: open-ended, from a start of the settings' to today."""

    @property
    def default_start(self) -> date:
        """First day where the settings name none."""

    @property
    def timezone(self) -> str:
        """IANA name of the zone of its dates and wall times."""

    @property
    def currency(self) -> str:
        """ISO 4217 code of its amounts."""

    @property
    def country(self) -> str:
        """ISO 3166 alpha-2 code, for public holidays."""

    @property
    def max_visitors_per_hour(self) -> int | None:
        """Hourly counts of one sensor above this are implausible; None: judged by each store's capacity."""

    @property
    def datasets(self) -> Mapping[str, Dataset]:
        """The datasets it delivers, by name, a subset of `DELIVERIES`."""

    def read(self, dataset: str, window: Window | None = None, *, may_be_absent: Collection[date] = ()) -> pl.LazyFrame:
        """Rows as delivered.

        Args:
            dataset: a name in `datasets`.
            window: the days wanted; None for a snapshot.
            may_be_absent: days of the window that need no delivery, as no store is open; rows that came are
                delivered all the same.

        Returns:
            A subset of the columns of `DELIVERIES[dataset]`: `date` as Date, every other column as text or
            already of its type. Text is cast in validation, so that a bad value rejects a row, not a file.

        Raises:
            SourceUnavailable: a delivery of the window is not there, of a day that needs one; names the days.
            SourceContractError: a delivery is there and cannot be read as what it should be.
        """
