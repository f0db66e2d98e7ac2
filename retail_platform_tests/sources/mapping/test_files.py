"""Finding files in a folder and below an S3 prefix."""

import gzip
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import polars as pl
import pytest
from botocore.exceptions import ClientError

from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform.storage import s3
from retail_platform_tests.s3_faults import KINDS, faulty_s3
from retail_platform_tests.sources.mapping.conftest import MAPPING, Retailer, days


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch, retailer: Retailer) -> str:
    """The retailer's files in S3, some gzipped, a Parquet one among them."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="corner")
    retailer.describe(MAPPING.replace("shops.csv", "shops.parquet"))
    pl.DataFrame({"id": [1, 2], "name": ["Étoile", "Port"]}).write_parquet(retailer.files / "shops.parquet")
    for path in retailer.files.rglob("*.*"):
        key, body = f"export/{path.relative_to(retailer.files)}", path.read_bytes()
        if path.suffix == ".csv":
            key, body = key + ".gz", gzip.compress(body)
        client.put_object(Bucket="corner", Key=key, Body=body)
    return "s3://corner/export"


def test_files_in_s3_are_read_like_those_in_a_folder(retailer: Retailer, bucket: str) -> None:
    here, there = retailer.source(), retailer.source(bucket)

    assert there.read("stores").collect().rows() == [("1", "Étoile"), ("2", "Port")]
    sales = there.read("sales", days(1, 3)).collect()
    assert sales.height == 3
    assert sales.equals(here.read("sales", days(1, 3)).collect())


def test_unfinished_and_hidden_files_are_passed_by(retailer: Retailer, bucket: str) -> None:
    several = MAPPING.replace('"sales/{date}.csv"', '"sales/*{date}.*"\nformat = "csv"')
    retailer.describe(several.replace("shops.csv", "shops.parquet"))
    for name in ("2026-03-01.csv.part", ".2026-03-01.csv", "2026-03-01.csv~"):
        retailer.deliver(f"sales/{name}", b"half")
        boto3.client("s3").put_object(Bucket="corner", Key=f"export/sales/{name}", Body=b"half")

    for place in (None, bucket):
        assert retailer.source(place).read("sales", days(1, 1)).collect().height == 2


def test_a_file_that_vanishes_while_it_is_looked_at_may_come_back(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = retailer.source()
    monkeypatch.setattr(Path, "is_file", lambda path: path.unlink() is None)
    with pytest.raises(SourceUnavailable, match=r"shops.csv was there and vanished"):
        source.read("stores")


def test_what_is_missing_in_s3_is_no_delivery(retailer: Retailer, bucket: str) -> None:
    with pytest.raises(
        SourceUnavailable, match=r"sales/\{date\}.csv in s3://corner/export\): no delivery for 2026-03-04"
    ):
        retailer.source(bucket).read("sales", days(3, 4))
    with pytest.raises(SourceUnavailable, match=r"no file shops.parquet .* s3://corner/exports; the folder is empty"):
        retailer.source("s3://corner/exports").read("stores")
    with pytest.raises(SourceUnavailable, match=r"s3://nowhere: .*NoSuchBucket"):
        retailer.source("s3://nowhere").read("stores")


def test_credentials_that_cannot_be_had_for_a_moment_are_asked_for_again(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    source = retailer.source("s3://corner/export")
    with pytest.raises(SourceContractError, match="there are no AWS credentials"):
        source.read("stores")

    (tmp_path / "config").write_text("[profile role]\ncredential_process = false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "role")
    with pytest.raises(SourceUnavailable, match="Error when retrieving credentials from custom-process"):
        source.read("stores")


@pytest.mark.parametrize(("code", "refused"), [("ExpiredToken", False), ("AccessDenied", True)])
def test_an_expired_token_is_renewed_by_who_gave_it_and_a_missing_right_is_not(code: str, refused: bool) -> None:
    assert s3.is_refused(ClientError({"Error": {"Code": code}}, "ListObjectsV2")) is refused


def test_more_objects_than_one_page_lists(retailer: Retailer, bucket: str) -> None:
    client = boto3.client("s3")
    names = [f"export/sales/{number:04}.note" for number in range(1001)]
    with ThreadPoolExecutor(4) as several:
        list(several.map(lambda name: client.put_object(Bucket="corner", Key=name, Body=b""), names))

    assert retailer.source(bucket).read("sales", days(1, 3)).collect().height == 3
    assert retailer.source(bucket).read("stores").collect().height == 2


def test_files_through_a_store_that_fails(
    retailer: Retailer, bucket: str, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = retailer.source(bucket).read("sales", days(1, 3)).collect()
    with faulty_s3(s3_server, rate=0, stall_seconds=0.1) as faulty:
        monkeypatch.setenv("AWS_ENDPOINT_URL", faulty.endpoint)
        for kind in KINDS:
            faulty.change(once=(kind, "GET", "list-type"))

            assert retailer.source(bucket).read("sales", days(1, 3)).collect().equals(whole)

            assert faulty.change()[kind] == 1


def test_files_without_credentials_name_what_to_set(
    retailer: Retailer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(SourceContractError, match="there are no AWS credentials: set AWS_ACCESS_KEY_ID") as told:
        retailer.source(bucket).read("stores")

    assert str(told.value).count("AWS_ACCESS_KEY_ID") == 1


def test_a_changed_object_is_read_again(retailer: Retailer, bucket: str) -> None:
    source = retailer.source(bucket)
    source.read("stores").collect()
    pl.DataFrame({"id": [3]}).write_parquet("shops.parquet")

    retailer.describe(MAPPING.replace("shops.csv", "shops.parquet"))
    retailer.sql("stores", "SELECT id AS store_id FROM shops")
    boto3.client("s3").upload_file("shops.parquet", "corner", "export/shops.parquet")

    assert source.read("stores").collect().rows() == [("3",)]


def test_an_s3_server_that_does_not_answer_is_no_delivery(
    retailer: Retailer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

        with pytest.raises(SourceUnavailable, match="s3://corner/export: Could not connect to the endpoint URL"):
            retailer.source(bucket).read("stores")


def test_a_file_is_there_gzipped_or_not(retailer: Retailer) -> None:
    text = (retailer.files / "shops.csv").read_bytes()
    retailer.deliver("shops.csv.gz", gzip.compress(text))

    with pytest.raises(SourceContractError, match=r"shops.csv is there gzipped and not gzipped; leave one of them"):
        retailer.source().read("stores")

    (retailer.files / "shops.csv").unlink()
    assert retailer.source().read("stores").collect().height == 2


def test_names_with_signs_of_patterns_are_no_patterns(retailer: Retailer, tmp_path: Path) -> None:
    retailer.files.rename(tmp_path / "till [1] *")

    assert retailer.source(str(tmp_path / "till [1] *")).read("sales", days(1, 2)).collect().height == 3
