"""Data quality: which days are whole, how fresh the tables are, what was set aside and why."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl
from dash import html
from dash.development.base_component import Component

from retail_platform.dashboard.charts import time_axis
from retail_platform.dashboard.components import Column, card, choice, graph, guarded, table, unavailable
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.frames import checks as found
from retail_platform.dashboard.frames import quality as frames
from retail_platform.dashboard.page import PERIOD, Page, View
from retail_platform.dashboard.theme import PALETTES, figure
from retail_platform.language.formats import Formats
from retail_platform.windows import Window

_MOST_DAYS = 30
_SYMBOLS = {"complete": "square", "open": "square-open", "closed": "circle-open", "partial": "diamond", "missing": "x"}


def layout(view: View) -> Component:
    """The page."""
    formats, facts = view.formats(), view.facts
    lead = view.t(
        "quality_lead",
        period=formats.window(view.filters.window),
        day=formats.day(facts.last_final),
        when=formats.instant(facts.at),
    )
    return html.Div(
        [
            html.H1(view.t("quality")),
            html.P(lead, className="lead"),
            html.Div(
                [
                    guarded(view, lambda: _calendar(view, formats)),
                    guarded(view, lambda: _days(view, formats)),
                    guarded(view, lambda: _freshness(view, formats)),
                    guarded(view, lambda: _quarantine(view, formats)),
                    guarded(view, lambda: _sample(view)),
                    _checks(view, formats),
                ],
                className="cards",
            ),
        ]
    )


def _calendar(view: View, formats: Formats) -> Component:
    rows, title, colours = frames.calendar(view), view.t("quality_calendar"), PALETTES[view.filters.theme]
    looks = {"complete": colours.good, "open": colours.accent, "closed": colours.muted}
    looks |= {"partial": colours.series[1], "missing": colours.bad}
    weeks = rows.with_columns(week=pl.col("date").dt.truncate("1w"), weekday=pl.col("date").dt.weekday())
    traces = []
    for state in frames.STATES:
        part = weeks.filter(pl.col("state") == state)
        if part.height:
            days = part["date"].to_list()
            alone = view.of_windows(Window(day, day) for day in days)
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": part["week"].dt.to_string("%Y-%m-%d").to_list(),
                    "y": part["weekday"].to_list(),
                    "name": view.t(f"quality_{state}"),
                    "customdata": alone,
                    "marker": {"symbol": _SYMBOLS[state], "size": 11, "color": looks[state]},
                    "text": [f"<b>{formats.weekday(day)}</b><br>{view.t(f'quality_{state}')}" for day in days],
                    "hovertemplate": "%{text}<extra></extra>",
                }
            )
    monday = weeks["week"][0]
    names = [formats.weekday(monday + timedelta(days=number)).split()[0].strip(",") for number in range(7)]
    made = figure(
        view.filters.theme,
        traces,
        separators=formats.separators(),
        legend=True,
        height=290,
        x=time_axis(formats, "day", weeks["week"].unique().sort()),
        y={"range": [7.6, 0.4], "tickvals": list(range(1, 8)), "ticktext": names, "showgrid": False, "zeroline": False},
    )
    return card(view, "calendar", title, graph("calendar", made, title), about=view.t("quality_calendar_about"))


def _days(view: View, formats: Formats) -> Component:
    rows, title = frames.calendar(view).filter(~pl.col("state").is_in(frames.SOUND)), view.t("quality_days")
    if not rows.height:
        return card(view, "days", title, html.P(view.t("quality_days_none"), className="card-about"))
    columns = [
        Column("date", view.t("quality_day"), formats.weekday),
        Column("state", view.t("quality_state"), lambda state: view.t(f"quality_{state}")),
        Column("lacks", view.t("quality_lacks"), lambda lacks: lacks or "–"),
    ]
    listed = table(
        rows.sort("date", descending=True).head(_MOST_DAYS).to_dicts(),
        columns,
        caption=title,
        href=lambda row: view.href(view.filters.but(window=Window(row["date"], row["date"]))),
    )
    return card(view, "days", title, listed)


def _freshness(view: View, formats: Formats) -> Component:
    title = view.t("quality_freshness")
    columns = [
        Column("table", view.t("quality_table")),
        Column("updated", view.t("quality_updated"), formats.instant),
        Column("last_day", view.t("quality_last_day"), lambda day: formats.day(day) if day else "–"),
        Column("days", view.t("quality_with"), formats.number, number=True),
        Column("days_without", view.t("quality_without"), formats.number, number=True),
    ]
    shown = table(frames.freshness(view).to_dicts(), columns, caption=title)
    return card(view, "freshness", title, shown, about=view.t("quality_freshness_about"))


def _quarantine(view: View, formats: Formats) -> Component:
    rows, title = frames.quarantine(view), view.t("quality_quarantine")
    columns = [
        Column("table", view.t("quality_table")),
        Column("reason", view.t("quality_reason")),
        Column("rows", view.t("quality_rows"), formats.number, number=True),
    ]
    none = html.P(view.t("quality_quarantine_none"), className="card-about")
    shown = table(rows.to_dicts(), columns, caption=title) if rows.height else none
    return card(view, "quarantine", title, shown, about=view.t("quality_quarantine_about"))


def _sample(view: View) -> Component:
    rows, title = frames.sample(view), view.t("quality_sample")
    labels = {"first": view.t("quality_first")} | {name: name for name in frames.CONTRACTS}
    pick = html.Div(choice(view, frames.SAMPLE, labels, view.t("quality_table")), className="choices inside")
    names = [name for name in rows.columns if name == "reasons" or rows[name].count()]
    columns = [Column(name, view.t("quality_reason") if name == "reasons" else name) for name in names]
    none = html.P(view.t("quality_sample_none"), className="card-about")
    shown = table(rows.to_dicts(), columns, caption=title) if rows.height else none
    return card(view, "sample", title, pick, shown, about=view.t("quality_sample_about"), wide=True)


def _checks(view: View, formats: Formats) -> Component:
    title, address = view.t("quality_checks"), view.data.ui_url.rstrip("/")
    links = {"quality_assets": "/assets", "quality_runs": "/runs"} if address else {}
    leading = html.P(
        [part for key, path in links.items() for part in (html.A(view.t(key), href=address + path), " ")],
        className="choices inside",
    )
    try:
        rows = found.checks(view)
    except Unavailable as reason:
        return card(view, "checks", title, unavailable(view, reason), leading)
    columns = [
        Column("table", view.t("quality_table")),
        Column("checks", view.t("quality_judging"), formats.number, number=True),
        Column("failing", view.t("quality_failing"), formats.number, number=True, tone=lambda n: "bad" if n else ""),
        Column("days_failing", view.t("quality_days_failing"), formats.number, number=True),
        Column("last_day", view.t("quality_last_failing"), lambda day: formats.day(day) if day else "–"),
        Column("judged", view.t("quality_judged"), formats.instant),
        Column("found", view.t("quality_found"), lambda said: said or "–", prose=True),
    ]

    def to_checks(row: Mapping[str, Any]) -> str:
        return f"{address}/assets/{row['table']}?view=checks"

    none = html.P(view.t("quality_checks_none"), className="card-about")
    shown = table(rows.to_dicts(), columns, caption=title, href=to_checks if address else None) if rows.height else none
    return card(view, "checks", title, shown, leading, about=view.t("quality_checks_about"), wide=True)


PAGE = Page(
    path="/quality",
    title="quality",
    layout=layout,
    downloads={
        "calendar": frames.calendar,
        "checks": found.checks,
        "freshness": frames.freshness,
        "quarantine": frames.quarantine,
        "sample": frames.sample,
    },
    options=(frames.SAMPLE,),
    filters=frozenset({PERIOD}),
)
