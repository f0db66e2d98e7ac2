"""Long tables in an order and in portions, both kept in the address: of stores and of products."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from dash import dcc, html
from dash.development.base_component import Component

from retail_platform.dashboard.components import Column, aria, table
from retail_platform.dashboard.filters import Option
from retail_platform.dashboard.page import View
from retail_platform.domains.metrics.contract import OF_MONEY, RATES
from retail_platform.language.formats import Formats

PORTION = 20
DESCENDING, ASCENDING = "desc", "asc"


@dataclass(frozen=True)
class Ranking:
    """How the rows of one page are ranked.

    Attributes:
        measures: by which they can be, the first by default.
        tie: the column that orders equal rows.
    """

    measures: tuple[str, ...]
    tie: str

    @property
    def sort(self) -> Option:
        """The measure."""
        return Option("sort", self.measures[0], self.measures)

    @property
    def order(self) -> Option:
        """Which end comes first."""
        return Option("order", DESCENDING, (DESCENDING, ASCENDING))

    @property
    def portion(self) -> Option:
        """The number of the portion shown."""
        return Option("portion", "1", pattern=r"[1-9]\d{0,4}")

    @property
    def options(self) -> tuple[Option, ...]:
        """All of them, for the page."""
        return self.sort, self.order, self.portion

    def measure(self, view: View) -> str:
        """The measure chosen."""
        return view.filters.option(self.sort)

    def ranked(self, view: View, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows in the order chosen; those that do not know the measure last."""
        down = view.filters.option(self.order) == DESCENDING
        return rows.sort(self.measure(view), self.tie, descending=[down, False], nulls_last=True)

    def heading(self, view: View, measure: str) -> Component:
        """A column's heading: a link that ranks by it, or turns the order round."""
        chosen, name = view.filters.with_option(self.portion, "1"), view.t(measure)
        if measure != self.measure(view):
            to, mark = chosen.with_option(self.sort, measure).with_option(self.order, DESCENDING), ""
        else:
            down = chosen.option(self.order) == DESCENDING
            to, mark = chosen.with_option(self.order, ASCENDING if down else DESCENDING), " ▼" if down else " ▲"
        return dcc.Link(name + mark, href=view.href(to), className="sorted" if mark else "", title=view.t("rank_by"))

    def portion_of(
        self,
        view: View,
        rows: pl.DataFrame,
        columns: Sequence[Column],
        *,
        caption: str,
        href: Callable[[Mapping[str, Any]], str] | None,
    ) -> Component:
        """The portion chosen of ranked rows as a table, with links to the others."""
        number = min(int(view.filters.option(self.portion)), max(1, -(-rows.height // PORTION)))
        shown = rows.slice((number - 1) * PORTION, PORTION)
        made = table(shown.to_dicts(), columns, caption=caption, href=href)
        if rows.height <= PORTION:
            return made
        return html.Div([made, self._portions(view, number, rows.height)])

    def _portions(self, view: View, number: int, height: int) -> Component:
        formats = view.formats()
        first, last = (number - 1) * PORTION + 1, min(number * PORTION, height)
        links = [("portion_before", number - 1, number > 1), ("portion_after", number + 1, last < height)]
        return html.Nav(
            [
                html.Span(
                    view.t(
                        "portion_of",
                        first=formats.number(first),
                        last=formats.number(last),
                        count=formats.number(height),
                    )
                ),
                *(
                    dcc.Link(
                        view.t(text),
                        href=view.href(view.filters.with_option(self.portion, str(to))),
                        className="button small",
                    )
                    for text, to, there in links
                    if there
                ),
            ],
            className="portions",
            **aria(label=view.t("portions")),
        )


def hover(formats: Formats, measure: str, axis: str) -> str:
    """A measure as Plotly writes it when pointed at: thousands of points are too many to write here."""
    if measure in RATES:
        return f"%{{{axis}:.1%}}"
    cents = measure in ("atv", "aur", "upt", "sales_per_visitor", "margin_per_visitor")
    value = f"%{{{axis}:,.{2 if cents else 0}f}}"
    if measure not in OF_MONEY:
        return value
    before, after = formats.around_money
    return before + value + after
