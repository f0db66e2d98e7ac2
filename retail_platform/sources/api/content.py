"""The rows the source API serves: of a dataset, a day, a store, in the first or the corrected version.

Which rows, and keeping the latest days at hand, belongs here; pages and HTTP do not.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from retail_platform.sources.base import DAILY_DATASETS, Dataset
from retail_platform.sources.simulator import Simulator
from retail_platform.windows import Window

_KEPT_ROWS = 1_000_000  # about 160 MB of sale lines
_ISO = "%Y-%m-%dT%H:%M:%S%.f"
_CORRECTED_HOURS = 3
_CORRECTED_SALES = 10


class NotServed(LookupError):
    """There is no such day or store; the message says what there is."""


@dataclass(frozen=True)
class Asked:
    """What a request is about: a dataset, its day if it has days, and a store if only one is wanted."""

    dataset: str
    day: date | None = None
    store_id: str | None = None


@dataclass(frozen=True)
class Version:
    """Which rows of what was asked there are.

    Attributes:
        missing: stores whose rows are left out, sorted.
        corrected: whether some amounts differ from the first version.
    """

    missing: tuple[str, ...] = ()
    corrected: bool = False


@dataclass(frozen=True)
class _Delivery:
    """All rows of a dataset and day, and where each store's rows lie among them."""

    frame: pl.DataFrame
    stores: Mapping[str, tuple[int, int]]


class Content:
    """What the simulator delivers, by dataset, day and store. Safe to use from any thread.

    Args:
        simulator: where the rows come from.
        first_day: first day with rows; None: the simulator's.
        last_day: last day with rows; None, or a day to come: today.
        clock: the wall time, aware.
    """

    def __init__(
        self, simulator: Simulator, first_day: date | None, last_day: date | None, clock: Callable[[], datetime]
    ) -> None:
        self._simulator = simulator
        self._first = first_day or simulator.default_start
        self._last = last_day
        self._clock = clock
        self._kept: OrderedDict[Asked, _Delivery] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def identity(self) -> str:
        """Of the simulator."""
        return self._simulator.identity

    @property
    def datasets(self) -> Mapping[str, Dataset]:
        """The datasets served, by name."""
        return self._simulator.datasets

    @property
    def days(self) -> Window | None:
        """The days served, as of now; None: none has come."""
        today = self._clock().astimezone(ZoneInfo(self._simulator.timezone)).date()
        last = min(self._last or today, today)
        return Window(self._first, last) if self._first <= last else None

    @cached_property
    def store_ids(self) -> frozenset[str]:
        """The stores there are."""
        return frozenset(self._delivery(Asked("stores")).frame["store_id"])

    def require(self, asked: Asked) -> None:
        """Make sure that what is asked can be served.

        Raises:
            NotServed: the day or the store is not there.
        """
        days = self.days
        if asked.day is not None and (days is None or asked.day not in days):
            raise NotServed(f"there are no rows of {asked.day}: the days served are {days or 'none yet'}")
        if asked.store_id is not None and asked.store_id not in self.store_ids:
            raise NotServed(f"there is no store {asked.store_id}: /stores lists them")

    def version(self, asked: Asked, missing: frozenset[str], corrected: bool) -> Version:
        """The version of what is asked, as far as the stores missing make a difference to it."""
        if asked.dataset not in DAILY_DATASETS:
            return Version()
        present = {asked.store_id} if asked.store_id else self._delivery(asked).stores.keys()
        return Version(tuple(sorted(missing & present)), corrected)

    def rows(self, asked: Asked, version: Version) -> pl.DataFrame:
        """The rows in the order of the simulator, wall times as ISO 8601 text."""
        delivery = self._delivery(asked)
        frame = delivery.frame
        if asked.store_id is not None:
            offset, count = delivery.stores.get(asked.store_id, (0, 0))
            frame = frame.slice(offset, count)
        if version.missing:
            frame = frame.filter(~pl.col("store_id").is_in(version.missing))
        return _corrected(asked.dataset, frame) if version.corrected else frame

    def _delivery(self, asked: Asked) -> _Delivery:
        whole = Asked(asked.dataset, asked.day)
        with self._lock:
            if whole not in self._kept:
                self._kept[whole] = self._read(whole)
            self._kept.move_to_end(whole)
            while len(self._kept) > 1 and sum(kept.frame.height for kept in self._kept.values()) > _KEPT_ROWS:
                self._kept.popitem(last=False)
            return self._kept[whole]

    def _read(self, whole: Asked) -> _Delivery:
        window = Window(whole.day, whole.day) if whole.day else None
        frame = self._simulator.read(whole.dataset, window).collect()
        frame = frame.with_columns(pl.col(pl.Datetime).dt.strftime(_ISO))
        return _Delivery(frame, _places(frame) if whole.day else {})


def _places(frame: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """First row and number of rows of each store; the simulator delivers store by store."""
    runs = frame["store_id"].rle().struct.unnest()
    counts: list[int] = runs["len"].to_list()
    firsts: list[int] = (runs["len"].cum_sum() - runs["len"]).to_list()
    stores: list[str] = runs["value"].to_list()
    return {store: (first, count) for store, first, count in zip(stores, firsts, counts, strict=True)}


def _corrected(dataset: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The second version of a day: each tenth sale at a price one higher, each third hour with a visitor more.

    Equal rows stay equal, so that a line delivered twice does not come to contradict itself.
    """
    if dataset == "footfall":
        hours = pl.col("hour") % _CORRECTED_HOURS == 0
        return frame.with_columns(pl.when(hours).then(pl.col("visitors") + 1).otherwise("visitors").alias("visitors"))
    sales = pl.col("sale_id").str.extract(r"(\d+)$").cast(pl.Int64) % _CORRECTED_SALES == 1
    one, more = pl.lit(1).cast(pl.Decimal(18, 2)), pl.col("quantity").cast(pl.Decimal(18, 2))
    return frame.with_columns(
        pl.when(sales).then(pl.col("unit_price") + one).otherwise("unit_price").cast(pl.Decimal(18, 2)),
        pl.when(sales).then(pl.col("net_amount") + more).otherwise("net_amount").cast(pl.Decimal(18, 2)),
    )
