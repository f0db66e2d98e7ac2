"""The landing sensor on a bucket: objects are whole when they are seen, and an ETag tells whether one is new."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_platform_tests.automation.landings import Landings, described
from retail_platform_tests.end_to_end.shops import LINES, Shops
from retail_platform_tests.platform import Platform
from retail_platform_tests.s3 import s3_client, s3_variables


@pytest.fixture
def bucket(s3_server: str, s3_bucket: str, tmp_path: Path) -> Iterator[tuple[Landings, str]]:
    """A retailer whose files lie in a bucket; its name."""
    shops = described(Shops(tmp_path), ("sales/{date}.csv", "sales/{date}/*.csv"))
    put(s3_server, s3_bucket, {path.name: path.read_text() for path in shops.files.glob("*.csv")})
    put(s3_server, s3_bucket, {"sales/2026-03-01/0.csv": LINES})
    address = f"s3://{s3_bucket}/export"
    with Platform(
        tmp_path / "platform", variables=s3_variables(s3_server), source=shops.mapping, source_dir=address
    ) as platform:
        yield Landings(platform), s3_bucket


def put(server: str, bucket: str, objects: dict[str, str]) -> None:
    client = s3_client(server)
    for name, content in objects.items():
        client.put_object(Bucket=bucket, Key=f"export/{name}", Body=content.encode())


def test_new_and_changed_objects_are_asked_for_once(s3_server: str, bucket: tuple[Landings, str]) -> None:
    landings, name = bucket
    put(s3_server, name, {f"sales/2026-03-01/{till}.csv": LINES for till in range(1, 1001)})
    landings.tick()
    [first] = landings.asked()
    assert first == {"raw_sales": ["2026-03-01"], "raw_stores": [], "raw_products": [], "raw_clients": []}
    assert landings.tick() == "1004 files, nothing new"

    put(s3_server, name, {"sales/2026-03-01/7.csv": LINES})
    assert landings.settle() == []  # the same content again

    put(s3_server, name, {"sales/2026-03-01/7.csv": LINES.upper(), "sales/2026-03-05/1.csv": LINES})
    landings.tick()
    assert landings.asked() == [{"raw_sales": ["2026-03-01", "2026-03-05"]}]

    put(s3_server, name, {"sales/2026-03-03/1.csv": LINES})  # later, and of an earlier day and key
    assert landings.settle() == [{"raw_sales": ["2026-03-03"]}]


def test_a_bucket_that_does_not_answer_is_said_and_nothing_is_lost(
    s3_server: str, bucket: tuple[Landings, str]
) -> None:
    landings, name = bucket
    landings.settle()
    put(s3_server, name, {"sales/2026-03-02/1.csv": LINES})

    landings.platform._variables["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    landings.platform._variables["AWS_MAX_ATTEMPTS"] = "1"
    assert f"s3://{name}/export: Could not connect" in str(landings.tick())
    landings.platform._variables |= s3_variables(s3_server)

    assert landings.settle() == [{"raw_sales": ["2026-03-02"]}]
