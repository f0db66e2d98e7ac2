"""Products: what sells, in which categories, at which price and margin."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import polars as pl
from dash import dcc, html
from dash.development.base_component import Component

from retail_platform.dashboard.charts import line, measure_axis, time_axis
from retail_platform.dashboard.components import Column, card, choice, graph, guarded, message, table
from retail_platform.dashboard.data.measures import EVERY, currency_of
from retail_platform.dashboard.data.products import (
    PRICES,
    TABLE,
    by_category,
    list_prices,
    named,
    searched,
    sold,
    sold_by_period,
)
from retail_platform.dashboard.data.products import PRODUCTS as KNOWN
from retail_platform.dashboard.filters import Option
from retail_platform.dashboard.formats import Formats
from retail_platform.dashboard.page import CATEGORIES, GRAIN, PERIOD, PLACES, Page, View
from retail_platform.dashboard.pages.common import PRODUCTS, numbers_key
from retail_platform.dashboard.ranking import Ranking, hover
from retail_platform.dashboard.theme import PALETTES, Figure, Trace, figure

MEASURES = ("revenue", "units", "margin", "margin_rate", "aur", "transactions", "returns")
RANKING = Ranking(MEASURES, "product_id")
SEARCH = Option("search", "", pattern=r"[^\x00-\x1f\x7f]{1,60}")
CHOSEN = Option("product", "", pattern=r"[^\x00-\x1f\x7f]{1,400}")
MOST_CHOSEN = 5
_BETWEEN = "~"  # two chosen products in the address
_SHOWN_OF_CATEGORY = 6
_DASHES = ("solid", "dash", "dashdot", "longdash", "longdashdot")
_COLOURS = (0, 1, 2, 3, 5)  # of the series: told apart without dashes, too


def layout(view: View) -> Component:
    """The page."""
    formats = view.formats(currency_of(view.rows))
    rows = ranking(view)
    found = rows["product_id"].count()
    count = view.t("products_count_one" if found == 1 else "products_count", count=formats.number(found))
    lead = view.t(
        "overview_lead", period=formats.window(view.filters.window), stores=count, currency=formats.currency or ""
    )
    pick = choice(view, RANKING.sort, {name: view.t(name) for name in MEASURES}, view.t("products_measure"))
    parts: list[Component]
    if not rows.height:
        words = view.filters.option(SEARCH)
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


def ranking(view: View) -> pl.DataFrame:
    """The products sold, of the categories and words chosen, in the order chosen."""
    return RANKING.ranked(view, _found(view).select("product_id", "product", "category", "brand", *MEASURES))


def categories(view: View) -> pl.DataFrame:
    """Sums by category of the products found, most revenue first."""
    return by_category(_found(view)).select(
        "category", "products", "units", "revenue", "share", "margin", "margin_rate"
    )


def tree(view: View) -> pl.DataFrame:
    """The rectangles of the tree map: of each category the products of most revenue, and the others together."""
    positive = _found(view).filter(pl.col("revenue") > 0)
    place = pl.col("revenue").rank("ordinal", descending=True).over("category")
    shown = pl.when(place <= _SHOWN_OF_CATEGORY).then(pl.col("product"))
    return (
        positive.sort("revenue", "product_id", descending=[True, False])
        .with_columns(shown=shown, category=pl.col("category").fill_null(""))
        .group_by("category", "shown", maintain_order=True)
        .agg(pl.col("revenue", "margin", "cost_known_revenue").sum(), products=pl.len().cast(pl.Int64))
        .with_columns(margin_rate=pl.col("margin") / pl.col("cost_known_revenue").replace(0.0, None))
        .select("category", product="shown", revenue="revenue", margin_rate="margin_rate", products="products")
    )


def prices(view: View) -> pl.DataFrame:
    """Of each chosen product its revenue per unit by period, and its list price on the period's first day."""
    columns = ["product_id", "product", "period", "aur"]
    sold_at = _by_period(view).select("place", *columns)
    if not view.data.tables.exists(PRICES):
        return sold_at.select(*columns, list_price=pl.lit(None, dtype=pl.Float64))
    listed = list_prices(view.data, _chosen(view), view.filters.window).sort("first")
    first = pl.max_horizontal("period", pl.lit(view.filters.window.first))
    return (
        sold_at.with_columns(day=first)
        .sort("day")
        .join_asof(listed, left_on="day", right_on="first", by="product_id", check_sortedness=False)
        .with_columns(list_price=pl.when(pl.col("last") >= pl.col("day")).then(pl.col("price")))
        .sort("place", "period")
        .select(*columns, "list_price")
    )


