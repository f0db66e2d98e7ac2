"""Whether other days that a step read were made again while it ran: then it does its work once more.

A day counts as stale when something that it was made from was recorded after it. That tells nothing of a record that
another run made between a step's reading and its own record. Only finding such records belongs here.
"""

from typing import NamedTuple

import dagster as dg
from dagster._core.execution.context.system import StepExecutionContext

_TIMES = 3  # that a step is done again at most: where days change without end it fails, and is healed later


class _Read(NamedTuple):
    """Days, and the records there were of them when they were read."""

    days: frozenset[str]
    records: dict[str, int]


_read: dict[tuple[str, str], dict[dg.AssetKey, _Read]] = {}  # by run and step


def note(context: dg.InputContext) -> None:
    """Note what is recorded of the days of an input besides the run's own, before they are read."""
    step = context.step_context
    if not step.is_sda_step:
        return
    days = frozenset(context.asset_partition_keys) - own_days(step)
    made_here = context.asset_key in step.job_def.asset_layer.selected_asset_keys
    if days and not (made_here and step.entity_partitions_def is None):
        records = _records(context.instance, context.asset_key, days)
        _read.setdefault(_name(step), {})[context.asset_key] = _Read(days, records)


def require_as_read(step: StepExecutionContext) -> None:
    """Let a step begin again where days that it read were made since; to be asked once an output is written.

    Raises:
        dg.RetryRequested: some were.
    """
    for asset, (days, before) in _read.get(_name(step), {}).items():
        now = _records(step.instance, asset, days)
        newer = sorted(day for day, record in now.items() if record > before.get(day, 0))
        if newer:
            more = f" and {len(newer) - 1} days more" if newer[1:] else ""
            step.log.warning(
                f"{asset.to_user_string()} of {newer[0]}{more} was made again while {step.step.key} read it: "
                f"it reads again, {_TIMES} times at most"
            )
            raise dg.RetryRequested(max_retries=_TIMES)


def own_days(step: StepExecutionContext) -> set[str]:
    """The days that a step makes or checks; none of one without days."""
    if step.entity_partitions_def is None:
        return set()
    keys = step.partition_key_range
    if keys.start == keys.end:
        return {keys.start}
    return set(step.entity_partitions_def.get_partition_keys_in_range(keys))


def _name(step: StepExecutionContext) -> tuple[str, str]:
    return step.run_id, step.step.key


def _records(instance: dg.DagsterInstance, asset: dg.AssetKey, days: frozenset[str]) -> dict[str, int]:
    """The newest materialization of each of the days, by its storage id."""
    storage = instance.event_log_storage
    return dict(storage.get_latest_storage_id_by_partition(asset, dg.DagsterEventType.ASSET_MATERIALIZATION, set(days)))
