"""The overview: how are we doing, where, and can I trust it."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from retail_platform.dashboard.charts import bars, line, measure_axis, period_windows, time_axis
from retail_platform.dashboard.components import Column, card, graph, table, tone
from retail_platform.dashboard.data.measures import (
    by_store,
    change_by_store,
    compared_by_period,
    currency_of,
)
from retail_platform.dashboard.frames.common import history, key_figures, remembered
from retail_platform.dashboard.frames.days import missing
from retail_platform.dashboard.page import Page, View
from retail_platform.dashboard.pages.common import TILES, tiles
from retail_platform.dashboard.printed import link
from retail_platform.dashboard.theme import PALETTES, Figure, figure
from retail_platform.language.formats import Formats
from retail_platform.windows import Window

_SHOWN_STORES = 5
_FEWEST = 2 * _SHOWN_STORES


def layout(view: View) -> Component:
    """The page."""
    formats = view.formats(currency_of(view.rows))
    ranked = stores(view)
    if ranked.height <= _FEWEST:
        rankings = [_ranking(view, formats, "store_all", ranked, whole=True)]
    else:
        rankings = [
            _ranking(view, formats, "store_top", ranked.head(_SHOWN_STORES)),
            _ranking(view, formats, "store_bottom", ranked.tail(_SHOWN_STORES).reverse()),
        ]
    return html.Div(
        [
            html.H1(view.t("overview")),
            html.P([_lead(view, formats), link(view)], className="lead"),
            html.Div(tiles(view, formats, periods(view)), className="tiles"),
            html.Div(
                [
                    _trend(view, formats, "revenue"),
                    _trend(view, formats, "visitors"),
                    *rankings,
                    _trust(view, formats),
                ],
                className="cards",
            ),
        ]
    )


def periods(view: View) -> pl.DataFrame:
    """Measures and ratios of each period, with what revenue and visitors are compared with."""
    return remembered(view, ("overview periods", view.filters), lambda: _periods(view))


def stores(view: View) -> pl.DataFrame:
    """Measures of each store with the change of its revenue, most revenue first."""
    return remembered(view, ("overview stores", view.filters), lambda: _stores(view))


def _periods(view: View) -> pl.DataFrame:
    chosen = view.filters
    now = history(view)
    then = compared_by_period(view.rows, chosen.basis, chosen.grain)
    then = then.select("period", *(pl.col(name).alias(f"{name}_compared") for name in ("revenue", "visitors")))
    return now.select("period", *TILES, "visitors_imputed_share").join(then, on="period", how="left")


def _stores(view: View) -> pl.DataFrame:
    change = change_by_store(view.rows, view.filters.basis, "revenue")
    return (
        by_store(view.rows)
        .select("store_id", "label", "region", "format", *TILES)
        .join(change, on="store_id", how="left")
        .sort("revenue", "store_id", descending=[True, False], nulls_last=True)
    )


def _lead(view: View, formats: Formats) -> str:
    count = view.stores.height
    named = view.stores["label"][0] if count == 1 else view.t("stores_count", count=formats.number(count))
    return view.t(
        "overview_lead", period=formats.window(view.filters.window), stores=named, currency=formats.currency or ""
    )


def _trend(view: View, formats: Formats, measure: str) -> Component:
    rows = periods(view)
    title = view.t(f"trend_{measure}") + (f" ({formats.currency})" if measure == "revenue" else "")
    return card(
        view,
        f"{measure}_over_time",
        title,
        graph(f"{measure}_over_time", _trend_figure(view, formats, measure, rows), title),
        about=view.t("trend_hint"),
    )


def _trend_figure(view: View, formats: Formats, measure: str, rows: pl.DataFrame) -> Figure:
    chosen, colours = view.filters, PALETTES[view.filters.theme]
    links = view.of_windows(period_windows(chosen, rows["period"]))
    traces = [
        bars(formats, measure, rows, name=view.t(measure), colour=colours.accent, grain=chosen.grain, links=links)
    ]
    compared = f"{measure}_compared"
    if rows[compared].count():
        basis = view.t(f"basis_{chosen.basis}")
        traces.append(line(formats, measure, rows, column=compared, name=basis, colour=colours.series[1]))
    return figure(
        chosen.theme,
        traces,
        separators=formats.separators(),
        legend=len(traces) > 1,
        x=time_axis(formats, chosen.grain, rows["period"]),
        y=measure_axis(formats, measure),
        hovermode="x unified" if len(traces) > 1 else "closest",
    )


def _ranking(view: View, formats: Formats, name: str, rows: pl.DataFrame, *, whole: bool = False) -> Component:
    def measure(name: str) -> Column:
        return Column(name, view.t(name), lambda value: formats.measure(name, value), number=True)

    def href(row: Mapping[str, Any]) -> str:
        return view.href(view.filters.but(stores=(row["store_id"],)))

    change = Column(
        "change", view.t("change_column"), formats.change, number=True, tone=lambda value: tone("revenue", value)
    )
    columns = [Column("label", view.t("store")), measure("revenue"), change, measure("conversion_rate")]
    if whole:
        columns[1:1] = [Column("region", view.t("region")), measure("visitors"), measure("transactions")]
        columns += [measure("atv"), measure("upt")]
    title = f"{view.t(name)} ({formats.currency})"
    shown = table(rows.to_dicts(), columns, caption=title, href=href)
    return card(view, name, title, shown, about=view.t("store_hint"), wide=whole)


def _trust(view: View, formats: Formats) -> Component:
    rows, window = view.rows, view.filters.window
    total = key_figures(view)
    span = view.facts.span
    lacking = len(missing(view, Window(max(window.first, span.first), min(window.last, span.last))))
    facts = [
        view.t("trust_imputed", share=formats.measure("visitors_imputed_share", total["visitors_imputed_share"])),
        view.counted("trust_missing", lacking, formats) if lacking else view.t("trust_missing_none"),
        view.counted("trust_hours", total["hours_without_count"] or 0, formats),
        *([view.counted("trust_open", rows.days_not_final, formats)] if rows.days_not_final else []),
        view.t("trust_updated", when=formats.instant(view.facts.at)),
    ]
    return html.Section(
        [html.H2(view.t("trust")), html.Ul([html.Li(fact) for fact in facts])],
        className="trust wide",
        id="trust",
    )


PAGE = Page(
    path="/",
    title="overview",
    layout=layout,
    downloads={
        "revenue_over_time": periods,
        "visitors_over_time": periods,
        "store_all": stores,
        "store_top": lambda view: stores(view).head(_SHOWN_STORES),
        "store_bottom": lambda view: stores(view).tail(_SHOWN_STORES).reverse(),
    },
)
