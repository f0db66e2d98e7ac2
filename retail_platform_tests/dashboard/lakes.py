"""Small lakes made by hand for the dashboard's tests: a few stores, 400 days, awkward values among them."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from retail_platform.dashboard.data.source import Data
from retail_platform.domains.metrics.contract import StoreDay
from retail_platform.domains.stores.contract import Store
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

LAST = date(2026, 1, 31)
SPAN = Window(LAST - timedelta(days=419), LAST)
STORES = ("S1", "S2", "S3", "WEB")
_MONEY = ("revenue", "cost", "margin", "cost_known_revenue")


def stores(currency: str = "EUR") -> pl.DataFrame:
    """Three shops in two regions and one online store."""
    return Store.cast(
        pl.DataFrame(
            {
                "store_id": STORES,
                "name": ["Paris", "Lyon", "=Nice", "Web"],
                "region": ["North", "South", "South", None],
                "format": ["city", "mall", "city", "online"],
                "currency": ["EUR", currency, "EUR", "EUR"],
                "timezone": "Europe/Paris",
                "area_m2": 100.0,
                "copies": 1,
            }
            | dict.fromkeys(("city", "country"), "X")
            | dict.fromkeys(("latitude", "longitude", "capacity", "opened_on", "closed_on")),
            strict=False,
        )
    )


def days(window: Window = SPAN, *, seed: int = 7, currency: str = "EUR") -> pl.DataFrame:
    """`StoreDay` rows: S3 is closed on Mondays, misses counts on Tuesdays; WEB has no door; one day is missing."""
    random = np.random.default_rng(seed)
    rows = []
    for day in window.days():
        if day == LAST - timedelta(days=40):
            continue
        for store in STORES:
            visitors = None if store == "WEB" else int(random.integers(50, 900))
            transactions, units = int(random.integers(10, 50)), int(random.integers(60, 200))
            revenue = Decimal(int(random.integers(10_000, 900_000))) / 100
            cost = (revenue * Decimal("0.6")).quantize(Decimal("0.01"))
            is_open = not (store == "S3" and day.isoweekday() == 1)
            rows.append(
                {
                    "date": day,
                    "store_id": store,
                    "currency": currency if store == "S2" else "EUR",
                    "is_open": is_open,
                    "final": day != LAST,
                    "open_hours": 10,
                    "hours_without_count": None if store == "WEB" else int(store == "S3" and day.isoweekday() == 2),
                    "visitors": visitors,
                    "visitors_imputed_share": None if visitors is None else 0.1,
                    "transactions": transactions,
                    "store_transactions": 0 if store == "WEB" else transactions,
                    "units": units,
                    "returns": 1,
                    "revenue": revenue,
                    "cost": cost,
                    "margin": revenue - cost,
                    "cost_known_revenue": revenue,
                    "cancelled_lines": 0,
                    "area_m2": 100.0,
                }
            )
    return StoreDay.cast(
        pl.DataFrame(rows).with_columns(
            *(pl.lit(None).alias(name) for name in StoreDay.column_names() if name not in rows[0]),
            *(pl.col(name).cast(pl.Decimal(18, 2)) for name in _MONEY),
        )
    )


def small_lake(folder: Path, *, currency: str = "EUR") -> Lake:
    """A lake with `stores` and `store_days` of `SPAN`."""
    lake = Lake(str(folder / "lake"))
    lake.replace("stores", stores(currency), None)
    lake.replace("store_days", days(currency=currency), SPAN)
    return lake


def small_data(folder: Path, *, currency: str = "EUR") -> Data:
    """The dashboard's view of a `small_lake`."""
    return Data(small_lake(folder, currency=currency), "Europe/Paris")
