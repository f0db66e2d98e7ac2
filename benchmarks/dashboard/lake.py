"""A lake of a large chain, made of nothing in seconds: 1,000 stores and three years of days.

Only the tables the dashboard reads are made, with the contracts' columns and plausible values; what is read store by
store (hours, products, door counters) is made for the first of `DETAILED` stores alone.
"""

from datetime import date, timedelta
from pathlib import Path

import dataframely as dy
import numpy as np
import polars as pl

from retail_platform.domains.footfall.contract import Footfall, FootfallReading, SensorHealth
from retail_platform.domains.metrics.contract import HourlyMetrics, ProductDailyMetrics, StoreDay
from retail_platform.domains.products.contract import Product
from retail_platform.domains.stores.contract import OpeningHours, Store
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

STORES, DETAILED, PRODUCTS = 1_000, 20, 40
LAST = date(2026, 6, 30)
SPAN = Window(LAST - timedelta(days=1_095), LAST)
REGIONS = tuple(f"Region {number}" for number in range(1, 13))
FORMATS = ("city", "mall", "outlet", "online")
CATEGORIES = ("drinks", "food", "garden", "home", "toys", "wear")
_HOURS = range(9, 21)
_ONLINE_EVERY = 50  # the number of stores of which one is online
_NAMES = [f"S{number:04}" for number in range(STORES)]


def make(folder: Path) -> Lake:
    """The lake in a folder."""
    lake, random = Lake(str(folder)), np.random.default_rng(1)
    lake.replace("stores", _stores(random), None)
    lake.replace("store_days", store_days(SPAN), SPAN)
    lake.replace("products", _products(), None)
    lake.replace("opening_hours", _opening(), None)
    hours = _grid(DETAILED, hour=_HOURS)
    lake.replace("hourly_metrics", _hours(hours, random), SPAN)
    lake.replace("footfall", _footfall(hours, random), SPAN)
    lake.replace("footfall_readings", _readings(random), SPAN)
    lake.replace("sensor_health", _health(random), SPAN)
    lake.replace("product_daily_metrics", _sold(random), SPAN)
    return lake


def store_days(window: Window, seed: int = 2) -> pl.DataFrame:
    """`StoreDay` rows: closed days, days without a count, estimated shares, stores without doors."""
    random = np.random.default_rng(seed)
    rows = _grid(STORES, window=window)
    size, number = rows.height, rows["number"].to_numpy()
    online = number % _ONLINE_EVERY == _ONLINE_EVERY - 1
    weekday = rows["date"].dt.weekday().to_numpy()
    visitors = (random.gamma(9, 60, size) * np.where(weekday >= 5, 1.5, 1.0) * (0.5 + number / STORES)).astype(np.int64)
    transactions = (visitors * random.uniform(0.15, 0.35, size)).astype(np.int64)
    revenue = (transactions * random.uniform(18, 32, size)).round(2)
    known = (random.random(size) > 0.01) & ~online
    facts = {
        "is_open": (weekday < 7) | (number % 3 > 0),
        "hours_without_count": pl.Series(random.poisson(0.02, size)).set(pl.Series(online), None),
        "visitors": pl.Series(visitors).set(pl.Series(~known), None),
        "visitors_imputed_share": pl.Series(np.where(random.random(size) < 0.1, 0.3, 0.0)).set(pl.Series(~known), None),
        "transactions": transactions,
        "store_transactions": np.where(online, 0, transactions),
        "units": transactions * 2 + 3,
        "returns": transactions // 20,
        "revenue": revenue,
        "cost": (revenue * 0.62).round(2),
        "margin": (revenue * 0.38).round(2),
        "cost_known_revenue": revenue,
    }
    days = rows.select("date", "store_id", final=pl.col("date") < LAST).with_columns(
        currency=pl.lit("EUR"), open_hours=pl.lit(12), cancelled_lines=pl.lit(0), area_m2=pl.lit(400.0)
    )
    days = days.with_columns(pl.Series(name, values) for name, values in facts.items())
    return _cast(StoreDay, days)


def _grid(stores: int, window: Window = SPAN, hour: range | None = None) -> pl.DataFrame:
    """A row for each day and store, or each of their hours, in order."""
    days = pl.date_range(window.first, window.last, eager=True).alias("date").to_frame()
    named = pl.DataFrame({"store_id": _NAMES[:stores], "number": range(stores)})
    rows = days.join(named, how="cross")
    return rows if hour is None else rows.join(pl.DataFrame({"hour": hour}), how="cross")


