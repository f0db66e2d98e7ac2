"""One store: its days, its hours, its peaks, what it sells best, when it is open, and whether to trust its counts."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast
from urllib.parse import quote_plus

import polars as pl
from babel.dates import get_day_names
from dash import dcc, html
from dash.development.base_component import Component

from retail_platform.dashboard.charts import line, measure_axis, period_links, time_axis
from retail_platform.dashboard.components import Column, aria, card, choice, graph, guarded, message, table, tile
from retail_platform.dashboard.data import hours as hourly
from retail_platform.dashboard.data.measures import (
    ADDITIVE,
    BASES,
    EVERY,
    OF_MONEY,
    by_period,
    changes,
    compared_by_period,
    currency_of,
    summed,
)
from retail_platform.dashboard.data.products import PRODUCTS as PRODUCT_TABLE
from retail_platform.dashboard.data.products import TABLE as SOLD
from retail_platform.dashboard.data.products import named, sold
from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.filters import Option, chosen_stores
from retail_platform.dashboard.formats import Formats
from retail_platform.dashboard.page import BASIS, CHANNEL, CURRENCY, FORMATS, GRAIN, PERIOD, REGIONS, Page, View
from retail_platform.dashboard.pages.common import PRODUCTS, STORE, TABLES, numbers_key
from retail_platform.dashboard.ranking import hover
from retail_platform.dashboard.theme import PALETTES, Figure, figure
from retail_platform.windows import Window

TILES = ("visitors", "transactions", "revenue", "margin", "conversion_rate", "atv", "upt")
MEASURE = Option("measure", "revenue", ADDITIVE)
HOURS = Option("hours", "visitors", hourly.MEASURES)
_BEST = 10
_DAYS_OF_OPENING = 7
_PLACE = "0" * 24  # stands for a store's id in an address that is made once for all


def layout(view: View) -> Component:
    """The page."""
    one = _one(view)
    formats = view.formats(currency_of(one.rows))
    store = one.stores.row(0, named=True)
    place = " · ".join(store[name] for name in ("city", "region", "format") if store[name])
    lead = view.t(
        "store_place",
        place=place or store["store_id"],
        period=formats.window(view.filters.window),
        currency=formats.currency or "",
    )
    return html.Div(
        [
            html.H1(store["label"]),
            html.P(lead, className="lead"),
            html.Div(_selector(view, store["store_id"]), className="choices"),
            html.Div(_tiles(one, formats), className="tiles"),
            html.Div(
                [
                    _days(one, formats),
                    guarded(view, lambda: _hours(one, formats)),
                    guarded(view, lambda: _peaks(one, formats)),
                    guarded(view, lambda: _best(one, formats)),
                    guarded(view, lambda: _opening(one, formats)),
                    _trust(one, formats),
                ],
                className="cards",
            ),
        ]
    )


def days(view: View) -> pl.DataFrame:
    """Measures of the store by period, with what the chosen measure is compared with and the estimated share."""
    one = _one(view)
    measure, chosen = chosen_measure(one), one.filters

    def compute() -> pl.DataFrame:
        then = compared_by_period(one.facts, one.stores["store"], chosen.window, chosen.basis, chosen.grain)
        names = [pl.col(name).alias(f"{name}_compared") for name in ADDITIVE]
        period = pl.col("date").dt.truncate(EVERY[chosen.grain]).alias("period")
        every = one.facts.between(chosen.window).select(period).unique().sort("period")  # a closed day is a gap
        now = every.join(by_period(one.rows, chosen.grain), on="period", how="left", maintain_order="left")
        return now.join(then.select("period", *names), on="period", how="left", maintain_order="left")

    rows = one.data.tables.result(TABLES, ("store days", numbers_key(one), chosen.grain), compute)
    return rows.select("period", measure, f"{measure}_compared", "visitors_imputed_share", "hours_without_count")


def hours(view: View) -> pl.DataFrame:
    """Mean of each weekday's open hours."""
    one = _one(view)
    store = one.filters.stores[0]
    key = ("store hours", store, one.filters.window)
    return one.data.tables.result(hourly.TABLE, key, lambda: hourly.usual_hours(one.data, store, one.filters.window))


