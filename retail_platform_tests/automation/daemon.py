"""Dagster's backfill daemon and run queue, in the test's own process.

Only turning what was requested into runs, and the runs into results, belongs here.
"""

import logging

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.execution.api import execute_run
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.backfill import execute_backfill_iteration

from retail_platform_tests.platform import Platform

_ITERATIONS = 30
_UNDER_WAY = (BulkActionStatus.REQUESTED, BulkActionStatus.FAILING)


def run_backfills(platform: Platform) -> dict[str, BulkActionStatus]:
    """Run all requested backfills to their ends, run by run; the status of each."""
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(
            module_name=platform.definitions[0],
            attribute=platform.definitions[1],
            working_directory=str(platform.folder),
        ),
        location_name="retail_platform",
    )
    instance = platform.instance
    with (
        platform.environment(),
        create_test_daemon_workspace_context(InProcessWorkspaceLoadTarget(origin), instance) as workspace,
    ):
        for _ in range(_ITERATIONS):
            if not any(one.status in _UNDER_WAY for one in instance.get_backfills()):
                break
            errors = [error for error in execute_backfill_iteration(workspace, logging.getLogger("daemon")) if error]
            assert not errors, errors
            for run in reversed(instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))):
                _execute(platform, run)
    return {one.backfill_id: one.status for one in instance.get_backfills()}


def _execute(platform: Platform, run: dg.DagsterRun) -> None:
    job = ReconstructableJob(platform.repository, run.job_name).get_subset(
        asset_selection=run.asset_selection, asset_check_selection=run.asset_check_selection
    )
    starting = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_STARTING.value, run.job_name)
    platform.instance.report_dagster_event(starting, run.run_id)
    started = platform.instance.get_run_by_id(run.run_id)
    assert started is not None
    execute_run(job, started, platform.instance)
