"""S3 and what speaks its protocol: credentials, endpoint, patience, and what a refusal means.

The usual AWS chain decides, as boto3 reads it: variables, profile, web identity, the role of container or instance.
Delta, Polars and boto3 are given the same answer, so that what works for one works for all. What lies in a bucket is
`places`' business.
"""

import os
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")

ATTEMPTS = 10
"""How often a request is sent at most, by whichever library, with growing pauses."""

_BOTO_ATTEMPTS = 6  # its pauses are longer
_INSISTED = 4
_CONNECT_SECONDS, _ANSWER_SECONDS = 5, 60
_SILENCES = 5  # in a row until a silent store is given up
_CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"

_FILES = {"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "~/.aws/config"}

_ACCESS = (
    (
        r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|Unauthenticated|401 Unauthorized",
        "the store does not accept the credentials: check " + _CREDENTIALS,
    ),
    (
        r"AccessDenied|PermissionDenied|403 Forbidden|\b403\b.*Forbidden",
        "the credentials have no right to do this: allow s3:ListBucket, s3:GetObject, s3:PutObject and "
        "s3:DeleteObject on {setting}, or check " + _CREDENTIALS,
    ),
)
_REFUSALS = (
    *_ACCESS,
    (r"ExpiredToken", "the credentials have expired and are not renewed yet: check " + _CREDENTIALS),
    (r"NoSuchBucket", "the bucket is not there: create it, or correct {setting}"),
    (
        r"PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|301 Moved",
        "the bucket is in another region: set AWS_REGION to it",
    ),
    (r"NotImplemented|NotSupported", "the store does not know conditional puts, which a lake needs: use another"),
)
_UNREACHABLE = (
    r"client error \(Connect\)|dns error|tcp connect error|Connection refused|Could not connect to the endpoint"
    r"|[Cc]onnect(ion)? time(d )?out"
)
_OVERLOADED = (
    r"SlowDown|ServiceUnavailable|InternalError|RequestTimeout|reached max retries|after \d+ retries"
    r"|Internal Server Error|Service Unavailable|operation timed out|[Cc]onnection (was )?(reset|closed)"
    r"|error decoding response body|error reading a body|IncompleteRead|unexpected end of file|end of file before"
    r"|connection closed before message completed|error sending request|Read timeout"
)


class CredentialsMissing(Exception):
    """The AWS chain names no credentials, or ones that cannot be had; the message says what to set."""


class CredentialsUnreachable(CredentialsMissing):
    """The AWS chain names credentials that cannot be had now, as who hands them out does not answer."""


def client() -> Any:
    """The boto3 client of the AWS_* variables and files as they are now.

    Raises:
        CredentialsMissing: there are none.
    """
    session, s3 = _connection(_fingerprint())
    _credentials(session)
    return s3


def delta_options() -> dict[str, str]:
    """What deltalake needs to reach a bucket.

    Raises:
        CredentialsMissing: there are none.
    """
    return _access() | {
        "max_retries": str(ATTEMPTS),
        "retry_timeout": f"{_SILENCES * _ANSWER_SECONDS}s",
        "connect_timeout": f"{_CONNECT_SECONDS}s",
        "timeout": f"{_ANSWER_SECONDS}s",
    }


def polars_options() -> dict[str, Any]:
    """What Polars needs to reach a bucket; other names than Delta's for its retries.

    Raises:
        CredentialsMissing: there are none.
    """
    return _access() | {
        "connect_timeout": f"{_CONNECT_SECONDS}s",
        "timeout": f"{_ANSWER_SECONDS}s",
        "max_retries": ATTEMPTS,
        "retry_timeout_ms": _SILENCES * _ANSWER_SECONDS * 1000,
        "retry_init_backoff_ms": 50,
        "retry_max_backoff_ms": 5000,
    }


def why(error: BaseException, setting: str) -> str | None:
    """Why a store refused or did not answer, and the mend; None if the error is of another kind.

    Args:
        error: of boto3, deltalake or Polars.
        setting: the variable that names the bucket.
    """
    if isinstance(error, CredentialsMissing):
        return str(error)
    text = _text(error)
    for pattern, reason in _REFUSALS:
        if re.search(pattern, text):
            return reason.format(setting=setting)
    if re.search(_UNREACHABLE, text):
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        return (
            f"no answer from {endpoint}: check AWS_ENDPOINT_URL, and that the store is up"
            if endpoint
            else "no answer from AWS: check the network, and AWS_REGION; for another S3 store set AWS_ENDPOINT_URL"
        )
    if is_passing(error):
        return f"the store failed {ATTEMPTS} times in a row or broke off its answer: run again when it is well"
    return None


def is_passing(error: BaseException) -> bool:
    """Whether a later attempt can succeed: the store was busy, or the answer broke off."""
    text = _text(error)
    return bool(re.search(_OVERLOADED, text)) and not any(re.search(pattern, text) for pattern, _ in _REFUSALS)


def is_refused(error: BaseException) -> bool:
    """Whether the credentials are what is wrong: nothing mends this but a hand.

    Those that cannot be had for a moment, or have expired, may be there again at the next attempt.
    """
    if isinstance(error, CredentialsMissing):
        return not isinstance(error, CredentialsUnreachable)
    return any(re.search(pattern, _text(error)) for pattern, _ in _ACCESS)


def insist(action: Callable[[], T]) -> T:
    """What an action gives; where the answer broke off it is asked again.

    The libraries repeat what got no answer, but not all of them an answer that ends too early.
    """
    for attempt in range(1, _INSISTED):
        try:
            return action()
        except Exception as error:  # of three libraries without a common base
            if not is_passing(error):
                raise
            time.sleep(random.uniform(0, 0.1 * attempt))
    return action()


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _access() -> dict[str, str]:
    """Endpoint, region and the credentials as of now: boto3 renews those that expire."""
    session, s3 = _connection(_fingerprint())
    credentials = _credentials(session)
    options = {
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_REGION": s3.meta.region_name,
    }
    if credentials.token:
        options["AWS_SESSION_TOKEN"] = credentials.token
    if not re.search(r"\.amazonaws\.com(\.cn)?$", s3.meta.endpoint_url):
        options["AWS_ENDPOINT_URL"] = s3.meta.endpoint_url
    if s3.meta.endpoint_url.startswith("http://"):
        options["AWS_ALLOW_HTTP"] = "true"
    if _virtual_hosted():
        options["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = "true"
    return options


def _credentials(session: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = session.get_credentials()
        if found is not None:
            return found.get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        raise _unusable("the AWS credentials cannot be had", error) from error
    _connection.cache_clear()  # its client would go on without credentials when there are some
    raise CredentialsMissing(f"there are no AWS credentials: set {_CREDENTIALS}, or give the machine a role")


def _unusable(what: str, error: Exception) -> CredentialsMissing:
    """What an error of boto3 says of the credentials: whether who hands them out may do so later."""
    from botocore import exceptions as boto

    later = (
        boto.CredentialRetrievalError,
        boto.MetadataRetrievalError,
        boto.HTTPClientError,
        boto.ConnectionError,
        boto.ClientError,
    )
    kind = CredentialsUnreachable if isinstance(error, later) and not is_refused(error) else CredentialsMissing
    return kind(f"{what}: {error}. Check {_CREDENTIALS}")


def _virtual_hosted() -> bool:
    return os.environ.get("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "").lower() in ("1", "true")


def _fingerprint() -> tuple[tuple[str, str], ...]:
    """What the connection was made of: the variables, and the files, which somebody may write anew."""
    variables = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name, usual in _FILES.items():
        path = os.path.expanduser(os.environ.get(name) or usual)
        with suppress(OSError):
            status = os.stat(path)
            variables[path] = f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"
    return tuple(sorted(variables.items()))


@lru_cache(maxsize=4)
def _connection(_fingerprint: tuple[tuple[str, str], ...]) -> tuple[Any, Any]:
    """boto3's session and S3 client: making them costs more than most requests."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(
        retries={"mode": "standard", "total_max_attempts": int(os.environ.get("AWS_MAX_ATTEMPTS") or _BOTO_ATTEMPTS)},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        s3={"addressing_style": "virtual" if _virtual_hosted() else "auto"},
    )
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    try:
        session = boto3.Session(region_name=region)
        s3 = session.client("s3", config=config, region_name=session.region_name or "us-east-1")
    except (BotoCoreError, ClientError) as error:
        raise _unusable("the AWS settings cannot be used", error) from error
    return session, s3
