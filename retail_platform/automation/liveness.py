"""Which process executes a run, and ending runs whose process is gone.

Dagster's default launcher cannot tell that a run's process was killed: the run would stay "started" for hours, hold its
days, and never be healed. So each run carries its process as a tag, and whoever comes next on that machine looks.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import cast

import dagster as dg
from dagster._core.definitions.executor_definition import IN_PROC_CONFIG
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.executor.in_process import InProcessExecutor
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES, RunsFilter

WORKER_TAG = "retail/worker"
"""The process of a run: machine, process id, when it started, and the run once it began, each without blanks.

When it started, so that a process id used again is not taken for it. The run, since one that is executed again in the
UI inherits the tags of the first.
"""
_PARENT_TAG = "dagster/parent_run_id"

_BEGUN = [status for status in NOT_FINISHED_STATUSES if status is not dg.DagsterRunStatus.QUEUED]


def worker_tags(run_id: str | None = None) -> dict[str, str]:
    """The tags of a run that this process executes; without an id of one that it is about to."""
    return {WORKER_TAG: _worker(os.getpid()) + (f" {run_id}" if run_id else "")}


def own_tag(run: dg.DagsterRun, tag: str) -> str | None:
    """A tag of a run that says how it began; None where it is another's, inherited by executing that again."""
    return None if _PARENT_TAG in run.tags else run.tags.get(tag)


def worker_lives(run: dg.DagsterRun) -> bool:
    """Whether the process that executes a run, or did, is one of this machine and there."""
    worker = _own_worker(run)
    return worker is not None and worker.startswith(_machine()) and _is_alive(worker)


@dg.executor(name="in_process", config_schema=IN_PROC_CONFIG)
def executor(context: dg.InitExecutorContext) -> dg.Executor:
    """All steps in the run's process, whose identity is written to the run before the first."""
    plain = cast(InProcessExecutor, dg.in_process_executor.executor_creation_fn(context))  # type: ignore[misc]
    return _TaggingExecutor(plain.retries, plain.step_dependency_config, plain.marker_to_close)


class _TaggingExecutor(InProcessExecutor):
    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        plan_context.instance.add_run_tags(plan_context.run_id, worker_tags(plan_context.run_id))
        yield from super().execute(plan_context, execution_plan)


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed that a process of this machine executed that is gone; their ids.

    Runs of other machines are left alone: whether their processes live cannot be seen from here.
    """
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=_BEGUN)):
        worker = _own_worker(run)
        if worker is None or not worker.startswith(_machine()) or _is_alive(worker):
            continue
        newest = instance.get_run_by_id(run.run_id)
        if newest is None or newest.is_finished:  # it ended between the two looks
            continue
        host, pid = worker.split()[0].split("/")[0], worker.split()[1]
        message = f"the process of the run is gone ({host}, process {pid}): it was killed, or its machine"
        instance.report_run_failed(newest, message)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended


def _own_worker(run: dg.DagsterRun) -> str | None:
    machine, pid, started, *run_ids = run.tags.get(WORKER_TAG, "  ").split(" ")
    own = run_ids == [run.run_id] or (not run_ids and own_tag(run, WORKER_TAG))
    return f"{machine} {pid} {started}" if own else None


@lru_cache(maxsize=1)
def _machine() -> str:
    """Host, its boot and the space of its process ids: two containers may share a host name, or number alike."""
    boot, space = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(boot.read_text().strip())
    with suppress(OSError):
        parts.append(str(space.readlink()))
    return "/".join(parts) + " "


def _worker(pid: int) -> str:
    return f"{_machine()}{pid} {(_started(pid) or '').replace(' ', '_')}"


def _is_alive(worker: str) -> bool:
    pid = int(worker.removeprefix(_machine()).split(" ", 1)[0])
    return _started(pid) is not None and _worker(pid) == worker


def _started(pid: int) -> str | None:
    """When a process started, in a form that only serves comparing; None: it is gone, or dead and not yet reaped."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, started = fields[0], fields[19]
    else:
        told = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        if not told.stdout.strip():
            return None
        state, started = told.stdout.split(maxsplit=1)
    return None if state.startswith("Z") else " ".join(started.split())
