"""The same lake on S3, against a real server process (moto)."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from deltalake.exceptions import DeltaError
from polars.testing import assert_frame_equal

from retail_platform.storage import s3
from retail_platform.storage.lake import Lake, LakeError
from retail_platform.storage.replacing import Replacement
from retail_platform.storage.sql import connect, table_stats
from retail_platform_tests.s3 import keys, moto_server, s3_client
from retail_platform_tests.servers import free_port
from retail_platform_tests.storage.conftest import day, days, rows
from retail_platform_tests.storage.test_faults import finish, start


@pytest.fixture
def lake(s3_bucket: str) -> Lake:
    return Lake(f"s3://{s3_bucket}/some/prefix")


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


def test_a_refused_write_leaves_no_objects(lake: Lake, s3_server: str, s3_bucket: str) -> None:
    with pytest.raises(LakeError, match="rows outside"):
        lake.replace("sales", rows(1, 2), days(1))

    assert keys(s3_server, s3_bucket) == []


def test_files_that_a_late_commit_may_name_stay(
    lake: Lake, s3_server: str, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unanswered(*_: object) -> int:
        raise DeltaError("AccessDenied, says a store that goes on with it")

    monkeypatch.setattr(Replacement, "_create", unanswered)
    with pytest.raises(LakeError, match="cannot be written"):
        lake.replace("sales", rows(1, 2), days(1, 2))

    assert len([key for key in keys(s3_server, s3_bucket) if key.endswith(".parquet")]) == 2


def test_a_prefix_of_other_objects_is_left_alone(lake: Lake, s3_server: str, s3_bucket: str) -> None:
    s3_client(s3_server).put_object(Bucket=s3_bucket, Key="some/prefix/sales/report.csv", Body=b"")

    with pytest.raises(LakeError, match=r"holds report.csv"):
        lake.replace("sales", rows(1), days(1))


def test_processes_share_a_lake(lake: Lake) -> None:
    finish(*(start("write_days", lake.uri, 1, 2) for _ in range(2)), start("write_days", lake.uri, 3, 3))

    assert lake.scan("sales").collect().height == 6


def test_a_killed_write_leaves_the_old_or_the_new_content(lake: Lake) -> None:
    lake.replace("sales", rows(1, 10, each=1000), days(1, 10))
    chance, values = random.Random(7), [0]
    for _ in range(4):
        writer = start("write_until_killed", lake.uri)
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.4))
        writer.kill()
        writer.communicate()

        found = lake.scan("sales").group_by("date", "value").len().collect()
        assert found.height == 10, "each day has one content"
        assert set(found["len"]) == {1000}
        assert found["value"].n_unique() == 1, "all days are of one commit"
        values.append(found["value"][0])
    assert values == sorted(values)
    lake.replace("sales", rows(1, 10, each=1000), days(1, 10))
    assert lake.scan("sales").collect()["value"].sum() == 0


def test_one_lake_holds_one_source(lake: Lake) -> None:
    said = finish(*(start("claim", lake.uri, name) for name in ("olist", "jaffle")))

    assert sorted(name.endswith("refused") for name in said) == [False, True]
    with pytest.raises(LakeError, match="not of third"):
        lake.claim("third")


def test_a_lake_of_more_objects_than_one_page_lists(lake: Lake, s3_server: str, s3_bucket: str) -> None:
    client = s3_client(s3_server)
    with ThreadPoolExecutor(4) as several:  # a killed first write of a very long range
        names = [f"some/prefix/sales/date=x/rows-{number:04}.parquet" for number in range(1001)]
        list(several.map(lambda name: client.put_object(Bucket=s3_bucket, Key=name, Body=b""), names))
    client.put_object(Bucket=s3_bucket, Key="some/prefix/sales/report.csv", Body=b"")

    with pytest.raises(LakeError, match=r"holds report.csv"):
        lake.replace("sales", rows(1), days(1))

    client.delete_object(Bucket=s3_bucket, Key="some/prefix/sales/report.csv")
    lake.replace("sales", rows(1), days(1))
    lake.replace("zebra", rows(1), days(1))
    assert lake.tables() == ["sales", "zebra"]
    assert lake.scan("sales").collect().height == 2


def test_a_profile_is_as_good_as_variables(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, s3_server: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP"):
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text("[shop]\naws_access_key_id = k\naws_secret_access_key = s\n")
    (tmp_path / "config").write_text(f"[profile shop]\nregion = eu-west-3\nendpoint_url = {s3_server}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "shop")

    lake.replace("sales", rows(1), days(1))

    assert lake.storage_options["AWS_ACCESS_KEY_ID"] == "k"
    assert lake.storage_options["AWS_REGION"] == "eu-west-3"
    assert_frame_equal(lake.scan("sales").collect(), rows(1))
    assert lake.tables() == ["sales"]


def test_credentials_written_anew_are_read_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    for key in ("first", "second"):
        (tmp_path / ".aws/credentials").write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = s\n")
        assert s3.delta_options()["AWS_ACCESS_KEY_ID"] == key


def test_credentials_that_expire_are_renewed(lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that hands out credentials stands for a role: boto3 renews both alike."""
    issued = tmp_path / "issued"
    script = tmp_path / "issue.sh"
    script.write_text(
        f"""#!/bin/sh
echo x >> {issued}
printf '{{"Version": 1, "AccessKeyId": "key-%s", "SecretAccessKey": "s", "SessionToken": "t",' $(wc -l < {issued})
printf '"Expiration": "%s"}}' $(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%SZ)
"""
    )
    script.chmod(0o755)
    (tmp_path / "config").write_text(f"[profile role]\ncredential_process = {script}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "role")

    first, second = (lake.storage_options["AWS_ACCESS_KEY_ID"] for _ in range(2))

    assert first != second
    assert lake.storage_options["AWS_SESSION_TOKEN"] == "t"
    lake.replace("sales", rows(1), days(1))


def write(lake: Lake) -> None:
    lake.replace("sales", rows(1), days(1))


@pytest.mark.parametrize("ask", [write, Lake.tables, lambda lake: lake.claim("olist")], ids=["write", "list", "claim"])
class TestWhatAStoreRefuses:
    @pytest.mark.usefixtures("s3_bucket")
    def test_a_missing_bucket(self, ask: Callable[[Lake], object]) -> None:
        with pytest.raises(LakeError, match=r"(?s)the bucket is not there: create it, or correct RETAIL_LAKE_URI"):
            ask(Lake("s3://nobody-has-this/lake"))

    def test_an_endpoint_that_does_not_answer(
        self, lake: Lake, ask: Callable[[Lake], object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        endpoint = f"http://127.0.0.1:{free_port()}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setattr(s3, "ATTEMPTS", 2)
        monkeypatch.setattr(s3, "_BOTO_ATTEMPTS", 2)

        with pytest.raises(LakeError, match=f"no answer from {endpoint}: check AWS_ENDPOINT_URL"):
            ask(lake)

    def test_no_credentials(self, lake: Lake, ask: Callable[[Lake], object], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
        monkeypatch.setenv("AWS_CONFIG_FILE", "none")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

        with pytest.raises(LakeError, match="no AWS credentials: set AWS_ACCESS_KEY_ID and") as told:
            ask(lake)

        assert str(told.value).count("AWS_ACCESS_KEY_ID") == 1

    @pytest.mark.usefixtures("s3_bucket")
    def test_wrong_credentials(
        self, ask: Callable[[Lake], object], monkeypatch: pytest.MonkeyPatch, strict_server: str
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", strict_server)

        with pytest.raises(LakeError, match="does not accept the credentials: check AWS_ACCESS_KEY_ID"):
            ask(Lake("s3://retailer/lake"))


@pytest.fixture(scope="module")
def strict_server() -> Iterator[str]:
    """A server that looks at the credentials, once its bucket is made."""
    with moto_server() as endpoint:
        s3_client(endpoint).create_bucket(Bucket="retailer")
        now = Request(f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        urlopen(now).close()
        yield endpoint
