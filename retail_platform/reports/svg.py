"""Small charts as SVG: bars or a line over days, with axes, units and a second line to compare with.

Only drawing belongs here. A chart stands alone: no style, script or font from outside.
"""

import base64
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retail_platform.reports.markup import Markup, element

INK, MUTED, GRID = "#1d2733", "#5a6675", "#e1e6ec"
ACCENT, PALE, COMPARED = "#0072b2", "#a9c9df", "#b45f00"
_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_SIZE = 9  # of the font
_LETTER = 5.2  # mean width of a digit at that size
_TOP, _BOTTOM = 8, 16
_LEAST_BAR = 0.5
_LARGE = 1_000_000
_STEPS = (1, 2, 7, 14, 28, 56, 91, 182)  # places between labels of the axis below
_MOST_LABELS, _TICKS = 7, 4


@dataclass(frozen=True)
class Chart:
    """One measure over periods.

    Attributes:
        title: what there is to see, for those who cannot see it.
        labels: of the periods, in order.
        values: of each period; None: not known.
        shown: writes a value at the axis.
        compared: what `values` were on the days they are compared with.
        strong: from which place on values are the period's own; those before are context, and pale.
        line: a line instead of bars.
    """

    title: str
    labels: Sequence[str]
    values: Sequence[float | None]
    shown: Callable[[float], str]
    compared: Sequence[float | None] = ()
    strong: int = 0
    line: bool = False


def is_large(values: Sequence[float | None]) -> bool:
    """Whether an axis over these values is better written short, as `2M`."""
    return any(abs(value) >= _LARGE for value in values if value is not None)


def drawn(chart: Chart, *, width: int = 344, height: int = 150, ground: str | None = None) -> Markup:
    """The chart, without any value an empty frame; `ground` is the colour behind it."""
    known = [value for value in (*chart.values, *chart.compared) if value is not None]
    ticks = _ticks(min(known, default=0), max(known, default=0))
    names = [chart.shown(tick) for tick in ticks]
    left = _LETTER * max(len(name) for name in names) + 8
    place = _Place(left, width - 4, len(chart.labels), height - _BOTTOM, _TOP, ticks[0], ticks[-1])
    content = [element("title", chart.title)]
    content += [element("rect", width=width, height=height, fill=ground)] if ground else []
    for tick, name in zip(ticks, names, strict=True):
        content.append(_rule(left, place.y(tick), width - 4, GRID if tick else MUTED))
        content.append(_text(name, left - 5, place.y(tick) + 3, "end"))
    content += _below(chart.labels, place, height)
    content += _line(chart.values, place, ACCENT) if chart.line else _bars(chart, place)
    content += _line(chart.compared, place, COMPARED, dashes="3 2") if chart.compared else []
    return element(
        "svg",
        *content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=chart.title,
        font_family=_FONT,
        font_size=_SIZE,
        fill=INK,
    )


def data_uri(svg: str) -> str:
    """An SVG as the address of an image."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


@dataclass(frozen=True)
class _Place:
    """Where values and periods lie."""

    left: float
    right: float
    count: int
    bottom: float
    top: float
    low: float
    high: float

    @property
    def step(self) -> float:
        return (self.right - self.left) / max(self.count, 1)

    def x(self, at: int) -> float:
        return self.left + (at + 0.5) * self.step

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def _ticks(low: float, high: float) -> list[float]:
    """Round values without decimals from at most the lowest, and 0, to at least the highest."""
    low, high = min(low, 0.0), max(high, 0.0)
    rough = max((high - low) / _TICKS, 1.0)
    unit = 10.0 ** math.floor(math.log10(rough))
    factors = (1, 2, 2.5, 5, 10) if unit > 1 else (1, 2, 5, 10)
    step = next(unit * factor for factor in factors if unit * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), max(math.ceil(high / step - 1e-9), 1)
    return [number * step for number in range(first, last + 1)]


def _below(labels: Sequence[str], place: _Place, height: int) -> list[Markup]:
    """Labels of some periods, the last one among them, as many as have room beside one another."""
    count = len(labels)
    step = next((step for step in _STEPS if step * _MOST_LABELS >= count), math.ceil(count / _MOST_LABELS))
    placed = next(found for every in itertools.count(step, step) if _apart(found := _placed(labels, place, every)))
    return [_text(label, x, height - 4, "middle") for label, x in placed]


def _placed(labels: Sequence[str], place: _Place, every: int) -> list[tuple[str, float]]:
    """Labels from the last one back, and where their middles are: within the frame."""
    found = []
    for at in range(len(labels) - 1, -1, -every):
        half = _LETTER * len(labels[at]) / 2
        found.append((labels[at], min(max(place.x(at), place.left + half - 4), place.right - half)))
    return found


def _apart(placed: Sequence[tuple[str, float]]) -> bool:
    return all(
        after - before >= _LETTER * (len(label) + len(previous)) / 2
        for (label, after), (previous, before) in itertools.pairwise(placed)
    )


def _bars(chart: Chart, place: _Place) -> list[Markup]:
    width, zero = place.step * 0.72, place.y(0.0)
    paths: dict[str, list[str]] = {PALE: [], ACCENT: []}
    for at, value in enumerate(chart.values):
        if value is not None:
            rise = zero - place.y(value)
            rise = rise if abs(rise) > _LEAST_BAR else _LEAST_BAR
            bar = f"M{place.x(at) - width / 2:.1f} {zero:.1f}v{-rise:.1f}h{width:.1f}v{rise:.1f}z"
            paths[ACCENT if at >= chart.strong else PALE].append(bar)
    return [element("path", d="".join(bars), fill=colour) for colour, bars in paths.items() if bars]


def _line(values: Sequence[float | None], place: _Place, colour: str, dashes: str | None = None) -> list[Markup]:
    """A line, broken where a value is not known; one that stands alone is a dot."""
    runs: list[list[str]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{place.x(at):.1f},{place.y(value):.1f}")
    style: dict[str, str | float | None] = {
        "fill": "none",
        "stroke": colour,
        "stroke_width": 1.6,
        "stroke_dasharray": dashes,
    }
    found = [element("polyline", points=" ".join(run), **style) for run in runs if len(run) > 1]
    alone = [run[0].split(",") for run in runs if len(run) == 1]
    return found + [element("circle", cx=x, cy=y, r=1.8, fill=colour) for x, y in alone]


def _rule(left: float, y: float, right: float, colour: str) -> Markup:
    return element("line", x1=left, x2=right, y1=y, y2=y, stroke=colour, stroke_width=0.7)


def _text(text: str, x: float, y: float, anchor: str) -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor, fill=MUTED)
