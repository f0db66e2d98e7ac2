"""What is known of each asset's days: materialized, failed, missing.

It is read from Dagster's records, never from the lake: an empty day is not a missing one.
"""

from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from retail_platform.windows import Window


@dataclass(frozen=True)
class DayStates:
    """Days of one asset within a window, by state."""

    asset: str
    group: str
    materialized: list[str]
    failed: list[str]
    missing: list[str]


def day_states(instance: dg.DagsterInstance, graph: AssetGraph, window: Window) -> list[DayStates]:
    """The states of all daily assets, in the order of the graph; a day that failed after it was materialized failed."""
    wanted = [str(day) for day in window.days()]
    found = []
    for key in graph.toposorted_asset_keys:
        node = graph.get(key)
        if node.partitions_def is None or not node.is_materializable:
            continue
        cached = get_and_update_asset_status_cache_value(instance, key, node.partitions_def)
        there: set[str] = set()
        failed: set[str] = set()
        if cached is not None:
            there = set(cached.deserialize_materialized_partition_subsets(node.partitions_def).get_partition_keys())
            failed = set(cached.deserialize_failed_partition_subsets(node.partitions_def).get_partition_keys())
        found.append(
            DayStates(
                asset=key.to_user_string(),
                group=node.group_name,
                materialized=[day for day in wanted if day in there - failed],
                failed=[day for day in wanted if day in failed],
                missing=[day for day in wanted if day not in there | failed],
            )
        )
    return found
