"""Tables of the metrics domain: what a retailer measures, by hour, product, store, day and period.

Only columns, types and units belong here. Amounts are in the store's currency, net of discounts and
returns, without tax. A measure is null, never 0, where it is unknown; a ratio also where its divisor is 0.
"""

from types import new_class
from typing import cast

import dataframely as dy

COMPARED = ("visitors", "transactions", "units", "revenue", "margin", "conversion_rate", "atv", "upt")
"""Measures of `daily_metrics` that are compared with the 4 previous weeks."""

COMPARED_WITH_LAST_YEAR = ("visitors", "transactions", "units", "revenue", "margin")
"""Measures of `period_metrics` that are compared with 364 days before."""

OF_MONEY = ("revenue", "margin", "atv", "aur", "sales_per_visitor", "margin_per_visitor")
"""Measures that are amounts, or amounts by something."""

RATES = ("conversion_rate", "margin_rate", "visitors_imputed_share", "cost_known_share")
"""Measures that are shares of 1."""

UNKNOWN_CURRENCY = "XXX"
"""ISO 4217's code for no currency: that of periods of a store that is no longer among the stores."""

GRAINS = ("day", "week", "month", "quarter", "year")


def _money(*, nullable: bool = True, description: str | None = None) -> dy.Decimal:
    return dy.Decimal(18, 2, nullable=nullable, description=description)


def _ratio(description: str | None = None) -> dy.Float64:
    return dy.Float64(nullable=True, description=description)


class HourlyMetrics(dy.Schema):
    """One store in one local hour, open or with data."""

    date = dy.Date()
    store_id = dy.String()
    hour = dy.Int8(nullable=True, min=0, max=23, description="Null: sales whose time the source does not state")
    open = dy.Bool(description="By the opening hours, else by having data")
    visitors = dy.Int64(nullable=True)
    imputed_visitors = dy.Float64(nullable=True, description="Visitors that were estimated")
    visitors_complete = dy.Bool(
        nullable=True, description="Every counter has a count or an estimate; null: the store has none"
    )
    transactions = dy.Int64(nullable=True, description="Null, as all sales, where none of the day's states its time")
    store_transactions = dy.Int64(nullable=True, description="Transactions in channel store")
    units = dy.Int64(nullable=True)
    revenue = _money()


class ProductDailyMetrics(dy.Schema):
    """One product sold, returned or cancelled in one store on one day; null product: lines that name none."""

    date = dy.Date()
    store_id = dy.String()
    product_id = dy.String(nullable=True)
    transactions = dy.Int64(description="Receipts with a positive line of the product")
    units = dy.Int64(description="Net of returns")
    returns = dy.Int64(description="Units returned, positive")
    revenue = _money(nullable=False)
    discount = _money(nullable=False)
    tax_amount = _money()
    freight_amount = _money()
    unit_cost = _money(description="In force on the date; null for a store of another currency than the prices'")
    cost = _money()
    margin = _money()
    margin_rate = _ratio()
    cancelled_lines = dy.Int64()
    cancelled_amount = _money(nullable=False)


class StoreDay(dy.Schema):
    """The base measures of one store and day: open, or closed but with deliveries."""

    date = dy.Date(primary_key=True)
    store_id = dy.String(primary_key=True)
    currency = dy.String(nullable=True, description="ISO 4217; null for a store that is no longer among the stores")
    is_open = dy.Bool()
    final = dy.Bool(description="The store's day was over when its deliveries were read")
    open_hours = dy.Int64(nullable=True, description="Hours in which the store was open, in part or whole")
    hours_without_count = dy.Int64(nullable=True, description="Open hours neither counted nor estimated")
    visitors = dy.Int64(nullable=True, description="Persons, sum over open hours")
    visitors_imputed_share = _ratio(description="Share of the visitors that was estimated")
    transactions = dy.Int64(nullable=True)
    store_transactions = dy.Int64(nullable=True)
    units = dy.Int64(nullable=True)
    returns = dy.Int64(nullable=True)
    revenue = _money()
    discount = _money()
    tax_amount = _money()
    freight_amount = _money()
    cost = _money(description="Cost of the lines with known cost")
    margin = _money(description="Revenue less cost, over the lines with known cost")
    cost_known_revenue = _money(description="Revenue of the lines with known cost")
    cancelled_lines = dy.Int64(nullable=True)
    cancelled_amount = _money()
    peak_hour_visitors = dy.Int8(nullable=True, description="Earliest local hour of most visitors")
    peak_hour_sales = dy.Int8(nullable=True, description="Earliest local hour of most revenue")
    best_selling_product_id = dy.String(nullable=True)
    area_m2 = dy.Float64(nullable=True)


