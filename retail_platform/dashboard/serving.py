"""Serving the app: who may look, what the browser may load, downloads, reports, the health of the server, waitress.

Only what HTTP needs belongs here; what is answered is the `app`'s and the pages' business.
"""

import base64
import binascii
import gzip
import hmac
import logging
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from retail_platform.dashboard import exports, printed
from retail_platform.dashboard.app import ACTIVITY, answered, known_of, make_app
from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.filters import parse
from retail_platform.dashboard.page import Page, View
from retail_platform.dashboard.pages import PAGES
from retail_platform.dashboard.texts import text

if TYPE_CHECKING:
    import dash
    from flask import Flask, Response

_LOGGER = logging.getLogger("retail_platform.dashboard")
THREADS = 8
_LEAST_COMPRESSED = 2_000  # bytes


@dataclass(frozen=True)
class Access:
    """Who may look; everybody, where nothing is set.

    Attributes:
        user: name for basic authentication.
        password: likewise.
        proxy_header: a header in which a trusted proxy names whom it let through. Whoever reaches the port can write
            it: the server must be reachable through that proxy alone, and the proxy drop it from what comes in.
    """

    user: str | None = None
    password: SecretStr | None = None
    proxy_header: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether anybody may look."""
        return self.user is None and self.proxy_header is None

    def allows(self, authorization: str | None, proxied: str | None) -> bool:
        """Whether a request may pass.

        Args:
            authorization: its Authorization header.
            proxied: its header named `proxy_header`.
        """
        if self.is_open or (self.proxy_header and proxied):
            return True
        if self.user is None or self.password is None or not authorization:
            return False
        kind, _, encoded = authorization.partition(" ")
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        expected = f"{self.user}:{self.password.get_secret_value()}".encode()
        return kind.lower() == "basic" and hmac.compare_digest(given, expected)


def make_server(
    data: Data,
    *,
    language: str = "en",
    access: Access | None = None,
    pages: Sequence[Page] = PAGES,
    ready: threading.Event | None = None,
) -> "Flask":
    """The WSGI application; until `ready` is set its health is that it starts."""
    app = make_app(data, language, pages)
    server: Flask = app.server
    _guard(server, access or Access())
    _harden(server, app)
    _compress(server)
    _add_health(server, data, ready)
    _add_downloads(server, data, language, pages)
    _add_report(server, data, language, pages[0])
    return server


def run(server: "Flask", host: str, port: int) -> None:
    """Serve until the process ends."""
    import waitress

    waitress.serve(server, host=host, port=port, threads=THREADS, ident=None, max_request_body_size=1_000_000)


def _guard(server: "Flask", access: Access) -> None:
    from flask import Response, request

    @server.before_request
    def let_through() -> "Response | None":
        if request.path == "/health":
            return None
        proxied = request.headers.get(access.proxy_header) if access.proxy_header else None
        if access.allows(request.headers.get("Authorization"), proxied):
            return None
        challenge = {"WWW-Authenticate": 'Basic realm="Retail dashboard", charset="UTF-8"'} if access.user else {}
        return Response("401: who you are is not known\n", 401, challenge, mimetype="text/plain")


def _harden(server: "Flask", app: "dash.Dash") -> None:
    from flask import request

    hashes = " ".join(app.csp_hashes())
    allowed = {
        "default-src": "'self'",
        "script-src": f"'self' {hashes}",
        "style-src": "'self' 'unsafe-inline'",  # Plotly writes its styles into the page
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    policy = "; ".join(f"{name} {value}" for name, value in allowed.items())

    @server.after_request
    def with_headers(response: "Response") -> "Response":
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if not request.path.startswith(("/_dash-component-suites/", "/assets/")):
            response.headers["Cache-Control"] = "no-store"
        return response


def _compress(server: "Flask") -> None:
    """Answers with pages shrink to a tenth; what browsers keep, as scripts, is left to a proxy."""
    from flask import request

    @server.after_request
    def compressed(response: "Response") -> "Response":
        if response.mimetype != "application/json" or response.direct_passthrough:
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip") and len(content := response.get_data()) > _LEAST_COMPRESSED:
            response.set_data(gzip.compress(content, 1))
            response.headers["Content-Encoding"] = "gzip"
        return response


def warm(data: Data, language: str = "en", pages: Sequence[Page] = PAGES) -> None:
    """Look at every page once, so that no visitor waits for what is read and loaded the first time."""
    for page in pages:
        answered(data, pages, (page.path, ""), None, language)


def _add_health(server: "Flask", data: Data, ready: threading.Event | None) -> None:
    from flask import jsonify

    @server.get("/health")
    def health() -> "tuple[Response, int]":
        if ready is not None and not ready.is_set():
            return jsonify(status="starting"), 503
        try:
            facts = data.facts()
        except Unavailable as reason:
            # Without rows the server is well: it has nothing to show yet. Without its lake it is not.
            unwell = reason.reason in ("lake_unreachable", "table_unreadable")
            return jsonify(status="unwell" if unwell else "ok", reason=reason.reason), 503 if unwell else 200
        return jsonify(status="ok", last_day=facts.span.last.isoformat()), 200


def _add_downloads(server: "Flask", data: Data, language: str, pages: Sequence[Page]) -> None:
    from flask import Response, request

    by_title = {page.title: page for page in pages}

    @server.get("/download/<title>/<name>.<kind>")
    def download(title: str, name: str, kind: str) -> "Response":
        started = time.perf_counter()
        page = by_title.get(title)
        if page is None or name not in page.downloads or kind not in exports.CONTENT_TYPES:
            return _refused(404, "There is no such download.")
        try:
            view, problems = _asked(data, page, request.query_string, language)
            if problems:
                return _refused(400, problems)
            rows = page.downloads[name](view)
        except Unavailable as reason:
            return _refused(503, str(reason.reason))
        content = exports.csv(rows) if kind == "csv" else exports.parquet(rows)
        window = view.filters.window
        file = re.sub(r"[^a-z0-9_.-]", "_", f"{name}_{window.first}_{window.last}.{kind}")
        _log(view, page.path, f"{name}.{kind}", started)
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(content, 200, headers, content_type=exports.CONTENT_TYPES[kind])


def _add_report(server: "Flask", data: Data, language: str, page: Page) -> None:
    from flask import Response, request

    @server.get(printed.PATH)
    def report() -> "Response":
        started, said = time.perf_counter(), language
        try:
            view, problems = _asked(data, replace(page, options=()), request.query_string, language)
            if problems:
                return _refused(400, problems)
            said = view.filters.language
            content = printed.html(view)
        except Unavailable as reason:
            status = 404 if reason.reason == "no_rows" else 503
            return _refused(status, text(said, f"unavailable_{reason.reason}", reason.facts))
        _log(view, printed.PATH, "html", started)
        return Response(content, 200, mimetype="text/html")


def _asked(data: Data, page: Page, query: bytes, language: str) -> tuple[View, str]:
    """The look that an address asks for, and what of the address cannot be used."""
    found = parse(query.decode("ascii", "replace"), known_of(data), page.options, default_language=language)  # type: ignore[arg-type]
    view = View(page, data, found.filters, language)
    return view, "\n".join(view.t(problem.key, **problem.facts) for problem in found.problems)


def _refused(status: int, why: str) -> "Response":
    from flask import Response

    return Response(f"{why}\n", status, mimetype="text/plain")


def _log(view: View, path: str, what: str, started: float) -> None:
    took = 1000 * (time.perf_counter() - started)
    facts = {"page": path, "download": what, "filters": view.query(view.filters), "milliseconds": round(took, 1)}
    logging.getLogger(ACTIVITY).info("%s %s in %.0f ms", path, what, took, extra=facts)