def peaks(view: View) -> pl.DataFrame:
    """Peak and power hours of each weekday, by the measure chosen for the hours."""
    return hourly.peaks(hours(view), view.filters.option(HOURS))


def best_sellers(view: View) -> pl.DataFrame:
    """The products of most revenue."""
    one = _one(view)
    store = one.filters.stores[0]
    tables = (SOLD, PRODUCT_TABLE) if one.data.tables.exists(PRODUCT_TABLE) else (SOLD,)

    def compute() -> pl.DataFrame:
        rows = sold(one.data, (store,), one.filters.window).filter(pl.col("product_id").is_not_null())
        first = rows.sort("revenue", "product_id", descending=[True, False]).head(_BEST)
        found = named(one.data, first).sort("revenue", "product_id", descending=[True, False])
        return found.select("product_id", "product", "category", "units", "revenue", "margin", "margin_rate")

    return one.data.tables.result(tables, ("store best", store, one.filters.window), compute)


def opening(view: View) -> pl.DataFrame:
    """The opening hours of the last days of the period: `hours` is empty on a closed day, null where not known."""
    one = _one(view)
    store = one.filters.stores[0]
    last = min(one.filters.window.last, one.facts.span.last)
    window = Window(max(one.filters.window.first, last - timedelta(days=_DAYS_OF_OPENING - 1)), last)

    def of_store(rows: pl.LazyFrame) -> pl.LazyFrame:
        return rows.filter(pl.col("store_id") == store, pl.col("date").is_between(window.first, window.last)).sort(
            "date", "opens"
        )

    def compute() -> pl.DataFrame:
        rows = collected(one.data, "opening_hours", ("store_id", "date", "open", "opens", "closes"), of_store)
        interval = pl.col("opens") + "–" + pl.col("closes")
        by_day = rows.group_by("date").agg(
            open=pl.col("open").any(),
            hours=pl.when(pl.col("open")).then(interval).drop_nulls().str.join(", "),
        )
        every = pl.DataFrame({"date": list(window.days())}, schema={"date": pl.Date})
        return every.join(by_day, on="date", how="left").sort("date").with_columns(store_id=pl.lit(store))

    found = one.data.tables.result("opening_hours", ("store opening", store, window), compute)
    return found.select("store_id", "date", "open", "hours")


def chosen_measure(view: View) -> str:
    """The measure of the line over time."""
    return view.filters.option(MEASURE)


def _one(view: View) -> View:
    """The look at one store: the first of those chosen."""
    if view.filters.stores == (store := view.stores["store_id"][0],):
        return view
    return View(view.page, view.data, view.filters.but(stores=(store,)), view.language)


def _selector(view: View, shown: str) -> Component:
    """All stores that the other filters leave; the address of each is that of one, with its id in it."""
    chosen = view.filters
    there = chosen_stores(chosen.but(stores=()), view.facts.stores)
    pattern = view.query(chosen.but(stores=(_PLACE,)))
    here = view.query(chosen) or "?"
    options = [
        {"value": here if store == shown else pattern.replace(_PLACE, quote_plus(store), 1), "label": label}
        for store, label in there.select("store_id", "label").iter_rows()
    ]
    control = dcc.Dropdown(
        id={"type": "option", "name": "store"}, options=cast(Any, options), value=here, clearable=False
    )
    return html.Div(
        [html.Span(view.t("store_choose"), className="filter-label"), control],
        className="choice",
        title=view.t("store_choose"),
    )


def _tiles(one: View, formats: Formats) -> list[Component]:
    key, chosen, number = numbers_key(one), one.filters, one.stores["store"]
    result = one.data.tables.result
    total = result(TABLES, ("store totals", key), lambda: summed(one.rows).row(0, named=True))
    against = result(
        TABLES,
        ("store changes", key),
        lambda: {basis: changes(one.facts, number, chosen.window, basis) for basis in BASES},
    )
    history = result(TABLES, ("store history", key, chosen.grain), lambda: by_period(one.rows, chosen.grain))
    return [
        tile(
            one,
            formats,
            name,
            total[name],
            {basis: against[basis][name] for basis in BASES},
            history=history[name].to_list(),
        )
        for name in TILES
    ]


