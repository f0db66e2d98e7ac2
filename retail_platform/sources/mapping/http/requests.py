"""The requests of an HTTP input: one for each day and each value it is asked for.

Only what is asked belongs here, not how.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from urllib.parse import quote

from retail_platform.sources.base import SourceContractError
from retail_platform.sources.mapping.http.model import PLACEHOLDER, HttpInput, filled
from retail_platform.windows import Window


@dataclass(frozen=True)
class Request:
    """One answer wanted, of one page or several.

    Attributes:
        number: in order of asking.
        path: below the API's address, quoted.
        params: of the query.
        day: asked for; None: the endpoint has no days.
        values: asked for, by key of `for_each`.
        may_be_nothing: whether one of the values need not have rows.
    """

    number: int
    path: str
    params: Mapping[str, str]
    day: date | None
    values: Mapping[str, str]
    may_be_nothing: bool

    def __str__(self) -> str:
        """For messages: path, day and values."""
        told = [str(self.day)] if self.day else []
        told += [f"{key} {value[:80]!r}" for key, value in self.values.items()]
        return f"GET {self.path[:200]}" + (f" for {', '.join(told)}" if told else "")


def requests_of(layout: HttpInput, window: Window | None, values: Mapping[str, Sequence[str]]) -> Iterator[Request]:
    """The requests for a window of days.

    Args:
        layout: the input.
        window: the days, of an endpoint that has them.
        values: of the other inputs' columns, by key of `for_each`.

    Raises:
        SourceContractError: a value cannot be part of a path.
    """
    assert window is not None or not layout.dated
    days: list[date | None] = list(window.days()) if window and layout.dated else [None]
    choices = [
        [(key, value, False) for value in values.get(key, ())]
        + [(key, value, True) for value in one.maybe if value not in values.get(key, ())]
        for key, one in layout.for_each.items()
    ]
    for number, (day, chosen) in enumerate(product(days, list(product(*choices)))):
        asked = {key: value for key, value, _ in chosen}
        yield Request(
            number,
            _path(layout.path, day, asked),
            {key: filled(text, day, asked) for key, text in layout.params.items()},
            day,
            asked,
            any(maybe for _, _, maybe in chosen),
        )


def _path(template: str, day: date | None, values: Mapping[str, str]) -> str:
    """Values are quoted whole, so that none can leave its place in the path."""
    path = filled(template, day, {key: quote(value, safe="") for key, value in values.items()})
    dots = [part for part in path.split("/") if part in (".", "..")]
    if dots and PLACEHOLDER.search(template):
        raise SourceContractError(f"{template}: {dots[0]!r} cannot be a part of a path; mend the value asked for")
    return path
