"""The routes of the source API: each dataset, the faults, health and the description of it all.

Only HTTP belongs here: rows are `content`'s, pages `pages`', faults `faults`' business.
"""

import asyncio
import re
import secrets
from collections import deque
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from retail_platform import __version__
from retail_platform.sources.api.access import Access, AccessLog
from retail_platform.sources.api.content import Asked, Content, NotServed
from retail_platform.sources.api.faults import Faults, FaultSwitch, UnknownStore, explained
from retail_platform.sources.api.pages import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    Page,
    Place,
    WrongCursor,
    make_page,
    read_cursor,
)
from retail_platform.sources.api.responses import error_response, page_response
from retail_platform.sources.api.schema import page_schema
from retail_platform.sources.base import DAILY_DATASETS


def _iso(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("a date is written YYYY-MM-DD, as 2026-01-31")
    return value


class _SnapshotQuery(BaseModel):
    """What can be asked of a dataset without days."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="rows on a page")
    cursor: str | None = Field(None, description="`next_cursor` of the page before; without it the first page")

    def asked(self, dataset: str) -> Asked:
        """What the request is about."""
        return Asked(dataset)


class _DailyQuery(_SnapshotQuery):
    """What can be asked of a dataset with days."""

    day: Annotated[date, BeforeValidator(_iso)] = Field(alias="date", description="business date, YYYY-MM-DD")
    store_id: str | None = Field(None, description="one store; without it all", examples=["S0001"])

    def asked(self, dataset: str) -> Asked:
        """What the request is about."""
        return Asked(dataset, self.day, self.store_id)


def make_app(content: Content, faults: FaultSwitch, token: str, kept: deque[Access]) -> FastAPI:
    """The application.

    Args:
        content: the rows.
        faults: what goes wrong.
        token: that clients must bear.
        kept: where the latest requests are kept.
    """
    app = FastAPI(
        title="Source API",
        version=__version__,
        description="A retailer's back office: reference tables, and sales and footfall by day and store.",
    )
    app.add_middleware(AccessLog, kept=kept)
    _add_errors(app)

    @app.get("/health", tags=["operation"])
    def health() -> dict[str, str]:
        """Whether the API runs."""
        return {"status": "ok"}

    guarded = [Depends(_bearing(token)), Depends(_each_parameter_once)]
    for dataset in content.datasets:
        _add_dataset(app, dataset, content, faults, guarded)
    _add_faults(app, faults, guarded)
    return app


def _add_dataset(app: FastAPI, dataset: str, content: Content, faults: FaultSwitch, guarded: list[Any]) -> None:
    async def answer(request: Request, query: _SnapshotQuery) -> Response:
        asked = query.asked(dataset)
        place = read_cursor(query.cursor, asked, content.identity) if query.cursor else None
        strike = faults.strike(asked, place.offset if place else 0)
        request.state.fault = strike.name
        try:
            await asyncio.sleep(strike.latency)
        except asyncio.CancelledError:  # the server stops
            return error_response(503, "the back office closes")
        if strike.status is not None:
            wait = {} if strike.retry_after is None else {"Retry-After": str(strike.retry_after)}
            return error_response(strike.status, strike.message, wait)

        def respond() -> tuple[Page, Response]:
            content.require(asked)
            page = _page(content, faults, asked, place, query.limit, again=strike.damage == "duplicated")
            return page, page_response(page, request.headers, strike.damage)

        page, response = await run_in_threadpool(respond)
        request.state.rows = page.rows
        return response

    async def snapshot(request: Request, query: Annotated[_SnapshotQuery, Query()]) -> Response:
        return await answer(request, query)

    async def daily(request: Request, query: Annotated[_DailyQuery, Query()]) -> Response:
        return await answer(request, query)

    app.add_api_route(
        f"/{dataset}",
        daily if dataset in DAILY_DATASETS else snapshot,
        name=dataset,
        summary=f"{dataset.replace('_', ' ').capitalize()}" + (" of a day" if dataset in DAILY_DATASETS else ""),
        tags=["datasets"],
        dependencies=guarded,
        response_class=Response,
        responses={
            200: {"content": {"application/json": {"schema": page_schema(dataset)}}, "description": "A page of rows"},
            304: {"description": "The client has this page: If-None-Match names its ETag"},
            401: {"description": "No bearer token, or a wrong one"},
            404: {"description": "No such day or store"},
        },
    )


def _page(content: Content, faults: FaultSwitch, asked: Asked, place: Place | None, limit: int, *, again: bool) -> Page:
    if place is None:
        version = content.version(asked, faults.missing_stores(asked), faults.is_corrected(asked))
        place = Place(0, version)
    rows = content.rows(asked, place.version)
    return make_page(rows, place, limit, asked=asked, signed_for=content.identity, again=again)


def _add_faults(app: FastAPI, faults: FaultSwitch, guarded: list[Any]) -> None:
    @app.get("/faults", tags=["operation"], dependencies=guarded)
    def show_faults() -> Faults:
        """What goes wrong on purpose."""
        return faults.current

    @app.put("/faults", tags=["operation"], dependencies=guarded)
    def set_faults(wanted: Faults) -> Faults:
        """Put other faults in force; fields left out go wrong no more."""
        try:
            faults.set(wanted)
        except UnknownStore as error:
            raise HTTPException(422, str(error)) from None
        return faults.current

    @app.delete("/faults", tags=["operation"], dependencies=guarded)
    def clear_faults() -> Faults:
        """Nothing goes wrong from now on."""
        faults.clear()
        return faults.current


def _bearing(token: str) -> Any:
    bearer = HTTPBearer(auto_error=False, description="RETAIL_SOURCE_TOKEN of the server")

    def authorized(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> None:
        if given is None or not secrets.compare_digest(given.credentials.encode(), token.encode()):
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    return authorized


def _each_parameter_once(request: Request) -> None:
    """Of a parameter given twice all but one would be ignored in silence."""
    names = [name for name, _ in request.query_params.multi_items()]
    for name in ("date", "store_id", "limit", "cursor"):
        if names.count(name) > 1:
            raise HTTPException(422, f"{name} is given {names.count(name)} times: ask for one at a time")


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(StarletteHTTPException)
    def refused(_: Request, error: StarletteHTTPException) -> Response:
        said = "there is no such path: /docs shows which there are" if error.status_code == 404 else error.detail
        return error_response(error.status_code, said, error.headers)

    @app.exception_handler(RequestValidationError)
    def wrong_parameters(_: Request, error: RequestValidationError) -> Response:
        return error_response(422, explained(error.errors()))

    @app.exception_handler(WrongCursor)
    def wrong_cursor(_: Request, error: WrongCursor) -> Response:
        return error_response(422, str(error))

    @app.exception_handler(NotServed)
    def not_served(_: Request, error: NotServed) -> Response:
        return error_response(404, str(error))

    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> Response:
        return error_response(500, "the server failed: its log says why")
