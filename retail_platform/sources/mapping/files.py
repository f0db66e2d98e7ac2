"""Finding a source's files: in a folder or below an S3 prefix.

What the files hold is `readers`' business; here they are names, sizes and stamps, and can be had locally.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from glob import escape, glob
from os.path import commonprefix
from pathlib import Path
from typing import Any, Protocol, TypeVar

from retail_platform.settings import SettingsError
from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.scratch import made_once
from retail_platform.storage import s3

T = TypeVar("T")

VARIABLE = "RETAIL_SOURCE_DIR"
_UNFINISHED = re.compile(r"(^|/)\.[^/]*$|\.(tmp|temp|part|partial|filepart|crdownload|swp)(\.gz)?$|~$", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """One file of the source.

    Attributes:
        stamp: changes with its content, and with whatever else could go with a change.
        fetch: where it lies locally; a remote file is first copied into the folder given.
        version: changes with its content, and with nothing else that is known: ETag, or size and time of its content.
        arrived: when it came to lie where it lies, at the latest, in seconds since 1970; its content may be older.
        whole: whether a file that is seen is there whole; a local one may still be written.
    """

    name: str
    stamp: str
    fetch: Callable[[Path], Path]
    version: str = ""
    arrived: float = 0.0
    whole: bool = True


class Folder(Protocol):
    """Where a source's files lie."""

    @property
    def name(self) -> str:
        """As the settings name it."""

    def find(self, patterns: Sequence[str]) -> list[list[File]]:
        """The files of each path pattern, gzipped or not, in order of their names.

        Hidden files, and those that by their names are not yet whole, are left out.

        Raises:
            SourceUnavailable: the folder itself is not there or does not answer.
            SourceContractError: a file is there both gzipped and not.
        """

    def similar(self, pattern: str) -> list[str]:
        """Names of files near to one that is missing."""


def open_folder(source_dir: str | None) -> Folder:
    """The folder of RETAIL_SOURCE_DIR; nothing is touched yet.

    Raises:
        SettingsError: the variable is not set or is no folder or s3:// address.
    """
    if not source_dir:
        raise SettingsError(f"{VARIABLE} is not set: name the folder (or s3://bucket/prefix) of the files")
    if source_dir.startswith("s3://"):
        bucket, _, prefix = source_dir.removeprefix("s3://").partition("/")
        if not bucket:
            raise SettingsError(f"{VARIABLE} is {source_dir!r}: s3://bucket/prefix is expected")
        return S3Folder(bucket, prefix.strip("/"))
    if "://" in source_dir:
        raise SettingsError(f"{VARIABLE} is {source_dir!r}: a folder or s3://bucket/prefix is expected")
    return LocalFolder(Path(source_dir))


@dataclass(frozen=True)
class NoFolder:
    """Of a source without file inputs: nothing lies there."""

    name: str = "the source's API"

    def find(self, patterns: Sequence[str]) -> list[list[File]]:
        """No file for any pattern."""
        return [[] for _ in patterns]

    def similar(self, pattern: str) -> list[str]:  # noqa: ARG002
        """No file is near."""
        return []


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def find(self, patterns: Sequence[str]) -> list[list[File]]:
        """The files of each path pattern."""
        if not self.path.is_dir():
            raise SourceUnavailable(f"{VARIABLE} {self.path} is not there or is no folder")
        return [_in_order(self._files(pattern)) for pattern in patterns]

    def similar(self, pattern: str) -> list[str]:
        """Names of files near to one that is missing."""
        names = [str(path.relative_to(self.path)) for path in sorted(self.path.glob("*"))]
        if not names:
            return []
        return get_close_matches(pattern, names, n=3, cutoff=0.4) or names[:3]

    def _files(self, pattern: str) -> Iterator[File]:
        for ending in ("", ".gz"):
            for name in glob(f"{escape(str(self.path))}/{pattern}{ending}", recursive=True):
                path = Path(name)
                if path.is_file():
                    yield _local_file(path)


