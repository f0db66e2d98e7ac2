"""What is known of each asset's days: materialized, failed, missing, stale.

It is read from Dagster's records, never from the lake: an empty day is not a missing one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from retail_platform.partitions import COMPARED_WEEKS, compared_days
from retail_platform.windows import Window


@dataclass(frozen=True)
class DayStates:
    """Days of one asset within a window, by state."""

    asset: str
    group: str
    materialized: list[str]
    failed: list[str]
    missing: list[str]
    stale: list[str]  # materialized, and a day they were made from was made again since


def day_states(instance: dg.DagsterInstance, graph: AssetGraph, window: Window) -> list[DayStates]:
    """The states of all daily assets, in the order of the graph; a day that failed after it was materialized failed."""
    wanted = [str(day) for day in window.days()]
    made = _newest(instance, graph, window)
    found = []
    for key in made:
        node = graph.get(key)
        assert node.partitions_def is not None
        cached = get_and_update_asset_status_cache_value(instance, key, node.partitions_def)
        there: set[str] = set()
        failed: set[str] = set()
        if cached is not None:
            there = set(cached.deserialize_materialized_partition_subsets(node.partitions_def).get_partition_keys())
            failed = set(cached.deserialize_failed_partition_subsets(node.partitions_def).get_partition_keys())
        materialized = [day for day in wanted if day in there - failed]
        found.append(
            DayStates(
                asset=key.to_user_string(),
                group=node.group_name,
                materialized=materialized,
                failed=[day for day in wanted if day in failed],
                missing=[day for day in wanted if day not in there | failed],
                stale=[day for day in materialized if _is_stale(graph, key, day, made)],
            )
        )
    return found


def _newest(instance: dg.DagsterInstance, graph: AssetGraph, window: Window) -> dict[dg.AssetKey, dict[str, int]]:
    """The storage id of the newest materialization of each daily asset's days, those compared with included."""
    first = window.first - timedelta(days=7 * COMPARED_WEEKS)
    days = {str(day) for day in Window(first, window.last).days()}
    return {
        key: dict(
            instance.event_log_storage.get_latest_storage_id_by_partition(
                key, dg.DagsterEventType.ASSET_MATERIALIZATION, partitions=days
            )
        )
        for key in graph.toposorted_asset_keys
        if graph.get(key).partitions_def is not None and graph.get(key).is_materializable
    }


def _is_stale(graph: AssetGraph, key: dg.AssetKey, day: str, made: Mapping[dg.AssetKey, Mapping[str, int]]) -> bool:
    own = made[key].get(day, 0)
    for parent in graph.get(key).parent_keys & made.keys():
        mapping = graph.get_partition_mapping(key, parent)
        windowed = isinstance(mapping, dg.TimeWindowPartitionMapping) and mapping.start_offset != 0
        read = compared_days(date.fromisoformat(day)) if windowed else [date.fromisoformat(day)]
        if any(made[parent].get(str(one), 0) > own for one in read):
            return True
    return False
