"""Which days a file's name stands for: the same that a look for the files of these days finds it by.

Only reading names belongs here; which files there are is `files`' business.
"""

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

from retail_platform.sources.mapping.files import path_expression
from retail_platform.sources.mapping.model import DATE, DAY_FORM, FilesInput


def _one_of(names: Sequence[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)


_DIRECTIVES: Mapping[str, str] = MappingProxyType(
    {
        "Y": r"\d{4}",
        "m": r"\d{2}",
        "d": r"\d{2}",
        "y": r"\d{2}",
        "j": r"\d{3}",
        "G": r"\d{4}",
        "V": r"\d{2}",
        "u": r"\d",
        "b": _one_of([*calendar.month_abbr]),
        "B": _one_of([*calendar.month_name]),
        "a": _one_of([*calendar.day_abbr]),
        "A": _one_of([*calendar.day_name]),
        "%": "%",
    }
)


class NamedDays:
    """The days in the names of an input's files.

    Args:
        layout: whose path holds a day.
    """

    def __init__(self, layout: FilesInput) -> None:
        before, form, after = DATE.split(layout.path)
        self._form = form or DAY_FORM
        self._before = re.compile(f".*/{path_expression(before)}", re.DOTALL)
        self._after = re.compile(f"{path_expression(after)}(\\.gz)?", re.DOTALL)
        self._day = re.compile(f"(?=({_expression(self._form)}))")

    def of(self, name: str) -> list[date]:
        """The days that a file's whole name stands for, in order; most often one, or none."""
        name = f"/{name}"
        found = set()
        for place in self._day.finditer(name):
            start, end = place.span(1)
            if self._after.fullmatch(name, end) and self._before.fullmatch(name, 0, start):
                try:
                    found.add(datetime.strptime(place[1], self._form).date())
                except ValueError:  # digits that are no day
                    continue
        return sorted(found)


def _expression(form: str) -> str:
    parts = re.split(r"%(.)", form)
    return "".join(f"(?:{_DIRECTIVES[part]})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
