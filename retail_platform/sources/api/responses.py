"""Answers as they are sent: a page with its headers, whole or damaged on purpose, and errors.

Only the form of answers belongs here; `faults` decides which are damaged.
"""

from collections.abc import Mapping
from typing import Literal

from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from retail_platform.sources.api.pages import Page, etag, is_known, wants_gzip, zipped

CHECKSUM = "X-Content-SHA256"


def page_response(
    page: Page, asked_for: Mapping[str, str], damage: Literal["dropped", "truncated", "duplicated"] | None
) -> Response:
    """The answer with a page, or 304 where the client has it.

    Args:
        page: whole.
        asked_for: the headers of the request.
        damage: of the answer; a page that comes twice is whole, only its cursor is not.
    """
    sha256, packed = page.sha256, wants_gzip(asked_for.get("accept-encoding"))
    headers = {"ETag": etag(sha256, packed), "Vary": "Accept-Encoding", "Cache-Control": "private, no-cache"}
    if is_known(asked_for.get("if-none-match"), sha256):
        return Response(status_code=304, headers=headers)
    body = page.body[: len(page.body) // 2] if damage == "truncated" else page.body
    headers[CHECKSUM] = sha256
    if packed:
        headers["Content-Encoding"] = "gzip"
        body = zipped(body)
    kind = _DroppedResponse if damage == "dropped" else Response
    return kind(body, headers=headers, media_type="application/json")


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that says what is wrong."""
    return JSONResponse({"error": message}, status, headers)


class _DroppedResponse(Response):
    """Ends the connection when half of the body is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