def _stores(random: np.random.Generator) -> pl.DataFrame:
    number = np.arange(STORES)
    online = number % _ONLINE_EVERY == _ONLINE_EVERY - 1
    return _cast(
        Store,
        pl.DataFrame(
            {
                "store_id": _NAMES,
                "name": [f"Store {name[1:]}" for name in _NAMES],
                "city": [f"City {at % 300}" for at in number],
                "region": [REGIONS[at % len(REGIONS)] for at in number],
                "country": "FR",
                "latitude": pl.Series(random.uniform(43, 50, STORES)).set(pl.Series(online), None),
                "longitude": pl.Series(random.uniform(-1, 7, STORES)).set(pl.Series(online), None),
                "format": np.where(online, "online", np.array(FORMATS)[number // len(REGIONS) % 3]),
                "area_m2": 400.0,
                "timezone": "Europe/Paris",
                "currency": "EUR",
                "copies": 1,
            }
        ),
    )


def _products() -> pl.DataFrame:
    number = range(PRODUCTS)
    made = {
        "product_id": [f"P{at:03}" for at in number],
        "name": [f"Product {at}" for at in number],
        "category": [CATEGORIES[at % len(CATEGORIES)] for at in number],
        "brand": [f"Brand {at % 9}" for at in number],
        "unit_price": 10.0,
        "copies": 1,
    }
    return _cast(Product, pl.DataFrame(made))


def _opening() -> pl.DataFrame:
    rows = _grid(DETAILED).with_columns(open=pl.lit(True), opens=pl.lit("09:00"), closes=pl.lit("21:00"))
    return _cast(OpeningHours, rows)


def _hours(hours: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    visitors = random.poisson(50, hours.height)
    rows = hours.with_columns(
        open=pl.lit(True),
        visitors=pl.Series(visitors),
        imputed_visitors=pl.lit(0.0),
        visitors_complete=pl.lit(True),
        transactions=pl.Series(visitors // 4),
        store_transactions=pl.Series(visitors // 4),
        units=pl.Series(visitors // 2),
        revenue=pl.Series(visitors * 6.25),
    )
    return _cast(HourlyMetrics, rows)


def _footfall(hours: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    visitors = random.poisson(50, hours.height)
    guessed = random.random(hours.height) < 0.05
    rows = hours.with_columns(
        visitors=pl.Series(visitors),
        visitors_low=pl.Series(np.where(guessed, visitors // 2, visitors)),
        visitors_high=pl.Series(np.where(guessed, visitors * 2, visitors)),
        observed_visitors=pl.Series(np.where(guessed, visitors // 2, visitors)),
        imputed_share=pl.Series(np.where(guessed, 0.5, 0.0)),
        method=pl.Series(np.where(guessed, "siblings", "observed")),
        sensors_ok=pl.lit(2),
        sensors_total=pl.lit(2),
    )
    return _cast(Footfall, rows)


def _readings(random: np.random.Generator) -> pl.DataFrame:
    rows = _grid(DETAILED, hour=_HOURS).join(pl.DataFrame({"door": ["A", "B"]}), how="cross")
    return _cast(
        FootfallReading,
        rows.with_columns(
            sensor_id=pl.col("store_id") + pl.col("door"),
            visitors=pl.Series(random.poisson(25, rows.height)),
            status=pl.lit("ok"),
            copies=pl.lit(1),
        ),
    )


def _health(random: np.random.Generator) -> pl.DataFrame:
    rows = _grid(DETAILED).join(pl.DataFrame({"door": ["A", "B"]}), how="cross")
    return _cast(
        SensorHealth,
        rows.with_columns(
            sensor_id=pl.col("store_id") + pl.col("door"),
            status=pl.Series(np.where(random.random(rows.height) < 0.03, "undercounting", "ok")),
            hours_expected=pl.lit(12),
            hours_counted=pl.lit(12),
            observed=pl.Series(random.poisson(300, rows.height)),
            rejected_hours=pl.lit([], dtype=pl.List(pl.Int8)),
        ),
    )


def _sold(random: np.random.Generator) -> pl.DataFrame:
    rows = _grid(DETAILED).join(pl.DataFrame({"product": range(PRODUCTS)}), how="cross")
    units = random.poisson(6, rows.height)
    revenue = (units * random.uniform(5, 15, rows.height)).round(2)
    return _cast(
        ProductDailyMetrics,
        rows.with_columns(
            product_id=pl.format("P{}", pl.col("product").cast(pl.String).str.zfill(3)),
            transactions=pl.Series(units),
            units=pl.Series(units),
            returns=pl.lit(0),
            revenue=pl.Series(revenue),
            discount=pl.lit(0.0),
            unit_cost=pl.lit(6.0),
            cost=pl.Series((revenue * 0.6).round(2)),
            margin=pl.Series((revenue * 0.4).round(2)),
            cancelled_lines=pl.lit(0),
            cancelled_amount=pl.lit(0.0),
        ),
    )


def _cast(table: type[dy.Schema], rows: pl.DataFrame) -> pl.DataFrame:
    lacking = [pl.lit(None).alias(name) for name in table.column_names() if name not in rows.columns]
    return table.cast(rows.with_columns(lacking))
