"""What products and hours of a `lakes.small_lake` sold, made by hand: unknown counts, returns, names that lack."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from retail_platform.dashboard.data.source import Data
from retail_platform.domains.metrics.contract import HourlyMetrics, ProductDailyMetrics
from retail_platform.domains.products.contract import Product, ProductPrice
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes

WINDOW = Window(lakes.LAST - timedelta(days=34), lakes.LAST)
PRODUCTS = {"P1": "food", "P2": "food", "P3": "toys", "P4": "toys", "P5": "toys", "P6": None}
NAMES = {"P1": "Green tea", "P2": "Black tea", "P3": "Train", "P4": "=Kite", "P5": "100% wool_bear", "P6": None}
_CENT = Decimal("0.01")


def data(folder: Path) -> Data:
    """The dashboard's view of a small lake with places, products, prices, hours and opening hours."""
    lake = lakes.small_lake(folder)
    lake.replace("stores", _placed(), None)
    lake.replace("products", _products(), None)
    lake.replace("product_prices", _prices(), None)
    lake.replace("product_daily_metrics", _sold(), WINDOW)
    lake.replace("hourly_metrics", _hours(), WINDOW)
    lake.replace("opening_hours", _opening(), None)
    return Data(Lake(lake.uri), "Europe/Paris")


def _placed() -> pl.DataFrame:
    return lakes.stores().with_columns(
        latitude=pl.Series([48.9, 45.8, 43.7, None]), longitude=pl.Series([2.4, 4.8, 7.3, None])
    )


def _products() -> pl.DataFrame:
    nothing = dict.fromkeys(("brand", "unit_price", "unit_cost", "perishable", "shelf_life_days", "supplier_id"))
    rows = {"product_id": list(PRODUCTS), "name": list(NAMES.values()), "category": list(PRODUCTS.values())}
    return Product.cast(pl.DataFrame(rows | nothing | {"copies": 1}, strict=False))


def _prices() -> pl.DataFrame:
    change = lakes.LAST - timedelta(days=9)
    rows = [
        {"product_id": "P1", "unit_price": Decimal("2.00"), "valid_from": lakes.SPAN.first, "valid_to": change},
        {"product_id": "P1", "unit_price": Decimal("2.50"), "valid_from": change + timedelta(days=1), "valid_to": None},
    ]
    return ProductPrice.cast(pl.DataFrame(rows).with_columns(unit_cost=pl.lit(None), copies=1))


def _sold() -> pl.DataFrame:
    random, rows = np.random.default_rng(3), []
    for day in WINDOW.days():
        for store in lakes.STORES:
            for number, product in enumerate([*PRODUCTS, None]):
                units = int(random.integers(-1, 30))
                revenue = (units * Decimal(2 + number) * Decimal(int(random.integers(80, 101))) / 100).quantize(_CENT)
                cost = None if product == "P5" else (revenue * Decimal("0.7")).quantize(_CENT)
                rows.append(
                    {
                        "date": day,
                        "store_id": store,
                        "product_id": product,
                        "transactions": max(units, 0),
                        "units": units,
                        "returns": int(units < 0),
                        "revenue": revenue,
                        "discount": Decimal("0.00"),
                        "cost": cost,
                        "margin": None if cost is None else revenue - cost,
                        "cancelled_lines": 0,
                        "cancelled_amount": Decimal("0.00"),
                    }
                )
    return _cast(ProductDailyMetrics, rows)


def _hours() -> pl.DataFrame:
    random, rows = np.random.default_rng(5), []
    for day in WINDOW.days():
        for store in lakes.STORES:
            for hour in range(8, 20):
                known = store != "WEB" and not (store == "S3" and day.isoweekday() == 2 and hour == 12)
                rows.append(
                    {
                        "date": day,
                        "store_id": store,
                        "hour": hour,
                        "open": hour >= 9,
                        "visitors": int(random.integers(0, 90)) if known else None,
                        "transactions": int(random.integers(0, 30)),
                        "units": 1,
                        "revenue": Decimal(int(random.integers(0, 90_000))) / 100,
                    }
                )
    return _cast(HourlyMetrics, rows)


def _opening() -> pl.DataFrame:
    days = [lakes.LAST - timedelta(days=back) for back in range(1, 20)]
    rows = [
        {"store_id": "S1", "date": day, "open": day.isoweekday() < 7, "opens": opens, "closes": closes}
        for day in days
        for opens, closes in ([("09:00", "12:00"), ("14:00", "19:30")] if day.isoweekday() < 7 else [(None, None)])
    ]
    return pl.DataFrame(rows, schema_overrides={"opens": pl.String, "closes": pl.String})


def _cast(table: type, rows: list[dict[str, object]]) -> pl.DataFrame:
    lacking = [pl.lit(None).alias(name) for name in table.column_names() if name not in rows[0]]  # type: ignore[attr-defined]
    money = [name for name in ("revenue", "discount", "cost", "margin", "cancelled_amount") if name in rows[0]]
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col(name).cast(pl.Decimal(18, 2)) for name in money
    )
    return table.cast(frame.with_columns(lacking))  # type: ignore[attr-defined, no-any-return]
