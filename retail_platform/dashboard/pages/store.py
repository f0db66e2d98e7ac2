"""One store: its days, its hours, its peaks, what it sells best, when it is open, and whether to trust its counts."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

import polars as pl
from babel.dates import get_day_names
from dash import dcc, html
from dash.development.base_component import Component

from retail_platform.dashboard.charts import line, measure_axis, period_windows, time_axis
from retail_platform.dashboard.components import Column, aria, card, choice, graph, guarded, message, table
from retail_platform.dashboard.data import hours as hourly
from retail_platform.dashboard.data.measures import (
    ADDITIVE,
    currency_of,
)
from retail_platform.dashboard.filters import chosen_stores
from retail_platform.dashboard.frames import store as frames
from retail_platform.dashboard.frames.common import history, key_figures
from retail_platform.dashboard.page import BASIS, CHANNEL, CURRENCY, FORMATS, GRAIN, PERIOD, REGIONS, Page, View
from retail_platform.dashboard.pages.common import PRODUCTS, STORE, tiles
from retail_platform.dashboard.printed import link
from retail_platform.dashboard.ranking import hover
from retail_platform.dashboard.theme import PALETTES, Figure, figure
from retail_platform.domains.metrics.contract import OF_MONEY
from retail_platform.language.formats import Formats


def layout(view: View) -> Component:
    """The page."""
    one = frames.one_store(view)
    store = one.stores.row(0, named=True)
    place = " · ".join(store[name] for name in ("city", "region", "format") if store[name])
    lead = view.t(
        "store_place",
        place=place or store["store_id"],
        period=view.formats().window(view.filters.window),
        currency=store["currency"] or "",
    )
    return html.Div(
        [
            html.H1(store["label"]),
            html.P([lead, link(one)], className="lead"),
            html.Div(_selector(view, store["store_id"]), className="choices"),
            guarded(view, lambda: _content(one)),
        ]
    )


def _content(one: View) -> Component:
    formats = one.formats(currency_of(one.rows))
    return html.Div(
        [
            html.Div(tiles(one, formats, history(one)), className="tiles"),
            html.Div(
                [
                    _days(one, formats),
                    guarded(one, lambda: _hours(one, formats)),
                    guarded(one, lambda: _peaks(one, formats)),
                    guarded(one, lambda: _best(one, formats)),
                    guarded(one, lambda: _opening(one, formats)),
                    _trust(one, formats),
                ],
                className="cards",
            ),
        ]
    )


def _selector(view: View, shown: str) -> Component:
    """All stores that the other filters leave; the address of each is that of one, with its id in it."""
    chosen = view.filters
    there = chosen_stores(chosen.but(stores=()), view.facts.stores)
    here = view.query(chosen) or "?"
    options = [
        {"value": here if store == shown else query, "label": label}
        for store, label, query in zip(
            there["store_id"], there["label"], view.of_stores(there["store_id"]), strict=True
        )
    ]
    control = dcc.Dropdown(
        id={"type": "option", "name": "store"}, options=cast(Any, options), value=here, clearable=False
    )
    return html.Div(
        [html.Span(view.t("store_choose"), className="filter-label"), control],
        className="choice",
        title=view.t("store_choose"),
    )


def _titled(view: View, formats: Formats, key: str, measure: str) -> str:
    return view.t(key, measure=view.t(measure)) + (f" ({formats.currency})" if measure in OF_MONEY else "")


def _days(one: View, formats: Formats) -> Component:
    rows, measure = frames.days(one), frames.chosen_measure(one)
    colours, title = PALETTES[one.filters.theme], _titled(one, formats, "store_days", measure)
    links = one.of_windows(period_windows(one.filters, rows["period"]))
    now = line(formats, measure, rows, name=one.t(measure), colour=colours.accent) | {"customdata": links}
    traces = [now | {"mode": "lines+markers", "marker": {"size": 6}}]
    if rows[f"{measure}_compared"].count():
        basis = one.t(f"basis_{one.filters.basis}")
        then = line(formats, measure, rows, column=f"{measure}_compared", name=basis, colour=colours.series[1])
        then["line"]["dash"] = "dash"
        traces.append(then)
    made = figure(
        one.filters.theme,
        traces,
        separators=formats.separators(),
        legend=len(traces) > 1,
        x=time_axis(formats, one.filters.grain, rows["period"]),
        y=measure_axis(formats, measure),
        hovermode="x unified" if len(traces) > 1 else "closest",
    )
    pick = choice(one, frames.MEASURE, {name: one.t(name) for name in ADDITIVE}, one.t("stores_measure"))
    shown = graph("days", made, title)
    about = one.t("store_days_hint")
    return card(one, "days", title, html.Div(pick, className="choices inside"), shown, about=about, wide=True)


def _weekdays(language: str) -> dict[int, str]:
    names = get_day_names("wide", "stand-alone", locale=language)
    return {number + 1: names[number].capitalize() for number in range(7)}


def _hours(one: View, formats: Formats) -> Component:
    rows, measure = frames.hours(one), one.filters.option(frames.HOURS)
    title = _titled(one, formats, "store_hours", measure)
    pick = choice(one, frames.HOURS, {name: one.t(name) for name in hourly.MEASURES}, one.t("stores_measure"))
    if not rows[measure].count():
        why = one.t("store_no_doors" if measure == "visitors" and rows.height else "store_hours_none")
        empty = message(one.t("store_hours_none_title"), why)
        return card(one, "hours", title, html.Div(pick, className="choices inside"), empty)
    shown = graph("hours", _hours_figure(one, formats, measure, rows), title)
    about = one.t("store_hours_hint")
    return card(one, "hours", title, html.Div(pick, className="choices inside"), shown, about=about)


def _hours_figure(one: View, formats: Formats, measure: str, rows: pl.DataFrame) -> Figure:
    colours, names = PALETTES[one.filters.theme], _weekdays(one.filters.language)
    known = rows.filter(pl.col(measure).is_not_null())
    span = range(int(known["hour"].min()), int(known["hour"].max()) + 1)  # type: ignore[arg-type]
    held = {(weekday, hour): value for weekday, hour, value in known.select("weekday", "hour", measure).iter_rows()}
    bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"color": colours.muted}}
    bar |= {key: value for key, value in measure_axis(formats, measure).items() if key.startswith("tick")}
    trace = {
        "type": "heatmap",
        "x": [f"{hour:02}" for hour in span],
        "y": list(names.values()),
        "z": [[held.get((weekday, hour)) for hour in span] for weekday in names],
        "colorscale": [list(step) for step in colours.scale],
        "zmin": 0,
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
        "colorbar": bar,
        "hovertemplate": f"<b>%{{y}}, %{{x}}:00</b><br>{hover(formats, measure, 'z')}<extra></extra>",
    }
    return figure(
        one.filters.theme,
        [trace],
        separators=formats.separators(),
        height=320,
        x={"type": "category", "side": "bottom", "tickangle": 0},
        y={
            "type": "category",
            "autorange": "reversed",
            "rangemode": "normal",
            "showgrid": False,
            "tickmode": "array",
            "tickvals": list(names.values()),
        },
    )


def _peaks(one: View, formats: Formats) -> Component:
    rows, measure = frames.peaks(one), one.filters.option(frames.HOURS)
    names = _weekdays(one.filters.language)
    columns = [
        Column("weekday", one.t("store_weekday"), lambda weekday: names[weekday]),
        Column("peak_hour", one.t("store_peak_hour"), lambda hour: f"{hour:02}:00", number=True),
        Column("peak", one.t("store_peak"), lambda value: formats.measure(measure, value), number=True),
        Column("power_hours", one.t("store_power_hours"), hourly.spans, number=True),
        Column("share", one.t("store_power_share"), lambda share: formats.per_cent(100 * share), number=True),
    ]
    title = one.t("store_peaks")
    about = one.t("store_peaks_hint", measure=one.t(measure).lower())
    shown: Component
    if rows.height:
        shown = table(rows.to_dicts(), columns, caption=title)
    else:
        shown = message(one.t("store_hours_none_title"), one.t("store_hours_none"))
    return card(one, "peaks", title, shown, about=about)


def _best(one: View, formats: Formats) -> Component:
    rows, title = frames.best_sellers(one), f"{one.t('store_best')} ({formats.currency})"

    def measure(name: str) -> Column:
        return Column(name, one.t(name), lambda value: formats.measure(name, value), number=True)

    def href(row: Mapping[str, Any]) -> str:
        return one.href(one.filters.but(options=(("product", row["product_id"]),)), PRODUCTS)

    if not rows.height:
        return message(one.t("products_none_title"), one.t("products_none"))
    columns = [Column("product", one.t("product")), *(measure(name) for name in ("revenue", "units", "margin_rate"))]
    shown = table(rows.to_dicts(), columns, caption=title, href=href)
    return card(one, "best_sellers", title, shown, about=one.t("store_best_hint"))


def _opening(one: View, formats: Formats) -> Component:
    def shown(row: Mapping[str, Any]) -> str:
        if row["open"] is None:
            return one.t("store_hours_unknown")
        if not row["open"]:
            return one.t("store_closed")
        return row["hours"] or one.t("store_open_unknown")

    rows = [{"date": row["date"], "hours": shown(row)} for row in frames.opening(one).to_dicts()]
    day: Any = lambda day: formats.weekday(cast(date, day))  # noqa: E731 - a column's way to show
    columns = [Column("date", one.t("store_day"), day), Column("hours", one.t("store_opening"), number=True)]
    title = one.t("store_opening")
    return card(one, "opening", title, table(rows, columns, caption=title), about=one.t("store_opening_hint"))


def _trust(one: View, formats: Formats) -> Component:
    total = key_figures(one)
    share = total["visitors_imputed_share"]
    facts = [
        *(
            [one.t("trust_imputed", share=formats.measure("visitors_imputed_share", share))]
            if share is not None
            else []
        ),
        one.counted("trust_hours", total["hours_without_count"] or 0, formats),
        one.t("trust_updated", when=formats.instant(one.facts.at)),
    ]
    return html.Section(
        [html.H2(one.t("trust"), id="store-trust"), html.Ul([html.Li(fact) for fact in facts])],
        className="trust wide",
        **aria(labelledby="store-trust"),
    )


PAGE = Page(
    path=STORE,
    title="one_store",
    layout=layout,
    downloads={
        "days": frames.days,
        "hours": frames.hours,
        "peaks": frames.peaks,
        "best_sellers": frames.best_sellers,
        "opening": frames.opening,
    },
    options=(frames.MEASURE, frames.HOURS),
    filters=frozenset({PERIOD, GRAIN, BASIS, REGIONS, FORMATS, CHANNEL, CURRENCY}),
)
