"""The pooled event log tells the same as the stock one, to every process, and steps aside where it must."""

import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage

from retail_platform.storage import event_log
from retail_platform.storage.event_log import PooledSqliteEventLogStorage, unexpected_parts

YAML = """
telemetry: {enabled: false}
event_log_storage:
  module: retail_platform.storage.event_log
  class: PooledSqliteEventLogStorage
"""
DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-11")


@dg.asset(partitions_def=DAYS)
def counted(context: dg.AssetExecutionContext) -> None:
    for key in context.partition_keys:
        context.add_asset_metadata({"dagster/partition_row_count": 7}, partition_key=key)


@dg.asset(partitions_def=DAYS, deps=[counted])
def fragile(context: dg.AssetExecutionContext) -> None:
    if "2026-01-05" in context.partition_keys:
        raise ValueError("the fifth is broken")


with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.PreviewWarning)

    @dg.asset_check(asset=counted, partitions_def=DAYS)
    def odd_days(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        keys = context.op_execution_context.partition_keys
        for key in keys:
            odd = int(key[-2:]) % 2 == 1
            context.op_execution_context.log_event(
                dg.AssetCheckEvaluation(
                    asset_key=counted.key, check_name="odd_days", passed=odd, metadata={}, partition=key
                )
            )
        return dg.AssetCheckResult(passed=True)


DEFS = dg.Definitions(assets=[counted, fragile], asset_checks=[odd_days])


def run(instance: dg.DagsterInstance, first: int, last: int) -> dg.ExecuteInProcessResult:
    tags = {
        "dagster/asset_partition_range_start": f"2026-01-{first:02}",
        "dagster/asset_partition_range_end": f"2026-01-{last:02}",
    }
    job = DEFS.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)


@contextmanager
def instance_at(home: Path, monkeypatch: pytest.MonkeyPatch, ours: bool = True) -> Iterator[dg.DagsterInstance]:
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text(YAML if ours else "telemetry: {enabled: false}")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    with instance_at(tmp_path / "home", monkeypatch) as instance:
        yield instance


def some_event(instance: dg.DagsterInstance) -> EventLogEntry:
    logs = instance.all_logs(run(instance, 1, 1).run_id)
    return next(entry for entry in logs if entry.dagster_event_type == DagsterEventType.STEP_START)


def story(instance: dg.DagsterInstance, run_ids: list[str]) -> dict[str, Any]:
    """All the UI shows of the runs, without what differs from run to run."""
    storage = instance.event_log_storage
    names = {run_id: f"run {number}" for number, run_id in enumerate(run_ids)}
    record = storage.get_asset_records([counted.key])[0].asset_entry
    checks = storage.get_asset_check_execution_history(odd_days.check_key, limit=100)
    statuses = storage.get_latest_asset_check_execution_by_key([odd_days.check_key])
    ids = storage.get_latest_storage_id_by_partition(counted.key, DagsterEventType.ASSET_MATERIALIZATION)
    details = instance.fetch_materializations(counted.key, limit=100).records
    return {
        "logs": [[e.dagster_event_type for e in instance.all_logs(run_id)] for run_id in run_ids],
        "statuses": [instance.get_run_by_id(run_id).status for run_id in run_ids],
        "materialized": {key: sorted(instance.get_materialized_partitions(key)) for key in (counted.key, fragile.key)},
        "latest": sorted(ids, key=lambda key: (ids[key], key)),
        "last": (record.last_materialization.asset_materialization.partition, names[record.last_run_id]),
        "metadata": [
            (r.partition_key, names[r.run_id], r.asset_materialization.metadata["dagster/partition_row_count"].value)
            for r in details
        ],
        "checks": [(names[c.run_id], c.partition, c.status.value) for c in checks],
        "latest checks": {key: (c.partition, c.status.value) for key, c in statuses.items()},
        "failed": sorted(
            storage.get_latest_asset_partition_materialization_attempts_without_materializations(fragile.key)
        ),
    }


def test_it_tells_the_same_story_as_the_stock_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "100")  # Dagster itself orders planned events by it
    stories = {}
    for ours in (True, False):
        with instance_at(tmp_path / f"home-{ours}", monkeypatch, ours) as instance:
            assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage) is ours
            run_ids = [run(instance, *days).run_id for days in ((1, 3), (4, 6), (2, 2))]
            stories[ours] = story(instance, run_ids)

    assert stories[True] == stories[False]
    assert stories[True]["materialized"][counted.key] == [f"2026-01-0{n}" for n in range(1, 7)]
    assert stories[True]["failed"] == ["2026-01-04", "2026-01-05", "2026-01-06"]


def test_the_tables_of_a_run_are_those_of_the_stock_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {}
    for ours in (True, False):
        home = tmp_path / f"home-{ours}"
        with instance_at(home, monkeypatch, ours) as instance:
            file = home / "history" / "runs" / f"{run(instance, 1, 1).run_id}.db"
        with closing(sqlite3.connect(file)) as database:
            made[ours] = {
                "tables": database.execute(
                    "SELECT name, sql FROM sqlite_master WHERE sql NOT LIKE '%alembic%'"
                ).fetchall(),
                "revision": database.execute("SELECT * FROM alembic_version").fetchall(),
                "journal": database.execute("PRAGMA journal_mode").fetchall(),
            }
            made[ours]["tables"].sort()

    assert made[True] == made[False]
    assert "event_logs" in dict(made[True]["tables"])


