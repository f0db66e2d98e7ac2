"""The store days of the whole history in memory, with the stores they belong to.

Only shape and freshness belong here: what is summed and divided is `totals`' and `measures`' business. A new version
of the table reads again only the days whose files changed.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from retail_platform.dashboard.data import grids
from retail_platform.dashboard.data.grids import COUNTED, COUNTS, MEASURES, MONEY, Grids
from retail_platform.dashboard.data.tables import Tables
from retail_platform.dashboard.data.totals import Rows, Totals, totals
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.data.versions import Version, changed_days
from retail_platform.domains.metrics.compare import with_ratio_bases
from retail_platform.domains.stores.contract import ONLINE
from retail_platform.windows import Window

TABLE = "store_days"
STORES = "stores"
_READ = (
    "date",
    "store_id",
    "currency",
    "is_open",
    "final",
    *COUNTS,
    "visitors_imputed_share",
    "hours_without_count",
    "revenue",
    "margin",
    "cost_known_revenue",
)
_STORE_COLUMNS = ("store_id", "name", "city", "region", "format", "currency", "latitude", "longitude", "area_m2")
_MOST_TOTALS = 64  # sets of stores; each takes half a megabyte of three years


@dataclass(frozen=True)
class Facts:
    """One version of the store days.

    Attributes:
        grids: the store days.
        stores: by store_id: what is known of each; `store` is its row in the grids, `channel` is `store` or `online`,
            `label` its name for people. Stores that only the days know are there, too, without a name.
        at: when the newest rows were written, UTC.
        key: changes with any change of either table.
    """

    grids: Grids
    stores: pl.DataFrame
    at: datetime | None
    key: tuple[object, ...]
    _totals: OrderedDict[bytes, Totals] = field(default_factory=OrderedDict, init=False, repr=False, compare=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    @property
    def span(self) -> Window:
        """First and last day that have rows."""
        return self.grids.window

    @cached_property
    def last_final(self) -> date:
        """The last day that is over, or the last there is."""
        held = np.flatnonzero(self.grids.flags["final"].any(axis=0))
        return self.span.first + timedelta(days=int(held[-1])) if held.size else self.span.last

    @cached_property
    def counting(self) -> pl.Series:
        """The numbers of the stores of which any day has visitors."""
        return self.stores["store"].filter(pl.Series(self.grids.known["visitors"].any(axis=1)))

    def between(self, window: Window) -> Rows:
        """The store days of a window, of all stores."""
        return Rows(self, window, self.stores["store"])

    def totals(self, stores: pl.Series) -> Totals:
        """Sums over some stores by day of the whole history; remembered, so that any window of them is at hand.

        Args:
            stores: their numbers, in order.
        """
        numbers = stores.to_numpy()
        key = numbers.tobytes()
        with self._guard:
            if key in self._totals:
                self._totals.move_to_end(key)
                return self._totals[key]
        found = totals(self.grids, None if len(numbers) == self.stores.height else numbers)
        with self._guard:
            self._totals[key] = found
            while len(self._totals) > _MOST_TOTALS:
                self._totals.popitem(last=False)
        return found


class FactsCache:
    """Keeps the newest `Facts`; safe for several threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables, self._lock = tables, threading.Lock()
        self._held: Facts | None = None
        self._version: Version | None = None

    def newest(self) -> Facts:
        """The store days as they are now.

        Raises:
            Unavailable: there are none, or the lake does not answer.
        """
        with self._lock:
            version, stores = self._tables.version(TABLE), self._tables.version(STORES)
            key = (version.key, stores.key)
            if self._held is not None and self._held.key == key:
                return self._held
            lost = [name for name in _READ if name not in version.columns]
            if lost:
                raise Unavailable("column_missing", {"table": TABLE, "column": ", ".join(lost)})
            found = self._read(version, key)
            if not found.grids.there.any():
                raise Unavailable("table_empty", {"table": TABLE})
            found.totals(found.stores["store"])  # which most looks ask for
            self._held, self._version = found, version
            return found

    def _read(self, version: Version, key: tuple[object, ...]) -> Facts:
        before = self._held
        known = self._tables.frame(STORES, _STORE_COLUMNS)
        days = changed_days(self._version, version) if before is not None else None
        if before is None or days is None:
            return _made(pl.concat(_slim(rows) for rows in self._tables.parts(version, _READ)), known, version.at, key)
        rows = _slim(self._tables.read(version, _READ, days=days)) if days else None
        others = before.grids.there.copy()
        others[:, [(day - before.span.first).days for day in days if day in before.span]] = False
        ids = before.stores.filter(pl.Series(others.any(axis=1)))["store_id"]
        if rows is not None:
            ids = pl.concat([ids, rows["store_id"].cast(pl.String)]).unique()
        stores = _stores(known, ids)
        fresh = before.grids if rows is None else _laid_out(rows, stores, Window(days[0], days[-1]))
        renumbered = stores.select("store_id", now=pl.col("store").cast(pl.Int64))
        places = before.stores.join(renumbered, on="store_id", how="left", maintain_order="left")
        numbers = places["now"].fill_null(-1).to_numpy()
        return Facts(grids.replaced(before.grids, numbers, fresh, days, stores.height), stores, version.at, key)


def made(days: pl.DataFrame, known: pl.DataFrame) -> Facts:
    """Facts of `StoreDay` and `Store` rows."""
    return _made(_slim(days), known.select(_STORE_COLUMNS), None, ())


def _made(rows: pl.DataFrame, known: pl.DataFrame, at: datetime | None, key: tuple[object, ...]) -> Facts:
    stores = _stores(known, rows["store_id"].unique().cast(pl.String))
    return Facts(_laid_out(rows, stores), stores, at, key)


def _slim(rows: pl.DataFrame) -> pl.DataFrame:
    cents = [(pl.col(name) * 100).cast(pl.Int64).alias(name) for name in MONEY]
    return (
        with_ratio_bases(rows.lazy())
        .with_columns(imputed=pl.col("visitors") * pl.col("visitors_imputed_share"))
        .with_columns(pl.col("store_id", "currency").cast(pl.Categorical), *cents)
        .with_columns(pl.col(*COUNTS, *COUNTED, "hours_without_count").cast(pl.Int32))
        .select("date", "store_id", "currency", *grids.FLAGS, *MEASURES)
        .collect()
    )


def _laid_out(rows: pl.DataFrame, stores: pl.DataFrame, window: Window | None = None) -> Grids:
    if window is None and rows.height:
        first, last = rows.select(first=pl.col("date").min(), last=pl.col("date").max()).row(0)
        window = Window(first, last)
    numbers = stores.select(pl.col("store_id").cast(pl.Categorical), "store")
    numbered = rows.join(numbers, on="store_id", how="left")
    return grids.laid_out(numbered, stores.height, window or Window(date.min, date.min))


def _stores(known: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """What is known of each store, and those that only the days know."""
    return (
        pl.concat([known, ids.alias("store_id").to_frame().join(known, on="store_id", how="anti")], how="diagonal")
        .unique("store_id", keep="first")
        .sort("store_id")
        .with_row_index("store")
        .with_columns(
            label=pl.coalesce("name", "store_id"),
            channel=pl.when(pl.col("format") == ONLINE).then(pl.lit("online")).otherwise(pl.lit("store")),
        )
    )
