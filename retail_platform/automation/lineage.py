"""Which days of an asset are made from which days of another: what a change of some days reaches.

Told from the asset graph alone, edge by edge; what is there, and what is done about it, is the others' business.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from retail_platform.domains.describe import DAYS_BEHIND
from retail_platform.partitions import LookBack, materialized_days

Days = Mapping[dg.AssetKey, Collection[date]]


def is_daily(graph: AssetGraph, key: dg.AssetKey) -> bool:
    """Whether an asset is made day by day."""
    return graph.get(key).partitions_def is not None


def daily_parents(graph: AssetGraph, key: dg.AssetKey) -> Iterator[tuple[dg.AssetKey, LookBack | None]]:
    """What a day of an asset is made from day by day, in order, each with its window; None: the same day alone."""
    for parent in sorted(graph.get(key).parent_keys):
        if is_daily(graph, parent):
            yield parent, look_back(graph, key, parent)


def days_behind(graph: AssetGraph) -> dict[dg.AssetKey, int]:
    """How many days after a day each asset can have it: as many as what it is made from needs."""
    found: dict[dg.AssetKey, int] = {}
    for key in graph.toposorted_asset_keys:
        own = int(graph.get(key).metadata.get(DAYS_BEHIND, 0))
        found[key] = max([own, *(found[parent] for parent, _ in daily_parents(graph, key))])
    return found


def look_back(graph: AssetGraph, key: dg.AssetKey, parent: dg.AssetKey) -> LookBack | None:
    """The window of days of a parent that a day of an asset is made from; None: no other day than its own."""
    mapping = graph.get_partition_mapping(key, parent)
    if not isinstance(mapping, dg.TimeWindowPartitionMapping) or mapping.start_offset == 0:
        return None
    made = graph.get(key).assets_def
    for name, read in made.keys_by_input_name.items():
        if read == parent and (found := LookBack.of(made.node_def.input_def_named(name).metadata)):
            return found
    return LookBack(-mapping.start_offset)


def reached(graph: AssetGraph, key: dg.AssetKey, changed: Days) -> dict[date, dg.AssetKey]:
    """Days of an asset that are made from days of its parents that change, each with the first such parent."""
    found: dict[date, dg.AssetKey] = {}
    for parent, window in daily_parents(graph, key):
        days = changed.get(parent, ())
        for day in sorted({*days} | set(window.reached(days) if window else ())):
            found.setdefault(day, parent)
    return found


def made_again(
    instance: dg.DagsterInstance, graph: AssetGraph, key: dg.AssetKey, days: Collection[date], changed: Days
) -> set[date]:
    """Those of the days that are there and can be made again: what they need of the day is there, or about to be."""
    found = _there(instance, key, days)
    for parent, _ in daily_parents(graph, key):
        about_to_be = found.intersection(changed.get(parent, ()))
        found = about_to_be | _there(instance, parent, found - about_to_be)
    return found


def _there(instance: dg.DagsterInstance, key: dg.AssetKey, days: Collection[date]) -> set[date]:
    return {date.fromisoformat(day) for day in materialized_days(instance, key, map(str, days))} if days else set()