@pytest.mark.parametrize("writer_is_ours", [True, False])
def test_either_storage_takes_over_from_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer_is_ours: bool
) -> None:
    home = tmp_path / "home"
    with instance_at(home, monkeypatch, writer_is_ours) as instance:
        first = run(instance, 1, 3).run_id
        told = story(instance, [first])

    with instance_at(home, monkeypatch, not writer_is_ours) as instance:
        assert story(instance, [first]) == told
        run(instance, 7, 8)
        assert len(instance.get_materialized_partitions(counted.key)) == 5


def test_batches_are_on_unless_the_environment_says_otherwise(instance: dg.DagsterInstance) -> None:
    assert os.environ["DAGSTER_EVENT_BATCH_SIZE"] == "2000"


def test_a_watcher_sees_a_run_while_it_goes_on(instance: dg.DagsterInstance) -> None:
    storage = instance.event_log_storage
    live = some_event(instance)._replace(run_id="live")
    storage.store_event(live)
    seen = threading.Event()
    storage.watch("live", None, lambda *_: seen.set())

    storage.store_event(live)

    assert seen.wait(10)
    storage.end_watch("live", lambda *_: None)


def test_threads_share_it(instance: dg.DagsterInstance) -> None:
    template = some_event(instance)

    def store(name: str) -> None:
        for _ in range(20):
            instance.event_log_storage.store_event(template._replace(run_id=name))
            instance.event_log_storage.get_records_for_run("thread-0")

    threads = [threading.Thread(target=store, args=(f"thread-{number}",)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {len(instance.all_logs(f"thread-{number}")) for number in range(24)} == {20}


CHILD = """
import sys, dagster as dg
from retail_platform_tests.storage.test_event_log import run
with dg.DagsterInstance.get() as instance:
    for day in range(int(sys.argv[1]), int(sys.argv[1]) + 3):
        assert run(instance, day, day).run_id
"""


def test_processes_share_it(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    environment = os.environ | {"DAGSTER_HOME": str(tmp_path / "home"), "PYTHONWARNINGS": "ignore"}
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, first], env=environment, stderr=subprocess.PIPE, text=True)
        for first in ("1", "4")
    ]
    while any(child.poll() is None for child in children):
        instance.get_materialized_partitions(counted.key)  # the webserver reads meanwhile
        time.sleep(0.05)

    assert [child.communicate()[1] for child in children if child.returncode] == []
    assert len(instance.get_materialized_partitions(counted.key)) == 6
    assert len(instance.get_runs()) == 6


def test_a_batch_is_stored_whole_or_not_at_all(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = instance.event_log_storage
    assert isinstance(storage, PooledSqliteEventLogStorage)
    done = run(instance, 1, 2).run_id
    batch = [
        entry._replace(run_id="other")
        for entry in instance.all_logs(done)
        if entry.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION
    ]
    count = len(instance.fetch_materializations(counted.key, limit=100).records)

    def broken(*_: object) -> None:
        raise RuntimeError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "_store_asset_event", broken)
        with pytest.raises(RuntimeError):
            storage.store_event_batch(batch)
    assert instance.all_logs("other") == []
    assert len(instance.fetch_materializations(counted.key, limit=100).records) == count

    storage.store_event_batch(batch)
    assert len(instance.all_logs("other")) == len(batch)


def test_it_survives_the_deletion_of_its_files(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    template = some_event(instance)
    instance.event_log_storage.store_event(template._replace(run_id="open"))
    for file in (tmp_path / "home/history/runs").glob("open.db*"):
        file.unlink()  # another process wiped the runs

    instance.event_log_storage.store_event(template._replace(run_id="open"))

    assert len(instance.all_logs("open")) == 1
    instance.event_log_storage.wipe()
    assert instance.all_logs("open") == []
    assert run(instance, 1, 1).success


def test_few_files_stay_open(instance: dg.DagsterInstance) -> None:
    template = some_event(instance)
    for number in range(40):
        instance.event_log_storage.store_event(template._replace(run_id=f"run-{number}"))

    open_files = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_link(fd)]

    assert len([name for name in open_files if "/history/runs/run-" in name and name.endswith(".db")]) <= 16


def _is_link(fd: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{fd}")


def test_another_dagster_gets_the_stock_storage_and_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Changed(SqliteEventLogStorage):
        _store_asset_event: Callable[..., None] | None = None  # type: ignore[assignment]

        def _connect(self, shard: str, timeout: int) -> Any:  # type: ignore[override]
            ...

    assert unexpected_parts(Changed) == ["_connect", "_store_asset_event"]
    monkeypatch.setattr(event_log, "unexpected_parts", lambda: ["_connect"])

    with caplog.at_level(logging.WARNING):
        storage = PooledSqliteEventLogStorage.from_config_value(None, {"base_dir": str(tmp_path)})

    assert type(storage) is SqliteEventLogStorage
    assert "slower pace: this version of Dagster differs in _connect" in caplog.text
