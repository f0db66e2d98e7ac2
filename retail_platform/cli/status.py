"""`retail status`: which days of which assets are there, as a table of assets and as a calendar of days."""

from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from retail_platform.cli.common import (
    From,
    LakeUri,
    SourceDir,
    SourceName,
    To,
    configured,
    console,
    dagster_instance,
    retailer_of,
    shown_days,
    shown_table,
    told,
    window_of,
)

if TYPE_CHECKING:
    from retail_platform.automation.health import DayStates, Health

_OK, _OUTSIDE = "ok", "outside"
_SIGNS = {
    "ok": ".",
    "running": "r",
    "stale": "s",
    "missing": "-",
    "incomplete": "i",
    "failed": "F",
    _OUTSIDE: " ",
}
_STYLES = {
    "ok": "green",
    "running": "cyan",
    "stale": "yellow",
    "missing": "magenta",
    "incomplete": "bold yellow",
    "failed": "bold red",
    _OUTSIDE: "",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


@told
def status(
    first: From = None,
    last: To = None,
    source: SourceName = None,
    source_dir: SourceDir = None,
    lake: LakeUri = None,
) -> None:
    """Show for each asset how many days are materialized, failed, missing and stale, and which; and a calendar.

    A day is stale where a day that it was made from has been made again since, and incomplete where a check of it says
    ERROR or blocks, or where it was read before it was over. The calendar shows the worst state of all assets of a day.

    Example: `retail status --from 2026-01-01 --to 2026-01-31`
    """
    from retail_platform.automation.health import day_states, examine
    from retail_platform.definitions import assemble

    retailer = retailer_of(configured(source=source, source_dir=source_dir, lake_uri=lake))
    window = window_of(retailer, first, last)
    graph = assemble(retailer).resolve_asset_graph()
    with dagster_instance() as instance:
        health = examine(instance, graph, retailer, window)
    console.print(_table(day_states(health, graph), f"{retailer.source.name}, {window}: {len(window)} days"))
    for one in health.unhealthy:
        if one.day is None:
            console.print(Text(f" {one.asset} is {one.state}: {one.reason}", style=_STYLES[one.state]))
    console.print(calendar(health))


def calendar(health: "Health") -> Text:
    """A line a month, a character a day: the worst state of the day over all assets."""
    worst: dict[date, str] = {}
    for one in sorted(health.unhealthy, key=lambda one: one.state.rank):
        if one.day is not None:
            worst[one.day] = one.state
    scale = "".join(f"{day:<5}" for day in (1, 6, 11, 16, 21, 26, 31)).rstrip()
    found = Text(f"\n {'':7}  {scale}\n")
    months = sorted({(day.year, day.month) for day in health.window.days()})
    for year, month in months:
        found.append(f" {year}-{month:02}  ")
        for number in range(1, monthrange(year, month)[1] + 1):
            day = date(year, month, number)
            state = worst.get(day, _OK) if day in health.window else _OUTSIDE
            found.append(_SIGNS[state], style=_STYLES[state])
        found.append("\n")
    found.append("\n")
    for state, sign in _SIGNS.items():
        if state != _OUTSIDE:
            found.append(f" {sign}", style=_STYLES[state])
            found.append(f" {state} ")
    return found


def _table(states: "list[DayStates]", title: str) -> Table:
    table = shown_table(
        title, ("Group", "Asset", "Failed, missing or stale"), ("Materialized", "Failed", "Missing", "Stale")
    )
    for state in states:
        style = "red" if state.failed else "yellow" if state.missing or state.stale or state.incomplete else ""
        named = {
            "failed": state.failed,
            "incomplete": state.incomplete,
            "stale": state.stale,
            "missing": state.missing,
            "running": state.running,
        }
        which = "; ".join(f"{name} {shown_days(days)}" for name, days in named.items() if days)
        counts = (str(len(days)) for days in (state.materialized, state.failed, state.missing, state.stale))
        table.add_row(state.group, state.asset, which, *counts, style=style)
    return table
