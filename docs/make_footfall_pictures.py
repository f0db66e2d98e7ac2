"""Make the pictures of docs/footfall.md again, from the real data and the simulator.

Run as `RETAIL_TEST_DATA=<folder> python -m docs.make_footfall_pictures [NAME ...]` in the project's environment with
the `dev` extra; needs Debian's Chromium. Only drawing belongs here: what is drawn the product and the benchmarks make.
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import polars as pl

from benchmarks.footfall import ablation, leeds, simulated
from benchmarks.footfall.hiding import compared, guessed
from benchmarks.footfall.speed import unknown_hours
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.footfall.estimates import sensor_health_and_footfall
from retail_platform.settings import Settings
from retail_platform.sources.registry import open_source
from retail_platform.windows import Window
from retail_platform_tests.end_to_end.ui import browser_page

IMAGES = Path(__file__).resolve().parent / "images"
INK, GREY, BLUE, BAND, RED, GREEN = "#222", "#9aa0a6", "#1565c0", "rgba(21, 101, 192, 0.2)", "#c62828", "#2e7d32"
HIDDEN_DAY, CAMERA = date(2015, 6, 13), "Briggate"
BANK_SPAN = Window(date(2024, 11, 1), date(2024, 12, 31))
STATUS_COLOURS = {
    "ok": "#9ccc9f",
    "unjudged": "#b0bec5",
    "dead": "#222222",
    "undercounting": "#c62828",
    "overcounting": "#6a1b9a",
    "spikes": "#f9a825",
    "partial_day": "#1565c0",
}


def main() -> None:
    """Draw all pictures, or those named."""
    pictures = {
        "footfall_hidden_day": hidden_day,
        "footfall_fifth": fifth,
        "footfall_sensor_health": health_calendar,
        "footfall_ablation": ablation_bars,
    }
    with browser_page(1000, 520) as page:
        for name in sys.argv[1:] or pictures:
            figure = pictures[name]()
            figure.update_layout(
                template="plotly_white",
                font={"size": 16, "color": INK, "family": "DejaVu Sans, sans-serif"},
                width=1000,
                height=500,
                title={"font": {"size": 19}, "x": 0.02, "y": 0.96},
                legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.2, "yanchor": "top"},
                margin={"l": 80, "r": 20, "t": 60, "b": 100},
            )
            page.set_content(figure.to_html(include_plotlyjs=True, config={"displayModeBar": False}))
            page.wait_for_selector(".main-svg")
            page.locator(".plot-container").first.screenshot(path=IMAGES / f"{name}.png")


def hidden_day() -> go.Figure:
    """A week of a camera in Leeds, whose Saturday is hidden from the product."""
    first = HIDDEN_DAY - timedelta(days=HIDDEN_DAY.weekday())
    grid = leeds.laid_out(Window(HIDDEN_DAY, first + timedelta(days=6))).upto(HIDDEN_DAY)
    sensor = grid.sensors.index(CAMERA)
    hidden = np.zeros((len(grid.sensors), 24), bool)
    hidden[sensor] = True
    rows = compared(grid, guessed(grid, hidden))
    at = [f"{HIDDEN_DAY} {hour:02}:00" for hour in rows["hour"]]
    week = leeds.readings().filter(
        pl.col("sensor_id") == CAMERA, pl.col("date").is_between(first, first + timedelta(days=6))
    )
    week = week.sort("date", "hour")
    times = [f"{day} {hour:02}:00" for day, hour in week.select("date", "hour").rows()]
    figure = go.Figure()
    figure.add_scatter(x=at, y=rows["high"], line={"width": 0}, showlegend=False)
    figure.add_scatter(x=at, y=rows["low"], fill="tonexty", fillcolor=BAND, line={"width": 0}, name="80 % interval")
    figure.add_scatter(x=at, y=rows["ours"], name="estimated, the day unseen", line={"color": BLUE, "width": 3})
    figure.add_scatter(x=times, y=week["visitors"], name="counted", line={"color": INK, "width": 1.5})
    figure.update_layout(title=f"{CAMERA}, Leeds: {HIDDEN_DAY:%A %-d %B %Y} hidden from the platform")
    figure.update_xaxes(title="local hour", tickformat="%a %-d %b", dtick=86_400_000)
    figure.update_yaxes(title="persons in an hour", rangemode="tozero")
    return figure


def fifth() -> go.Figure:
    """A day on which a counter of a bank's branch counts a fraction, what stands in for it, and the weeks before."""
    readings = _bank_readings()
    lazy = readings.lazy()
    around = unknown_hours(lazy)
    health, footfall = (frame.collect() for frame in sensor_health_and_footfall(lazy, around, BANK_SPAN))
    miscounts = health.filter(
        pl.col("status").cast(pl.String) == "undercounting", pl.col("date") >= BANK_SPAN.first + timedelta(days=28)
    )
    worst = miscounts.sort("expected", descending=True).row(0, named=True)
    day, store = worst["date"], worst["store_id"]
    visitors = footfall.filter(date=day, store_id=store).filter(pl.col("visitors") > 0).sort("hour")
    counted = readings.filter(pl.col("store_id") == store).group_by("date", "hour").agg(pl.col("visitors").sum())
    figure = go.Figure()
    for week in range(4, 0, -1):
        before = counted.filter(date=day - timedelta(days=7 * week)).sort("hour").filter(pl.col("visitors") > 0)
        figure.add_scatter(
            x=before["hour"], y=before["visitors"], line={"color": GREY, "width": 1}, mode="lines",
            name="the four weeks before", showlegend=week == 4,
        )  # fmt: skip
    hours = visitors["hour"]
    figure.add_scatter(x=hours, y=visitors["visitors_high"], line={"width": 0}, mode="lines", showlegend=False)
    figure.add_scatter(
        x=hours, y=visitors["visitors_low"], fill="tonexty", fillcolor=BAND, line={"width": 0}, mode="lines",
        name="80 % interval",
    )  # fmt: skip
    figure.add_scatter(x=hours, y=visitors["visitors"], name="visitors, estimated", line={"color": BLUE, "width": 3})
    seen = counted.filter(date=day).join(visitors.select("hour"), on="hour").sort("hour")
    figure.add_scatter(x=seen["hour"], y=seen["visitors"], name="counted", line={"color": RED, "width": 3})
    share = worst["observed"] / worst["expected"]
    figure.update_layout(
        title=f"Branch {store}, {day:%A %-d %B %Y}: one counter counts {share:.0%} of its usual",
    )
    figure.update_xaxes(title="local hour", dtick=1)
    figure.update_yaxes(title="visitors in an hour", rangemode="tozero")
    return figure


