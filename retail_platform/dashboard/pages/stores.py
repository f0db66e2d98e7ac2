"""All stores: which lead and which lag, where they are, how they went over time and against last year."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from retail_platform.dashboard.charts import lines, measure_axis, over_time
from retail_platform.dashboard.components import Column, card, choice, graph, message, table, tone
from retail_platform.dashboard.data.measures import (
    ADDITIVE,
    currency_of,
)
from retail_platform.dashboard.frames import stores as frames
from retail_platform.dashboard.page import Page, View
from retail_platform.dashboard.pages.common import STORE
from retail_platform.dashboard.ranking import hover
from retail_platform.dashboard.theme import PALETTES, Figure, Trace, figure
from retail_platform.domains.metrics.contract import OF_MONEY
from retail_platform.language.formats import Formats
from retail_platform.reports.figures import YEAR

_MOST_LABELS = 25
_LARGEST = 34  # pixels


def layout(view: View) -> Component:
    """The page."""
    formats, measure = view.formats(currency_of(view.rows)), frames.RANKING.measure(view)
    lead = view.t(
        "overview_lead",
        period=formats.window(view.filters.window),
        stores=view.counted("stores_count", view.stores.height, formats),
        currency=formats.currency or "",
    )
    return html.Div(
        [
            html.H1(view.t("stores")),
            html.P(lead, className="lead"),
            html.Div(
                choice(
                    view,
                    frames.RANKING.sort,
                    {name: view.t(name) for name in frames.MEASURES},
                    view.t("stores_measure"),
                ),
                className="choices",
            ),
            html.Div(
                [
                    _ranking(view, formats, measure),
                    _map(view, formats, measure),
                    _spread(view, formats, measure),
                    _compare(view, formats, measure),
                    _comparable(view, formats),
                ],
                className="cards",
            ),
        ]
    )


def _titled(view: View, formats: Formats, key: str, measure: str) -> str:
    return view.t(key, measure=view.t(measure)) + (f" ({formats.currency})" if measure in OF_MONEY else "")


def _ranking(view: View, formats: Formats, measure: str) -> Component:
    def column(name: str) -> Column:
        return Column(name, frames.RANKING.heading(view, name), lambda value: formats.measure(name, value), number=True)

    changed = frames.changed_measure(view)
    change = Column(
        "change",
        view.t("stores_change", measure=view.t(changed)),
        formats.change,
        number=True,
        tone=lambda value: tone(changed, value),
    )
    like = Column(
        "comparable_growth",
        view.t("stores_comparable_growth"),
        formats.change,
        number=True,
        tone=lambda value: tone("revenue", value),
    )
    rest = [name for name in frames.MEASURES if name != measure]
    columns = [Column("label", view.t("store")), column(measure), change, like, *(column(name) for name in rest)]
    columns.append(Column("region", view.t("region")))
    title = _titled(view, formats, "stores_ranking", measure)

    def href(row: Mapping[str, Any]) -> str:
        return view.href(view.filters.but(stores=(row["store_id"],), options=()), STORE)

    shown = frames.RANKING.portion_of(view, frames.ranking(view), columns, caption=title, href=href)
    return card(view, "ranking", title, shown, about=view.t("stores_ranking_hint"), wide=True)


def _map(view: View, formats: Formats, measure: str) -> Component:
    rows, title = frames.places(view), _titled(view, formats, "stores_map", measure)
    if not rows.height:
        return message(view.t("stores_map_none_title"), view.t("stores_map_none"))
    about, lacking = view.t("stores_map_hint"), frames.ranking(view).height - rows.height
    if lacking:
        about += " " + view.t("stores_map_some", count=formats.number(lacking))
    return card(view, "map", title, graph("map", _map_figure(view, formats, measure, rows), title), about=about)


def _map_figure(view: View, formats: Formats, measure: str, rows: pl.DataFrame) -> Figure:
    colours = PALETTES[view.filters.theme]
    values = rows[measure]
    labels = rows["city"].fill_null("") if rows.height <= _MOST_LABELS else None
    marker: dict[str, Any] = {"line": {"color": colours.surface, "width": 1}}
    if measure in ADDITIVE:
        most = max((value for value in values.abs() if value is not None), default=0) or 1
        marker |= {"color": colours.accent, "opacity": 0.75}
        marker["size"] = [max(7.0, _LARGEST * math.sqrt(abs(value or 0) / most)) for value in values]
    else:
        bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"color": colours.muted}}
        bar |= {key: value for key, value in measure_axis(formats, measure).items() if key.startswith("tick")}
        marker |= {"color": values.to_list(), "colorscale": [list(step) for step in colours.scale], "size": 15}
        marker |= {"showscale": True, "colorbar": bar, "line": {"color": colours.muted, "width": 1}}
    trace: Trace = {
        "type": "scatter",
        "mode": "markers" if labels is None else "markers+text",
        "x": rows["longitude"].to_list(),
        "y": rows["latitude"].to_list(),
        "text": None if labels is None else labels.to_list(),
        "textposition": "top center",
        "textfont": {"color": colours.muted, "size": 11},
        "customdata": [
            list(pair) for pair in zip(view.of_stores(rows["store_id"]), rows["label"], values, strict=True)
        ],
        "hovertemplate": f"<b>%{{customdata[1]}}</b><br>{hover(formats, measure, 'customdata[2]')}<extra></extra>",
        "marker": marker,
        "cliponaxis": False,
    }
    hidden = {"showticklabels": False, "zeroline": False, "showgrid": True, "nticks": 8}
    ratio = 1 / max(0.1, math.cos(math.radians(float(rows["latitude"].mean()))))  # type: ignore[arg-type]
    return figure(
        view.filters.theme,
        [trace],
        separators=formats.separators(),
        height=420,
        x=hidden | {"range": _padded(rows["longitude"])},
        y=hidden | {"range": _padded(rows["latitude"]), "rangemode": "normal", "scaleanchor": "x", "scaleratio": ratio},
    )


def _padded(values: pl.Series) -> list[float]:
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    pad = 0.12 * (high - low) or 0.5
    return [low - pad, high + pad]


def _spread(view: View, formats: Formats, measure: str) -> Component:
    rows, title = frames.spread(view), _titled(view, formats, "stores_spread", measure)
    if not rows.height:
        return message(view.t("stores_spread_none_title"), view.t("stores_spread_none"))
    colours = PALETTES[view.filters.theme]
    kinds = rows["format"].fill_null("–").unique().sort(descending=True).to_list()
    traces: list[Trace] = []
    for kind in kinds:
        some = rows.filter(pl.col("format").fill_null("–") == kind)
        traces.append(
            {
                "type": "box",
                "orientation": "h",
                "name": kind,
                "y0": kind,
                "x": some[measure].to_list(),
                "boxpoints": "all",
                "jitter": 0.5,
                "pointpos": 0,
                "hoveron": "points",
                "text": some["label"].to_list(),
                "customdata": view.of_stores(some["store_id"]),
                "hovertemplate": f"<b>%{{text}}</b><br>{hover(formats, measure, 'x')}<extra></extra>",
                "line": {"color": colours.muted, "width": 1},
                "fillcolor": "rgba(127,140,160,0.12)",
                "marker": {"color": colours.accent, "opacity": 0.7, "size": 7},
            }
        )
    made = figure(
        view.filters.theme,
        traces,
        separators=formats.separators(),
        height=420,
        x=measure_axis(formats, measure) | {"showgrid": True, "rangemode": "tozero", "nticks": 6},
        y={"rangemode": "normal", "type": "category", "showgrid": False},
    )
    return card(view, "spread", title, graph("spread", made, title), about=view.t("stores_spread_hint"))


def _compare(view: View, formats: Formats, measure: str) -> Component:
    rows, title = frames.compared(view), _titled(view, formats, "stores_compare", measure)
    traces = lines(view.filters, formats, measure, rows, by="store_id", name="label")
    made = over_time(view.filters, formats, measure, rows, traces, height=400)
    named = 0 < len(view.filters.stores) <= frames.MOST_COMPARED
    about = view.t("stores_compare_chosen" if named else "stores_compare_first", count=formats.number(len(traces)))
    return card(view, "compare", title, graph("compare", made, title), about=about, wide=True)


def _comparable(view: View, formats: Formats) -> Component:
    days = frames.of_comparable_days(view)
    if not days.height:
        first = view.facts.span.first
        begins = first + timedelta(days=YEAR)
        if view.filters.window.last >= begins:
            why = view.t("stores_comparable_closed")
        else:
            why = view.t("stores_comparable_none", **{"first": formats.day(first), "from": formats.day(begins)})
        return html.Div(message(view.t("stores_comparable_none_title"), why), className="wide")
    rows = [
        {
            "measure": view.t(name),
            "now": formats.measure(name, now),
            "year_ago": formats.measure(name, then),
            "growth": (name, change),
        }
        for name, now, then, change in frames.comparable(view).iter_rows()
    ]
    columns = [
        Column("measure", view.t("measure_column")),
        Column("now", view.t("stores_now"), number=True),
        Column("year_ago", view.t("stores_year_ago"), number=True),
        Column(
            "growth",
            view.t("stores_growth"),
            lambda pair: formats.change(pair[1]),
            number=True,
            tone=lambda pair: tone(*pair),
        ),
    ]
    title = view.t("stores_comparable")
    about = view.t(
        "stores_comparable_about",
        stores=formats.number(days.height),
        all=formats.number(view.stores.height),
        days=formats.number(int(days["comparable_days"].sum())),
    )
    return card(view, "comparable", title, table(rows, columns, caption=title), about=about, wide=True)


PAGE = Page(
    path="/stores",
    title="stores",
    layout=layout,
    downloads={
        "ranking": frames.ranking,
        "map": frames.places,
        "spread": frames.spread,
        "compare": frames.compared,
        "comparable": frames.comparable,
    },
    options=frames.RANKING.options,
)
