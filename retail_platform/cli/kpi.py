"""The key figures of a month as a table on the screen."""

from typing import TYPE_CHECKING, Any

import polars as pl
from rich.table import Table

from retail_platform.cli.common import shown_table
from retail_platform.domains.metrics.periods import total
from retail_platform.storage.lake import Lake

if TYPE_CHECKING:
    from retail_platform.retailer import Retailer
    from retail_platform.windows import Window

_COLUMNS = {
    "visitors": "Visitors",
    "transactions": "Trans.",
    "conversion_rate": "Conv.",
    "atv": "ATV",
    "upt": "UPT",
    "revenue": "Revenue",
    "margin_rate": "Margin",
}
_PERCENT = ("conversion_rate", "margin_rate")


def month_table(retailer: "Retailer", window: "Window") -> Table:
    """Visitors, transactions, conversion, revenue and margin of each store in the month a window begins."""
    lake = Lake(retailer.settings.lake_uri)
    periods = lake.scan("period_metrics").filter(
        (pl.col("grain") == "month") & (pl.col("period_start") == window.first.replace(day=1))
    )
    stores = lake.scan("stores").select("store_id", "name")
    rows = periods.join(stores, on="store_id", how="left").sort("store_id").collect()
    title = f"{window.first:%B %Y}, amounts in {retailer.currency} without tax"
    table = shown_table(title, ("Store",), tuple(_COLUMNS.values()))
    for row in rows.iter_rows(named=True):
        table.add_row(row["name"] or row["store_id"], *(_shown(column, row[column]) for column in _COLUMNS))
    absent = stores.collect().height - rows.height
    if absent:
        table.caption = f"{absent} of {absent + rows.height} stores did not trade in the month."
    table.add_section()
    for row in total(periods).iter_rows(named=True):
        table.add_row("All stores", *(_shown(column, row[column]) for column in _COLUMNS), style="bold")
    return table


def _shown(column: str, value: Any) -> str:
    if value is None:
        return "–"
    if column in _PERCENT:
        return f"{value:.1%}"
    if column == "revenue":
        return f"{value:,.0f}"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
