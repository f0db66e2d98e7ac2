"""`retail status`: which days of which assets are there."""

from datetime import date

import typer

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
    shown_table,
    told,
    window_of,
)
from retail_platform.windows import unbroken

_SHOWN = 3


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
    """Show for each asset how many days are materialized, failed and missing, and which.

    Example: `retail status --from 2026-01-01 --to 2026-01-31`
    """
    from retail_platform.automation.days import day_states
    from retail_platform.definitions import assemble

    retailer = retailer_of(configured(source=source, source_dir=source_dir, lake_uri=lake))
    window = window_of(retailer, first, last)
    graph = assemble(retailer).resolve_asset_graph()
    title = f"{retailer.source.name}, {window}: {len(window)} days"
    table = shown_table(title, ("Group", "Asset", "Missing or failed"), ("Materialized", "Failed", "Missing"))
    with dagster_instance() as instance:
        states = day_states(instance, graph, window)
    for state in states:
        style = "red" if state.failed else "" if not state.missing else "yellow"
        which = [f"failed {_days(state.failed)}"] if state.failed else []
        which += [f"missing {_days(state.missing)}"] if state.missing else []
        counts = (str(len(days)) for days in (state.materialized, state.failed, state.missing))
        table.add_row(state.group, state.asset, "; ".join(which), *counts, style=style)
    console.print(table)


def _days(days: list[str]) -> str:
    """Unbroken ranges of days, the first few."""
    ranges = unbroken(map(date.fromisoformat, days))
    return ", ".join(map(str, ranges[:_SHOWN])) + (", …" if len(ranges) > _SHOWN else "")
