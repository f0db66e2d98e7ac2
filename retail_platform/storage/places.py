"""Where a lake lies: folder or S3 prefix, its listing, its small files, and what the disk or bucket refuses.

Only what Delta and Polars do not do by themselves belongs here; tables are `lake`'s business.
"""

import errno
import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

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
_AWS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ALLOW_HTTP",
)


class LakeError(Exception):
    """The lake cannot do what was asked; the message says what was found and the mend."""


def is_remote(uri: str) -> bool:
    """Whether an address is on S3, not in a folder."""
    return uri.startswith("s3://")


def absolute(uri: str) -> str:
    """The address independent of the working folder, without a slash at its end."""
    return uri.rstrip("/") if is_remote(uri) else str(Path(uri).expanduser().resolve())


def storage_options(uri: str) -> dict[str, str]:
    """What Delta and Polars need to reach an address, from the usual `AWS_*` variables; empty for a folder."""
    if not is_remote(uri):
        return {}
    options = {name: os.environ[name] for name in _AWS if os.environ.get(name)}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        options["AWS_ENDPOINT_URL"] = endpoint
        region = region or "us-east-1"
        if endpoint.startswith("http://"):
            options.setdefault("AWS_ALLOW_HTTP", "true")
    if region:
        options["AWS_REGION"] = region
    return options


def refusal(error: BaseException) -> str | None:
    """Why disk or bucket refused, in words; None if the error is of another kind."""
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        return _REFUSALS[error.errno]
    for code in re.findall(r"os error (\d+)", str(error)):
        if int(code) in _REFUSALS:
            return _REFUSALS[int(code)]
    return None


def folders(uri: str) -> list[str]:
    """Names of the folders directly below an address, sorted; none if it is not there."""
    if is_remote(uri):
        client, bucket, prefix = _s3(uri)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        found = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        return sorted(name.removeprefix(prefix).rstrip("/") for name in found)
    root = Path(uri)
    return sorted(entry.name for entry in root.iterdir() if entry.is_dir()) if root.is_dir() else []


def files(uri: str) -> Iterator[str]:
    """Paths of all files below an address, relative to it, in no order."""
    if is_remote(uri):
        client, bucket, prefix = _s3(uri)
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                yield entry["Key"].removeprefix(prefix)
    else:
        for folder, _, names in os.walk(uri):
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), uri)


def remove(uri: str, paths: Iterable[str]) -> None:
    """Delete files below an address; those that are gone already do not matter."""
    if is_remote(uri):
        client, bucket, prefix = _s3(uri)
        for path in paths:
            client.delete_object(Bucket=bucket, Key=prefix + path)
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


def put_if_absent(uri: str, name: str, content: bytes) -> bytes:
    """Write a small file unless it is there; of several writers at once one wins.

    Returns:
        What the file holds now.
    """
    if is_remote(uri):
        return _put_object_if_absent(uri, name, content)
    target = Path(uri, name)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{name}.{uuid4().hex}.tmp")
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
        client.put_object(Bucket=bucket, Key=prefix + name, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
            raise
    body: bytes = client.get_object(Bucket=bucket, Key=prefix + name)["Body"].read()
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


def _s3(uri: str) -> tuple[Any, str, str]:
    import boto3

    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    options = storage_options(uri)
    client = boto3.client("s3", endpoint_url=options.get("AWS_ENDPOINT_URL"), region_name=options.get("AWS_REGION"))
    return client, bucket, f"{prefix.rstrip('/')}/" if prefix else ""
