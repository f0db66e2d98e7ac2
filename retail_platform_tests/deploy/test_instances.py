"""The variants of `dagster.yaml`: compute logs on S3, storage in Postgres."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from benchmarks.drills.common import Site
from benchmarks.drills.kills import at_once
from retail_platform_tests.platform import PROJECT
from retail_platform_tests.s3 import keys, s3_client
from retail_platform_tests.servers import free_port

DEPLOY = PROJECT / "deploy"
READY_SECONDS = 60


@pytest.mark.parametrize(
    ("variant", "without", "instead"),
    [
        ("dagster-s3.yaml", {"compute_logs"}, {"compute_logs"}),
        ("dagster-postgres.yaml", {"run_storage", "event_log_storage", "schedule_storage"}, {"storage"}),
    ],
)
def test_a_variant_differs_in_what_it_is_for(variant: str, without: set[str], instead: set[str]) -> None:
    base, changed = (yaml.safe_load(path.read_text()) for path in (PROJECT / "dagster.yaml", DEPLOY / variant))

    assert {name: part for name, part in changed.items() if name not in instead} == {
        name: part for name, part in base.items() if name not in without
    }
    assert instead <= changed.keys()


@dg.asset
def talkative() -> None:
    print("hello from an asset")


def test_what_an_asset_prints_lies_on_s3(
    s3_server: str, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DEPLOY / "dagster-s3.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("RETAIL_DAGSTER_DIR", str(tmp_path / "dagster"))
    monkeypatch.setenv("DAGSTER_LOG_BUCKET", s3_bucket)

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run = dg.materialize([talkative], instance=instance).run_id

    [key] = [one for one in keys(s3_server, s3_bucket, f"dagster-logs/storage/{run}/") if one.endswith(".out")]
    said = s3_client(s3_server).get_object(Bucket=s3_bucket, Key=key)["Body"].read()
    assert b"hello from an asset" in said


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of an empty database on a server of its own, as Debian's package installs it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("no Postgres: apt-get install postgresql")
    binaries, port = found[-1].parent, free_port()
    folder = Path(tempfile.mkdtemp(prefix="retail-postgres-"))
    user = None
    if os.geteuid() == 0:  # which Postgres refuses to run as
        user = "postgres"
        shutil.chown(folder, user, user)
    data = str(folder / "data")
    made = [binaries / "initdb", "-D", data, "-U", "dagster", "--auth=trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(made, check=True, capture_output=True, user=user, cwd=folder)
    started = [binaries / "postgres", "-D", data, "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-F"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(started, user=user, cwd=folder, stdout=log, stderr=log)
    try:
        end = time.monotonic() + READY_SECONDS
        asked = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        while subprocess.run(asked, check=False).returncode:
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)  # between two looks
        yield f"postgresql://dagster@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.acceptance
def test_two_days_with_their_history_in_postgres(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dagster_postgres")
    shutil.copy(DEPLOY / "dagster-postgres.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", postgres)
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "2000")
    monkeypatch.setenv("RETAIL_SCALE", "tiny")
    days = ("--from", "2026-01-05", "--to", "2026-01-06")

    for command in (("materialize", *days), ("check", *days), ("status", *days)):
        done = subprocess.run(
            [sys.executable, "-m", "retail_platform.cli", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    monkeypatch.setenv("RETAIL_DAGSTER_DIR", str(tmp_path / "dagster"))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        days_there = instance.get_materialized_partitions(dg.AssetKey("daily_metrics"))
        assert days_there == {"2026-01-05", "2026-01-06"}
        assert all(run.is_success for run in instance.get_runs())
    assert not list(tmp_path.rglob("runs.db")), "nothing of the history is in SQLite"


@pytest.mark.acceptance
def test_six_runs_at_once_with_their_history_in_postgres(postgres: str, tmp_path: Path) -> None:
    pytest.importorskip("dagster_postgres")
    there = {"DAGSTER_POSTGRES_URL": postgres, "DAGSTER_EVENT_BATCH_SIZE": "2000"}
    site = Site(tmp_path / "at-once", there, "deploy/dagster-postgres.yaml")

    verdict = at_once(Site(tmp_path / "alone"), site)

    assert verdict.passed, verdict.figures
