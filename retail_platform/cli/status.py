"""`retail status`: which days of which assets are there."""

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
    shown_days,
    shown_table,
    told,
    window_of,
)


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
    """Show for each asset how many days are materialized, failed, missing and stale, and which.

    A day is stale where a day that it was made from has been made again since.

    Example: `retail status --from 2026-01-01 --to 2026-01-31`
    """
    from retail_platform.automation.health import day_states, examine
    from retail_platform.definitions import assemble

    retailer = retailer_of(configured(source=source, source_dir=source_dir, lake_uri=lake))
    window = window_of(retailer, first, last)
    graph = assemble(retailer).resolve_asset_graph()
    title = f"{retailer.source.name}, {window}: {len(window)} days"
    table = shown_table(
        title, ("Group", "Asset", "Failed, missing or stale"), ("Materialized", "Failed", "Missing", "Stale")
    )
    with dagster_instance() as instance:
        states = day_states(examine(instance, graph, retailer, window), graph)
    for state in states:
        style = "red" if state.failed else "yellow" if state.missing or state.stale else ""
        which = [f"failed {shown_days(state.failed)}"] if state.failed else []
        which += [f"stale {shown_days(state.stale)}"] if state.stale else []
        which += [f"missing {shown_days(state.missing)}"] if state.missing else []
        counts = (str(len(days)) for days in (state.materialized, state.failed, state.missing, state.stale))
        table.add_row(state.group, state.asset, "; ".join(which), *counts, style=style)
    console.print(table)
