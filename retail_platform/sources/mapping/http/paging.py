"""From one page of an answer to the next, and whether the pages add up.

What a page holds is `pages`' business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from retail_platform.sources.base import SourceContractError
from retail_platform.sources.mapping.http.errors import Transient
from retail_platform.sources.mapping.http.model import CursorPages, HttpInput, LinkPages, NoPages, NumberedPages
from retail_platform.sources.mapping.http.pages import Page


@dataclass
class Paging:
    """How far an answer is read.

    Attributes:
        what: is asked, for messages.
        layout: the input.
        base: address of the endpoint.
        params: of the first page.
        pages: read so far.
        rows: read so far.
        columns: of the rows so far.
    """

    what: str
    layout: HttpInput
    base: str
    params: Mapping[str, str]
    pages: int = 0
    rows: int = 0
    columns: dict[str, None] = field(default_factory=dict)
    _total: int | None = None
    _last: Page | None = None
    _asked: dict[str, int] = field(default_factory=dict)  # page number by address
    _url: str = ""

    @property
    def promised(self) -> bool:
        """Whether a further page is asked for only because the page before names it."""
        return isinstance(self.layout.paginator, CursorPages | LinkPages)

    def next(self) -> str | None:
        """The address of the next page; None: there is none.

        Raises:
            Transient: it is one that was read already.
            SourceContractError: it is on another server, or its link is no address.
        """
        url = address(self.base, self.params) if self._last is None else self._after(self._last)
        if url is None:
            return None
        if url in self._asked:
            raise Transient(f"page {self.pages} leads back to page {self._asked[url]}")
        self._asked[url] = self.pages + 1
        self._url = url
        return url

    def add(self, page: Page) -> None:
        """Count a page.

        Raises:
            Transient: it has the rows of the page before once more, or disagrees with it about the number of rows.
            SourceContractError: there are more pages than the input allows.
        """
        if self._last is None:
            self._total = page.total
        elif page.total != self._total:
            raise Transient(f"{self.layout.total_rows} was {self._total}, page {self.pages + 1} says {page.total}")
        elif page.rows.equals(self._last.rows) and not page.rows.is_empty() and not self._has_room_for(page):
            raise Transient(f"page {self.pages + 1} is page {self.pages} once more")
        self._require_end_in_sight(page)
        self.pages += 1
        self.rows += page.rows.height
        self.columns.update(dict.fromkeys(page.rows.columns))
        self._last = page

    def _has_room_for(self, page: Page) -> bool:
        """Whether the rows of the whole answer are declared, and a page's are among them: rows may be alike."""
        return self._total is not None and self.rows + page.rows.height <= self._total

    def _require_end_in_sight(self, page: Page) -> None:
        if self.pages < self.layout.max_pages or (page.rows.is_empty() and not self.promised):
            return
        raise SourceContractError(
            f"{self.what}: after {self.pages:,} pages with {self.rows:,} rows there are still more. If the server does "
            "not page as the paginator says, mend it; else ask for larger pages, or set max_pages of the input"
        )

    def require_whole(self) -> None:
        """Refuse an answer that lacks rows or has too many.

        Raises:
            Transient: naming both counts.
        """
        if self._total is not None and self._total != self.rows:
            raise Transient(
                f"{self.layout.total_rows} is {self._total:,}, the pages ({self.pages}) have {self.rows:,} rows"
            )

    def _after(self, page: Page) -> str | None:
        pages = self.layout.paginator
        if isinstance(pages, NoPages):
            return None
        if isinstance(pages, CursorPages):
            return address(self.base, {**self.params, pages.param: page.next}) if page.next else None
        if isinstance(pages, LinkPages):
            return self._on_same_server(page.next) if page.next else None
        if page.rows.is_empty() or self.rows == self._total:
            return None
        number = pages.first + self.pages if isinstance(pages, NumberedPages) else self.rows
        return address(self.base, {**self.params, pages.param: str(number)})

    def _on_same_server(self, link: str) -> str:
        """A token is never sent elsewhere than to the server it is for."""
        try:
            url = urljoin(self._url, link)
            one, other = urlsplit(self.base), urlsplit(url)
        except ValueError as error:
            raise SourceContractError(f"{self.what}: the next page's link is no address: {error}") from None
        if (one.scheme, one.netloc) != (other.scheme, other.netloc):
            raise SourceContractError(
                f"{self.what}: the next page is on another server, {other.scheme[:20]}://{other.netloc[:80]}"
            )
        return url


def address(base: str, params: Mapping[str, str]) -> str:
    """An address with its query."""
    return f"{base}?{urlencode(params)}" if params else base
