"""Why there is nothing to show, as a value that pages turn into a message."""

from dataclasses import dataclass, field
from typing import Literal

Reason = Literal[
    "lake_unreachable",
    "table_missing",
    "table_empty",
    "column_missing",
    "table_unreadable",
    "no_rows",
    "several_currencies",
    "no_history",
]


@dataclass
class Unavailable(Exception):
    """A table, or rows of it, cannot be had.

    Attributes:
        reason: also the key of its message, as `unavailable_table_missing`.
        facts: what the message names, as `table`.
        detail: what the lake said, for the log; never shown.
    """

    reason: Reason
    facts: dict[str, str] = field(default_factory=dict)
    detail: str = ""

    def __str__(self) -> str:
        named = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        return f"{self.reason} ({named}){f': {self.detail}' if self.detail else ''}"
