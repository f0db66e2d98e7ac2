"""The store days of the whole history in memory, slim, with the stores they belong to.

Only shape and freshness belong here: what is summed and divided is `measures`' business. A new version of the
table reads again only the days whose files changed.
"""

import threading
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from retail_platform.dashboard.data.tables import Tables, Version
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.domains.metrics.compare import with_counted
from retail_platform.domains.stores.contract import ONLINE
from retail_platform.windows import Window

TABLE = "store_days"
STORES = "stores"
MONEY = ("revenue", "margin", "cost_known_revenue", "counted_revenue", "counted_margin")
COUNTS = ("visitors", "transactions", "store_transactions", "units", "returns")
COUNTED = ("counted_days", "counted_visitors", "counted_transactions")
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


@dataclass(frozen=True)
class Facts:
    """One version of the store days.

    Attributes:
        days: by date and store: `date`, `store` (row of `stores`), `currency`, measures; money is in hundredths, as
            Int64.
        stores: by store_id: what is known of each; `channel` is `store` or `online`, `label` its name for people.
            Stores that only the days know are there, too, without a name.
        at: when the newest rows were written, UTC.
        key: changes with any change of either table.
    """

    days: pl.DataFrame
    stores: pl.DataFrame
    at: datetime | None
    key: tuple[object, ...]

    @property
    def span(self) -> Window:
        """First and last day that have rows."""
        dates = self.days["date"]
        return Window(dates[0], dates[-1])

    @property
    def last_final(self) -> date:
        """The last day that is over, or the last there is."""
        held = self.days.filter("final")["date"]
        return held[-1] if held.len() else self.span.last

    def between(self, window: Window) -> pl.DataFrame:
        """The rows of a window, without a copy."""
        dates = self.days["date"]
        begin = int(dates.search_sorted(window.first, side="left"))
        end = int(dates.search_sorted(window.last, side="right"))
        return self.days.slice(begin, end - begin)


class FactsCache:
    """Keeps the newest `Facts`; safe for several threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables, self._lock = tables, threading.Lock()
        self._held: Facts | None = None
        self._version: Version | None = None
        self._days: pl.DataFrame | None = None

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
            days = self._read_days(version)
            if not days.height:
                raise Unavailable("table_empty", {"table": TABLE})
            known = self._tables.frame(STORES, _STORE_COLUMNS)
            self._held = _joined(days, known, version, key)
            self._version, self._days = version, days
            return self._held

    def _read_days(self, version: Version) -> pl.DataFrame:
        lost = [name for name in _READ if name not in version.columns]
        if lost:
            raise Unavailable("column_missing", {"table": TABLE, "column": ", ".join(lost)})
        before, held = self._version, self._days
        if before is not None and held is not None and before.identity == version.identity:
            changed = sorted({day for _, day in before.files ^ version.files if day is not None})
            if changed and len(changed) * 4 < held["date"].n_unique():
                fresh = _slim(self._tables.read(version, _READ, days=changed))
                return pl.concat([held.filter(~pl.col("date").is_in(changed)), fresh]).sort("date", "store_id")
            if not changed:
                return held
        return _slim(self._tables.read(version, _READ)).sort("date", "store_id")


def _slim(rows: pl.DataFrame) -> pl.DataFrame:
    cents = [(pl.col(name) * 100).cast(pl.Int64).alias(name) for name in MONEY]
    return (
        with_counted(rows.lazy())
        .with_columns(imputed=pl.col("visitors") * pl.col("visitors_imputed_share"))
        .select(
            "date",
            pl.col("store_id", "currency").cast(pl.Categorical),
            "is_open",
            "final",
            pl.col(*COUNTS, *COUNTED, "hours_without_count").cast(pl.Int32),
            "imputed",
            *cents,
        )
        .collect()
    )


def _joined(days: pl.DataFrame, known: pl.DataFrame, version: Version, key: tuple[object, ...]) -> Facts:
    ids = days["store_id"].unique().cast(pl.String)
    stores = (
        pl.concat([known, ids.to_frame().join(known, on="store_id", how="anti")], how="diagonal")
        .unique("store_id", keep="first")
        .sort("store_id")
        .with_row_index("store")
        .with_columns(
            label=pl.coalesce("name", "store_id"),
            channel=pl.when(pl.col("format") == ONLINE).then(pl.lit("online")).otherwise(pl.lit("store")),
        )
    )
    numbers = stores.select(pl.col("store_id").cast(pl.Categorical), "store")
    numbered = days.join(numbers, on="store_id", how="left", maintain_order="left").drop("store_id")
    return Facts(numbered, stores, version.at, key)
