"""The same lake on S3, against a real server process (moto)."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from polars.testing import assert_frame_equal

from retail_platform.storage.lake import Lake, LakeError
from retail_platform.storage.sql import connect, table_stats
from retail_platform_tests.storage.conftest import day, days, rows
from retail_platform_tests.storage.test_faults import finish, start


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert server.poll() is None
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()


@pytest.fixture
def lake(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Lake:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    import boto3

    boto3.client("s3").create_bucket(Bucket="retailer")
    return Lake(f"s3://retailer/{request.node.name}/lake")


def test_a_round_trip(lake: Lake) -> None:
    assert lake.tables() == []
    lake.replace("sales", rows(1, 3), days(1, 3))
    written = lake.replace("sales", rows(2, value=4), days(2), commit={"run_id": "r"})
    lake.replace("stores", rows(1).drop("date"), None)
    lake.replace("empty", rows(1).clear(), days(1))

    assert written.version == 1
    assert lake.tables() == ["empty", "sales", "stores"]
    assert lake.table_uri("sales") == f"{lake.uri}/sales"
    assert_frame_equal(lake.scan("sales", days(2)).collect(), rows(2, value=4))
    assert "date=2026-01-01" not in lake.scan("sales", days(2)).explain()
    assert [(s.name, s.rows, s.days, s.first_day) for s in table_stats(lake)] == [
        ("empty", 0, 0, None),
        ("sales", 6, 3, day(1)),
        ("stores", 2, None, None),
    ]
    assert connect(lake).sql("SELECT sum(value), max(date) FROM sales").fetchall() == [(8, day(3))]
    assert connect(lake).sql("SELECT count(*) FROM empty").fetchall() == [(0,)]
    assert lake.vacuum("sales", timedelta(hours=1)) == []


def test_a_refused_write_leaves_no_objects(lake: Lake) -> None:
    with pytest.raises(LakeError, match="rows outside"):
        lake.replace("sales", rows(1, 2), days(1))

    import boto3

    assert (
        boto3.client("s3").list_objects_v2(Bucket="retailer", Prefix=lake.uri[len("s3://retailer/") :])["KeyCount"] == 0
    )


def test_a_prefix_of_other_objects_is_left_alone(lake: Lake) -> None:
    import boto3

    boto3.client("s3").put_object(
        Bucket="retailer", Key=f"{lake.uri[len('s3://retailer/') :]}/sales/report.csv", Body=b""
    )

    with pytest.raises(LakeError, match=r"holds report.csv"):
        lake.replace("sales", rows(1), days(1))


def test_a_missing_bucket_names_the_settings(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"(?s)NoSuchBucket.*RETAIL_LAKE_URI and, on S3, the AWS_"):
        Lake("s3://nobody/lake").replace("sales", rows(1), days(1))


def test_processes_share_a_lake(lake: Lake) -> None:
    assert os.environ["AWS_ENDPOINT_URL"]
    finish(*(start("write_days", lake.uri, 1, 2) for _ in range(2)), start("write_days", lake.uri, 3, 3))

    assert lake.scan("sales").collect().height == 6


def test_one_lake_holds_one_source(lake: Lake) -> None:
    said = finish(*(start("claim", lake.uri, name) for name in ("olist", "jaffle")))

    assert sorted(name.endswith("refused") for name in said) == [False, True]
    with pytest.raises(LakeError, match="not of third"):
        lake.claim("third")
