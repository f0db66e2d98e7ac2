"""Footfall of one store: what its counters delivered, what was estimated, what is unusual, what is to come."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast

import polars as pl
from dash import dcc, html
from dash.development.base_component import Component

from retail_platform.dashboard.charts import time_axis
from retail_platform.dashboard.components import Column, card, choice, graph, guarded, message, table
from retail_platform.dashboard.frames import footfall as frames
from retail_platform.dashboard.page import CHANNEL, CURRENCY, FORMATS, PERIOD, REGIONS, Page, View
from retail_platform.dashboard.theme import PALETTES, Trace, figure
from retail_platform.domains.footfall.contract import HEALTH
from retail_platform.language.formats import Formats

_CALM = ("ok", "unjudged")
_MOST_ROWS = 40


def layout(view: View) -> Component:
    """The page."""
    one = frames.one_store(view)
    store, formats = one.stores.row(0, named=True), view.formats()
    lead = view.t("footfall_lead", store=store["label"], period=formats.window(view.filters.window))
    parts = (_visitors, _band, _exceedances, _health, _readings, _anomalies, _forecast)
    return html.Div(
        [
            html.H1(view.t("footfall")),
            html.P(lead, className="lead"),
            html.Div(_controls(view, one), className="choices"),
            html.Div([_part(one, formats, part) for part in parts], className="cards"),
        ]
    )


def _part(one: View, formats: Formats, part: Any) -> Component:
    return guarded(one, lambda: part(one, formats))


def _controls(view: View, one: View) -> list[Component]:
    shown = one.filters.stores[0]
    here = view.query(view.filters) or "?"
    there = frames.doors(View(view.page, view.data, view.filters.but(stores=()), view.language))
    options = [
        {"value": here if store == shown else query, "label": label}
        for store, label, query in zip(
            there["store_id"], there["label"], view.of_stores(there["store_id"]), strict=True
        )
    ]
    picker = dcc.Dropdown(
        id={"type": "option", "name": "store"}, options=cast(Any, options), value=here, clearable=False
    )
    label = view.t("store")
    chosen = html.Div([html.Span(label, className="filter-label"), picker], className="choice", title=label)
    details = {"day": view.t("footfall_by_day"), "hour": view.t("footfall_by_hour")}
    tolerances = {value: f"±{view.formats().per_cent(int(value), decimals=0)}" for value in _tolerances()}
    return [
        chosen,
        choice(view, frames.DETAIL, details, view.t("footfall_detail")),
        choice(view, frames.TOLERANCE, tolerances, view.t("footfall_tolerance")),
    ]


def _tolerances() -> Sequence[str]:
    return frames.TOLERANCE.choices or ()


def _visitors(one: View, formats: Formats) -> Component:
    rows, title = frames.visitors(one), one.t("footfall_visitors")
    if not rows["visitors"].count():
        return message(title, one.t("footfall_none"))
    colours = PALETTES[one.filters.theme]
    counted = _bar(one, formats, rows, "counted", colours.accent)
    estimated = _bar(one, formats, rows, "estimated", colours.series[1])
    estimated["marker"] |= {"pattern": {"shape": "/", "fgcolor": colours.series[1], "size": 6, "solidity": 0.45}}
    some = rows.filter((pl.col("high") > pl.col("low")).fill_null(False))
    interval = {
        "type": "scatter",
        "mode": "markers",
        "x": _times(some),
        "y": some["visitors"].to_list(),
        "name": one.t("footfall_interval"),
        "marker": {"size": 1, "color": colours.text},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": (some["high"] - some["visitors"]).to_list(),
            "arrayminus": (some["visitors"] - some["low"]).to_list(),
            "color": colours.text,
            "thickness": 1.2,
            "width": 3,
        },
        "text": [f"{formats.number(low)} – {formats.number(high)}" for low, high in some.select("low", "high").rows()],
        "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
    }
    made = figure(
        one.filters.theme,
        [counted, estimated, interval],
        separators=formats.separators(),
        legend=True,
        height=320,
        x=_axis(formats, rows),
        y={"tickformat": "~s"},
        barmode="stack",
    )
    return card(
        one, "visitors", title, graph("visitors", made, title), about=one.t("footfall_visitors_about"), wide=True
    )


def _bar(one: View, formats: Formats, rows: pl.DataFrame, column: str, colour: str) -> Trace:
    return {
        "type": "bar",
        "x": _times(rows),
        "y": rows[column].to_list(),
        "name": one.t(f"footfall_{column}"),
        "text": [
            f"<b>{_at(one, formats, at)}</b><br>{formats.number(n)}" for at, n in rows.select("at", column).rows()
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
        "marker": {"color": colour},
    }


def _band(one: View, formats: Formats) -> Component:
    rows, colours = frames.band(one), PALETTES[one.filters.theme]
    tolerance = formats.per_cent(int(one.filters.option(frames.TOLERANCE)), decimals=0)
    title = one.t("footfall_band", tolerance=tolerance)
    if not rows["visitors"].count():
        return message(title, one.t("footfall_none"))
    out = rows.filter("outside")
    line = {"type": "scatter", "mode": "lines", "connectgaps": True, "hoverinfo": "skip"}
    known = rows.drop_nulls("average")
    traces = [
        line | {"x": _days(known), "y": known["low"].to_list(), "line": {"width": 0}, "showlegend": False},
        line
        | {"x": _days(known), "y": known["high"].to_list(), "line": {"width": 0}, "fill": "tonexty"}
        | {"fillcolor": _faint(colours.accent), "name": one.t("footfall_tolerated")},
        line
        | {"x": _days(known), "y": known["average"].to_list(), "name": one.t("footfall_average")}
        | {"line": {"color": colours.compared, "width": 2, "dash": "dash"}},
        _points(formats, rows, "lines+markers", one.t("visitors"), {"color": colours.accent, "size": 4}),
        _points(
            formats,
            out,
            "markers",
            one.t("footfall_outside"),
            {"color": colours.bad, "size": 11, "symbol": "diamond"},
        ),
    ]
    made = figure(
        one.filters.theme,
        traces,
        separators=formats.separators(),
        legend=True,
        height=320,
        x=time_axis(formats, "day", rows["date"]),
        y={"tickformat": "~s"},
    )
    return card(one, "band", title, graph("band", made, title), about=one.t("footfall_band_about"), wide=True)


def _points(formats: Formats, rows: pl.DataFrame, mode: str, name: str, marker: dict[str, Any]) -> Trace:
    return {
        "type": "scatter",
        "mode": mode,
        "x": _days(rows),
        "y": rows["visitors"].to_list(),
        "name": name,
        "marker": marker,
        "line": {"color": marker["color"], "width": 2},
        "text": [
            f"<b>{formats.weekday(day)}</b><br>{formats.number(now)} ({formats.change(_hundredths(share))})"
            for day, now, share in rows.select("date", "visitors", "deviation").rows()
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _exceedances(one: View, formats: Formats) -> Component:
    rows, title = frames.exceedances(one), one.t("footfall_exceedances")
    columns = [
        Column("date", one.t("footfall_day"), formats.weekday),
        Column("visitors", one.t("visitors"), formats.number, number=True),
        Column("average", one.t("footfall_average"), formats.number, number=True),
        Column("deviation", one.t("footfall_deviation"), lambda x: formats.change(_hundredths(x)), number=True),
    ]
    none = one.t("footfall_exceedances_none")
    return card(one, "exceedances", title, _listed(rows, columns, title, none))


def _health(one: View, formats: Formats) -> Component:
    rows, title = frames.health(one), one.t("footfall_health")
    if not rows.height:
        return message(title, one.t("footfall_no_health"))
    colours = PALETTES[one.filters.theme]
    looks = dict(zip(HEALTH, (colours.good, colours.compared, colours.bad, *colours.series[1:]), strict=False))
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": _days(part),
            "y": part["sensor_id"].to_list(),
            "name": one.t(f"health_{status}"),
            "marker": {
                "symbol": "square" if status in _CALM else "x",
                "size": 9,
                "color": looks.get(str(status), colours.bad),
            },
            "text": [
                f"<b>{formats.weekday(day)}</b><br>{one.t(f'health_{status}')}{f'<br>{reason}' if reason else ''}"
                for day, reason in part.select("date", "reason").rows()
            ],
            "hovertemplate": "%{text}<extra></extra>",
        }
        for status in HEALTH
        if (part := rows.filter(pl.col("status") == status)).height
    ]
    made = figure(
        one.filters.theme,
        traces,
        separators=formats.separators(),
        legend=True,
        height=110 + 34 * rows["sensor_id"].n_unique(),
        x=time_axis(formats, "day", rows["date"].unique().sort()),
        y={"type": "category", "showgrid": False},
    )
    bad = rows.filter(~pl.col("status").is_in(_CALM)).sort("date", descending=True)
    columns = [
        Column("date", one.t("footfall_day"), formats.weekday),
        Column("sensor_id", one.t("footfall_sensor")),
        Column("status", one.t("footfall_status"), lambda status: one.t(f"health_{status}")),
        Column("reason", one.t("footfall_reason"), prose=True),
    ]
    listed = _listed(bad, columns, title, one.t("footfall_health_good"))
    return card(one, "health", title, graph("health", made, title), listed, about=one.t("footfall_health_about"))


def _readings(one: View, formats: Formats) -> Component:
    rows, title = frames.readings(one), one.t("footfall_readings")
    names = {"all": one.t("footfall_all_sensors")} | {name: name for name in frames.sensors(one)}
    view = View(one.page, one.data, one.filters.with_option(frames.SENSOR, frames.sensor(one)), one.language)
    pick = html.Div(choice(view, frames.SENSOR, names, one.t("footfall_sensor")), className="choices inside")
    if not rows.height:
        return message(title, one.t("footfall_none"))
    colours = PALETTES[one.filters.theme].series
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": _times(part),
            "y": part["visitors"].to_list(),
            "name": str(name),
            "text": [
                f"<b>{_at(one, formats, at)}</b><br>{formats.number(n)}"
                for at, n in part.select("at", "visitors").rows()
            ],
            "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
            "line": {"color": colours[number % len(colours)], "width": 2},
        }
        for number, ((name,), part) in enumerate(rows.group_by(["sensor_id"], maintain_order=True))
    ]
    made = figure(
        one.filters.theme,
        traces,
        separators=formats.separators(),
        legend=True,
        x=_axis(formats, rows),
        y={"tickformat": "~s"},
    )
    return card(one, "readings", title, pick, graph("readings", made, title), about=one.t("footfall_readings_about"))


def _anomalies(one: View, formats: Formats) -> Component:
    rows, title = frames.anomalies(one), one.t("footfall_anomalies")
    columns = [
        Column("date", one.t("footfall_day"), formats.weekday),
        Column("hour", one.t("footfall_hour"), lambda h: one.t("footfall_whole_day") if h is None else f"{h:02}:00"),
        Column("visitors", one.t("visitors"), formats.number, number=True),
        Column("expected", one.t("footfall_expected"), formats.number, number=True),
        Column("cause", one.t("footfall_cause"), lambda cause: one.t(f"cause_{cause}")),
        Column("severity", one.t("footfall_severity"), lambda weight: one.t(f"severity_{weight}")),
    ]
    return card(one, "anomalies", title, _listed(rows, columns, title, one.t("footfall_anomalies_none")))


def _forecast(one: View, formats: Formats) -> Component:
    rows, title, colours = frames.forecast(one), one.t("footfall_forecast"), PALETTES[one.filters.theme]
    line = {"type": "scatter", "mode": "lines", "x": _days(rows), "hoverinfo": "skip", "line": {"width": 0}}
    shown = {
        "mode": "lines+markers",
        "line": {"color": colours.accent, "width": 2},
        "hoverinfo": "text",
        "text": [
            f"<b>{formats.weekday(day)}</b><br>{formats.number(n)} ({formats.number(low)} – {formats.number(high)})"
            for day, n, low, high in rows.select("date", "visitors", "low_80", "high_80").rows()
        ],
    }
    traces = [
        line | {"y": rows["low_80"].to_list(), "showlegend": False},
        line
        | {"y": rows["high_80"].to_list(), "fill": "tonexty", "fillcolor": _faint(colours.accent)}
        | {"name": one.t("footfall_interval")},
        line | shown | {"y": rows["visitors"].to_list(), "name": title},
    ]
    made = figure(
        one.filters.theme,
        traces,
        separators=formats.separators(),
        legend=True,
        x=time_axis(formats, "day", rows["date"]),
        y={"tickformat": "~s"},
    )
    about = one.t("footfall_forecast_about", day=formats.day(rows["made_on"][0]))
    return card(one, "forecast", title, graph("forecast", made, title), about=about)


def _listed(rows: pl.DataFrame, columns: Sequence[Column], caption: str, none: str) -> Component:
    if not rows.height:
        return html.P(none, className="card-about")
    return table(rows.head(_MOST_ROWS).to_dicts(), columns, caption=caption)


def _times(rows: pl.DataFrame) -> list[str]:
    return rows["at"].dt.to_string("%Y-%m-%d %H:%M").to_list()


def _days(rows: pl.DataFrame) -> list[str]:
    return rows["date"].dt.to_string("%Y-%m-%d").to_list()


def _axis(formats: Formats, rows: pl.DataFrame) -> dict[str, Any]:
    return time_axis(formats, "day", rows["at"].dt.date().unique().sort())


def _at(one: View, formats: Formats, at: datetime) -> str:
    day = formats.weekday(date(at.year, at.month, at.day))
    return day if one.filters.option(frames.DETAIL) == "day" else f"{day}, {at:%H:%M}"


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"


def _hundredths(share: float | None) -> float | None:
    return None if share is None else 100 * share


PAGE = Page(
    path="/footfall",
    title="footfall",
    layout=layout,
    downloads={
        "visitors": lambda view: frames.visitors(frames.one_store(view)),
        "band": lambda view: frames.band(frames.one_store(view)),
        "exceedances": lambda view: frames.exceedances(frames.one_store(view)),
        "health": lambda view: frames.health(frames.one_store(view)),
        "readings": lambda view: frames.readings(frames.one_store(view)),
        "anomalies": lambda view: frames.anomalies(frames.one_store(view)),
        "forecast": lambda view: frames.forecast(frames.one_store(view)),
    },
    options=(frames.DETAIL, frames.TOLERANCE, frames.SENSOR),
    filters=frozenset({PERIOD, REGIONS, FORMATS, CHANNEL, CURRENCY}),
)
