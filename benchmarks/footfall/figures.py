"""A figure, what is wanted of it, and how both are printed. Only counting hits and printing belong here."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADER = "| what | on | at least | measured | |\n|---|---|---|---|---|"


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        what, on: the measure and the data.
        measured: as it is printed.
        wanted: the target in words; empty where there is none.
        passed: whether it is reached; None where there is none.
    """

    what: str
    on: str
    measured: str
    wanted: str = ""
    passed: bool | None = None

    def __str__(self) -> str:
        verdict = "" if self.passed is None else "pass" if self.passed else "**fail**"
        return f"| {self.what} | {self.on} | {self.wanted} | {self.measured} | {verdict} |"


@dataclass(frozen=True)
class Found:
    """How many cases there are, how many were found, and how many of the findings are cases."""

    there: int
    found: int
    right: int

    @property
    def recall(self) -> float:
        """Share of the cases that was found; 1 where there are none."""
        return self.right / self.there if self.there else 1.0

    @property
    def precision(self) -> float:
        """Share of the findings that are cases; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    def figure(self, what: str, on: str, least: float | None = None) -> Figure:
        """The line that says both, against one bound for both."""
        measured = f"recall {self.recall:.3f}, precision {self.precision:.3f} ({self.right} of {self.there})"
        if least is None:
            return Figure(what, on, measured)
        return Figure(
            what, on, measured, f"{least:.2f} and {least:.2f}", self.recall >= least and self.precision >= least
        )


def added(parts: Iterable[Found]) -> Found:
    """Of several seeds together."""
    given = list(parts)
    return Found(sum(p.there for p in given), sum(p.found for p in given), sum(p.right for p in given))
