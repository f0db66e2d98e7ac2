"""All answers of an HTTP input for the days of a read, landed as files.

What is asked at the same time, and what becomes of a failure, is decided here.
"""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Event, Lock

from retail_platform.sources.base import SourceError, SourceUnavailable
from retail_platform.sources.mapping.http.client import Api, Client
from retail_platform.sources.mapping.http.errors import Cancelled, NothingFound, Transient
from retail_platform.sources.mapping.http.landing import merged, require_columns, write_page
from retail_platform.sources.mapping.http.model import HttpInput
from retail_platform.sources.mapping.http.pages import Page, read_page
from retail_platform.sources.mapping.http.paging import Paging
from retail_platform.sources.mapping.http.requests import Request, requests_of
from retail_platform.windows import Window

_log = logging.getLogger("retail_platform.sources")


@dataclass(frozen=True)
class Answer:
    """One request's rows, as files of pages."""

    request: Request
    pages: tuple[Path, ...]


def fetch(
    api: Api,
    name: str,
    layout: HttpInput,
    window: Window | None,
    values: Mapping[str, Sequence[str]],
    *,
    folder: Path,
    may_be_absent: Collection[date] | None = (),
) -> list[Path]:
    """Ask for all days and values of an input.

    Args:
        api: where.
        name: of the input.
        layout: what it says.
        window: the days asked for, of an endpoint that has days.
        values: of other inputs' columns, by key of `for_each`.
        folder: where the files go; nothing else is written.
        may_be_absent: days for which the server may say that it has nothing; None: any, also where there are none.

    Returns:
        Parquet files of text columns: the declared ones, those that came besides, and what was asked for.

    Raises:
        SourceUnavailable: an answer did not come, or not whole; names path, day, values and the last cause.
        SourceContractError: an answer came and is not what the input says.
    """
    for key, one in layout.for_each.items():
        if not (values.get(key) or one.maybe):
            raise SourceUnavailable(f"input {name}: {one.column} has no values to ask {layout.shown} for")
    requests = list(requests_of(layout, window, values))
    with _Fetch(api, name, layout, folder, may_be_absent) as fetching:
        answers = fetching.all(requests)
    by_day: dict[date | None, list[Path]] = {}
    for answer in answers:
        by_day.setdefault(answer.request.day, []).extend(answer.pages)
    targets = []
    for number, pages in enumerate(by_day.values()):
        targets.append(folder / f"{number:05}.parquet")
        merged(layout, pages, targets[-1])
        for page in pages:
            page.unlink()
    return targets


@dataclass
class _Fetch:
    api: Api
    name: str
    layout: HttpInput
    folder: Path
    may_be_absent: Collection[date] | None
    cancelled: Event = field(default_factory=Event)
    reading: Lock = field(default_factory=Lock)  # one page at a time is in memory as objects

    def __enter__(self) -> "_Fetch":
        self.client = Client(self.api, self.layout, self.cancelled)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def all(self, requests: Sequence[Request]) -> list[Answer]:
        with ThreadPoolExecutor(self.layout.concurrency, thread_name_prefix=f"fetch-{self.name}") as pool:
            futures = [pool.submit(self._answer, request) for request in requests]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                _raise_first(futures)
            finally:
                self.cancelled.set()
                pool.shutdown(cancel_futures=True)
        return [future.result() for future in futures]

    def _answer(self, request: Request) -> Answer:
        what = f"input {self.name}: {request}"
        counted = _Counted()
        started = time.monotonic()
        try:
            rows, pages = self.client.repeated(what, lambda: self._pages(what, request, counted), whole=True)
        except NothingFound as error:
            if not self._may_be_nothing(request):
                raise SourceUnavailable(self.client.safe(f"{what}: the server has nothing: {error}")) from None
            rows, pages = 0, ()
        except SourceUnavailable as error:
            raise SourceUnavailable(self.client.safe(str(error)), error.retry_after) from None
        except SourceError as error:
            raise type(error)(self.client.safe(str(error))) from None
        seconds = time.monotonic() - started
        asked = " ".join(f"{key}={value[:80]!r}" for key, value in request.values.items())
        _log.info(
            "fetched input=%s path=%s day=%s %s rows=%d seconds=%.2f attempts=%d",
            self.name,
            request.path[:200],
            request.day or "-",
            asked,
            rows,
            seconds,
            counted.requests,
        )
        return Answer(request, pages)

    def _pages(self, what: str, request: Request, counted: "_Counted") -> tuple[int, tuple[Path, ...]]:
        """All pages, from the first."""
        paging = Paging(what, self.layout, self.api.url + request.path, request.params)
        landed: list[Path] = []
        while (url := paging.next()) is not None:
            try:
                page = self._page(what, request, url, counted)
            except NothingFound as error:
                if paging.pages and paging.promised:
                    told = f"page {paging.pages + 1} is promised, the server says it has nothing: {error}"
                    raise Transient(told) from None
                if paging.rows == 0:
                    raise
                break  # behind the last page there is nothing
            paging.add(page)
            if not page.rows.is_empty():
                landed.append(self.folder / f"{request.number:06}-{paging.pages:06}.parquet")
                write_page(what, self.layout, request, page.rows, landed[-1])
        paging.require_whole()
        if landed:
            require_columns(what, self.layout, paging.columns)
        return paging.rows, tuple(landed)

    def _page(self, what: str, request: Request, url: str, counted: "_Counted") -> Page:
        target = self.folder / f"{request.number:06}.json"

        def once() -> Page:
            counted.requests += 1
            body = self.client.get(what, url, target)
            with self.reading:
                return read_page(what, self.layout, body, self.client.safe)

        try:
            return self.client.repeated(what, once)
        finally:
            target.unlink(missing_ok=True)

    def _may_be_nothing(self, request: Request) -> bool:
        if request.may_be_nothing or self.may_be_absent is None:
            return True
        return request.day is not None and request.day in self.may_be_absent


@dataclass
class _Counted:
    requests: int = 0


def _raise_first(futures: "list[Future[Answer]]") -> None:
    """Raise the first failure that is one of its own, not for another's sake."""
    for future in futures:
        error = future.exception() if future.done() and not future.cancelled() else None
        if error is not None and not isinstance(error, Cancelled):
            raise error