class Ratios(dy.Schema):
    """The ratios of base measures, over the days that know both; those per visitor over complete counts alone."""

    margin_rate = _ratio(description="Margin / revenue of the lines with known cost")
    cost_known_share = _ratio(description="Share of revenue whose cost is known")
    conversion_rate = _ratio(description="Store transactions per visitor, over days with a complete count")
    atv = _ratio(description="Average transaction value")
    upt = _ratio(description="Units per transaction")
    aur = _ratio(description="Average unit retail")
    sales_per_visitor = _ratio(description="Revenue per visitor")
    margin_per_visitor = _ratio(description="Margin per visitor")
    sales_per_m2 = _ratio(description="Revenue per square metre of the store")


def _extended(
    name: str, doc: str, bases: tuple[type[dy.Schema], ...], columns: dict[str, dy.Column]
) -> type[dy.Schema]:
    def body(namespace: dict[str, object]) -> None:
        namespace.update(__doc__=doc, __module__=__name__, **columns)

    return cast(type[dy.Schema], new_class(name, bases, exec_body=body))


def _four_weeks() -> dict[str, dy.Column]:
    columns: dict[str, dy.Column] = {}
    for measure in COMPARED:
        columns[f"{measure}_avg_4w"] = _ratio(f"Mean {measure} of the same weekday of the 4 previous weeks")
        columns[f"{measure}_weeks_in_avg"] = dy.Int8(min=0, max=4, description="Weeks that were open and known")
        columns[f"{measure}_vs_avg_4w_pct"] = _ratio("Per cent above that mean")
    return columns


DailyMetrics = _extended(
    "DailyMetrics",
    "Measures and ratios of one store and day, compared with the same weekday of the 4 previous weeks.",
    (StoreDay, Ratios),
    _four_weeks(),
)


class PeriodKey(dy.Schema):
    """One store and day, ISO week, month, quarter or year; two where the store's currency changed within it."""

    grain = dy.Enum(GRAINS, primary_key=True)
    period_start = dy.Date(primary_key=True)
    period_end = dy.Date(description="Inclusive")
    store_id = dy.String(primary_key=True)
    currency = dy.String(primary_key=True, description=f"ISO 4217; {UNKNOWN_CURRENCY} where store_days names none")
    final = dy.Bool(description="None of the period's days is missing, and all are final")
    days = dy.Int64(description="Open days")
    days_missing = dy.Int64(min=0, description="Days up to the period's end that were never materialized")


class PeriodMeasures(dy.Schema):
    """Sums over the days of a period."""

    visitors = dy.Int64(nullable=True)
    visitors_imputed_share = _ratio(description="Share of the visitors that was estimated")
    hours_without_count = dy.Int64(nullable=True)
    transactions = dy.Int64(nullable=True)
    store_transactions = dy.Int64(nullable=True)
    units = dy.Int64(nullable=True)
    returns = dy.Int64(nullable=True)
    revenue = _money()
    discount = _money()
    tax_amount = _money()
    freight_amount = _money()
    cost = _money()
    margin = _money()
    cost_known_revenue = _money()
    cancelled_lines = dy.Int64(nullable=True)
    cancelled_amount = _money()
    area_m2 = dy.Float64(nullable=True, description="Of the period's newest day")
    counted_days = dy.Int64(description="Days on which every counter worked all open hours")
    counted_visitors = dy.Int64(nullable=True, description="Visitors of the counted days")
    counted_transactions = dy.Int64(nullable=True, description="Store transactions of the counted days")
    conversion_visitors = dy.Int64(nullable=True, description="Visitors of those with known store transactions")
    counted_revenue = _money(description="Revenue of the counted days")
    sales_visitors = dy.Int64(nullable=True, description="Visitors of those with known revenue")
    counted_margin = _money(description="Margin of the counted days")
    margin_visitors = dy.Int64(nullable=True, description="Visitors of those with known margin, or no revenue")
    receipt_revenue = _money(description="Revenue of the days with known transactions")
    itemised_revenue = _money(description="Revenue of the days with known units")
    itemised_transactions = dy.Int64(nullable=True, description="Transactions of the days with known units")


def _last_year() -> dict[str, dy.Column]:
    columns: dict[str, dy.Column] = {
        "comparable": dy.Bool(description="Every open day is comparable"),
        "comparable_days": dy.Int64(description="Open days whose store was open 364 days before"),
    }
    for measure in COMPARED_WITH_LAST_YEAR:
        columns[f"{measure}_vs_364d_pct"] = _ratio("Per cent above 364 days before, over comparable days")
    return columns


PeriodMetrics = _extended(
    "PeriodMetrics",
    "Measures and ratios of one store and period: bases are summed first and divided then.",
    (PeriodKey, PeriodMeasures, Ratios),
    _last_year(),
)