def _titled(view: View, formats: Formats, key: str, measure: str) -> str:
    return view.t(key, measure=view.t(measure)) + (f" ({formats.currency})" if measure in OF_MONEY else "")


def _days(one: View, formats: Formats) -> Component:
    rows, measure = days(one), chosen_measure(one)
    colours, title = PALETTES[one.filters.theme], _titled(one, formats, "store_days", measure)
    links = [one.query(filters) for filters in period_links(one.filters, rows["period"])]
    now = line(formats, measure, rows, name=one.t(measure), colour=colours.accent) | {"customdata": links}
    traces = [now | {"mode": "lines+markers", "marker": {"size": 6}}]
    if rows[f"{measure}_compared"].count():
        basis = one.t(f"basis_{one.filters.basis}")
        then = line(formats, measure, rows, column=f"{measure}_compared", name=basis, colour=colours.series[1])
        then["line"]["dash"] = "dash"
        traces.append(then)
    made = figure(
        one.filters.theme,
        traces,
        separators=formats.separators(),
        legend=len(traces) > 1,
        x=time_axis(formats, one.filters.grain, rows["period"]),
        y=measure_axis(formats, measure),
        hovermode="x unified" if len(traces) > 1 else "closest",
    )
    pick = choice(one, MEASURE, {name: one.t(name) for name in ADDITIVE}, one.t("stores_measure"))
    shown = graph("days", made, title)
    about = one.t("store_days_hint")
    return card(one, "days", title, html.Div(pick, className="choices inside"), shown, about=about, wide=True)


def _weekdays(language: str) -> dict[int, str]:
    names = get_day_names("wide", "stand-alone", locale=language)
    return {number + 1: names[number].capitalize() for number in range(7)}


def _hours(one: View, formats: Formats) -> Component:
    rows, measure = hours(one), one.filters.option(HOURS)
    title = _titled(one, formats, "store_hours", measure)
    pick = choice(one, HOURS, {name: one.t(name) for name in hourly.MEASURES}, one.t("stores_measure"))
    if not rows[measure].count():
        why = one.t("store_no_doors" if measure == "visitors" and rows.height else "store_hours_none")
        empty = message(one.t("store_hours_none_title"), why)
        return card(one, "hours", title, html.Div(pick, className="choices inside"), empty)
    shown = graph("hours", _hours_figure(one, formats, measure, rows), title)
    about = one.t("store_hours_hint")
    return card(one, "hours", title, html.Div(pick, className="choices inside"), shown, about=about)


def _hours_figure(one: View, formats: Formats, measure: str, rows: pl.DataFrame) -> Figure:
    colours, names = PALETTES[one.filters.theme], _weekdays(one.filters.language)
    known = rows.filter(pl.col(measure).is_not_null())
    span = range(int(known["hour"].min()), int(known["hour"].max()) + 1)  # type: ignore[arg-type]
    held = {(weekday, hour): value for weekday, hour, value in known.select("weekday", "hour", measure).iter_rows()}
    bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"color": colours.muted}}
    bar |= {key: value for key, value in measure_axis(formats, measure).items() if key.startswith("tick")}
    trace = {
        "type": "heatmap",
        "x": [f"{hour:02}" for hour in span],
        "y": list(names.values()),
        "z": [[held.get((weekday, hour)) for hour in span] for weekday in names],
        "colorscale": [list(step) for step in colours.scale],
        "zmin": 0,
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
        "colorbar": bar,
        "hovertemplate": f"<b>%{{y}}, %{{x}}:00</b><br>{hover(formats, measure, 'z')}<extra></extra>",
    }
    return figure(
        one.filters.theme,
        [trace],
        separators=formats.separators(),
        height=320,
        x={"type": "category", "side": "bottom", "tickangle": 0},
        y={
            "type": "category",
            "autorange": "reversed",
            "rangemode": "normal",
            "showgrid": False,
            "tickmode": "array",
            "tickvals": list(names.values()),
        },
    )


