"""Footfall of made-up stores, for tests of the forecast."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from retail_platform.domains.stores.contract import OpeningHours

MONDAY = date(2025, 1, 6)
HOURS = (10, 11, 12, 13)
UNKNOWN_HOURS = OpeningHours.create_empty(lazy=True)


def rows(
    store: str, days: Sequence[Sequence[int | None]], first: date = MONDAY, hours: Sequence[int] = HOURS
) -> pl.DataFrame:
    """Footfall of one store: visitors by day and hour; None where unknown."""
    return pl.DataFrame(
        [
            (store, first + timedelta(days=day), hour, visitors)
            for day, of_day in enumerate(days)
            for hour, visitors in zip(hours, of_day, strict=False)
        ],
        schema={"store_id": pl.String, "date": pl.Date, "hour": pl.Int8, "visitors": pl.Int64},
        orient="row",
    )


def weeks(store: str, number: int, *, size: float = 100, seed: int = 0, first: date = MONDAY) -> pl.DataFrame:
    """Whole weeks with quiet Mondays, busy Saturdays, a slow wave and noise."""
    chance = np.random.default_rng(seed)
    day = np.arange(7 * number)
    weekday = np.array([0.7, 0.8, 0.9, 1.0, 1.2, 1.6, 0.5])[day % 7]
    level = size * weekday * (1 + 0.2 * np.sin(day / 20)) * np.exp(chance.normal(0, 0.08, len(day)))
    counts = chance.poisson(level[:, None] * np.array([0.15, 0.3, 0.35, 0.2]))
    return rows(store, counts.tolist(), first)


def opening(store: str, first: date, days: int, opens: str = "10:00", closes: str = "14:00") -> pl.DataFrame:
    """The same hours each day, closed on Sundays."""
    dates = [first + timedelta(days=day) for day in range(days)]
    opened = [day.weekday() != 6 for day in dates]
    return pl.DataFrame(
        {
            "store_id": store,
            "date": dates,
            "open": opened,
            "opens": [opens if is_open else None for is_open in opened],
            "closes": [closes if is_open else None for is_open in opened],
        },
        schema=pl.Schema(OpeningHours),
    )
