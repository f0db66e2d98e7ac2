"""A bucket that is busy, breaks off, or does what it was asked and never says so."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from retail_platform.storage import s3
from retail_platform.storage.lake import Lake
from retail_platform_tests.s3_faults import KINDS, SILENT, FaultyS3, faulty_s3
from retail_platform_tests.storage.conftest import days, rows


@pytest.fixture(scope="module")
def proxy(s3_server: str) -> Iterator[FaultyS3]:
    with faulty_s3(s3_server, rate=0, stall_seconds=0.2) as running:
        yield running


@pytest.fixture
def faulty(proxy: FaultyS3, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> FaultyS3:
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    proxy.change(rate=0)
    return proxy


@pytest.fixture
def lake(faulty: FaultyS3, s3_bucket: str) -> Lake:
    return Lake(f"s3://{s3_bucket}/lake")


REQUESTS = pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "_delta_log/.*json"),
        ("PUT", "parquet"),
        ("GET", "parquet"),
        ("GET", "_delta_log/.*json"),
        ("GET", "list"),
    ],
    ids=["commit", "put", "read", "log", "list"],
)


@pytest.mark.parametrize("kind", KINDS)
@REQUESTS
def test_one_fault_changes_nothing(lake: Lake, faulty: FaultyS3, kind: str, method: str, path: str) -> None:
    check_one_fault(lake, faulty, kind, method, path)


@pytest.fixture(scope="module")
def silent_proxy(s3_server: str) -> Iterator[FaultyS3]:
    with faulty_s3(s3_server, rate=0, stall_seconds=600) as running:
        yield running


@pytest.fixture
def silent(silent_proxy: FaultyS3, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> FaultyS3:
    monkeypatch.setenv("AWS_ENDPOINT_URL", silent_proxy.endpoint)
    monkeypatch.setattr(s3, "_ANSWER_SECONDS", 1)
    return silent_proxy


@pytest.mark.parametrize("kind", SILENT)
@REQUESTS
def test_silence_is_not_waited_for_and_changes_nothing(
    silent: FaultyS3, s3_bucket: str, kind: str, method: str, path: str
) -> None:
    check_one_fault(Lake(f"s3://{s3_bucket}/lake"), silent, kind, method, path)


def check_one_fault(lake: Lake, faulty: FaultyS3, kind: str, method: str, path: str) -> None:
    """A day is replaced once, whatever befalls one of the requests."""
    lake.replace("sales", rows(1, 3), days(1, 3))
    faulty.change(once=(kind, method, path))

    written = lake.replace("sales", lake.scan("sales", days(2)).with_columns(value=pl.col("value") + 1), days(2))

    assert faulty.change()[kind] == 1
    assert written.version == 1
    assert written.rows == 2
    found = lake.scan("sales").collect()
    assert found.height == 6
    assert found["value"].sum() == 2
    assert len(lake.delta("sales").history()) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_the_first_commit_makes_one_table(lake: Lake, faulty: FaultyS3, kind: str) -> None:
    faulty.change(once=(kind, "PUT", "_delta_log/.*json"))

    written = lake.replace("sales", rows(1, 3), days(1, 3))

    assert faulty.change()[kind] == 1
    assert written.version == 0
    assert lake.scan("sales").collect().height == 6
    assert len(lake.delta("sales").history()) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_claim_holds_in_spite_of_a_fault(lake: Lake, faulty: FaultyS3, kind: str, method: str) -> None:
    faulty.change(once=(kind, method, "_lake.json"))

    lake.claim("olist")
    lake.claim("olist")

    assert faulty.change()[kind] == 1


def test_many_writes_through_many_faults_end_right(lake: Lake, faulty: FaultyS3, tmp_path: Path) -> None:
    plain = Lake(str(tmp_path / "lake"))
    faulty.change(rate=0.1)

    for number in range(1, 16):
        for one in (lake, plain):
            one.replace("sales", rows(number, value=number), days(number))

    assert lake.content_hash("sales") == plain.content_hash("sales")
    counts = faulty.change(rate=0)
    assert sum(counts.get(kind, 0) for kind in KINDS) > 5
    assert len(lake.delta("sales").history()) == 15


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_through_a_fault_gives_all_rows(lake: Lake, faulty: FaultyS3, kind: str) -> None:
    lake.replace("sales", rows(1, 3), days(1, 3))
    faulty.change(once=(kind, "GET", "parquet"))

    assert lake.scan("sales").collect().height == 6

    assert faulty.change()[kind] == 1
