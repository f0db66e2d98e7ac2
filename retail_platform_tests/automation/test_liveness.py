"""Liveness: a run whose process was killed ends, whoever launched it; one that lives is left alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.dagster_run import DagsterRunStatus, RunsFilter

from retail_platform.automation.liveness import WORKER_TAG, end_dead_runs, worker_tags
from retail_platform.automation.ranges import JOB
from retail_platform_tests.platform import Platform

_STUCK = """
import time
from retail_platform.sources.simulator import source

def stuck(*_args, **_kwargs):
    open("stuck", "w").close()
    time.sleep(600)

source.Simulator.read = stuck
from retail_platform.definitions import defs
"""
_BY_COMMAND = "import slow; from retail_platform.cli import app; app(['materialize', '--select', 'raw_clients'])"


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.05)


def only_run(instance: dg.DagsterInstance, status: DagsterRunStatus) -> dg.DagsterRun:
    (run,) = instance.get_runs(RunsFilter(statuses=[status]))
    return run


def test_a_run_killed_in_the_process_of_a_command_ends_as_failed(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform, platform.environment():
        (tmp_path / "slow.py").write_text(_STUCK)
        child = subprocess.Popen([sys.executable, "-c", _BY_COMMAND], cwd=tmp_path)
        try:
            until((tmp_path / "stuck").exists)
            assert end_dead_runs(platform.instance) == []
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        run = only_run(platform.instance, DagsterRunStatus.STARTED)

        assert end_dead_runs(platform.instance) == [run.run_id]

        assert only_run(platform.instance, DagsterRunStatus.FAILURE).run_id == run.run_id
        assert end_dead_runs(platform.instance) == []
        (gone,) = platform.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        assert gone.dagster_event is not None
        assert "the process of the run is gone" in (gone.dagster_event.message or "")


def test_a_run_killed_under_the_daemon_ends_as_failed(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform, platform.environment():
        (tmp_path / "slow.py").write_text(_STUCK)
        workspace = tmp_path / "workspace.yaml"
        workspace.write_text("load_from:\n  - python_module: {module_name: slow, attribute: defs}\n")
        environment = os.environ | {"DAGSTER_HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)}
        launch = ["-m", "dagster", "job", "launch", "-j", "reference", "-w", str(workspace)]
        daemon = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-w", str(workspace)], env=environment
        )
        try:
            subprocess.run([sys.executable, *launch], env=environment, check=True)
            until((tmp_path / "stuck").exists)
            run = only_run(platform.instance, DagsterRunStatus.STARTED)
            pid = int(run.tags[WORKER_TAG].split()[1])
            assert end_dead_runs(platform.instance) == []

            os.kill(pid, signal.SIGKILL)
            until(lambda: end_dead_runs(platform.instance) == [run.run_id])

            assert only_run(platform.instance, DagsterRunStatus.FAILURE).run_id == run.run_id
        finally:
            daemon.terminate()
            daemon.wait()


def test_runs_of_other_machines_and_those_without_a_process_are_left_alone(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        _, pid, started = worker_tags()[WORKER_TAG].split()
        for worker in (None, f"elsewhere {pid} {started}", worker_tags()[WORKER_TAG]):
            tags = {WORKER_TAG: worker} if worker else {}
            platform.instance.add_run(dg.DagsterRun(JOB, status=DagsterRunStatus.STARTED, tags=tags))

        assert end_dead_runs(platform.instance) == []


def test_a_process_id_that_another_process_has_now_is_not_taken_for_the_run(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        host, pid, started = worker_tags()[WORKER_TAG].split()
        run = dg.DagsterRun(JOB, status=DagsterRunStatus.STARTED, tags={WORKER_TAG: f"{host} {pid} {int(started) - 1}"})
        platform.instance.add_run(run)

        assert end_dead_runs(platform.instance) == [run.run_id]


def test_a_run_that_is_executed_again_is_not_judged_by_the_process_of_the_first(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        first = dg.DagsterRun(JOB)
        machine, pid, started = worker_tags()[WORKER_TAG].split()
        gone = f"{machine} {pid} before-{started}"
        for tags in ({WORKER_TAG: gone}, {WORKER_TAG: f"{gone} {first.run_id}"}):
            again = tags | {"dagster/parent_run_id": first.run_id}
            platform.instance.add_run(dg.DagsterRun(JOB, status=DagsterRunStatus.STARTED, tags=again))

        assert end_dead_runs(platform.instance) == []


@pytest.mark.parametrize("differs", ["boot", "space"])
def test_another_boot_or_another_space_of_process_ids_is_another_machine(tmp_path: Path, differs: str) -> None:
    with Platform(tmp_path) as platform:
        machine, pid, started = worker_tags()[WORKER_TAG].split()
        host, *parts = machine.split("/")
        if len(parts) != 2:
            pytest.skip("this system has no /proc")
        parts[differs == "space"] += "0"
        elsewhere = {WORKER_TAG: " ".join(["/".join([host, *parts]), pid, f"before-{started}"])}
        platform.instance.add_run(dg.DagsterRun(JOB, status=DagsterRunStatus.STARTED, tags=elsewhere))

        assert end_dead_runs(platform.instance) == []