def margins(view: View) -> pl.DataFrame:
    """Of each chosen product its margin and margin rate by period."""
    return _by_period(view).select("product_id", "product", "period", "revenue", "margin", "margin_rate")


def _sold(view: View) -> pl.DataFrame:
    """All that the chosen stores sold, with names."""
    stores, chosen = _store_ids(view), view.filters
    key = numbers_key(view).but(window=chosen.window, categories=())
    tables = (TABLE, "stores", "store_days", *([KNOWN] if view.data.tables.exists(KNOWN) else []))
    return view.data.tables.result(
        tables, ("products sold", key), lambda: named(view.data, sold(view.data, stores, chosen.window))
    )


def _found(view: View) -> pl.DataFrame:
    rows, chosen = _sold(view), view.filters
    rows = rows.with_columns(product=pl.col("product").fill_null(view.t("products_no_name")))
    if chosen.categories:
        rows = rows.filter(pl.col("category").is_in(list(chosen.categories)))
    return searched(rows, chosen.option(SEARCH))


def _by_period(view: View) -> pl.DataFrame:
    """Every chosen product in every period, null where it was not sold."""
    chosen, products = view.filters, _chosen(view)

    def compute() -> pl.DataFrame:
        rows = sold_by_period(view.data, _store_ids(view), chosen.window, chosen.grain, products)
        periods = view.rows.select(pl.col("date").dt.truncate(EVERY[chosen.grain]).alias("period")).unique()
        order = pl.DataFrame({"product_id": products}, schema={"product_id": pl.String}).with_row_index("place")
        names = _sold(view).select("product_id", "product")
        return (
            order.join(names, on="product_id", how="left")
            .join(periods, how="cross")
            .join(rows, on=["product_id", "period"], how="left")
            .sort("place", "period")
        )

    key = ("products by period", numbers_key(view), chosen.grain, tuple(products))
    return view.data.tables.result((TABLE, "stores", "store_days"), key, compute)


def _store_ids(view: View) -> list[str] | None:
    """The ids of the chosen stores; None where all are."""
    return None if view.stores.height == view.facts.stores.height else view.stores["store_id"].to_list()


def _named(view: View) -> list[str]:
    """The products that the address names and that were sold."""
    wanted = [name for name in view.filters.option(CHOSEN).split(_BETWEEN) if name]
    sold_here = set(_sold(view)["product_id"].drop_nulls())
    return [name for name in dict.fromkeys(wanted) if name in sold_here][:MOST_CHOSEN]


def _chosen(view: View) -> list[str]:
    return _named(view) or ranking(view)["product_id"].drop_nulls().head(MOST_CHOSEN).to_list()


def _which(view: View) -> str:
    if not _named(view):
        return view.t("products_first", count=str(len(_chosen(view))))
    sold_here = set(_sold(view)["product_id"].drop_nulls())
    lost = [name for name in view.filters.option(CHOSEN).split(_BETWEEN) if name and name not in sold_here]
    unknown = " " + view.t("products_unknown", products=", ".join(lost)) if lost else ""
    return view.t("products_chosen") + unknown


