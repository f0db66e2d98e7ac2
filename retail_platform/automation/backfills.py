"""Planning backfills by hand: which days of which assets, and why; what is there and well can be left out.

Executing is `ranges`' business, the one code path; what is wrong with a day is told by `health`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.reconstruct import ReconstructableRepository

from retail_platform.automation import ranges
from retail_platform.automation.health import State, Unhealthy, examine
from retail_platform.automation.ranges import Phase, Plan, is_daily, phases, reads_window, select
from retail_platform.automation.remedies import Kinship
from retail_platform.automation.requests import Held, held
from retail_platform.partitions import materialized_days, reached_days
from retail_platform.retailer import Retailer
from retail_platform.windows import Window, unbroken

ASKED = "asked for"
_Wanted = dict[dg.AssetKey, dict[date | None, str]]


@dataclass(frozen=True)
class Item:
    """Days of an asset (None: it is a table without days) that a backfill makes for one reason."""

    asset: str
    days: tuple[date, ...] | None
    why: str


@dataclass(frozen=True)
class Backfill:
    """A backfill before it is begun.

    Attributes:
        items: what it makes and why, in the order of the graph.
        plan: for `ranges.execute_range`.
        left_out: days that runs under way hold, which are left to them.
        tables_left_out: tables without days that such runs make.
    """

    items: list[Item]
    plan: Plan
    left_out: list[date]
    tables_left_out: list[str]


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: a selection of assets over a window, whole, or only what is not ok of it.

    Attributes:
        with_windows: later days, too, that are there and whose comparisons look at days that are made.
    """

    window: Window
    selection: str = "*"
    only_missing: bool = False
    with_windows: bool = False


def plan_backfill(
    instance: dg.DagsterInstance,
    retailer: Retailer,
    asked: Asked,
    repository: ReconstructableRepository | None = None,
) -> Backfill:
    """Plan what somebody asks for.

    Raises:
        ValueError: the selection cannot be read or names no asset.
    """
    repository = repository or ranges.code_location()
    graph = repository.get_definition().asset_graph
    keys = select(graph, asked.selection)
    if asked.only_missing:
        wanted = _not_ok(graph, keys, examine(instance, graph, retailer, asked.window).unhealthy)
    else:
        wanted = {key: dict.fromkeys(asked.window.days() if is_daily(graph, key) else [None], ASKED) for key in keys}
    _add_reached(instance, graph, wanted, keys, asked)
    left_out, tables = _leave_out(wanted, held(instance, graph))
    items = [item for key in graph.toposorted_asset_keys if key in wanted for item in _items(key, wanted[key])]
    found = tuple(part for phase in phases(graph, set(wanted)) for part in _parts(phase, wanted))
    days = [day for of in wanted.values() for day in of if day is not None]
    window = Window(min(days), max(days)) if days else asked.window
    return Backfill(items, Plan(repository, found, window, retailer.settings.days_per_run), left_out, tables)


def _not_ok(graph: AssetGraph, keys: set[dg.AssetKey], unhealthy: list[Unhealthy]) -> _Wanted:
    """What is not ok, and what is made from it, among the selected assets."""
    kinship = Kinship(graph)
    bad: dict[date | None, dict[dg.AssetKey, Unhealthy]] = {}
    for one in unhealthy:
        key = dg.AssetKey.from_user_string(one.asset)
        if key in keys and one.state is not State.RUNNING:
            bad.setdefault(one.day, {})[key] = one
    wanted: _Wanted = {}
    for day, causes in bad.items():
        for key in kinship.remedy(causes, set()) & keys:
            wanted.setdefault(key, {})[day] = _why(causes[key]) if key in causes else "made from what is not ok"
    made = {day for of in wanted.values() for day in of if day is not None}
    for key in keys:
        if kinship.turn[key] == 2:
            for day in made:
                wanted.setdefault(key, {}).setdefault(day, "made from what is not ok")
        elif kinship.turn[key] == 3 and made:
            wanted.setdefault(key, {}).setdefault(None, "made from what is not ok")
    return wanted


def _why(one: Unhealthy) -> str:
    return one.state if one.state is State.MISSING else f"{one.state}: {one.reason}"


def _add_reached(
    instance: dg.DagsterInstance, graph: AssetGraph, wanted: _Wanted, keys: set[dg.AssetKey], asked: Asked
) -> None:
    """Days whose comparisons look at days that are made, where they are there: of the range, and after it if asked."""
    for key in keys:
        for parent in graph.get(key).parent_keys & wanted.keys():
            if not reads_window(graph, key, parent):
                continue
            changed = unbroken(sorted(day for day in wanted[parent] if day is not None))
            reached = {day for window in changed for day in reached_days(window)}
            within = {day for day in reached if asked.with_windows or day in asked.window}
            for day in sorted(materialized_days(instance, parent, map(str, within)) if within else ()):
                wanted.setdefault(key, {}).setdefault(date.fromisoformat(day), f"compares a day of {parent.path[-1]}")


def _leave_out(wanted: _Wanted, holding: Held) -> tuple[list[date], list[str]]:
    """Take out what is held by runs under way."""
    days = {day for of in wanted.values() for day in of if day in holding.days}
    tables = sorted(key.path[-1] for key, of in wanted.items() if None in of) if holding.whole else []
    for key in list(wanted):
        wanted[key] = {
            day: why for day, why in wanted[key].items() if (day not in holding.days if day else not holding.whole)
        }
        if not wanted[key]:
            del wanted[key]
    return sorted(day for day in days if day), tables


def _items(key: dg.AssetKey, days: Mapping[date | None, str]) -> list[Item]:
    by_reason: dict[str, list[date | None]] = {}
    for day, why in days.items():
        by_reason.setdefault(why, []).append(day)
    return [
        Item(key.to_user_string(), None if of == [None] else tuple(sorted(day for day in of if day)), why)
        for why, of in by_reason.items()
    ]


def _parts(phase: Phase, wanted: _Wanted) -> list[Phase]:
    """A phase, cut where days want different assets of it."""
    if not phase.daily:
        return [phase]
    by_assets: dict[tuple[dg.AssetKey, ...], list[date]] = {}
    for day in sorted({day for key in phase.keys for day in wanted[key] if day is not None}):
        by_assets.setdefault(tuple(key for key in phase.keys if day in wanted[key]), []).append(day)
    return [Phase(keys, daily=True, only=tuple(days)) for keys, days in by_assets.items()]
