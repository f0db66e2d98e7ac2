"""The whole platform on an S3 lake: every command, and a month through a store that fails."""

from pathlib import Path

import pytest

from retail_platform_tests.platform import Platform, message
from retail_platform_tests.s3 import keys, new_bucket, s3_variables
from retail_platform_tests.s3_faults import KINDS, faulty_s3

FIRST = "2026-01-01"


@pytest.mark.usefixtures("s3_bucket")
@pytest.mark.parametrize("last", ["2026-01-03", pytest.param("2026-01-31", marks=pytest.mark.acceptance)])
def test_days_through_faults_equal_those_in_a_folder(s3_server: str, s3_bucket: str, tmp_path: Path, last: str) -> None:
    with Platform(tmp_path / "folder") as local:
        assert local.materialize(FIRST, last).failures == []
        in_a_folder = local.hashes()
    with faulty_s3(s3_server, rate=0.05, stall_seconds=0.2) as faulty:
        variables = s3_variables(faulty.endpoint)
        with Platform(tmp_path / "p", variables=variables, lake_uri=f"s3://{s3_bucket}/lake") as remote:
            outcome = remote.materialize(FIRST, last)

        counts = faulty.change(rate=0)
        assert outcome.failures == []
        assert outcome.split == [], "not even a range had to be cut into days"
        assert sum(counts.get(kind, 0) for kind in KINDS) > 0.03 * counts["requests"]
        assert remote.hashes() == in_a_folder
    for name in remote.lake.tables():
        assert len(remote.lake.delta(name).history()) == 1, "no commit was made twice"


def test_every_command_works_on_a_bucket(s3_server: str, tmp_path: Path) -> None:
    bucket = new_bucket(s3_server)
    with Platform(tmp_path / "p", variables=s3_variables(s3_server), lake_uri=f"s3://{bucket}/some/prefix") as platform:
        days = ("--from", "2026-01-05", "--to", "2026-01-06")

        made = platform.retail("materialize", *days)
        assert made.exit_code == 0, made.output
        checked = platform.retail("check", *days)
        assert checked.exit_code == 0, checked.output
        assert "daily_metrics" in message(platform.retail("status", *days))
        assert "daily_metrics" in message(platform.retail("tables"))
        found = platform.retail("sql", "SELECT count(*) AS n FROM daily_metrics", "--format", "csv")
        assert int(found.output.split()[-1]) > 0, found.output
        for command in (("quarantine", *days), ("vacuum",)):
            done = platform.retail(*command)
            assert done.exit_code == 0, done.output
        assert Path(str(platform.settings["warehouse"])).is_file()
        assert all(key.startswith("some/prefix/") for key in keys(s3_server, bucket))


def test_a_bucket_that_is_not_there_is_named_before_anything_runs(s3_server: str, tmp_path: Path) -> None:
    with Platform(tmp_path / "p", variables=s3_variables(s3_server), lake_uri="s3://nobody-has-it/lake") as platform:
        done = platform.retail("materialize", "--from", "2026-01-05", "--to", "2026-01-05")

        assert done.exit_code == 1
        assert "the bucket is not there: create it, or correct RETAIL_LAKE_URI" in message(done)
