"""The simulator as a source: its datasets, the rows of a window, and the truth about its faults.

Only the source protocol and what is drawn in which portions belong here.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from retail_platform.sources.base import DELIVERIES, Dataset, Delivery
from retail_platform.sources.simulator.assortment import Assortment, make_assortment, make_promotions
from retail_platform.sources.simulator.clients import client_frame, client_truth
from retail_platform.sources.simulator.days import LOOK_BACK, Days, simulate_days
from retail_platform.sources.simulator.faults import Faults
from retail_platform.sources.simulator.footfall import (
    MAX_VISITORS_PER_HOUR,
    reading_frame,
    reading_truth,
    simulate_readings,
)
from retail_platform.sources.simulator.markets import market_of
from retail_platform.sources.simulator.sale_frame import Pools, receipts_per_day, sale_frame, sale_truth
from retail_platform.sources.simulator.sales import Shop, mean_basket, simulate_lines, simulate_receipts
from retail_platform.sources.simulator.scales import SCALES, ScaleName
from retail_platform.sources.simulator.stores import Stores, make_stores
from retail_platform.windows import Window

VERSION = 1
"""Of the generator: another one makes other rows of the same seed."""
_CHUNK_DAYS = 31
_PORTION_LINES = 100_000  # fits the caches, and keeps memory small beside the frame it ends in
_DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset("clients", Delivery.SNAPSHOT, ("client_id",)),
        Dataset("products", Delivery.SNAPSHOT, ("product_id",)),
        Dataset("product_prices", Delivery.SNAPSHOT, ("product_id", "valid_from")),
        Dataset("stores", Delivery.SNAPSHOT, ("store_id",)),
        Dataset("opening_hours", Delivery.SNAPSHOT, ("store_id", "day", "opens")),
        Dataset("sales", Delivery.STORE_DAY, ("store_id", "sale_id", "line_number")),
        Dataset("footfall", Delivery.STORE_DAY, ("store_id", "sensor_id", "date", "hour")),
    )
}


class Simulator:
    """A made-up retailer: the same seed, scale, country and faults give the same rows, in any order of asking.

    Args:
        seed: any integer from 0.
        scale: `tiny` (3 stores), `demo` (10 stores, about 5,000 lines a store and day) or `large` (1,000 stores).
        country: ISO 3166 alpha-2 code of a country in `markets.MARKETS`.
        faults: how often what goes wrong.

    Raises:
        ValueError: for an unknown scale or country.
    """

    def __init__(self, seed: int, scale: ScaleName, *, country: str = "FR", faults: Faults | None = None) -> None:
        if scale not in SCALES:
            raise ValueError(f"the simulator has no scale {scale!r}: set one of {', '.join(SCALES)}")
        self._seed = seed
        self._scale_name = scale
        self._scale = SCALES[scale]
        self._market = market_of(country)
        self._faults = Faults() if faults is None else faults

    @property
    def name(self) -> str:
        """Always `simulator`."""
        return "simulator"

    @property
    def identity(self) -> str:
        """Seed, scale, country, faults, and the version of the generator."""
        faults = "" if self._faults == Faults() else f" faults={self._faults}"
        return f"simulator v{VERSION} seed={self._seed} scale={self._scale_name} country={self.country}{faults}"

    @property
    def span(self) -> Window | None:
        """There is no first and no last day."""
        return None

    @property
    def default_start(self) -> date:
        """The first day of 2026."""
        return date(2026, 1, 1)

    @property
    def timezone(self) -> str:
        """Of the country's capital."""
        return self._market.timezone

    @property
    def currency(self) -> str:
        """Of the country."""
        return self._market.currency

    @property
    def country(self) -> str:
        """Where all stores are."""
        return self._market.country

    @property
    def max_visitors_per_hour(self) -> int | None:
        """Above every true count of a sensor, below every implausible one."""
        return MAX_VISITORS_PER_HOUR

    @property
    def datasets(self) -> Mapping[str, Dataset]:
        """All but daily totals."""
        return _DATASETS

    @cached_property
    def _stores(self) -> Stores:
        return make_stores(self._seed, self._scale, self._market)

    @cached_property
    def _assortment(self) -> Assortment:
        return make_assortment(self._seed, self._scale.products, self._market)

    @cached_property
    def _pools(self) -> Pools:
        return Pools(self._stores, self._assortment.ids, self._scale.clients)

    def read(
        self,
        dataset: str,
        window: Window | None = None,
        *,
        may_be_absent: Collection[date] = (),  # noqa: ARG002
    ) -> pl.LazyFrame:
        """Rows as delivered; see `Source`. Sales and footfall come by store, day and time, and no day is absent."""
        if self._dataset(dataset).delivery is Delivery.SNAPSHOT:
            return self._snapshot(dataset).lazy()
        if dataset == "sales":
            return _joined(dataset, [frame for frame, _ in self._sales(_given(dataset, window))])
        return _joined(dataset, [frame for frame, _ in self._footfall(_given(dataset, window))])

    def ground_truth(self, dataset: str, window: Window | None = None) -> pl.DataFrame:
        """The faults that were injected.

        Args:
            dataset: a name in `datasets`.
            window: the days wanted; None for a snapshot.

        Returns:
            One row a fault: `fault`, the kind (a field of `Faults`), then, for sales and footfall, `date` and
            `store_id`, then the other columns of the dataset's identity. A line delivered twice is one row.
        """
        identity = self._dataset(dataset).identity
        if dataset == "clients":
            return client_truth(self._seed, self._scale.clients, self._faults)
        if dataset == "sales":
            return pl.concat([truth for _, truth in self._sales(_given(dataset, window))])
        if dataset == "footfall":
            return pl.concat([truth for _, truth in self._footfall(_given(dataset, window))])
        return pl.DataFrame(schema={"fault": pl.String, **dict.fromkeys(identity, pl.String)})

    def true_footfall(self, window: Window) -> pl.DataFrame:
        """What every sensor would have counted in every open hour without a fault, as footfall is delivered."""
        frames = [
            reading_frame(days, readings, readings.true)
            for days in self._days(window, look_back=0)
            for readings in [simulate_readings(days, self._faults)]
        ]
        return pl.concat(frames)

    def _dataset(self, name: str) -> Dataset:
        if name not in _DATASETS:
            raise ValueError(f"the simulator has no dataset {name!r}: ask for one of {', '.join(_DATASETS)}")
        return _DATASETS[name]

    def _snapshot(self, dataset: str) -> pl.DataFrame:
        match dataset:
            case "clients":
                return client_frame(self._seed, self._scale.clients, self._stores, self._faults)
            case "products":
                return self._assortment.frame(self.default_start)
            case "product_prices":
                return self._assortment.price_frame()
            case "stores":
                return self._stores.frame()
            case _:
                return self._stores.opening_hours()

    def _days(self, window: Window, look_back: int) -> Iterator[Days]:
        """The window in chunks, so that memory does not grow with it."""
        baskets = mean_basket()
        receipts = receipts_per_day(self._stores, self._scale.lines_per_store_day, baskets)
        first = window.first
        while first <= window.last:
            last = min(window.last, first + timedelta(days=_CHUNK_DAYS - 1))
            yield simulate_days(self._seed, self._stores, Window(first, last), receipts, look_back)
            first = last + timedelta(days=1)

    def _sales(self, window: Window) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Delivered lines and their faults, some stores at a time."""
        for days in self._days(window, LOOK_BACK):
            shop = Shop(
                days=days,
                assortment=self._assortment,
                promotions=make_promotions(self._seed, days.numbers),
                prices=self._assortment.prices_on(days.numbers),
                clients=self._scale.clients,
                faults=self._faults,
            )
            chunk_days = len(days.numbers) - LOOK_BACK
            portion = max(1, _PORTION_LINES // (self._scale.lines_per_store_day * chunk_days))
            for store in range(0, len(self._stores), portion):
                receipts = simulate_receipts(shop, store, min(store + portion, len(self._stores)))
                lines = simulate_lines(shop, receipts)
                frame = sale_frame(shop, self._pools, receipts, lines)
                yield frame, sale_truth(frame, lines)

    def _footfall(self, window: Window) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        for days in self._days(window, look_back=0):
            readings = simulate_readings(days, self._faults)
            yield reading_frame(days, readings, readings.counted), reading_truth(days, readings)


def _given(dataset: str, window: Window | None) -> Window:
    if window is None:
        raise ValueError(f"{dataset} is delivered by store and day: name the window of days wanted")
    return window


def _joined(dataset: str, frames: list[pl.DataFrame]) -> pl.LazyFrame:
    whole = pl.concat(frames, rechunk=False)
    return whole.select(name for name in DELIVERIES[dataset].column_names() if name in whole.columns).lazy()
