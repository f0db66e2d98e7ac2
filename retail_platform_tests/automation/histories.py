"""Histories for tests: Dagster's records of days that were made, failed or judged, without making anything.

Only records belong here; a lake is not touched.
"""

import sys
from collections.abc import Iterable
from datetime import date, datetime
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.events import DagsterEvent, StepMaterializationData
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.storage.dagster_run import DagsterRunStatus
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._utils.error import serializable_error_info_from_exc_info
from dagster_shared.error import SerializableErrorInfo

from retail_platform.automation.ranges import JOB, phases, range_tags
from retail_platform.automation.requests import Request, run_requests
from retail_platform.windows import Window
from retail_platform_tests.platform import Platform


class History:
    """Writes the records of a platform."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.instance, self.graph = platform, platform.instance, platform.graph

    def all_made(self, window: Window) -> None:
        """Every asset was made, as in one range of days."""
        for phase in phases(self.graph, set(self.graph.materializable_asset_keys)):
            for key in phase.keys:
                self.made(key.to_user_string(), list(window.days()) if phase.daily else [None])

    def made(
        self,
        asset: str,
        days: Iterable[date | None] = (None,),
        at: datetime | None = None,
        *,
        run_id: str = RUNLESS_RUN_ID,
    ) -> None:
        """An asset was materialized, now or at an instant, by no run or by one that is under way."""
        for day in days:
            data = StepMaterializationData(dg.AssetMaterialization(asset, partition=None if day is None else str(day)))
            job = RUNLESS_JOB_NAME if run_id == RUNLESS_RUN_ID else JOB
            event = DagsterEvent(dg.DagsterEventType.ASSET_MATERIALIZATION.value, job, event_specific_data=data)
            self.instance.report_dagster_event(event, run_id, timestamp=at.timestamp() if at else None)

    def judged(self, asset: str, check: str, day: date, *, passed: bool = False, severity: str = "ERROR") -> None:
        """A check of the newest materialization passed or failed."""
        key = dg.AssetKey(asset)
        record = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=key, asset_partitions=[str(day)]), limit=1
        ).records[0]
        evaluation = dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=check,
            passed=passed,
            severity=dg.AssetCheckSeverity(severity),
            description="2 stores are late",
            partition=str(day),
            blocking=self.graph.get(dg.AssetCheckKey(key, check)).blocking,
            target_materialization_data=Target(
                storage_id=record.storage_id, run_id=record.event_log_entry.run_id, timestamp=record.timestamp
            ),
        )
        kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION.value
        self.instance.report_dagster_event(DagsterEvent(kind, JOB, event_specific_data=evaluation), str(uuid4()))

    def run(
        self,
        assets: Iterable[str],
        days: Window | None,
        *,
        status: DagsterRunStatus,
        tags: dict[str, str] | None = None,
        reason: str = "the till was on fire",
    ) -> str:
        """A run over assets and days that has made nothing (yet); its id."""
        keys = frozenset(dg.AssetKey(asset) for asset in assets)
        with self.platform.environment():
            job = ReconstructableJob(self.platform.repository, JOB).get_subset(asset_selection=keys).get_definition()
            created = self.instance.create_run_for_job(
                job, tags=range_tags(days) | (tags or {}), asset_selection=keys, status=DagsterRunStatus.STARTED
            )
        if status is not DagsterRunStatus.STARTED:
            self.ended(created.run_id, status, reason)
        return created.run_id

    def ended(self, run_id: str, status: DagsterRunStatus, reason: str = "the till was on fire") -> None:
        """A run that was under way ended."""
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        if status is DagsterRunStatus.FAILURE:
            self.instance.report_run_failed(run, reason)
        else:
            self.instance.report_run_canceled(run, "never mind")

    def fail(self, request: Request) -> None:
        """A request of healing ran and failed."""
        (asked,) = run_requests([request], asked_by="healing")
        names = [key.to_user_string() for key in request.assets]
        self.run(names, request.days, status=DagsterRunStatus.FAILURE, tags=dict(asked.tags))


def sensor_is(instance: dg.DagsterInstance, name: str, status: InstigatorStatus, cursor: str | None = None) -> None:
    """A sensor's state, as the daemon keeps it."""
    state = InstigatorState(_origin(name), InstigatorType.SENSOR, status, SensorInstigatorData(cursor=cursor))
    if instance.get_instigator_state(state.instigator_origin_id, state.selector_id):
        instance.update_instigator_state(state)
    else:
        instance.add_instigator_state(state)


def looked(instance: dg.DagsterInstance, name: str, error: Exception | None = None) -> None:
    """A sensor that is switched on has looked, or could not; its state must be there."""
    origin = _origin(name)
    told: SerializableErrorInfo | None = None
    if error is not None:
        try:
            raise RuntimeError("the evaluation failed") from error
        except RuntimeError:
            told = serializable_error_info_from_exc_info(sys.exc_info())
    instance.create_tick(
        TickData(
            origin.get_id(),
            name,
            InstigatorType.SENSOR,
            TickStatus.FAILURE if error else TickStatus.SKIPPED,
            datetime.now().timestamp(),
            error=told,
            selector_id=origin.get_selector().get_id(),
        )
    )


def _origin(name: str) -> RemoteInstigatorOrigin:
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="retail_platform.definitions"))
    return RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