def _local_file(path: Path) -> File:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise SourceUnavailable(f"{path} was there and vanished while it was looked at") from None
    changes = (path.resolve(), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    version = f"{status.st_size} {status.st_mtime_ns}"
    arrived = max(status.st_mtime, status.st_ctime)  # rsync -t and mv keep the first and set the second
    return File(str(path), " ".join(map(str, changes)), lambda _: path, version, arrived, whole=False)


def _in_order(files: Iterable[File]) -> list[File]:
    ordered = sorted((file for file in files if not _UNFINISHED.search(file.name)), key=lambda file: file.name)
    names = {file.name for file in ordered}
    for file in ordered:
        if f"{file.name}.gz" in names:
            raise SourceContractError(f"{file.name} is there gzipped and not gzipped; leave one of them")
    return ordered


@dataclass(frozen=True)
class S3Folder:
    """A prefix of a bucket; endpoint and credentials are those of the AWS_* variables."""

    bucket: str
    prefix: str

    @property
    def name(self) -> str:
        """The address."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def find(self, patterns: Sequence[str]) -> list[list[File]]:
        """The files of each path pattern; one listing for all of them."""
        wholes = [f"{self.prefix}/{pattern}".lstrip("/") for pattern in patterns]
        # S3 prefixes are of letters, not of folders.
        fixed = commonprefix([re.split(r"[*?\[]", whole, maxsplit=1)[0] for whole in wholes])  # noqa: RUF071
        files = {str(one["Key"]): self._file(one) for one in self._objects(fixed)}
        expressions = [re.compile(path_expression(whole) + r"(\.gz)?") for whole in wholes]
        return [_in_order(file for key, file in files.items() if one.fullmatch(key)) for one in expressions]

    def similar(self, pattern: str) -> list[str]:
        """Names of files near to one that is missing."""
        start = f"{self.prefix}/" if self.prefix else ""
        names = [str(one["Key"]).removeprefix(start) for one in self._objects(start)]
        return get_close_matches(pattern, names, n=3, cutoff=0.4) or names[:3]

    def _objects(self, prefix: str) -> list[dict[str, Any]]:
        def listed() -> list[dict[str, Any]]:
            pages = s3.client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return [one for page in pages for one in page.get("Contents", [])]

        return _answered(self.name, listed)

    def _file(self, found: dict[str, Any]) -> File:
        key, etag = str(found["Key"]), str(found["ETag"]).strip('"')
        name = f"s3://{self.bucket}/{key}"

        def fetch(folder: Path) -> Path:
            def download(target: Path) -> None:
                _answered(name, lambda: s3.client().download_file(self.bucket, key, str(target)))

            return made_once(name, etag, Path(key).suffix, download, folder)

        stamp, version = f"{name} {found['Size']} {etag}", f"{found['Size']} {etag}"
        arrived = found["LastModified"].timestamp() + 1  # S3 tells the second: it may have come at its end
        return File(name, stamp, fetch, version, arrived)


def _answered(name: str, action: Callable[[], T]) -> T:
    try:
        return s3.insist(action)
    except Exception as error:  # of two libraries without a common base
        mend = s3.why(error, VARIABLE)
        if mend is None and not isinstance(error, _boto_errors()):
            raise
        kind = SourceContractError if s3.is_refused(error) else SourceUnavailable
        raise kind(f"{name}: {error}" + (f"; {mend}" if mend and mend != str(error) else "")) from error


def _boto_errors() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def path_expression(pattern: str) -> str:
    """A glob pattern as a regular expression; `*` does not cross a `/`, `**/` does."""
    parts = re.split(r"(\*\*/|\*|\?|\[[^]]+\])", pattern)
    known = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(part, part if part.startswith("[") and part.endswith("]") else re.escape(part)) for part in parts
    )
