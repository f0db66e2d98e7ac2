"""What pages are built of: key figures, cards with a chart or table and their downloads, messages.

Only the parts belong here; what they show is the pages' business.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from retail_platform.dashboard.data.measures import Change
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.filters import Option
from retail_platform.dashboard.page import View
from retail_platform.dashboard.theme import PALETTES, Figure, sparkline
from retail_platform.language.formats import Formats

LOWER_IS_BETTER = frozenset({"returns", "visitors_imputed_share"})
_STILL = 0.05  # per cent below which a change is none


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: of the frame's column.
        label: its heading; may be a link.
        shown: makes a cell's text of a value; None: as it is.
        number: whether it is set to the right.
        tone: makes `good`, `bad` or nothing of a value.
        prose: whether it holds sentences, which may go over several lines.
    """

    name: str
    label: str | Component
    shown: Callable[[Any], str] | None = None
    number: bool = False
    tone: Callable[[Any], str] | None = None
    prose: bool = False


def aria(**attributes: str) -> dict[str, Any]:
    """Attributes for those who cannot see: `label` is `aria-label`."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def card(
    view: View,
    name: str,
    title: str,
    *content: Component,
    about: str = "",
    wide: bool = False,
) -> Component:
    """A titled box; with buttons to download what it shows, if the page's downloads have its name.

    Args:
        view: the look.
        name: unique on the page.
        title: what it shows, in which unit.
        content: what is in it.
        about: a sentence under the title.
        wide: whether it takes the whole width.
    """
    heading = f"card-{name}"
    parts: list[Component] = [html.H2(title, id=heading)]
    if name in view.page.downloads:
        parts.append(_downloads(view, name, title))
    return html.Section(
        [
            html.Div(parts, className="card-head"),
            *([html.P(about, className="card-about")] if about else []),
            *content,
        ],
        className="card wide" if wide else "card",
        **aria(labelledby=heading),
    )


def guarded(view: View, make: Callable[[], Component]) -> Component:
    """What `make` gives, or the message why it cannot be had: for a part of a page that others do not need."""
    try:
        return make()
    except Unavailable as reason:
        return unavailable(view, reason)


def graph(name: str, figure: Figure, label: str) -> Component:
    """A chart. A point whose `customdata` is a query (of `View.query`) leads there when clicked.

    Args:
        name: unique on the page.
        figure: of `theme.figure`.
        label: what there is to see, for those who cannot see it.
    """
    return html.Figure(
        [
            dcc.Graph(
                id={"type": "graph", "name": name},
                figure=figure,
                config={"displayModeBar": False, "responsive": True, "doubleClick": False},
                style={"height": f"{figure['layout']['height']}px"},
                responsive=True,
            ),
            html.Figcaption(label, className="unseen"),
        ],
        className="chart",
    )


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    *,
    caption: str,
    href: Callable[[Mapping[str, Any]], str] | None = None,
) -> Component:
    """A table of rows as they are; `href` makes the first column a link."""
    head = html.Thead(
        html.Tr([html.Th(column.label, scope="col", className="number" if column.number else "") for column in columns])
    )
    body = html.Tbody(
        [html.Tr([_cell(row, column, href if not at else None) for at, column in enumerate(columns)]) for row in rows]
    )
    return html.Div(
        html.Table([html.Caption(caption, className="unseen"), head, body]),
        className="table",
        tabIndex="0",
        role="region",
        **aria(label=caption),
    )


def choice(view: View, option: Option, labels: Mapping[str, str], label: str) -> Component:
    """A control for a page's option.

    Args:
        view: the look.
        option: one of the page's.
        labels: what to call each value, in order; all of them are allowed by the option.
        label: of the control.
    """
    chosen = view.filters
    queries = {value: view.query(chosen.with_option(option, value)) for value in labels}
    control = dcc.Dropdown(
        id={"type": "option", "name": option.name},
        options=[{"value": queries[value] or "?", "label": shown} for value, shown in labels.items()],
        value=view.query(chosen) or "?",
        clearable=False,
        searchable=False,
    )
    return html.Div([html.Span(label, className="filter-label"), control], className="choice", title=label)


def tile(
    view: View,
    formats: Formats,
    measure: str,
    value: float | None,
    changes: Mapping[str, Change],
    *,
    history: Sequence[float | None],
) -> Component:
    """A key figure: its value, its change against each basis (the chosen one first), and a small line.

    Args:
        view: the look.
        formats: with the currency.
        measure: of the metrics domain, with texts `<measure>` and `<measure>_about`.
        value: of the chosen days.
        changes: by basis.
        history: of the chosen days, by the chosen grain.
    """
    colours = PALETTES[view.filters.theme]
    line = sparkline(history, colours.accent)
    order = sorted(changes, key=lambda basis: basis != view.filters.basis)
    return html.Article(
        [
            html.H3(view.t(measure), title=view.t(f"{measure}_about")),
            html.P(
                formats.measure(measure, value, compact=True),
                className="tile-value",
                title=formats.measure(measure, value),
                id=f"tile-{measure}",
            ),
            html.Div(html.Img(src=line, alt="") if line else None, className="tile-line"),
            html.Dl(
                [part for basis in order for part in _change(view, formats, measure, basis, changes[basis])],
                className="tile-changes",
            ),
        ],
        className="tile",
    )


def message(title: str, *sentences: str | Component, kind: str = "empty") -> Component:
    """A panel in place of content; `kind` is `empty`, `problem` or `fault`."""
    return html.Section(
        [html.H2(title), *(html.P(sentence) for sentence in sentences)],
        className=f"message {kind}",
        role="status" if kind == "empty" else "alert",
    )


def unavailable(view: View, reason: Unavailable) -> Component:
    """The message of why there is nothing."""
    return message(view.t("nothing_title"), view.t(f"unavailable_{reason.reason}", **reason.facts))


def tone(measure: str, per_cent: float | None) -> str:
    """Whether a change is `good` or `bad`; nothing where it is neither."""
    if per_cent is None or abs(per_cent) < _STILL:
        return ""
    return "good" if (per_cent > 0) != (measure in LOWER_IS_BETTER) else "bad"


def _change(view: View, formats: Formats, measure: str, basis: str, change: Change) -> list[Component]:
    if change.per_cent is None:
        about = view.t("versus_nothing")
    else:
        about = view.t("versus_about", base=formats.measure(measure, change.base), days=formats.number(change.days))
    arrow = "" if change.per_cent is None or abs(change.per_cent) < _STILL else "▲ " if change.per_cent > 0 else "▼ "
    return [
        html.Dt(view.t(f"versus_{basis}"), title=view.t(f"basis_{basis}")),
        html.Dd(arrow + formats.change(change.per_cent), className=tone(measure, change.per_cent), title=about),
    ]


def _cell(row: Mapping[str, Any], column: Column, href: Callable[[Mapping[str, Any]], str] | None) -> Component:
    value = row[column.name]
    shown = column.shown(value) if column.shown else "–" if value is None else str(value)
    if href is not None:
        address = href(row)
        outside = address.startswith(("http://", "https://"))
        return html.Th((html.A if outside else dcc.Link)(shown, href=address), scope="row")
    names = [name for name in ("number", "prose") if getattr(column, name)]
    if column.tone:
        names.append(column.tone(value))
    return html.Td(shown, className=" ".join(names))


def _downloads(view: View, name: str, title: str) -> Component:
    query = view.query(view.filters)
    return html.Div(
        [
            html.A(
                view.t(kind),
                href=f"/download/{view.page.title}/{name}.{kind}{query}",
                className="button small",
                download=f"{name}.{kind}",
                **aria(label=view.t("download", what=title, kind=view.t(kind))),
            )
            for kind in ("csv", "parquet")
        ],
        className="downloads",
    )
