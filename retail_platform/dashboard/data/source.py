"""All that pages may ask of the lake, in one object."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from retail_platform.dashboard.data.facts import Facts, FactsCache
from retail_platform.dashboard.data.tables import Tables
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.storage.lake import Lake


@dataclass(frozen=True)
class Data:
    """The lake as pages see it: read-only, and as new as the newest commit.

    Attributes:
        lake: where the tables are.
        timezone: the retailer's, IANA name.
        ui_url: address of the Dagster UI, for links.
        checks: gives what the checks of each table said last (`table`, `checks`, `failing`, `days_failing`, `last_day`,
            `judged`, `found`); None where no history of Dagster is at hand.
    """

    lake: Lake
    timezone: str = "UTC"
    ui_url: str = ""
    checks: Callable[[], pl.DataFrame] | None = None
    tables: Tables = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", Tables(self.lake))

    @cached_property
    def _facts(self) -> FactsCache:
        return FactsCache(self.tables)

    def facts(self) -> Facts:
        """The store days and stores as they are now.

        Raises:
            Unavailable: there are none.
        """
        return self._facts.newest()

    def categories(self) -> tuple[str, ...]:
        """The categories of the products, in order; none where there are no products."""
        try:
            products = self.tables.frame("products", ["category"])
        except Unavailable:
            return ()
        return tuple(products.select(pl.col("category").drop_nulls().unique().sort()).to_series().to_list())
