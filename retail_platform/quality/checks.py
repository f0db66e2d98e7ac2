"""Rules as Dagster asset checks, reported for each day, also in a run over a month.

Which rules a table has is its domain's business; what a rule compares is `rules`'.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import dagster as dg
from dagster import AssetCheckEvaluation
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)

from retail_platform.partitions import newest_materializations, run_window
from retail_platform.quality.rules import Rule
from retail_platform.retailer import Retailer
from retail_platform.storage.lake import Lake

_COLUMNS = ("date", "passed", "severity", "description")


def table_checks(retailer: Retailer, table: str, rules: Sequence[Rule], *, daily: bool) -> dg.AssetChecksDefinition:
    """The checks of one table, run together in one step.

    Each materialized day of the run gets an evaluation of its own, tied to the day's newest materialization, so
    that the UI shows which day failed. Days that were never materialized are not judged.
    """
    specs = {
        rule.name: dg.AssetCheckSpec(
            rule.name,
            asset=table,
            description=rule.description,
            blocking=rule.blocking,
            partitions_def=retailer.days if daily else None,
        )
        for rule in rules
    }

    @dg.multi_asset_check(name=f"{table}_checks", specs=list(specs.values()), can_subset=True)
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[Any]:
        lake = Lake(retailer.settings.lake_uri).held()  # all rules judge one state of the tables
        window = run_window(context) if daily else None
        targets = _targets(context.instance, table, [str(day) for day in window.days()] if window else None)
        for rule in rules:
            spec = specs[rule.name]
            if spec.key not in context.selected_asset_check_keys:
                continue
            verdicts = rule.judge(lake, window)
            yield dg.Output(None, output_name=spec.get_python_identifier())
            yield from (
                _evaluation(spec, verdict, targets[key])
                for verdict in verdicts.iter_rows(named=True)
                if (key := _partition(verdict["date"])) in targets
            )

    return checks


def _partition(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _targets(instance: dg.DagsterInstance, table: str, partitions: list[str] | None) -> dict[str | None, Target]:
    """The newest materialization of the table, or of each of its days."""
    key = dg.AssetKey(table)
    if partitions is None:
        newest = instance.fetch_materializations(key, limit=1).records
        return {None: _target(newest[0])} if newest else {}
    return {day: _target(record) for day, record in newest_materializations(instance, key, partitions).items()}


def _target(record: dg.EventLogRecord) -> Target:
    return Target(storage_id=record.storage_id, run_id=record.event_log_entry.run_id, timestamp=record.timestamp)


def _evaluation(spec: dg.AssetCheckSpec, verdict: dict[str, Any], target: Target) -> AssetCheckEvaluation:
    return AssetCheckEvaluation(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=bool(verdict["passed"]),
        severity=dg.AssetCheckSeverity(verdict["severity"]),
        description=verdict["description"],
        metadata={name: _plain(value) for name, value in verdict.items() if name not in _COLUMNS},
        blocking=spec.blocking,
        partition=_partition(verdict["date"]),
        target_materialization_data=target,
    )


def _plain(value: Any) -> dg.MetadataValue[Any]:
    if isinstance(value, bool | int):
        return dg.MetadataValue.int(int(value))
    if isinstance(value, float):
        return dg.MetadataValue.float(value)
    return dg.MetadataValue.text("" if value is None else str(value))
