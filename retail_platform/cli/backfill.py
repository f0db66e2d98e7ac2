"""`retail backfill`: a range made again, or what is not ok of it, with its plan shown first."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from retail_platform.cli.common import (
    From,
    LakeUri,
    Misuse,
    SourceDir,
    SourceName,
    To,
    configured,
    console,
    dagster_instance,
    errors,
    retailer_of,
    shown_days,
    shown_table,
    told,
    window_of,
)
from retail_platform.cli.materialize import Select, Verbose, executed, report

if TYPE_CHECKING:
    from retail_platform.automation.backfills import Backfill

_LONGEST_REASON = 160


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(backfill)


@told
def backfill(
    first: From = None,
    last: To = None,
    select: Select = "*",
    only_missing: Annotated[
        bool, typer.Option("--only-missing", help="Only what is missing, failed, incomplete or stale.")
    ] = False,
    with_windows: Annotated[
        bool, typer.Option("--with-windows", help="Also later days that are there and compare themselves with these.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and do nothing.")] = False,
    source: SourceName = None,
    source_dir: SourceDir = None,
    lake: LakeUri = None,
    verbose: Verbose = False,
) -> None:
    """Make days of assets again, or only what is not ok of them: shows which and why, then does it.

    Days that runs under way hold are left to them. What fails is named with the reason, and the exit code is 1.

    Example: `retail backfill --from 2026-01-01 --to 2026-01-31 --only-missing --dry-run`
    """
    from retail_platform.automation.backfills import Asked, plan_backfill
    from retail_platform.automation.liveness import end_dead_runs
    from retail_platform.storage.lake import Lake

    retailer = retailer_of(configured(source=source, source_dir=source_dir, lake_uri=lake))
    window = window_of(retailer, first, last)
    with dagster_instance() as instance:
        if not dry_run:
            end_dead_runs(instance)
        try:
            planned = plan_backfill(instance, retailer, Asked(window, select, only_missing, with_windows))
        except ValueError as error:
            raise Misuse(str(error)) from None
        _show(planned, f"{retailer.source.name}, {window}")
        if dry_run or not planned.items:
            return
        Lake(retailer.settings.lake_uri).claim(retailer.identity)  # before anything of another source is run
        report(executed(instance, retailer, planned.plan, verbose=verbose))


def _show(planned: "Backfill", title: str) -> None:
    if planned.items:
        table = shown_table(title, ("Asset", "Days", "Why"), ("Count",))
        for item in planned.items:
            why = item.why if len(item.why) <= _LONGEST_REASON else item.why[: _LONGEST_REASON - 1] + "…"
            days = "" if item.days is None else shown_days(item.days)
            table.add_row(item.asset, days, escape(why), "" if item.days is None else str(len(item.days)))
        console.print(table)
    else:
        console.print(f"{title}: nothing to do", highlight=False)
    if planned.left_out:
        errors.print(f"left to runs under way: {shown_days(planned.left_out)}", style="yellow", highlight=False)
    if planned.tables_left_out:
        errors.print(f"left to runs under way: {', '.join(planned.tables_left_out)}", style="yellow", highlight=False)
