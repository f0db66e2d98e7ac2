"""What several pages show alike: the key figures; and the addresses to which other pages lead."""

import polars as pl
from dash.development.base_component import Component

from retail_platform.dashboard.components import tile
from retail_platform.dashboard.data.measures import Change, changes
from retail_platform.dashboard.frames.common import key_figures, numbers_key, remembered
from retail_platform.dashboard.page import View
from retail_platform.language.formats import Formats
from retail_platform.reports.figures import BASES

STORE, PRODUCTS = "/store", "/products"
TILES = ("visitors", "transactions", "revenue", "margin", "conversion_rate", "atv", "upt")


def tiles(view: View, formats: Formats, history: pl.DataFrame) -> list[Component]:
    """A tile for each key figure, with its changes and, from the rows of `history`, its course."""
    total = key_figures(view)

    def compute() -> dict[str, dict[str, Change]]:
        return {basis: changes(view.rows, basis) for basis in BASES}

    against = remembered(view, ("changes of key figures", numbers_key(view)), compute)
    return [
        tile(
            view,
            formats,
            name,
            total[name],
            {basis: against[basis][name] for basis in BASES},
            history=history[name].to_list(),
        )
        for name in TILES
    ]
