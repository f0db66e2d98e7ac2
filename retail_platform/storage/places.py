"""Where a lake lies: folder or S3 prefix, its listing, its small files, and what the disk or bucket refuses.

Only what Delta and Polars do not do by themselves belongs here; tables are `lake`'s business.
"""

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import uuid4

from retail_platform.storage import s3

VARIABLE = "RETAIL_LAKE_URI"
T = TypeVar("T")
_REFUSALS = {
    errno.EACCES: "not allowed",
    errno.EPERM: "not allowed",
    errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than is allowed",
    errno.ENOTDIR: "a file is in the way of a folder",
    errno.EISDIR: "a folder is in the way of a file",
    errno.EEXIST: "a file is in the way of a folder",
    errno.EMFILE: "too many files are open",
}


class LakeError(Exception):
    """The lake cannot do what was asked; the message says what was found and the mend."""


def is_remote(uri: str) -> bool:
    """Whether an address is on S3, not in a folder."""
    return uri.startswith("s3://")


def absolute(uri: str) -> str:
    """The address independent of the working folder, without a slash at its end.

    Raises:
        LakeError: it holds what Delta would take for an escaped character, as %20, and look elsewhere.
    """
    whole = uri.rstrip("/") if is_remote(uri) else str(Path(uri).expanduser().resolve())
    if escaped := re.search(r"%[0-9A-Fa-f]{2}", whole):
        raise LakeError(
            f"the lake {whole} cannot be used: {escaped[0]} in it would be read as an escaped character. "
            f"Set {VARIABLE} to a place without"
        )
    return whole


def storage_options(uri: str) -> dict[str, str]:
    """What Delta needs to reach an address; empty for a folder.

    Raises:
        LakeError: there are no credentials.
    """
    if not is_remote(uri):
        return {}
    return asked(uri, s3.delta_options)


def frame_options(uri: str) -> dict[str, Any] | None:
    """What Polars needs to reach an address; None for a folder.

    Raises:
        LakeError: there are no credentials.
    """
    if not is_remote(uri):
        return None
    return asked(uri, s3.polars_options)


def asked(uri: str, action: Callable[[], T]) -> T:
    """What an action on an address gives; a bucket that breaks off its answer is asked again.

    Raises:
        LakeError: the bucket refuses or does not answer; with the setting and the mend.
    """
    if not is_remote(uri):
        return action()
    try:
        return s3.insist(action)
    except s3.CredentialsMissing as error:
        raise LakeError(f"the lake at {uri} cannot be reached: {error}") from error
    except Exception as error:  # of three libraries without a common base
        reason = s3.why(error, VARIABLE)
        if reason is None:
            raise
        raise LakeError(f"the lake at {uri} does not answer as it should: {reason} ({error})") from error


def refusal(uri: str, error: BaseException) -> str | None:
    """Why disk or bucket refused, and the mend; None if the error is of another kind."""
    if is_remote(uri):
        return s3.why(error, VARIABLE)
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        return _REFUSALS[error.errno]
    for code in re.findall(r"os error (\d+)", str(error)):
        if int(code) in _REFUSALS:
            return _REFUSALS[int(code)]
    return None


def is_passing(uri: str, error: BaseException) -> bool:
    """Whether a later attempt can succeed, as a bucket's; a folder's errors stay."""
    return is_remote(uri) and s3.is_passing(error)


def folders(uri: str) -> list[str]:
    """Names of the folders directly below an address, sorted; none if it is not there."""
    if is_remote(uri):
        return asked(uri, lambda: sorted(name.rstrip("/") for name in _listed(uri, "CommonPrefixes", Delimiter="/")))
    root = Path(uri)
    return sorted(entry.name for entry in root.iterdir() if entry.is_dir()) if root.is_dir() else []


def files(uri: str) -> Iterator[str]:
    """Paths of all files below an address, relative to it, in no order."""
    if is_remote(uri):
        yield from asked(uri, lambda: _listed(uri, "Contents"))
    else:
        for folder, _, names in os.walk(uri):
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), uri)


def remove(uri: str, paths: Iterable[str]) -> None:
    """Delete files below an address; those that are gone already do not matter."""
    if is_remote(uri):
        gone = list(paths)
        asked(uri, lambda: _delete_objects(uri, gone))
        return
    for path in paths:
        file = Path(uri, path)
        file.unlink(missing_ok=True)
        _remove_empty_folders(file.parent, Path(uri))


def _remove_empty_folders(folder: Path, root: Path) -> None:
    while folder == root or root in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def put(uri: str, name: str, content: bytes) -> None:
    """Write a small file in place of what is there; who reads it meanwhile gets the old or the new one, whole."""
    if is_remote(uri):
        client, bucket, prefix = _s3(uri)
        asked(uri, lambda: client.put_object(Bucket=bucket, Key=prefix + name, Body=content, **_content_type(name)))
        return
    target = Path(uri, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{uuid4().hex}.tmp")
    try:
        draft.write_bytes(content)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def read(uri: str, name: str) -> bytes:
    """What a small file holds that is there."""
    if not is_remote(uri):
        return Path(uri, name).read_bytes()
    client, bucket, prefix = _s3(uri)
    return asked(uri, lambda: _body(client, bucket, prefix + name))


def _content_type(name: str) -> dict[str, str]:
    """What a browser must know to show the file and not save it."""
    return {"ContentType": "text/html; charset=utf-8"} if name.endswith(".html") else {}


def put_if_absent(uri: str, name: str, content: bytes) -> bytes:
    """Write a small file unless it is there; of several writers at once one wins.

    Returns:
        What the file holds now.
    """
    if is_remote(uri):
        return asked(uri, lambda: _put_object_if_absent(uri, name, content))
    target = Path(uri, name)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.{uuid4().hex}.tmp")
        try:
            draft.write_bytes(content)
            os.link(draft, target)
        except FileExistsError:
            pass  # another writer was first: its content holds
        finally:
            draft.unlink(missing_ok=True)
    return target.read_bytes()


def _put_object_if_absent(uri: str, name: str, content: bytes) -> bytes:
    from botocore.exceptions import ClientError

    client, bucket, prefix = _s3(uri)

    try:
        return _body(client, bucket, prefix + name)
    except client.exceptions.NoSuchKey:
        pass
    try:
        client.put_object(Bucket=bucket, Key=prefix + name, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
            raise
        return _body(client, bucket, prefix + name)  # another writer's, or ours whose answer was lost
    return content


def _body(client: Any, bucket: str, key: str) -> bytes:
    body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def stale_temporaries(uri: str, older_than: timedelta, now: datetime) -> list[str]:
    """Half-written files a killed writer left in a local folder: not Parquet, so vacuum passes them by."""
    if is_remote(uri):
        return []  # an object is there whole or not at all
    before = (now - older_than).timestamp()
    return [
        path
        for path in files(uri)
        if ("#" in Path(path).name or path.endswith(".tmp")) and Path(uri, path).stat().st_mtime < before
    ]


def _listed(uri: str, kind: Literal["Contents", "CommonPrefixes"], **options: str) -> list[str]:
    client, bucket, prefix = _s3(uri)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **options)
    name = "Key" if kind == "Contents" else "Prefix"
    return [str(entry[name]).removeprefix(prefix) for page in pages for entry in page.get(kind, [])]


def _delete_objects(uri: str, paths: list[str]) -> None:
    client, bucket, prefix = _s3(uri)
    for path in paths:
        client.delete_object(Bucket=bucket, Key=prefix + path)


def _s3(uri: str) -> tuple[Any, str, str]:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    return s3.client(), bucket, f"{prefix.rstrip('/')}/" if prefix else ""
