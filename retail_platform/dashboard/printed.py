"""The report to print of the chosen stores and days: the same that `daily_report` writes, of whatever is chosen.

Only what it is made of belongs here; how it looks is `reports`' business.
"""

from collections.abc import Sequence

import dash
import polars as pl
from dash.development.base_component import Component

from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.frames.days import missing
from retail_platform.dashboard.page import View
from retail_platform.reports import figures, report
from retail_platform.reports.material import ADDABLE, ANOMALIES, SENSORS, SOLD, Material, best_sellers, between
from retail_platform.windows import Window

PATH = "/report"
_DAYS, _SOLD, _PRODUCTS = "store_days", "product_daily_metrics", "products"
_HEALTH, _ANOMALIES = "sensor_health", "footfall_anomalies"
_MOST_NAMED = 3


def link(view: View) -> Component:
    """Leads to the report of what is chosen."""
    address = view.href(view.filters.but(options=(), categories=()), PATH)
    return dash.html.A(view.t("print_report"), href=address, target="_blank", className="button small print")


def html(view: View) -> str:
    """The report as a whole document.

    Raises:
        Unavailable: a table that it needs cannot be had, or no store or day is left.
    """
    return report.html(_material(view), language=view.filters.language, timezone=view.data.timezone)


def _material(view: View) -> Material:
    window, stores = _within(view.filters.window, view.facts.span), view.stores
    whole = stores.height == view.facts.stores.height
    chosen = None if whole else stores["store_id"].to_list()
    days = pl.concat([_rows(view, _DAYS, figures.COLUMNS, one, chosen) for one in figures.needed(window)])
    return Material(
        window,
        days,
        stores.select("store_id", "label"),
        subject=_named(view),
        all_stores=whole,
        sold=_sold(view, window, chosen, money=between(days, window).select(ADDABLE).item()),
        sensors=_rows(view, _HEALTH, SENSORS, window, chosen) if view.data.tables.exists(_HEALTH) else None,
        anomalies=_rows(view, _ANOMALIES, ANOMALIES, window, chosen) if view.data.tables.exists(_ANOMALIES) else None,
        made=frozenset(window.days()) - missing(view, window),
        at=view.facts.at,
    )


def _within(window: Window, span: Window) -> Window:
    if window.last < span.first or window.first > span.last:
        raise Unavailable("no_rows")
    return Window(max(window.first, span.first), min(window.last, span.last))


def _rows(view: View, table: str, columns: Sequence[str], window: Window, stores: Sequence[str] | None) -> pl.DataFrame:
    return collected(view.data, table, columns, lambda rows: _of(rows, stores), window)


def _sold(view: View, window: Window, stores: Sequence[str] | None, *, money: bool) -> pl.DataFrame | None:
    tables = view.data.tables
    if not tables.exists(_SOLD):
        return None
    named = tables.frame(_PRODUCTS, ["product_id", "name"]).lazy() if tables.exists(_PRODUCTS) else None
    return collected(view.data, _SOLD, SOLD, lambda rows: best_sellers(_of(rows, stores), named, money=money), window)


def _of(rows: pl.LazyFrame, stores: Sequence[str] | None) -> pl.LazyFrame:
    return rows if stores is None else rows.filter(pl.col("store_id").is_in(list(stores)))


def _named(view: View) -> str:
    """What the chosen stores have in common, or their names where they are few."""
    chosen = view.filters
    if chosen.stores:
        return ", ".join(view.stores["label"].to_list()) if view.stores.height <= _MOST_NAMED else ""
    channel = [view.t(f"channel_{chosen.channel}")] if chosen.channel else []
    return ", ".join([*chosen.regions, *chosen.formats, *channel, *([chosen.currency] if chosen.currency else [])])
