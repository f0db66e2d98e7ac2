"""Materials of reports for tests, from the small lakes of the dashboard's tests."""

from datetime import date
from typing import Any

import polars as pl

from retail_platform.reports import figures
from retail_platform.reports.material import Material
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes

WEEKS = Window(date(2026, 1, 4), lakes.LAST)
DAY = Window(lakes.LAST, lakes.LAST)
LABELS = {"S1": "Paris", "S2": "Lyon", "S3": "=Nice", "WEB": "Web"}


def material(window: Window = WEEKS, stores: tuple[str, ...] = lakes.STORES, **others: Any) -> Material:
    """All that is needed of the small lake; `days` replaces its rows."""
    days = others.pop("days", None)
    days = lakes.days() if days is None else days
    parts = [days.filter(pl.col("date").is_between(one.first, one.last)) for one in figures.needed(window)]
    chosen = pl.concat(parts).filter(pl.col("store_id").is_in(stores))
    labels = others.pop("labels", LABELS)
    named = pl.DataFrame({"store_id": stores, "label": [labels[store] for store in stores]})
    return Material(window, chosen, named, **({"all_stores": len(stores) == len(lakes.STORES)} | others))


def sold(*rows: tuple[str | None, int, float]) -> pl.DataFrame:
    """What `best_sellers` gives."""
    return pl.DataFrame(rows, schema={"product": pl.String, "units": pl.Int64, "revenue": pl.Float64}, orient="row")


def sensors(*rows: tuple[date, str, str, str]) -> pl.DataFrame:
    """Rows of `sensor_health`."""
    names = ("date", "store_id", "sensor_id", "status")
    return pl.DataFrame(rows, schema=dict(zip(names, (pl.Date, *[pl.String] * 3), strict=True)), orient="row")


def anomalies(*rows: tuple[date, str, str, int, float, str, str, float]) -> pl.DataFrame:
    """Rows of `footfall_anomalies`."""
    schema = {"date": pl.Date, "store_id": pl.String, "scope": pl.String, "visitors": pl.Int64, "expected": pl.Float64}
    schema |= {"severity": pl.String, "cause": pl.String, "score": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