def health_calendar() -> go.Figure:
    """What each counter of a simulated store is called on each day of half a year."""
    window = Window(date(2026, 1, 1), date(2026, 6, 29))
    made = simulated.world(1, window)
    health = sensor_health_and_footfall(made.readings.lazy(), made.around, window)[0].collect()
    doors = health.select("store_id", "sensor_id").unique().group_by("store_id").len().sort("len", "store_id")
    store = doors["store_id"][-1]
    shown = health.filter(pl.col("store_id") == store).with_columns(pl.col("status").cast(pl.String))
    figure = go.Figure()
    for status, colour in STATUS_COLOURS.items():
        days = shown.filter(status=status)
        if days.height:
            figure.add_scatter(
                x=days["date"], y=days["sensor_id"], mode="markers", name=f"{status} ({days.height})",
                marker={"color": colour, "symbol": "square", "size": 8 if status in {"ok", "unjudged"} else 14},
            )  # fmt: skip
    figure.update_layout(title=f"Store {store} of the simulator: its door counters, day by day")
    figure.update_xaxes(title="date", tickformat="%-d %b", dtick="M1")
    figure.update_yaxes(title="door counter", categoryorder="category descending")
    return figure


def ablation_bars() -> go.Figure:
    """The error of imputation, step by step."""
    figure = go.Figure()
    for (how, errors), colour in zip(ablation.errors().items(), (BLUE, GREEN), strict=True):
        names = [_wrapped(step) for step in errors]
        figure.add_bar(
            x=names, y=[100 * error for error in errors.values()], name=f"{how} hidden", marker={"color": colour},
            text=[f"{100 * error:.1f}" for error in errors.values()], textposition="outside", cliponaxis=False,
        )  # fmt: skip
    figure.update_layout(title="Leeds 2013-2016: what each step of the method adds", barmode="group")
    figure.update_yaxes(title="error (WAPE), %", rangemode="tozero")
    return figure


def _bank_readings() -> pl.DataFrame:
    """What the branches' counters delivered, typed: each hour's own word says whether the branch is open."""
    folder = leeds.folder().parent / "bank_footfall"
    delivered = open_source(Settings(source="bank_footfall", source_dir=str(folder))).read("footfall", BANK_SPAN)
    typed = delivered.with_columns(
        pl.col("hour").cast(pl.Int8), pl.col("visitors").cast(pl.Int64), pl.col("status").fill_null("ok")
    )
    return FootfallReading.cast(typed.with_columns(copies=pl.lit(1)).collect())


def _wrapped(step: str) -> str:
    words, lines = step.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 16:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


if __name__ == "__main__":
    main()
