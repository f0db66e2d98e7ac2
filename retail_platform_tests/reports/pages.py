"""What a report shows, read from its HTML as a person would: key figures, tables, sentences."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Shown:
    """The texts of a report.

    Attributes:
        tiles: of each key figure its value and changes, by its name.
        tables: of each table its rows, by the heading before it.
        trust: the sentences under "Can I trust it?".
        text: everything, with blanks between.
        tags: every element, in order.
    """

    tiles: dict[str, list[str]] = field(default_factory=dict)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    trust: list[str] = field(default_factory=list)
    text: str = ""
    tags: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shown, self._open, self._heading = Shown(), list[str](), ""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's
        self.shown.tags.append(tag)
        if tag not in ("meta", "link", "br", "hr", "img"):
            self._open.append(tag)
        if tag == "tr":
            self.shown.tables.setdefault(self._heading, []).append([])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag  # whatever was put in, elements are closed in their order

    def handle_data(self, data: str) -> None:
        if not data.strip() or "style" in self._open:
            return
        self.shown.text += f" {data}"
        inner = self._open[-1]
        if inner == "h2":
            self._heading = data
            if "article" in self._open:
                self.shown.tiles[data] = []
        elif "article" in self._open and inner in ("dd", "p"):
            self.shown.tiles[self._heading].append(data)
        elif "tr" in self._open:
            self.shown.tables[self._heading][-1].append(data)
        elif inner == "li":
            self.shown.trust.append(data)


def shown(html: str) -> Shown:
    """Read a report."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader._open
    return reader.shown
