"""Axes, bars and lines as the pages draw them, in the visitor's language."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from retail_platform.dashboard.data.measures import EVERY
from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.theme import PALETTES, Figure, Trace, figure
from retail_platform.domains.metrics.contract import OF_MONEY, RATES
from retail_platform.language.formats import Formats
from retail_platform.windows import Window

_MOST_TICKS = 5  # also on a telephone
_DASHES = ("solid", "dash", "dashdot", "longdash", "longdashdot", "dot", "solid", "dash")
_COLOURS = (0, 1, 2, 3, 5, 4, 6, 7)  # of the series: neighbours are told apart without dashes, too


def time_axis(formats: Formats, grain: str, periods: pl.Series) -> dict[str, Any]:
    """An x axis of periods, given by their first days: few ticks, named as people of the language name them."""
    days: list[date] = periods.to_list()
    ticks = days[:: max(1, -(-len(days) // _MOST_TICKS))]
    named = [formats.day(day, year=False) if grain == "day" else formats.period(day, grain) for day in ticks]
    return {
        "type": "date",
        "tickmode": "array",
        "tickvals": [day.isoformat() for day in ticks],
        "ticktext": named,
        "tickangle": 0,
    }


def measure_axis(formats: Formats, measure: str) -> dict[str, Any]:
    """A y axis of a measure, in its unit."""
    if measure in RATES:
        return {"tickformat": ".0%"}
    if measure not in OF_MONEY:
        return {"tickformat": "~s"}
    before, after = formats.around_money
    return {"tickformat": "~s", "tickprefix": before, "ticksuffix": after}


def bars(
    formats: Formats,
    measure: str,
    rows: pl.DataFrame,
    *,
    name: str,
    colour: str,
    grain: str,
    links: Sequence[str] | None = None,
) -> Trace:
    """A bar for each row of `period` and `measure`; `links` are the queries to which the bars lead."""
    titles = [formats.period(day, grain) for day in rows["period"]]
    shown = [formats.measure(measure, value) for value in rows[measure]]
    return {
        "type": "bar",
        "x": rows["period"].dt.to_string("%Y-%m-%d").to_list(),
        "y": rows[measure].to_list(),
        "name": name,
        "customdata": list(links) if links is not None else None,
        "text": [f"<b>{title}</b><br>{value}" for title, value in zip(titles, shown, strict=True)],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": colour},
    }


def line(
    formats: Formats, measure: str, rows: pl.DataFrame, *, column: str | None = None, name: str, colour: str
) -> Trace:
    """A line through `column` (by default `measure`) of rows with `period`; unknown values are gaps."""
    values = rows[column or measure].to_list()
    return {
        "type": "scatter",
        "mode": "lines+markers" if rows.height < 3 else "lines",
        "x": rows["period"].dt.to_string("%Y-%m-%d").to_list(),
        "y": values,
        "name": name,
        "text": [f"{name}: {formats.measure(measure, value)}" for value in values],
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": colour, "width": 2},
    }


def lines(
    chosen: Filters,
    formats: Formats,
    measure: str,
    rows: pl.DataFrame,
    *,
    by: str,
    name: str,
    column: str | None = None,
) -> list[Trace]:
    """A line for each value of `by`, at most eight, in the order of the rows, called by the column `name`."""
    colours, traces = PALETTES[chosen.theme], []
    for place, value in enumerate(rows[by].unique(maintain_order=True)):
        some = rows.filter(pl.col(by) == value)
        colour = colours.series[_COLOURS[place]]
        trace = line(formats, measure, some, column=column, name=some[name][0], colour=colour)
        trace["line"]["dash"] = _DASHES[place]
        traces.append(trace)
    return traces


def over_time(
    chosen: Filters, formats: Formats, measure: str, rows: pl.DataFrame, traces: list[Trace], *, height: int = 380
) -> Figure:
    """Lines of a measure over the periods of the rows, named in a legend."""
    made = figure(
        chosen.theme,
        traces,
        separators=formats.separators(),
        height=height,
        legend=True,
        x=time_axis(formats, chosen.grain, rows["period"].unique().sort()),
        y=measure_axis(formats, measure),
        hovermode="x unified",
    )
    made["layout"]["legend"] |= {"entrywidth": 150, "entrywidthmode": "pixels"}
    return made


def period_windows(chosen: Filters, periods: pl.Series) -> list[Window]:
    """For each period, given by its first day, those of its days that are chosen."""
    ends = periods.dt.offset_by(EVERY[chosen.grain])
    return [
        Window(max(first, chosen.window.first), min(end - timedelta(days=1), chosen.window.last))
        for first, end in zip(periods, ends, strict=True)
    ]
