"""One request, sent until it is answered or its time is over.

Only sending belongs here: retries, pauses, the rate, limits of size, and what a status means. What the body
holds is `pages`' business. The token appears in no message.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from retail_platform.settings import SettingsError
from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.http.coding import decoded
from retail_platform.sources.mapping.http.errors import Cancelled, NothingFound, Transient
from retail_platform.sources.mapping.http.model import HttpInput

if TYPE_CHECKING:
    import ssl

    import httpx
    import tenacity

URL, TOKEN = "RETAIL_SOURCE_URL", "RETAIL_SOURCE_TOKEN"
WHOLE_ANSWERS = 3  # how often an answer of several pages is begun anew at least: one can take all the time there is
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0  # seconds
_LONGEST_ERROR = 1 << 16  # bytes of an error's body that are looked at
LONGEST_QUOTE = 300  # letters of an error that are told, once the token is masked in all of it
_LONGEST_BODY = 20  # times the timeout: a server that sends a byte now and then does not hold a run for ever
_TOLD_BY = ("error", "detail", "message", "reason")  # keys of an error's body
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

T = TypeVar("T")


@dataclass(frozen=True)
class Api:
    """Where a source's API is.

    Attributes:
        setting: that says so, for messages.
    """

    url: str
    token: SecretStr | None = None
    setting: str = URL


def open_api(url: str | None, token: SecretStr | None) -> Api:
    """The API of RETAIL_SOURCE_URL; nothing is asked yet.

    Raises:
        SettingsError: the address is missing or holds more than an address, or the token cannot be sent.
    """
    if not url:
        raise SettingsError(f"{URL} is not set: the mapping has HTTP inputs, name the address of the source's API")
    try:
        parts = urlsplit(url)
        _ = parts.port  # is read only when asked for
    except ValueError as error:
        raise SettingsError(f"{URL}: an address as https://till.example.com is expected: {error}") from None
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        raise SettingsError(
            f"{URL}: an address without user, password, query and fragment is expected; a secret goes to {TOKEN}"
        )
    secret = token.get_secret_value() if token else ""
    if not (secret.isascii() and secret.isprintable() and " " not in secret):
        raise SettingsError(f"{TOKEN}: letters, digits and signs of ASCII are expected, without blanks")
    return Api(url.rstrip("/"), token if secret else None)


@dataclass(frozen=True)
class Body:
    """An answer with status 200, as it lies on disk."""

    path: Path
    sha256: str
    headers: "httpx.Headers"


class Client:
    """Sends the requests of one input; of many threads at once.

    Args:
        api: where.
        layout: how.
        cancelled: set when what is asked is not wanted any more.
    """

    def __init__(self, api: Api, layout: HttpInput, cancelled: Event) -> None:
        import httpx

        for name in ("httpx", "httpcore"):  # their lines a page would repeat all that was asked and answered
            logging.getLogger(name).setLevel(logging.WARNING)
        self._api = api
        self._layout = layout
        self._cancelled = cancelled
        self._pace = Lock()
        self._next_start = 0.0
        self._http = httpx.Client(
            headers=self._headers(),
            verify=_trusted(),
            timeout=layout.timeout,
            limits=httpx.Limits(max_connections=layout.concurrency, max_keepalive_connections=layout.concurrency),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def repeated(self, what: str, once: Callable[[], T], *, whole: bool = False) -> T:
        """What `once` returns, tried again with growing pauses after each `Transient` failure.

        Args:
            what: for the message.
            once: one attempt.
            whole: whether an attempt is a whole answer, of several pages.

        Raises:
            SourceUnavailable: it failed until the time or the attempts were over, or the pause asked for goes beyond
                the time; names the last cause, and that pause.
            Cancelled: it is not wanted any more.
        """
        import tenacity

        in_time = tenacity.stop_before_delay(self._layout.retry_seconds)
        over = in_time & tenacity.stop_after_attempt(WHOLE_ANSWERS) if whole else self._is_over
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            wait=self._pause,
            stop=lambda state: over(state) or self._cancelled.is_set(),
            sleep=tenacity.sleep_using_event(self._cancelled),
            reraise=True,
        )
        try:
            return retrying(once)
        except Transient as error:
            if self._cancelled.is_set():
                raise Cancelled from None
            attempts, seconds = retrying.statistics["attempt_number"], retrying.statistics["delay_since_first_attempt"]
            times = f"{attempts} attempts in {seconds:.0f} s" if attempts > 1 else "1 attempt"
            raise SourceUnavailable(self.safe(f"{what} failed, {times}: {error}"), error.pause) from None

    def get(self, what: str, url: str, target: Path) -> Body:
        """Ask once, and stream the body of the answer to a file.

        Args:
            what: for messages.
            url: the address, with its query.
            target: the file.

        Raises:
            Transient: it was not answered, or by a status that says to try again.
            NothingFound: status 404, with an error that says that there are no rows.
            SourceUnavailable: status 404 for a day.
            SourceContractError: any other status, or a body beyond the limit.
        """
        import httpx

        self._wait_for_turn()
        try:
            with self._http.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    self._refuse(what, response)
                digest = self._stream(what, response, target)
                return Body(target, digest, response.headers)
        except httpx.InvalidURL as error:
            raise SourceContractError(self.safe(f"{what}: no address can be made of it: {error}")) from None
        except httpx.RequestError as error:
            raise Transient(str(error) or type(error).__name__) from error

    def safe(self, text: str) -> str:
        """A text that was made of an answer, without the token, of one line."""
        secret = self._api.token.get_secret_value() if self._api.token else ""
        text = text.replace(secret, "***") if secret else text
        return " ".join("".join(one if one.isprintable() else " " for one in text).split())

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "retail-platform"}
        auth, token = self._layout.auth, self._api.token
        if token and auth == "bearer":
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        elif token and not isinstance(auth, str):
            headers[auth.header] = token.get_secret_value()
        return headers

    def _wait_for_turn(self) -> None:
        if self._layout.requests_per_second:
            with self._pace:
                start = max(time.monotonic(), self._next_start)
                self._next_start = start + 1 / self._layout.requests_per_second
            self._cancelled.wait(max(0.0, start - time.monotonic()))
        if self._cancelled.is_set():
            raise Cancelled

    def _stream(self, what: str, response: "httpx.Response", target: Path) -> str:
        digest, size = sha256(), 0
        with target.open("wb") as body:
            for piece in self._pieces(what, response, _LONGEST_BODY * self._layout.timeout):
                size += len(piece)
                if size > self._layout.max_page_mb << 20:
                    raise SourceContractError(
                        f"{what}: the body is beyond {self._layout.max_page_mb} MB; ask for smaller pages, or set "
                        "max_page_mb of the input"
                    )
                digest.update(piece)
                body.write(piece)
        return digest.hexdigest()

    def _pieces(self, what: str, response: "httpx.Response", seconds: float) -> Iterator[bytes]:
        """A body as it comes, of which each piece may be late, but not all of them together."""
        started = time.monotonic()
        for piece in decoded(what, response):
            if time.monotonic() - started > seconds:
                raise Transient("the body came too slowly")
            if self._cancelled.is_set():
                raise Cancelled
            yield piece

    def _error_text(self, what: str, response: "httpx.Response") -> str:
        """What an error's body says, if it is short and says it by one of the usual keys."""
        import httpx

        content = bytearray()
        try:
            for piece in self._pieces(what, response, self._layout.timeout):
                content += piece
                if len(content) >= _LONGEST_ERROR:
                    break
            body = json.loads(content)
        except (ValueError, RecursionError, httpx.RequestError, Transient, SourceContractError):
            return ""
        body = body[0] if isinstance(body, list) and body else body
        texts = [body.get(key) for key in _TOLD_BY] if isinstance(body, dict) else []
        return next((self.safe(text)[:LONGEST_QUOTE] for text in texts if isinstance(text, str)), "")

    def _refuse(self, what: str, response: "httpx.Response") -> None:
        status = response.status_code
        error = self._error_text(what, response)
        told = f"status {status} {response.reason_phrase}" + (f": {error}" if error else "")
        if status in _AGAIN or status >= 500:
            raise Transient(told, _pause_asked(response.headers.get("Retry-After")))
        if status == 404 and self._layout.says_nothing(error):
            raise NothingFound(error)
        text = self.safe(f"{what}: {told}")
        if status == 404 and self._layout.dated:
            raise SourceUnavailable(text)
        mend = ""
        if status in (401, 403) and self._layout.auth != "none":
            mend = f"; mend {TOKEN}" if self._api.token else f"; set {TOKEN}"
        elif status == 404 or 300 <= status < 400:
            mend = f"; mend {self._api.setting} or the input's path"
        raise SourceContractError(text + mend)

    def _is_over(self, state: "tenacity.RetryCallState") -> bool:
        """Whether the next attempt is beyond the time; there is a second one though the first took all of it."""
        spent = (state.seconds_since_start or 0) if state.attempt_number > 1 else 0
        return spent + state.upcoming_sleep >= self._layout.retry_seconds

    def _pause(self, state: "tenacity.RetryCallState") -> float:
        """Full jitter: any time up to a bound that doubles; at least what the server asks for."""
        import tenacity

        jitter = tenacity.wait_random_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE)(state)
        error = state.outcome.exception() if state.outcome else None
        return max(jitter, error.pause or 0) if isinstance(error, Transient) else jitter


@cache
def _trusted() -> "ssl.SSLContext":
    """Whom to trust; made once, as reading the certificates takes longer than most answers."""
    import httpx

    return httpx.create_ssl_context()


def _pause_asked(text: str | None) -> float | None:
    """Seconds of a Retry-After, which is a number or a date."""
    if text is None:
        return None
    try:
        return max(0.0, float(text)) if text.strip().isdecimal() else _seconds_until(text)
    except (ValueError, OverflowError, TypeError):
        return None


def _seconds_until(text: str) -> float:
    return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