def _peaks(one: View, formats: Formats) -> Component:
    rows, measure = peaks(one), one.filters.option(HOURS)
    names = _weekdays(one.filters.language)
    columns = [
        Column("weekday", one.t("store_weekday"), lambda weekday: names[weekday]),
        Column("peak_hour", one.t("store_peak_hour"), lambda hour: f"{hour:02}:00", number=True),
        Column("peak", one.t("store_peak"), lambda value: formats.measure(measure, value), number=True),
        Column("power_hours", one.t("store_power_hours"), spans, number=True),
        Column("share", one.t("store_power_share"), lambda share: formats.per_cent(100 * share), number=True),
    ]
    title = one.t("store_peaks")
    about = one.t("store_peaks_hint", measure=one.t(measure).lower())
    shown: Component
    if rows.height:
        shown = table(rows.to_dicts(), columns, caption=title)
    else:
        shown = message(one.t("store_hours_none_title"), one.t("store_hours_none"))
    return card(one, "peaks", title, shown, about=about)


def spans(hours: list[int]) -> str:
    """Hours as spans of the clock: 11, 12 and 17 are `11–13, 17–18`."""
    found: list[list[int]] = []
    for hour in hours:
        if found and found[-1][1] == hour:
            found[-1][1] = hour + 1
        else:
            found.append([hour, hour + 1])
    return ", ".join(f"{first}–{last}" for first, last in found)


def _best(one: View, formats: Formats) -> Component:
    rows, title = best_sellers(one), f"{one.t('store_best')} ({formats.currency})"

    def measure(name: str) -> Column:
        return Column(name, one.t(name), lambda value: formats.measure(name, value), number=True)

    def href(row: Mapping[str, Any]) -> str:
        return one.href(one.filters.but(options=(("product", row["product_id"]),)), PRODUCTS)

    if not rows.height:
        return message(one.t("products_none_title"), one.t("products_none"))
    columns = [Column("product", one.t("product")), *(measure(name) for name in ("revenue", "units", "margin_rate"))]
    shown = table(rows.to_dicts(), columns, caption=title, href=href)
    return card(one, "best_sellers", title, shown, about=one.t("store_best_hint"))


def _opening(one: View, formats: Formats) -> Component:
    def shown(row: Mapping[str, Any]) -> str:
        if row["open"] is None:
            return one.t("store_hours_unknown")
        if not row["open"]:
            return one.t("store_closed")
        return row["hours"] or one.t("store_open_unknown")

    rows = [{"date": row["date"], "hours": shown(row)} for row in opening(one).to_dicts()]
    day: Any = lambda day: formats.weekday(cast(date, day))  # noqa: E731 - a column's way to show
    columns = [Column("date", one.t("store_day"), day), Column("hours", one.t("store_opening"), number=True)]
    title = one.t("store_opening")
    return card(one, "opening", title, table(rows, columns, caption=title), about=one.t("store_opening_hint"))


def _trust(one: View, formats: Formats) -> Component:
    total = one.data.tables.result(
        TABLES, ("store totals", numbers_key(one)), lambda: summed(one.rows).row(0, named=True)
    )
    share = total["visitors_imputed_share"]
    facts = [
        *(
            [one.t("trust_imputed", share=formats.measure("visitors_imputed_share", share))]
            if share is not None
            else []
        ),
        one.t("trust_hours", count=formats.number(total["hours_without_count"] or 0)),
        one.t("trust_updated", when=formats.instant(one.facts.at)),
    ]
    return html.Section(
        [html.H2(one.t("trust"), id="store-trust"), html.Ul([html.Li(fact) for fact in facts])],
        className="trust wide",
        **aria(labelledby="store-trust"),
    )


PAGE = Page(
    path=STORE,
    title="one_store",
    layout=layout,
    downloads={"days": days, "hours": hours, "peaks": peaks, "best_sellers": best_sellers, "opening": opening},
    options=(MEASURE, HOURS),
    filters=frozenset({PERIOD, GRAIN, BASIS, REGIONS, FORMATS, CHANNEL, CURRENCY}),
)