def _toggled(view: View, product: str) -> str:
    """The address with a product put among the chosen ones, or taken out."""
    named_now = _named(view)
    rest = [name for name in named_now if name != product]
    chosen = rest if product in named_now else [*rest, product][-MOST_CHOSEN:]
    return view.href(view.filters.with_option(CHOSEN, _BETWEEN.join(chosen)))


def _search(view: View) -> Component:
    """A form whose hidden fields are the rest of the address; it works from the keyboard alone."""
    rest = view.filters.with_option(SEARCH, "").with_option(RANKING.portion, "1")
    hidden = [dcc.Input(type="hidden", name=name, value=value) for name, value in parse_qsl(view.query(rest)[1:])]
    words = view.filters.option(SEARCH)
    label = view.t("products_search")
    field: Any = dcc.Input(
        id="search-words", type="search", name=SEARCH.name, value=words, maxLength=60, className="words", placeholder=""
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
    chosen = set(_chosen(view))
    rest = [name for name in MEASURES if name != (measure := RANKING.measure(view))]
    columns = [
        Column("product", view.t("product")),
        *(_measured(view, formats, name) for name in (measure, *rest)),
        Column("category", view.t("category")),
    ]
    title = view.t("products_ranking", measure=view.t(measure)) + f" ({formats.currency})"

    def href(row: Mapping[str, Any]) -> str:
        return _toggled(view, row["product_id"]) if row["product_id"] is not None else view.href(view.filters)

    marked = pl.when(pl.col("product_id").is_in(list(chosen))).then(pl.lit("● ") + pl.col("product"))
    shown = rows.with_columns(product=marked.otherwise(pl.col("product")))
    made = RANKING.portion_of(view, shown, columns, caption=title, href=href)
    return card(view, "ranking", title, made, about=view.t("products_ranking_hint"), wide=True)


def _measured(view: View, formats: Formats, name: str) -> Column:
    return Column(name, RANKING.heading(view, name), lambda value: formats.measure(name, value), number=True)


def _tree(view: View, formats: Formats) -> Component:
    rows, title = tree(view), f"{view.t('products_tree')} ({formats.currency})"
    if not rows.height:
        return message(view.t("products_none_title"), view.t("products_nothing_positive"))
    shown = graph("tree", _tree_figure(view, formats, rows), title)
    return card(view, "tree", title, shown, about=view.t("products_tree_hint"), wide=True)


def _tree_figure(view: View, formats: Formats, rows: pl.DataFrame) -> Figure:
    colours = PALETTES[view.filters.theme]
    whole = by_category(_found(view).filter(pl.col("revenue") > 0)).with_columns(pl.col("category").fill_null(""))
    every = view.query(view.filters.but(categories=()))
    alone = {name: view.query(view.filters.but(categories=(name,))) if name else every for name in whole["category"]}
    labels = [view.t("all"), *(name or view.t("products_no_category") for name in whole["category"])]
    labels += [name if name is not None else view.t("products_others") for name in rows["product"]]
    ids = ["all", *(f"c:{name}" for name in whole["category"]), *(f"p:{at}" for at in range(rows.height))]
    parents = ["", *["all"] * whole.height, *(f"c:{name}" for name in rows["category"])]
    margin, known = float(whole["margin"].sum()), float(whole["cost_known_revenue"].sum())
    rates = [margin / known if known else None, *whole["margin_rate"], *rows["margin_rate"]]
    bar = {"thickness": 10, "outlinewidth": 0, "tickformat": ".0%", "tickfont": {"color": colours.muted}}
    trace: Trace = {
        "type": "treemap",
        "ids": ids,
        "labels": labels,
        "parents": parents,
        "values": [*[0.0] * (1 + whole.height), *rows["revenue"]],  # the products make up the rest
        "branchvalues": "remainder",
        "customdata": [every, *alone.values(), *(alone[name] for name in rows["category"])],
        "text": [formats.measure("margin_rate", rate) for rate in rates],
        "texttemplate": "%{label}",
        "hovertemplate": f"<b>%{{label}}</b><br>{hover(formats, 'revenue', 'value')}<br>"
        f"{view.t('margin_rate')}: %{{text}}<extra></extra>",
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
    rows, title = categories(view), f"{view.t('products_categories')} ({formats.currency})"
    none = view.t("products_no_category")

    def measure(name: str) -> Column:
        return Column(name, view.t(name), lambda value: formats.measure(name, value), number=True)

    def href(row: Mapping[str, Any]) -> str:
        return view.href(view.filters.but(categories=(row["category"],)) if row["category"] else view.filters)

    columns = [
        Column("category", view.t("category"), lambda name: name or none),
        measure("revenue"),
        Column("share", view.t("products_share"), lambda share: formats.per_cent(100 * share), number=True),
        measure("margin_rate"),
        measure("units"),
    ]
    shown = table(rows.to_dicts(), columns, caption=title, href=href)
    return card(view, "categories", title, shown, about=view.t("products_categories_hint"), wide=True)


def _price(view: View, formats: Formats) -> Component:
    rows, title = prices(view), f"{view.t('products_price')} ({formats.currency})"
    traces = _lines(view, formats, "aur", rows)
    listed = rows["list_price"].count() > 0
    if listed:
        for place, trace in enumerate(_lines(view, formats, "aur", rows, column="list_price")):
            name = view.t("products_list_price", product=trace["name"])
            dotted = {"color": trace["line"]["color"], "width": 1.5, "dash": "dot", "shape": "hv"}
            text = [shown.replace(trace["name"], name, 1) for shown in trace["text"]]
            traces.append(trace | {"name": name, "text": text, "line": dotted, "showlegend": False})
            traces[place]["line"]["dash"] = "solid"
    about = view.t("products_price_hint" if listed else "products_price_hint_sold", which=_which(view))
    made = _over_time(view, formats, "aur", rows, traces)
    return card(view, "price", title, graph("price", made, title), about=about)


def _margin(view: View, formats: Formats) -> Component:
    rows, title = margins(view), view.t("products_margin")
    about = view.t("products_margin_hint", which=_which(view))
    if not rows["margin_rate"].count():
        return card(view, "margin", title, message(view.t("nothing_title"), view.t("products_no_prices")), about=about)
    made = _over_time(view, formats, "margin_rate", rows, _lines(view, formats, "margin_rate", rows))
    return card(view, "margin", title, graph("margin", made, title), about=about)


def _lines(view: View, formats: Formats, measure: str, rows: pl.DataFrame, column: str | None = None) -> list[Trace]:
    colours, traces = PALETTES[view.filters.theme], []
    for place, product in enumerate(rows["product_id"].unique(maintain_order=True)):
        some = rows.filter(pl.col("product_id") == product)
        name = some["product"][0]
        trace = line(formats, measure, some, column=column, name=name, colour=colours.series[_COLOURS[place]])
        trace["line"]["dash"] = _DASHES[place]
        traces.append(trace)
    return traces


def _over_time(view: View, formats: Formats, measure: str, rows: pl.DataFrame, traces: list[Trace]) -> Figure:
    made = figure(
        view.filters.theme,
        traces,
        separators=formats.separators(),
        height=340,
        legend=True,
        x=time_axis(formats, view.filters.grain, rows["period"].unique().sort()),
        y=measure_axis(formats, measure),
        hovermode="x unified",
    )
    made["layout"]["legend"] |= {"entrywidth": 150, "entrywidthmode": "pixels"}
    return made


PAGE = Page(
    path=PRODUCTS,
    title="products",
    layout=layout,
    downloads={"ranking": ranking, "tree": tree, "categories": categories, "price": prices, "margin": margins},
    options=(*RANKING.options, SEARCH, CHOSEN),
    filters=frozenset({PERIOD, GRAIN, CATEGORIES}) | PLACES,
)
