"""How charts look: colours that colour-blind people tell apart, and one Plotly layout for light and dark.

Figures are plain dicts, as Plotly's JSON has them: making `plotly.graph_objects` costs more than all else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Figure = dict[str, Any]
Trace = dict[str, Any]

# Okabe and Ito, Color Universal Design (2008).
BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, YELLOW = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#F0E442",
)


@dataclass(frozen=True)
class Palette:
    """Colours of one theme; `series` are those of several lines or bars, in order."""

    text: str
    muted: str
    grid: str
    surface: str
    accent: str
    compared: str
    good: str
    bad: str
    series: tuple[str, ...]
    scale: tuple[tuple[float, str], ...]


PALETTES = {
    "light": Palette(
        text="#1d2733",
        muted="#5a6675",
        grid="#e8ecf1",
        surface="#ffffff",
        accent=BLUE,
        compared="#9aa5b4",
        good="#00704f",
        bad="#b34700",
        series=(BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE, "#7a6a00", "#444f5c"),
        scale=((0.0, "#f3f7fb"), (0.5, "#7fb3d5"), (1.0, "#004c78")),
    ),
    "dark": Palette(
        text="#e6ebf1",
        muted="#a3afbd",
        grid="#2b3644",
        surface="#18212c",
        accent=SKY,
        compared="#75839a",
        good="#3fc79a",
        bad="#ff9a5c",
        series=(SKY, ORANGE, "#2fbf93", "#ff8a47", "#4a9fd8", PURPLE, YELLOW, "#c3ccd6"),
        scale=((0.0, "#1c2937"), (0.5, "#2d77a8"), (1.0, "#a9dcff")),
    ),
}
_MOST_POINTS = 60  # of a small line, which is no wider than twice that
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def figure(
    theme: str,
    traces: Sequence[Trace],
    *,
    separators: str,
    height: int = 300,
    legend: bool = False,
    x: dict[str, Any] | None = None,
    y: dict[str, Any] | None = None,
    **layout: Any,
) -> Figure:
    """Traces in the dashboard's layout.

    Args:
        theme: `light` or `dark`.
        traces: as Plotly's JSON has them.
        separators: of `Formats.separators`.
        height: in pixels.
        legend: whether there is one, above the plot.
        x: what the x axis has beside the usual.
        y: likewise.
        layout: what the layout has beside the usual.
    """
    colours = PALETTES[theme]
    axis = {
        "gridcolor": colours.grid,
        "zerolinecolor": colours.grid,
        "linecolor": colours.grid,
        "tickfont": {"color": colours.muted, "size": 12},
        "title": {"font": {"color": colours.muted, "size": 12}},
        "automargin": True,
        "fixedrange": True,
    }
    return {
        "data": list(traces),
        "layout": {
            "height": height,
            "margin": {"l": 8, "r": 12, "t": 28 if legend else 8, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 13, "color": colours.text},
            "colorway": list(colours.series),
            "separators": separators,
            "showlegend": legend,
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": colours.muted}},
            "hoverlabel": {
                "bgcolor": colours.surface,
                "bordercolor": colours.grid,
                "font": {"family": FONT, "color": colours.text, "size": 13},
                "align": "left",
            },
            "bargap": 0.25,
            "dragmode": False,
            "xaxis": axis | {"showgrid": False} | (x or {}),
            "yaxis": axis | {"rangemode": "tozero", "nticks": 6} | (y or {}),
            **layout,
        },
    }


def _thinned(values: Sequence[float | None]) -> list[float | None]:
    """At most `_MOST_POINTS`: means of neighbours, of those that are known."""
    size = -(-len(values) // _MOST_POINTS)
    parts = (
        [value for value in values[at : at + size] if value is not None] for at in range(0, len(values), size or 1)
    )
    return list(values) if size < 2 else [sum(part) / len(part) if part else None for part in parts]


def sparkline(values: Sequence[float | None], colour: str, width: int = 120, height: int = 32) -> str:
    """A small line as the address of an SVG picture; unknown values are gaps."""
    values = _thinned(values)
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    scale = (height - 6) / (high - low) if high > low else 0.0
    step = (width - 6) / max(len(values) - 1, 1)
    path, drawing = [], False
    last = ""
    for number, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        at = f"{3 + number * step:.1f} {height - 3 - (value - low) * scale if scale else height / 2:.1f}"
        path.append(("L" if drawing else "M") + at)
        drawing, last = True, at
    x, y = last.split()
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' preserveAspectRatio='none'>"
        f"<path d='{''.join(path)}' fill='none' stroke='{colour}' stroke-width='1.8' stroke-linejoin='round' "
        f"stroke-linecap='round' vector-effect='non-scaling-stroke'/><circle cx='{x}' cy='{y}' r='2.4' "
        f"fill='{colour}'/></svg>"
    )
    return "data:image/svg+xml," + svg.replace("#", "%23").replace("<", "%3C").replace(">", "%3E")
