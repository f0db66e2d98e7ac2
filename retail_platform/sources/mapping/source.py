"""A mapping as a source: what its TOML promises, and what its SQL delivers of the days asked for.

Each read is one scan of the inputs for the whole window. The rules of a delivery are kept here: which days
must be there, that the SQL neither drops nor multiplies rows, that each row's date can be read.
"""

from collections.abc import Collection
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import polars as pl

from retail_platform.sources.base import Dataset, Delivery, SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.files import Folder
from retail_platform.sources.mapping.http.client import Api
from retail_platform.sources.mapping.model import MappingFile, nearest, some
from retail_platform.windows import Window


@dataclass(frozen=True)
class Mapping:
    """A retailer's systems, as a folder of `mapping.toml` and SQL describes them.

    Attributes:
        folder: the mapping's folder.
        description: its `mapping.toml`.
        source_folder: where the files lie.
        api: where HTTP inputs are asked for.
        _checked: the stamp with which each dataset, whose files hold all days, was last found to be delivered whole.
    """

    folder: Path
    description: MappingFile
    source_folder: Folder
    api: Api | None = None
    _checked: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The mapping's name."""
        return self.description.name

    @property
    def identity(self) -> str:
        """The mapping's name, and the API it asks: a mended mapping goes on with the lake it has filled."""
        return f"mapping:{self.name} at {self.api.url}" if self.api else f"mapping:{self.name}"

    @property
    def span(self) -> Window | None:
        """First and last day of an archive."""
        return self.description.window

    @property
    def default_start(self) -> date:
        """First day where the settings name none."""
        if self.description.default_start:
            return self.description.default_start
        assert self.span is not None  # the model sees to it
        return self.span.first

    @property
    def timezone(self) -> str:
        """IANA name of the zone of its dates and wall times."""
        return self.description.timezone

    @property
    def currency(self) -> str:
        """ISO 4217 code of its amounts."""
        return self.description.currency

    @property
    def country(self) -> str:
        """ISO 3166 alpha-2 code."""
        return self.description.country

    @property
    def max_visitors_per_hour(self) -> int | None:
        """Hourly counts of one sensor above this are implausible."""
        return self.description.max_visitors_per_hour

    @cached_property
    def datasets(self) -> ReadOnly[str, Dataset]:
        """The datasets it delivers."""
        return {name: self.description.dataset(name) for name in self.description.datasets}

    def read(self, dataset: str, window: Window | None = None, *, may_be_absent: Collection[date] = ()) -> pl.LazyFrame:
        """Rows as delivered, as `Source.read` says."""
        from retail_platform.sources.mapping.opened import opened, require_days

        if dataset not in self.datasets:
            raise SourceContractError(
                f"{self.name} has no dataset {dataset!r}{nearest(dataset, self.datasets)} "
                f"It has {', '.join(self.datasets)}"
            )
        entry = self.description.datasets[dataset]
        if entry.delivery is Delivery.SNAPSHOT:
            window = None
        elif window is None:
            raise ValueError(f"{dataset} is delivered by days: a window is needed")
        else:
            self._require_span(window)
        folder, absent = self.source_folder, may_be_absent
        with opened(self.description, self.folder, folder, dataset, window, api=self.api, may_be_absent=absent) as rows:
            rows.require_columns()
            if rows.by_file or self._checked.get(dataset) != rows.stamp:
                rows.require_conservation(self.span)
                self._checked[dataset] = rows.stamp
            frame = rows.rows(window)
            if window and entry.delivery is not Delivery.ARCHIVE and not rows.by_file:
                there = {*frame["date"].unique().to_list(), *may_be_absent}
                require_days(rows.driving, folder, [day for day in window.days() if day not in there])
        return frame.lazy()

    def _require_span(self, window: Window) -> None:
        if self.span and not (window.first in self.span and window.last in self.span):
            outside = [day for day in window.days() if day not in self.span]
            raise SourceUnavailable(f"{self.name} has the days {self.span}; outside are {some(outside)}")
