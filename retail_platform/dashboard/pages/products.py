"""Products: what sells, in which categories, at which price and margin."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import polars as pl
from dash import dcc, html
from dash.development.base_component import Component

from retail_platform.dashboard.charts import lines, over_time
from retail_platform.dashboard.components import Column, card, choice, graph, guarded, message, table
from retail_platform.dashboard.data.measures import currency_of
from retail_platform.dashboard.data.products import by_category
from retail_platform.dashboard.frames import products as frames
from retail_platform.dashboard.page import CATEGORIES, GRAIN, PERIOD, PLACES, Page, View
from retail_platform.dashboard.pages.common import PRODUCTS
from retail_platform.dashboard.ranking import hover
from retail_platform.dashboard.theme import PALETTES, Figure, Trace, figure
from retail_platform.language.formats import Formats

_BY_PRODUCT = {"by": "product_id", "name": "product"}


def layout(view: View) -> Component:
    """The page."""
    formats = view.formats(currency_of(view.rows))
    rows = frames.ranking(view)
    found = rows["product_id"].count()
    count = view.counted("products_count", found, formats)
    lead = view.t(
        "overview_lead", period=formats.window(view.filters.window), stores=count, currency=formats.currency or ""
    )
    pick = choice(
        view, frames.RANKING.sort, {name: view.t(name) for name in frames.MEASURES}, view.t("products_measure")
    )
    parts: list[Component]
    if not rows.height:
        words = view.filters.option(frames.SEARCH)
        why = view.t("products_none_found", words=words) if words else view.t("products_none")
        parts = [html.Div(message(view.t("products_none_title"), why), className="wide")]
    else:
        parts = [
            _ranking(view, formats, rows),
            _tree(view, formats),
            _categories(view, formats),
            guarded(view, lambda: _price(view, formats)),
            guarded(view, lambda: _margin(view, formats)),
        ]
    return html.Div(
        [
            html.H1(view.t("products")),
            html.P(lead, className="lead"),
            html.Div([pick, _search(view)], className="choices"),
            html.Div(parts, className="cards"),
        ]
    )


def _which(view: View) -> str:
    if not frames.named_products(view):
        return view.t("products_first", count=str(len(frames.charted(view))))
    sold_here = set(frames.all_sold(view)["product_id"].drop_nulls())
    lost = [name for name in view.filters.option(frames.CHOSEN).split(frames.BETWEEN) if name and name not in sold_here]
    unknown = " " + view.t("products_unknown", products=", ".join(lost)) if lost else ""
    return view.t("products_chosen") + unknown


def _toggled(view: View, named_now: list[str], product: str) -> str:
    """The address with a product put among the chosen ones, or taken out."""
    rest = [name for name in named_now if name != product]
    chosen = rest if product in named_now else [*rest, product][-frames.MOST_CHOSEN :]
    return view.href(view.filters.with_option(frames.CHOSEN, frames.BETWEEN.join(chosen)))


def _search(view: View) -> Component:
    """A form whose hidden fields are the rest of the address; it works from the keyboard alone."""
    rest = view.filters.with_option(frames.SEARCH, "").with_option(frames.RANKING.portion, "1")
    hidden = [dcc.Input(type="hidden", name=name, value=value) for name, value in parse_qsl(view.query(rest)[1:])]
    words = view.filters.option(frames.SEARCH)
    label = view.t("products_search")
    field: Any = dcc.Input(
        id="search-words",
        type="search",
        name=frames.SEARCH.name,
        value=words,
        maxLength=60,
        className="words",
        placeholder="",
    )
    parts = [
        *hidden,
        html.Label(label, htmlFor="search-words", className="filter-label"),
        html.Div([field, html.Button(view.t("products_search_do"), type="submit", className="button")]),
    ]
    if words:
        parts.append(dcc.Link(view.t("products_search_clear"), href=view.href(rest), className="button small"))
    return html.Form(parts, className="search", action=PRODUCTS, method="GET", role="search")


def _ranking(view: View, formats: Formats, rows: pl.DataFrame) -> Component:
    chosen, named_now = set(frames.charted(view)), frames.named_products(view)
    rest = [name for name in frames.MEASURES if name != (measure := frames.RANKING.measure(view))]
    columns = [
        Column("product", view.t("product")),
        *(_measured(view, formats, name) for name in (measure, *rest)),
        Column("category", view.t("category")),
    ]
    title = view.t("products_ranking", measure=view.t(measure)) + f" ({formats.currency})"

    def href(row: Mapping[str, Any]) -> str:
        product = row["product_id"]
        return _toggled(view, named_now, product) if product is not None else view.href(view.filters)

    marked = pl.when(pl.col("product_id").is_in(list(chosen))).then(pl.lit("● ") + pl.col("product"))
    shown = rows.with_columns(product=marked.otherwise(pl.col("product")))
    made = frames.RANKING.portion_of(view, shown, columns, caption=title, href=href)
    return card(view, "ranking", title, made, about=view.t("products_ranking_hint"), wide=True)


def _measured(view: View, formats: Formats, name: str) -> Column:
    return Column(name, frames.RANKING.heading(view, name), lambda value: formats.measure(name, value), number=True)


def _tree(view: View, formats: Formats) -> Component:
    rows, title = frames.tree(view), f"{view.t('products_tree')} ({formats.currency})"
    if not rows.height:
        return message(view.t("products_none_title"), view.t("products_nothing_positive"))
    shown = graph("tree", _tree_figure(view, formats, rows), title)
    return card(view, "tree", title, shown, about=view.t("products_tree_hint"), wide=True)


def _tree_figure(view: View, formats: Formats, rows: pl.DataFrame) -> Figure:
    colours = PALETTES[view.filters.theme]
    whole = by_category(frames.found(view).filter(pl.col("revenue") > 0)).with_columns(pl.col("category").fill_null(""))
    every = view.query(view.filters.but(categories=()))
    alone = {name: view.query(view.filters.but(categories=(name,))) if name else every for name in whole["category"]}
    labels = [view.t("all"), *(name or view.t("products_no_category") for name in whole["category"])]
    labels += [name if name is not None else view.t("products_others") for name in rows["product"]]
    ids = ["all", *(f"c:{name}" for name in whole["category"]), *(f"p:{at}" for at in range(rows.height))]
    parents = ["", *["all"] * whole.height, *(f"c:{name}" for name in rows["category"])]
    margin, known = float(whole["margin"].sum()), float(whole["cost_known_revenue"].sum())
    rates = [margin / known if known else None, *whole["margin_rate"], *rows["margin_rate"]]
    queries = [every, *alone.values(), *(alone[name] for name in rows["category"])]
    shown_rates = [formats.measure("margin_rate", rate) for rate in rates]
    bar = {"thickness": 10, "outlinewidth": 0, "tickformat": ".0%", "tickfont": {"color": colours.muted}}
    trace: Trace = {
        "type": "treemap",
        "ids": ids,
        "labels": labels,
        "parents": parents,
        "values": [*[0.0] * (1 + whole.height), *rows["revenue"]],  # the products make up the rest
        "branchvalues": "remainder",
        "customdata": [list(pair) for pair in zip(queries, shown_rates, strict=True)],
        "text": [*labels[: 1 + whole.height], *(label.replace(" ", "<br>") for label in labels[1 + whole.height :])],
        "texttemplate": "%{text}",
        "hovertemplate": f"<b>%{{label}}</b><br>{hover(formats, 'revenue', 'value')}<br>"
        f"{view.t('margin_rate')}: %{{customdata[1]}}<extra></extra>",
        "marker": {
            "colors": rates,
            "colorscale": [list(step) for step in colours.scale],
            "showscale": True,
            "colorbar": bar,
            "line": {"color": colours.surface, "width": 1},
            "pad": {"t": 22, "l": 3, "r": 3, "b": 3},
        },
        "pathbar": {"visible": False},
        "tiling": {"pad": 1},
    }
    return figure(
        view.filters.theme,
        [trace],
        separators=formats.separators(),
        height=400,
        uniformtext={"minsize": 10, "mode": "hide"},
    )


def _categories(view: View, formats: Formats) -> Component:
    rows, title = frames.categories(view), f"{view.t('products_categories')} ({formats.currency})"
    none = view.t("products_no_category")

    def measure(name: str) -> Column:
        return Column(name, view.t(name), lambda value: formats.measure(name, value), number=True)

    def href(row: Mapping[str, Any]) -> str:
        return view.href(view.filters.but(categories=(row["category"],)) if row["category"] else view.filters)

    def part(share: float | None) -> str:
        return formats.per_cent(None if share is None else 100 * share)

    columns = [
        Column("category", view.t("category"), lambda name: name or none),
        measure("revenue"),
        Column("share", view.t("products_share"), part, number=True),
        measure("margin_rate"),
        measure("units"),
    ]
    shown = table(rows.to_dicts(), columns, caption=title, href=href)
    return card(view, "categories", title, shown, about=view.t("products_categories_hint"), wide=True)


def _price(view: View, formats: Formats) -> Component:
    rows, title = frames.prices(view), f"{view.t('products_price')} ({formats.currency})"
    traces = lines(view.filters, formats, "aur", rows, **_BY_PRODUCT)
    listed = rows["list_price"].count() > 0
    if listed:
        list_prices = lines(view.filters, formats, "aur", rows, **_BY_PRODUCT, column="list_price")
        for place, trace in enumerate(list_prices):
            name = view.t("products_list_price", product=trace["name"])
            dotted = {"color": trace["line"]["color"], "width": 1.5, "dash": "dot", "shape": "hv"}
            text = [shown.replace(trace["name"], name, 1) for shown in trace["text"]]
            traces.append(trace | {"name": name, "text": text, "line": dotted, "showlegend": False})
            traces[place]["line"]["dash"] = "solid"
    about = view.t("products_price_hint" if listed else "products_price_hint_sold", which=_which(view))
    made = over_time(view.filters, formats, "aur", rows, traces)
    return card(view, "price", title, graph("price", made, title), about=about)


def _margin(view: View, formats: Formats) -> Component:
    rows, title = frames.margins(view), view.t("products_margin")
    about = view.t("products_margin_hint", which=_which(view))
    if not rows["margin_rate"].count():
        return card(view, "margin", title, message(view.t("nothing_title"), view.t("products_no_prices")), about=about)
    traces = lines(view.filters, formats, "margin_rate", rows, **_BY_PRODUCT)
    made = over_time(view.filters, formats, "margin_rate", rows, traces)
    return card(view, "margin", title, graph("margin", made, title), about=about)


PAGE = Page(
    path=PRODUCTS,
    title="products",
    layout=layout,
    downloads={
        "ranking": frames.ranking,
        "tree": frames.tree,
        "categories": frames.categories,
        "price": frames.prices,
        "margin": frames.margins,
    },
    options=(*frames.RANKING.options, frames.SEARCH, frames.CHOSEN),
    filters=frozenset({PERIOD, GRAIN, CATEGORIES}) | PLACES,
)
