"""What `mapping.toml` may say of an HTTP input: an endpoint whose answers are lists of objects.

Only the description belongs here: nothing is fetched.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::([^{}]+))?\}")
REQUEST = "request_"
"""Prefix of the columns that hold what a row was asked for with: `request_store`."""
_DATE = "date"
_KEY = r"^[a-z_][a-z0-9_]*$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"a regular expression is expected; {error}") from None
    return text


class NoPages(_Strict):
    """The answer is one page."""

    kind: Literal["none"] = "none"


class CursorPages(_Strict):
    """Each page names the next one's cursor, the last none.

    Attributes:
        param: query parameter that takes the cursor.
        next: path in the body where it stands, as `meta.next`.
    """

    kind: Literal["cursor"]
    param: str = "cursor"
    next: str = "next_cursor"


class NumberedPages(_Strict):
    """Pages are numbered; the answer ends with an empty page, or when `total_rows` is reached."""

    kind: Literal["page"]
    param: str = "page"
    first: int = Field(1, ge=0)


class OffsetPages(_Strict):
    """A page begins after so many rows; the answer ends with an empty page, or when `total_rows` is reached."""

    kind: Literal["offset"]
    param: str = "offset"


class LinkPages(_Strict):
    """Each page links to the next one, on the same server.

    Attributes:
        next: path in the body where the link stands; empty: the `Link` header with rel="next".
    """

    kind: Literal["link"]
    next: str = ""


Paginator = Annotated[NoPages | CursorPages | NumberedPages | OffsetPages | LinkPages, Field(discriminator="kind")]


class HeaderAuth(_Strict):
    """RETAIL_SOURCE_TOKEN is sent as it is, in a header of this name."""

    header: str = Field(pattern=r"^[A-Za-z0-9-]+$")


class Values(_Strict):
    """What an endpoint is asked for, one by one.

    Attributes:
        column: `input.column` of another input: each of its distinct values.
        maybe: further values, for which there may be nothing.
    """

    column: str | None = Field(None, pattern=r"^[a-z_][a-z0-9_]*\..+$")
    maybe: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_values(self) -> "Values":
        if self.column is None and not self.maybe:
            raise ValueError('another input\'s column is expected, as store = "stores.id"')
        return self

    @property
    def source(self) -> tuple[str, str] | None:
        """The other input and its column."""
        if self.column is None:
            return None
        name, _, column = self.column.partition(".")
        return name, column


class HttpInput(_Strict):
    """Answers of one endpoint that together are one table of text.

    `path` and the values of `params` may hold `{date}` (or `{date:%d/%m/%Y}`), the day asked for, and `{key}` for each
    key of `for_each`. Paths in a body are keys joined by dots; the empty path is the body itself.

    Attributes:
        path: below RETAIL_SOURCE_URL.
        params: of the query.
        for_each: what is asked for one by one, besides the days.
        columns: that an answer with rows must have; their values are text.
        optional: columns that an answer may lack; null then.
        rows: path of the list of objects.
        page_rows: path of the number of rows on the page.
        total_rows: path of the number of rows of the whole answer.
        sha256_header: header that holds the SHA-256 of the body, in hexadecimal, before compression.
        error: key by which an answer with status 200 says that it is none.
        nothing: regular expression for the errors which say that there are no rows.
        auth: how RETAIL_SOURCE_TOKEN is sent.
        concurrency: requests at a time.
        requests_per_second: at most.
        timeout: seconds to connect, and to wait for the next bytes.
        retry_seconds: how long a page is tried again.
        max_page_mb: size of a page beyond which it is refused, uncompressed.
        max_pages: of one answer, beyond which it is refused: a server that ignores the page's number has no last one.
    """

    kind: Literal["http"]
    path: Annotated[str, AfterValidator(lambda path: "/" + path.lstrip("/"))] = Field(min_length=1)
    params: dict[str, str] = {}
    for_each: dict[Annotated[str, Field(pattern=_KEY)], Values] = {}
    columns: tuple[str, ...] = Field(min_length=1)
    optional: tuple[str, ...] = ()
    rows: str = ""
    paginator: Paginator = NoPages()
    page_rows: str | None = None
    total_rows: str | None = None
    sha256_header: str | None = None
    error: str | None = "error"
    nothing: Annotated[str, AfterValidator(_expression)] | None = None
    auth: Literal["bearer", "none"] | HeaderAuth = "bearer"
    concurrency: int = Field(4, ge=1, le=64)
    requests_per_second: float | None = Field(None, gt=0)
    timeout: float = Field(30, gt=0, le=600)
    retry_seconds: float = Field(30, ge=0, le=3600)
    max_page_mb: int = Field(64, ge=1, le=1024)
    max_pages: int = Field(10_000, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _can_be_asked(self) -> "HttpInput":
        if ".." in self.path.split("/") or "://" in self.path or re.search(r"[?#\s]", self.path):
            raise ValueError(f"path {self.path!r}: a path below RETAIL_SOURCE_URL is expected, its query in params")
        if _DATE in self.for_each:
            raise ValueError("for_each.date: {date} is the day asked for; choose another name")
        for text in self._templates():
            for name, form in PLACEHOLDER.findall(text):
                if name != _DATE and (name not in self.for_each or form):
                    known = ", ".join(f"{{{one}}}" for one in (_DATE, *self.for_each))
                    raise ValueError(f"{text!r} holds {{{name}}}; known are {known}")
        for key in self.for_each:
            if not any(key == name for text in self._templates() for name, _ in PLACEHOLDER.findall(text)):
                raise ValueError(f"for_each.{key} is used neither in path nor in params; write {{{key}}} there")
        if taken := [one for one in (*self.columns, *self.optional) if one.lower() in self.own_columns]:
            raise ValueError(f"column {taken[0]!r} is the platform's own name for what was asked for")
        return self

    def _templates(self) -> Iterator[str]:
        yield self.path
        yield from self.params.values()

    @property
    def dated(self) -> bool:
        """Whether each answer holds one day, the one asked for."""
        return any(name == _DATE for text in self._templates() for name, _ in PLACEHOLDER.findall(text))

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Columns that hold what a row was asked for with."""
        return (*(["file_date"] if self.dated else []), *(REQUEST + key for key in self.for_each))

    @property
    def asks(self) -> set[str]:
        """The other inputs whose values it asks for."""
        return {values.source[0] for values in self.for_each.values() if values.source}

    def says_nothing(self, error: str) -> bool:
        """Whether an error means that there are no rows for what was asked."""
        return self.nothing is not None and re.search(self.nothing, error) is not None

    @property
    def shown(self) -> str:
        """The request as a line of text, with its placeholders."""
        query = "&".join(f"{key}={value}" for key, value in self.params.items())
        return f"GET {self.path}" + (f"?{query}" if query else "")


def filled(text: str, day: date | None, values: dict[str, str]) -> str:
    """A path or parameter with its placeholders filled in."""

    def value(found: re.Match[str]) -> str:
        if found[1] != _DATE:
            return values[found[1]]
        assert day is not None  # a window is always given for dated requests
        return day.strftime(found[2] or "%Y-%m-%d")

    return PLACEHOLDER.sub(value, text)
