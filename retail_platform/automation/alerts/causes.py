"""Why a run failed: by step, from its events.

Only reading belongs here; what becomes of a cause is the business of `problems` and `incidents`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import dagster as dg

from retail_platform.automation.ranges import step_failure_reason
from retail_platform.sources.base import SourceContractError, SourceUnavailable

_WRAPPINGS = ("Dagster", "RetryRequested", "Failure")
_ABSENT = "missing_days"  # what the lake says where an upstream day was never materialized


@dataclass(frozen=True)
class Cause:
    """Why a step failed.

    Attributes:
        error: the type of the error.
        follows: it only misses what something upstream should have made.
    """

    error: str
    reason: str
    follows: bool = False

    @property
    def of_source(self) -> bool:
        """Whether the source was away, which strikes all its datasets alike."""
        return self.error == SourceUnavailable.__name__

    @property
    def of_contract(self) -> bool:
        """Whether the source delivered something wrong."""
        return self.error == SourceContractError.__name__


@dataclass(frozen=True)
class Ended:
    """How a failed run ended: causes by step, and what Dagster says of the run."""

    steps: Mapping[str, Cause] = field(default_factory=dict)
    message: str = ""


class Causes:
    """Causes of failed runs; a run that is over is read once."""

    def __init__(self, remembered: int = 2000) -> None:
        self._read = lru_cache(remembered)(_read)

    def of(self, instance: dg.DagsterInstance, run_id: str) -> Ended:
        """Why a failed run failed."""
        return self._read(instance, run_id)


def _read(instance: dg.DagsterInstance, run_id: str) -> Ended:
    steps: dict[str, Cause] = {}
    message = ""
    for entry in instance.all_logs(run_id, of_type={dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}):
        event = entry.get_dagster_event()
        if event.is_step_failure and event.step_key is not None:
            steps[event.step_key] = _cause(event)
        else:
            message = event.message or message
    return Ended(steps, message)


def _cause(event: dg.DagsterEvent) -> Cause:
    failure = event.step_failure_data
    stated = failure.user_failure_data
    names = []
    error = failure.error
    while error is not None:
        names.append(error.cls_name or "")
        error = error.cause
    own = next((name for name in names if name and not name.startswith(_WRAPPINGS)), None)
    return Cause(
        error=own or next((name for name in reversed(names) if name), "error"),
        reason=step_failure_reason(event),
        follows=own is None and stated is not None and _ABSENT in stated.metadata,
    )
