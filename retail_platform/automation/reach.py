"""What is to be made again when the raw rows of some days, or a snapshot, have changed: one backfill of exactly that.

Which rows changed is the business of who asks. A backfill, because it knows which asset waits for which: tables before
the days that look things up in them, all days before what compares them, days before the tables over all days.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.execution.backfill import PartitionBackfill

from retail_platform.automation.lineage import is_daily
from retail_platform.automation.requests import ASKED_BY_TAG


@dataclass(frozen=True)
class Targets:
    """Days of daily assets, and tables without days."""

    days: Mapping[dg.AssetKey, frozenset[date]]
    tables: frozenset[dg.AssetKey]


def targets(
    graph: AssetGraph,
    days: Mapping[dg.AssetKey, Collection[date]],
    tables: Collection[dg.AssetKey],
    *,
    days_there: Callable[[dg.AssetKey, Collection[date]], Collection[date]],
    ever_made: Callable[[dg.AssetKey], bool],
) -> Targets:
    """Assets, and what is made of them on the same days.

    A day that lacks something upstream (its door counts have not come yet) goes no further: it is made when that
    comes. Tables without days that a target needs and that were never made are made first. Other days, whose windows
    reach these, are left to healing; days whose looked-up tables change are not made again.

    Args:
        graph: of the code location.
        days: of the daily assets that changed.
        tables: that changed.
        days_there: those of an asset's days that are materialized.
        ever_made: whether an asset was ever materialized, be it one day.
    """
    wanted: dict[dg.AssetKey, frozenset[date]] = {}
    whole: set[dg.AssetKey] = set()
    for key in graph.toposorted_asset_keys:
        if key not in graph.materializable_asset_keys:
            continue
        parents = graph.get(key).parent_keys
        if not is_daily(graph, key):
            possible = all(parent in wanted or ever_made(parent) for parent in parents if is_daily(graph, parent))
            if key in tables or (possible and parents & (wanted.keys() | whole)):
                whole.add(key)
            continue
        above = [parent for parent in parents if is_daily(graph, parent)]
        own = frozenset(days.get(key, ())).union(*(wanted.get(parent, frozenset()) for parent in above))
        for parent in above:
            if lacking := own - wanted.get(parent, frozenset()):
                own -= lacking - frozenset(days_there(parent, lacking))
        if own:
            wanted[key] = own
    return Targets(wanted, frozenset(whole | _never_made(graph, wanted.keys() | whole, ever_made)))


def _never_made(
    graph: AssetGraph, keys: Collection[dg.AssetKey], ever_made: Callable[[dg.AssetKey], bool]
) -> set[dg.AssetKey]:
    """The tables without days upstream that are not there."""
    found = set[dg.AssetKey]()
    known, waiting = set(keys), set(keys)
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys - known:
            known.add(parent)
            if not is_daily(graph, parent) and not ever_made(parent):
                found |= graph.get(parent).execution_set_asset_keys
                waiting.add(parent)
    return found


def backfill(
    instance: dg.DagsterInstance, graph: AssetGraph, of: Targets, *, id: str, asked_by: str, why: str
) -> PartitionBackfill:
    """The request for Dagster's daemon: `instance.add_backfill` hands it over, once for each id."""
    parts = {AssetKeyPartitionKey(key, str(day)) for key, days in of.days.items() for day in days}
    parts |= {AssetKeyPartitionKey(key) for key in of.tables}
    asked: PartitionBackfill = PartitionBackfill.from_asset_graph_subset(
        backfill_id=id,
        backfill_timestamp=datetime.now(UTC).timestamp(),
        tags={ASKED_BY_TAG: asked_by},
        dynamic_partitions_store=instance,
        asset_graph_subset=AssetGraphSubset.from_asset_partition_set(parts, graph),
        title=f"Asked by {asked_by}",  # 100 characters at most
        description=why,
        run_config=None,
    )
    return asked
