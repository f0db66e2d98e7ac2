"""The printable report: one A4 page of HTML that stands alone, without scripts or anything from outside.

Only its composition belongs here: what is counted and chosen is `material`'s business.
"""

import itertools
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import polars as pl

from retail_platform.domains.metrics.contract import OF_MONEY
from retail_platform.language.formats import Formats
from retail_platform.reports import figures, trust
from retail_platform.reports.figures import BASES, Change, Figures
from retail_platform.reports.markup import Markup, element
from retail_platform.reports.material import Material
from retail_platform.reports.style import CSS
from retail_platform.reports.svg import Chart, drawn, is_large
from retail_platform.reports.texts import text
from retail_platform.windows import Window

_STILL = 0.05  # per cent below which a change is none
_BEST, _SHOWN_DAYS, _PRODUCTS = 5, 3, 10
_FEWEST_FOR_LINE = 7  # days
_LONG = 10_000_000  # from which on figures are written short
_ROW, _GAP, _OF_CHANGE = 52, 1.5, 10  # letters that have room in half a row, between columns, and that a change takes
_NUMBER = "number"
_Row = Sequence[str | Markup]


def html(material: Material, *, language: str, timezone: str = "UTC") -> str:
    """The report as a whole HTML document; the same material gives the same bytes.

    Args:
        material: what it is about.
        language: `en` or `fr`.
        timezone: of instants, IANA name.
    """
    return _Report(material, Formats(language, material.currency, timezone)).document()


