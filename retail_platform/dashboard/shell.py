"""What surrounds every page: header with navigation, the filter bar, the place of the content.

The bar is there once and stays; each answer says what its controls hold (`controls`), so that Back, a link and a
click on a chart move it too. What is chosen is in the address alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from dash import dcc, html
from dash.development.base_component import Component

from retail_platform.dashboard.components import aria
from retail_platform.dashboard.data.measures import Grain
from retail_platform.dashboard.filters import Filters, Known, chosen_stores
from retail_platform.dashboard.page import (
    BASIS,
    CATEGORIES,
    CHANNEL,
    CURRENCY,
    FORMATS,
    GRAIN,
    PERIOD,
    REGIONS,
    STORES,
    Page,
    View,
)
from retail_platform.dashboard.periods import CUSTOM, PRESETS
from retail_platform.dashboard.texts import LANGUAGES, text
from retail_platform.reports.figures import BASES

URL, CONTENT, HEADER, STATE, SENT = "url", "content", "header", "state", "sent"
SINGLE = (PERIOD, GRAIN, BASIS, CHANNEL, CURRENCY)
SEVERAL = (STORES, REGIONS, FORMATS, CATEGORIES)
CONTROLS = (PERIOD, "from", "to", GRAIN, BASIS, STORES, REGIONS, FORMATS, CHANNEL, CURRENCY, CATEGORIES)
ALL = ""
_ORDER = CONTROLS


def layout(language: str) -> Component:
    """The frame, before the first answer fills it."""
    return html.Div(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=STATE),
            dcc.Store(id=SENT),
            html.A(text(language, "skip"), href=f"#{CONTENT}", className="skip", id="skip"),
            html.Header(id=HEADER, className="top"),
            html.Section(
                [_control(name, language) for name in _ORDER],
                className="filters",
                id="filters",
                **aria(label=text(language, "filters")),
            ),
            html.Main(
                dcc.Loading(
                    html.Div(id=CONTENT, tabIndex="-1"),
                    delay_show=400,
                    overlay_style={"visibility": "visible", "opacity": 0.5},
                    custom_spinner=html.Div(text(language, "loading"), className="spinner", role="status"),
                ),
            ),
        ],
        className="app",
    )


def header(view: View, pages: Sequence[Page]) -> list[Component]:
    """Name, navigation, language and theme, as links that keep the filters."""
    chosen = view.filters
    other = "light" if chosen.theme == "dark" else "dark"
    return [
        html.Span(view.t("app_title"), className="brand"),
        html.Nav(
            html.Ul(
                [
                    html.Li(
                        dcc.Link(
                            view.t(page.title),
                            href=view.href(page.takes(chosen), page.path),
                            className="here" if page.path == view.page.path else "",
                        )
                    )
                    for page in pages
                ]
            ),
            **aria(label=view.t("navigation")),
        ),
        html.Div(
            [
                *(
                    dcc.Link(name, href=view.href(chosen.but(language=language)), className="button quiet")
                    for language, name in LANGUAGES.items()
                    if language != chosen.language
                ),
                dcc.Link(view.t(f"to_{other}"), href=view.href(chosen.but(theme=other)), className="button quiet"),
                dcc.Link(
                    view.t("clear"),
                    href=view.href(Filters(chosen.window, language=chosen.language, theme=chosen.theme)),
                    className="button quiet",
                ),
            ],
            className="tools",
        ),
    ]


def controls(view: View, known: Known) -> dict[str, dict[str, Any]]:
    """What each control holds now: properties by the control's name."""
    chosen, t = view.filters, view.t
    there = chosen_stores(chosen.but(stores=()), known.stores)
    several: dict[str, list[dict[str, str]]] = {
        STORES: [{"value": row[0], "label": f"{row[1]} ({row[0]})" if row[1] != row[0] else row[0]} for row in
                 there.select("store_id", "label").iter_rows()],
        REGIONS: [{"value": value, "label": value} for value in known.values("region")],
        FORMATS: [{"value": value, "label": value} for value in known.values("format")],
        CATEGORIES: [{"value": value, "label": value} for value in known.categories],
    }  # fmt: skip
    for name, chosen_values in (("stores", chosen.stores),):
        held = {option["value"] for option in several[name]}
        several[name] += [{"value": value, "label": value} for value in chosen_values if value not in held]
    currencies = known.values("currency")
    periods = PRESETS if chosen.period != CUSTOM else (*PRESETS, CUSTOM)
    single = {
        PERIOD: ([(name, t(f"period_{name}")) for name in periods], chosen.period),
        GRAIN: ([(name, t(name)) for name in get_args(Grain)], chosen.grain),
        BASIS: ([(name, t(f"basis_{name}")) for name in BASES], chosen.basis),
        CHANNEL: (
            [(ALL, t("all")), ("store", t("channel_store")), ("online", t("channel_online"))],
            chosen.channel or ALL,
        ),
        CURRENCY: ([(ALL, t("all")), *((name, name) for name in currencies)], chosen.currency or ALL),
    }
    held_back = {CURRENCY} if len(currencies) < 2 else set()
    if not known.categories:
        held_back.add(CATEGORIES)
    found: dict[str, dict[str, Any]] = {}
    for name, (options, value) in single.items():
        found[name] = {"options": [{"value": key, "label": label} for key, label in options], "value": value}
    for name, choices in several.items():
        found[name] = {"options": choices, "value": list(getattr(chosen, name)), "placeholder": t("all")}
    first, last = known.span.first.isoformat(), known.span.last.isoformat()
    for name, day in (("from", chosen.window.first), ("to", chosen.window.last)):
        found[name] = {"value": day.isoformat(), "min": first, "max": last}
    for name, properties in found.items():
        offered = (PERIOD if name in ("from", "to") else name) in view.page.filters and name not in held_back
        properties["label"] = t(f"filter_{name}")
        properties["hidden"] = not offered
    return found


