"""A range of days: what is asked of a source, read from the lake, or replaced in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, order=True)
class Window:
    """A range of days, both ends inclusive."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"a window's first day {self.first} is after its last {self.last}")

    def days(self) -> Iterator[date]:
        """The days, in order."""
        for offset in range(len(self)):
            yield self.first + timedelta(days=offset)

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"


def chunks(window: Window, size: int) -> Iterator[Window]:
    """Cut a window into windows of at most `size` days, oldest first."""
    for offset in range(0, len(window), size):
        first = window.first + timedelta(days=offset)
        yield Window(first, min(first + timedelta(days=size - 1), window.last))


def unbroken(days: Iterable[date]) -> list[Window]:
    """The windows that days in order make up, each without a gap."""
    windows: list[Window] = []
    for day in days:
        if windows and windows[-1].last + timedelta(days=1) == day:
            windows[-1] = Window(windows[-1].first, day)
        else:
            windows.append(Window(day, day))
    return windows
