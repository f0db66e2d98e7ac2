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
from retail_platform.automation.lineage import is_daily, made_again, reached
from retail_platform.automation.ranges import Plan, cut, phases, select
from retail_platform.automation.remedies import Kinship
from retail_platform.automation.requests import Held, held
from retail_platform.retailer import Retailer
from retail_platform.windows import Window

ASKED = "asked for"
_MADE_FROM = "made from what is not ok"
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
        with_windows: later days, too, that are there and look at days that are made, and what is made from them.
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
    found = tuple(part for phase in phases(graph, set(wanted)) for part in cut(phase, wanted))
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
            wanted.setdefault(key, {})[day] = _why(causes[key]) if key in causes else _MADE_FROM
    for key in kinship.order:
        if key not in keys:
            continue
        if kinship.turn[key] == kinship.last and any(day for of in wanted.values() for day in of):
            wanted.setdefault(key, {}).setdefault(None, _MADE_FROM)
        elif is_daily(graph, key):
            for day in {day for up in kinship.above[key] for day in wanted.get(up, ()) if day}:
                wanted.setdefault(key, {}).setdefault(day, _MADE_FROM)
    return wanted


def _why(one: Unhealthy) -> str:
    return one.state if one.state is State.MISSING else f"{one.state}: {one.reason}"


def _add_reached(
    instance: dg.DagsterInstance, graph: AssetGraph, wanted: _Wanted, keys: set[dg.AssetKey], asked: Asked
) -> None:
    """Days that look at days that are made, and what is made from them, where they are there.

    Those of the range, and those after it if asked.
    """
    days = {key: {day for day in of if day is not None} for key, of in wanted.items()}
    for key in graph.toposorted_asset_keys:
        if key not in keys or not is_daily(graph, key):
            continue
        found = reached(graph, key, days)
        within = {day for day in found if asked.with_windows or day in asked.window} - days.get(key, set())
        for day in sorted(made_again(instance, graph, key, within, days)):
            wanted.setdefault(key, {})[day] = f"made from {found[day].path[-1]} of days that are made"
            days.setdefault(key, set()).add(day)


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