def places(known: Known) -> dict[str, Sequence[Any]]:
    """Of each store its region, format, channel and currency: so that a choice of stores stays within the others."""
    columns = known.stores.select("store_id", "region", "format", "channel", "currency")
    return {row[0]: row[1:] for row in columns.iter_rows()}


def control_id(name: str) -> str:
    """The id of a filter's control."""
    return f"filter-{name}"


def _control(name: str, language: str) -> Component:
    label = html.Label(
        text(language, f"filter_{name}"), htmlFor=control_id(name), id=f"label-{name}", className="filter-label"
    )
    control: Component
    if name in ("from", "to"):
        control = dcc.Input(id=control_id(name), type="date", debounce=True, className="date")  # type: ignore[arg-type]
    else:
        control = dcc.Dropdown(
            id=control_id(name),
            multi=name in SEVERAL,
            clearable=name in SEVERAL,
            searchable=name in SEVERAL,
            placeholder="",
        )
    return html.Div([label, control], className=f"filter filter-{name}", id=f"box-{name}")


def state(view: View, known: Known, sent: Mapping[str, str] | None) -> tuple[dict[str, Any], dict[str, str]]:
    """What the browser is told beside the content, and what it now has, so that long lists go there once.

    Args:
        view: the look.
        known: what there is to choose.
        sent: what the browser has: by control the mark of its options.
    """
    held = dict(sent or {})
    now: dict[str, str] = {}
    told = controls(view, known)
    values = {name: properties["value"] for name, properties in told.items()}
    for name, properties in told.items():
        if "options" in properties:
            now[name] = str(hash(tuple((option["value"], option["label"]) for option in properties["options"])))
            if held.get(name) == now[name]:
                del properties["options"]
    now["places"] = str(hash(tuple(places(known).items())))
    answer: dict[str, Any] = {
        "controls": told,
        "values": values,
        "keep": {
            **({"lang": view.filters.language} if view.filters.language != view.language else {}),
            **({"theme": view.filters.theme} if view.filters.theme != "light" else {}),
            **dict(view.filters.options),
        },
        "language": view.filters.language,
        "theme": view.filters.theme,
        "title": f"{view.t(view.page.title)} · {view.t('app_title')}",
        "texts": {"skip": view.t("skip")},
    }
    if held.get("places") != now["places"]:
        answer["places"] = places(known)
    return answer, now
