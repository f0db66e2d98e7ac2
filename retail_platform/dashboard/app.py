"""The Dash app: one callback answers each address with the page, the header and what the controls hold.

Only wiring belongs here; what is shown is the pages' business, how it is served `serving`'s.
"""

import logging
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import dash
import polars as pl
from dash import Input, Output, State, html
from dash.dependencies import ALL, ClientsideFunction
from dash.development.base_component import Component

from retail_platform.dashboard import components, shell
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.filters import Filters, Known, Parsed, parse
from retail_platform.dashboard.page import Page, View
from retail_platform.dashboard.pages import PAGES
from retail_platform.dashboard.texts import text
from retail_platform.windows import Window

ACTIVITY = "retail_platform.dashboard.activity"
_LOGGER = logging.getLogger("retail_platform.dashboard")
_ASSETS = Path(__file__).parent / "assets"
_INDEX = """<!DOCTYPE html>
<html lang="{language}" data-theme="light">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


def make_app(data: Data, language: str = "en", pages: Sequence[Page] = PAGES) -> dash.Dash:
    """The app over a lake.

    Args:
        data: the lake.
        language: of an address that names none.
        pages: the pages, the first at `/`.
    """
    app = dash.Dash(
        "retail_platform.dashboard",
        assets_folder=str(_ASSETS),
        serve_locally=True,
        title=text(language, "app_title"),
        update_title="",
        index_string=_INDEX.replace("{language}", language),
        suppress_callback_exceptions=True,
        add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.layout = shell.layout(language)

    @app.callback(
        Output(shell.CONTENT, "children"),
        Output(shell.HEADER, "children"),
        Output(shell.STATE, "data"),
        Output(shell.SENT, "data"),
        Input(shell.URL, "pathname"),
        Input(shell.URL, "search"),
        State(shell.SENT, "data"),
    )
    def answer(pathname: str | None, search: str | None, sent: dict[str, str] | None) -> tuple[Any, ...]:
        started = time.perf_counter()
        found, view = answered(data, pages, (pathname or "/", search or ""), sent, language)
        logging.getLogger(ACTIVITY).info(
            "%s%s in %.0f ms",
            view.page.path,
            view.query(view.filters),
            took := 1000 * (time.perf_counter() - started),
            extra={"page": view.page.path, "filters": view.query(view.filters), "milliseconds": round(took, 1)},
        )
        return found

    controls = [Input(shell.control_id(name), "value") for name in shell.CONTROLS]
    app.clientside_callback(ClientsideFunction("dashboard", "apply"), Input(shell.STATE, "data"))
    app.clientside_callback(
        ClientsideFunction("dashboard", "chosen"), *controls, State(shell.STATE, "data"), prevent_initial_call=True
    )
    app.clientside_callback(
        ClientsideFunction("dashboard", "clicked"),
        Input({"type": "graph", "name": ALL}, "clickData"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("dashboard", "picked"),
        Input({"type": "option", "name": ALL}, "value"),
        prevent_initial_call=True,
    )
    return app


def answered(
    data: Data,
    pages: Sequence[Page],
    address: tuple[str, str],
    sent: dict[str, str] | None,
    language: str,
) -> tuple[tuple[Any, ...], View]:
    """The answer to an address, its path and its query, and the look it gives.

    The answer is content, header, state, and what the browser then has.
    """
    path, search = address
    page = next((page for page in pages if page.path == path), None)
    try:
        known = known_of(data)
    except Unavailable as reason:
        _LOGGER.warning("nothing can be shown: %s", reason)
        view = View(page or pages[0], data, _without_lake(search, language), language)
        return (components.unavailable(view, reason), shell.header(view, pages), dash.no_update, dash.no_update), view
    read = parse(search, known, page.options if page else (), default_language=language)  # type: ignore[arg-type]
    view = View(page or pages[0], data, read.filters, language)
    content = _content(view, read) if page else _no_page(view, pages)
    told, now = shell.state(view, known, sent)
    return (content, shell.header(view, pages), told, now), view


def known_of(data: Data) -> Known:
    """What there is to choose from.

    Raises:
        Unavailable: there are no store days.
    """
    facts = data.facts()
    return Known(facts.span, facts.last_final, facts.stores, data.categories())


def _content(view: View, read: Parsed) -> Component:
    if read.problems:
        return components.message(
            view.t("problem_title"),
            *(view.t(problem.key, **problem.facts) for problem in read.problems),
            dash.dcc.Link(view.t("problem_mend"), href=view.href(view.filters), className="button"),
            kind="problem",
        )
    try:
        return view.page.layout(view)
    except Unavailable as reason:
        return components.unavailable(view, reason)
    except Exception:  # a page that fails says so, and the rest of the dashboard goes on
        number = uuid4().hex[:8]
        _LOGGER.exception("page %s%s failed: %s", view.page.path, view.query(view.filters), number)
        return components.message(view.t("fault_title"), view.t("fault", number=number), kind="fault")


def _no_page(view: View, pages: Sequence[Page]) -> Component:
    home = dash.dcc.Link(view.t("to_overview"), href=view.href(view.filters, pages[0].path), className="button")
    return components.message(view.t("nothing_title"), view.t("no_page"), html.Span(home), kind="problem")


def _without_lake(search: str, language: str) -> Filters:
    """Language and theme of an address; nothing else can be checked."""

    today = date.today()
    stores = pl.DataFrame(schema=dict.fromkeys(("store_id", "region", "format", "currency"), pl.String))
    known = Known(Window(today, today), today, stores)
    return parse(search, known, default_language=language).filters  # type: ignore[arg-type]