class _Report:
    def __init__(self, material: Material, formats: Formats) -> None:
        self._of, self._formats = material, formats

    def document(self) -> str:
        title = f"{self._title()} – {self._subject()} – {self._formats.window(self._of.window)}"
        head = element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", title),
            element("style", Markup(CSS)),
        )
        parts = self._parts() if self._of.rows.height else [element("p", self._t("empty"), class_="empty")]
        body = element("body", element("main", self._header(), *parts, self._footer()))
        return f"<!DOCTYPE html>\n{element('html', head, body, lang=self._formats.language)}\n"

    def _parts(self) -> list[Markup]:
        """Two beside one another, so that no half of the page stays empty where a chart or a list lacks."""
        beside = [*self._charts(), *(part for part in (self._best_sellers(), self._ranking()) if part)]
        below = [self._trust()]
        if len(beside) % 2:
            beside.append(below.pop())
        return [self._tiles(), *self._currencies(), element("div", *beside, class_="two"), *below]

    def _t(self, key: str, **facts: str) -> str:
        return text(self._formats.language, key, **facts)

    def _title(self) -> str:
        return self._t("day_report" if len(self._of.window) == 1 else "period_report")

    def _subject(self) -> str:
        if self._of.stores.height == 1:
            return self._of.label(self._of.stores["store_id"][0])
        if self._of.all_stores:
            return self._t("all_stores")
        return self._of.subject or self._t("stores_count", count=self._formats.number(self._of.stores.height))

    def _header(self) -> Markup:
        facts = [self._formats.window(self._of.window)]
        if self._of.stores.height > 1:
            facts.append(self._t("stores_count", count=self._formats.number(self._of.stores.height)))
        if self._of.currency and not set(OF_MONEY).isdisjoint(self._of.shown):
            facts.append(self._t("amounts_in", currency=self._of.currency))
        return element(
            "header",
            element("p", self._title(), class_="kind"),
            element("h1", self._subject()),
            element("p", " · ".join(facts), class_="lead"),
        )

    def _tiles(self) -> Markup:
        of, shown = self._of.figures, self._of.shown
        tiles = element("div", *(self._tile(name, of) for name in shown), class_="tiles")
        return element("section", tiles, self._compared(), aria_label=self._t("key_figures"))

    def _tile(self, name: str, of: Figures) -> Markup:
        rows = []
        for basis in BASES:
            shown, tone = self._change(of.changes[basis][name])
            rows += [element("dt", self._t(f"versus_{basis}")), element("dd", shown, class_=tone or None)]
        value = of.total[name]
        written = self._formats.measure(name, value, compact=abs(value or 0) >= _LONG)
        return element(
            "article",
            element("h2", self._t(name)),
            element("p", written, class_="value"),
            element("dl", *rows),
        )

    def _compared(self) -> Markup:
        window, back = self._of.window, len(self._of.window)
        days = {"previous": _shifted(window, back), "year": _shifted(window, figures.YEAR)}
        lines = [
            self._t("compared_previous", days=self._formats.window(days["previous"])),
            self._t("compared_year", days=self._formats.window(days["year"])),
            self._t("compared_average"),
            self._t("compared_dash"),
        ]
        return element("p", f"{self._t('compared')} {' · '.join(lines)}", class_="note")

    def _change(self, change: Change) -> tuple[str, str]:
        per_cent = change.per_cent
        if per_cent is None or abs(per_cent) < _STILL:
            return self._formats.change(per_cent), ""
        return ("▲ " if per_cent > 0 else "▼ ") + self._formats.change(per_cent), "good" if per_cent > 0 else "bad"

    def _currencies(self) -> list[Markup]:
        rows: list[_Row] = []
        for currency, of in self._of.by_currency().items():
            formats = Formats(self._formats.language, currency)
            amounts = [formats.measure(name, of.total.get(name)) for name in ("revenue", "margin", "atv")]
            rows.append(
                [currency, *amounts, self._toned(of.changes["average"]["revenue"].per_cent) if of.changes else ""]
            )
        if not rows:
            return []
        names = [self._t(name) for name in ("currency", "revenue", "margin", "atv", "against_average")]
        return [element("section", element("h2", self._t("by_currency")), _table(names, rows))]

    def _charts(self) -> list[Markup]:
        rows = self._of.over_time
        measures = [name for name in ("revenue", "transactions", "visitors") if name in self._of.shown]
        if "revenue" in measures and "visitors" in measures:
            measures.remove("transactions")
        return [self._chart(name, rows) for name in measures]

    def _chart(self, measure: str, rows: pl.DataFrame) -> Markup:
        title = self._t(f"by_{self._of.grain}", measure=self._t(measure))
        strong = int(rows["own"].arg_max() or 0)
        average = self._averages(measure, rows["period"].to_list())
        notes = [self._t("with_average")] if average else []
        notes += [self._t("context")] if strong else []
        values = rows[measure].to_list()
        compact = is_large(values)
        chart = Chart(
            title,
            [self._label(day) for day in rows["period"]],
            values,
            lambda value: self._formats.measure(measure, value, compact=compact),
            compared=average,
            strong=strong,
        )
        return element(
            "figure", element("h2", title), drawn(chart), element("figcaption", " · ".join(notes)) if notes else None
        )

    def _averages(self, measure: str, periods: Sequence[date]) -> list[float | None]:
        """What each day is compared with; only days that have all the weeks before them."""
        if self._of.grain != "day" or len(self._of.window) < _FEWEST_FOR_LINE:
            return []
        found = self._of.figures_by_day
        bases = [found[day].changes["average"][measure].base if day in found else None for day in periods]
        return bases if any(base is not None for base in bases) else []

    def _label(self, period: date) -> str:
        if self._of.grain == "day":
            return self._formats.day(period, year=False)
        return self._formats.period(period, self._of.grain)

    def _best_sellers(self) -> Markup | None:
        sold = self._of.sold
        if sold is None or not sold.height:
            return None
        names = [self._t("product"), self._t("units")] + ([self._t("revenue")] if self._of.currency else [])
        rows = [
            [product, self._formats.number(units), self._formats.money(revenue)][: len(names)]
            for product, units, revenue in sold.select("product", "units", "revenue").head(_PRODUCTS).iter_rows()
        ]
        return element("section", element("h2", self._t("best_sellers")), _table(names, rows))

    def _ranking(self) -> Markup | None:
        if self._of.measure is None:
            return None
        if self._of.stores.height > 1:
            rows = self._of.by_store()
            return self._ranked(rows, "stores", _BEST, lambda row: self._of.label(str(row["store_id"])))
        rows = self._of.by_day()
        if rows.height < 2 * _SHOWN_DAYS:
            return None
        return self._ranked(rows, "days", _SHOWN_DAYS, lambda row: self._formats.weekday(row["date"]))  # type: ignore[arg-type]

    def _ranked(
        self, rows: pl.DataFrame, what: str, most: int, named: Callable[[dict[str, object]], str]
    ) -> Markup | None:
        """The best and the last, or all where they are few."""
        if not rows.height:
            return None
        titles = [f"ranked_{what}"]
        if what == "days" or rows.height > 2 * most:
            rows, titles = pl.concat([rows.head(most), rows.tail(most).reverse()]), [f"best_{what}", f"worst_{what}"]
        labels = [named(row) for row in rows.to_dicts()]
        columns = {self._t("store" if what == "stores" else "day"): labels, **self._beside(labels, rows)}
        ranked: list[_Row] = list(zip(*columns.values(), strict=True))
        each = rows.height // len(titles)
        tables = [_table(list(columns), ranked[at * each : (at + 1) * each]) for at in range(len(titles))]
        parts = [(element("h2", self._t(title)), table) for title, table in zip(titles, tables, strict=True)]
        return element("section", *itertools.chain(*parts))

    def _beside(self, labels: Sequence[str], rows: pl.DataFrame) -> dict[str, Sequence[str | Markup]]:
        """What is said of ranked rows, by its heading: one measure or two, as their names leave room."""
        changes = [self._toned(change) for change in rows["change"]] if "change" in rows.columns else []
        room: float = _ROW - max(map(len, labels)) - (_OF_CHANGE if changes else 0)
        measures = [name for name in dict.fromkeys([str(self._of.measure), *_BESIDE]) if name in self._of.shown]
        found: dict[str, Sequence[str | Markup]] = {}
        for name in measures[:2]:
            title, values = self._t(_NARROW.get(name, name)), rows[name].to_list()
            cells = [self._formats.measure(name, value, compact=is_large(values)) for value in values]
            room -= max(map(len, [*cells, *title.split()])) + _GAP
            if not found or room >= 0:
                found[title] = cells
        return found | ({self._t("against_average"): changes} if changes else {})

    def _toned(self, per_cent: float | None) -> Markup:
        shown, tone = self._change(Change(per_cent))
        return element("span", shown, class_=tone or None)

    def _trust(self) -> Markup:
        lines = trust.sentences(self._of, self._formats)
        items = [element("li", line, class_=None if good else "doubt") for line, good in lines]
        return element("section", element("h2", self._t("trust")), element("ul", *items), class_="trust")

    def _footer(self) -> Markup:
        facts = [self._t("made", days=self._formats.window(self._of.window))]
        earlier = self._of.compared_from()
        if earlier is not None:
            facts.append(self._t("made_compared", first=self._formats.day(earlier)))
        if self._of.at is not None:
            facts.append(self._t("made_at", when=self._formats.instant(self._of.at)))
        hint = element("p", self._t("print_hint"), class_="screen")
        return element("footer", element("p", ", ".join(facts) + "."), hint)


_BESIDE = ("conversion_rate", "transactions", "visitors")
_NARROW = {"conversion_rate": "conversion_rate_narrow"}


def _shifted(window: Window, days: int) -> Window:
    return Window(window.first - timedelta(days=days), window.last - timedelta(days=days))


def _table(names: Sequence[str], rows: Sequence[_Row]) -> Markup:
    """The first column is a name, the others are numbers."""
    kinds = [None, *[_NUMBER] * (len(names) - 1)]
    head = [element("th", name, scope="col", class_=kind) for name, kind in zip(names, kinds, strict=True)]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row", title=row[0]),
            *(element("td", cell, class_=_NUMBER) for cell in row[1:]),
        )
        for row in rows
    ]
    return element("table", element("thead", element("tr", *head)), element("tbody", *body))
