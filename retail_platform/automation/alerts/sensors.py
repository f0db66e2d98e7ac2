"""Sensors that cannot look: no run fails, no day is late, and what came meanwhile stays unseen.

Only reading Dagster's ticks belongs here.
"""

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus, TickStatus

from retail_platform.automation import healing, landing
from retail_platform.automation.alerts.mends import MEND_OF_SENSOR
from retail_platform.automation.alerts.model import Kind, Place, Problem
from retail_platform.automation.ranges import error_reason

WATCHED = (landing.NAME, healing.NAME)
_LOOKS = 2  # in a row that fail; one may be the fault of a moment
_OVER = (TickStatus.SUCCESS, TickStatus.SKIPPED, TickStatus.FAILURE)


def failing_sensors(instance: dg.DagsterInstance) -> list[Problem]:
    """Those of landing and healing that are switched on and failed each of their newest looks."""
    if instance.schedule_storage is None:
        return []  # an instance in memory: nobody looks
    found = []
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        if state.instigator_name not in WATCHED or state.status is InstigatorStatus.STOPPED:
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=_LOOKS, statuses=list(_OVER))
        if len(ticks) == _LOOKS and all(tick.status is TickStatus.FAILURE for tick in ticks):
            place = Place(state.instigator_name, None)
            found.append(Problem(Kind.SENSOR, place, "fails", error_reason(ticks[0].error), MEND_OF_SENSOR))
    return found
