"""Elements of HTML and SVG, every text escaped. Nothing else of a page belongs here."""

import html
from typing import Self

_WITHOUT_END = frozenset({"meta", "link", "br", "hr", "img"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()

    @classmethod
    def joined(cls, parts: "list[Self]") -> "Markup":
        """Several after one another."""
        return cls("".join(parts))


def element(name: str, /, *content: "str | Markup | None", **attributes: "str | float | None") -> Markup:
    """An element; content that is no `Markup` is escaped, None is left out.

    Args:
        name: as `td`.
        content: what is in it, in order.
        attributes: `text_anchor` is `text-anchor`, `class_` is `class`; None is left out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_written(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _WITHOUT_END:
        return Markup(f"<{name}{given}>")
    inner = "".join(part if isinstance(part, Markup) else html.escape(part) for part in content if part is not None)
    return Markup(f"<{name}{given}>{inner}</{name}>")


def _written(value: "str | float") -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
