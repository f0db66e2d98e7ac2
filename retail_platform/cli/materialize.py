"""`retail materialize` and `retail demo`: days through the graph, by way of Dagster's instance."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from retail_platform.cli.common import (
    FAILED,
    From,
    LakeUri,
    SourceDir,
    SourceName,
    To,
    configured,
    console,
    dagster_instance,
    errors,
    retailer_of,
    told,
    window_of,
)
from retail_platform.cli.reports import ANNOTATED, annotation, in_github_actions

if TYPE_CHECKING:
    import dagster as dg

    from retail_platform.automation.ranges import Failure, Outcome, Plan, Step
    from retail_platform.retailer import Retailer
    from retail_platform.windows import Window

DEMO_MONTH = ("2026-01-01", "2026-01-31")

Select = Annotated[
    str, typer.Option("--select", help="Assets, as `daily_metrics`, `+daily_metrics` (with upstream) or `group:sales`.")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show Dagster's log.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(materialize)
    app.command()(demo)


@told
def materialize(
    first: From = None,
    last: To = None,
    select: Select = "*",
    source: SourceName = None,
    source_dir: SourceDir = None,
    lake: LakeUri = None,
    verbose: Verbose = False,
) -> None:
    """Materialize days of assets; by default all assets over the whole span of the source.

    Runs go through Dagster's instance, so that the UI shows them. A month that fails is tried again day by day; days
    that fail are named with the reason, and the exit code is 1.

    Example: `retail materialize --from 2026-01-01 --to 2026-01-31 --select +daily_metrics`
    """
    retailer = retailer_of(configured(source=source, source_dir=source_dir, lake_uri=lake))
    window = window_of(retailer, first, last)
    outcome = run_range(retailer, window, select, verbose=verbose)
    report(outcome)


@told
def demo() -> None:
    """Materialize a month of a simulated ten-store retailer, and show its key figures.

    Example: `retail demo`
    """
    from retail_platform.cli.kpi import month_table

    retailer = retailer_of(configured(source="simulator", scale="demo"))
    window = window_of(retailer, *DEMO_MONTH)
    report(run_range(retailer, window, "*", verbose=False))
    console.print(month_table(retailer, window))
    console.print(
        "Conversion counts the days whose visitors are all counted or estimated; a store without doors has none.",
        style="dim",
    )
    console.print(
        "\n[bold]Next:[/bold] `make dev` opens the Dagster UI; `retail tables`, `retail sql`, `retail check` and "
        "`retail quarantine` look at what is there; docs/connecting-data.md tells how to use your own data."
    )


def run_range(retailer: "Retailer", window: "Window", selection: str, *, verbose: bool) -> "Outcome":
    """Materialize a range with a progress bar."""
    from retail_platform.automation.ranges import plan_range
    from retail_platform.cli.common import Misuse
    from retail_platform.storage.lake import Lake

    with dagster_instance() as instance:
        try:
            plan = plan_range(selection, window, retailer.settings.days_per_run)
        except ValueError as error:
            raise Misuse(str(error)) from None
        Lake(retailer.settings.lake_uri).claim(retailer.identity)  # before anything of another source is run
        return executed(instance, retailer, plan, verbose=verbose)


def executed(instance: "dg.DagsterInstance", retailer: "Retailer", plan: "Plan", *, verbose: bool) -> "Outcome":
    """Execute a plan with a progress bar, or with JSON lines in its place."""
    from retail_platform.automation.ranges import execute_range

    as_json = retailer.settings.log_format == "json"
    log_level = "INFO" if verbose or as_json else "CRITICAL"
    with _progress(shown=not as_json) as progress:
        task = progress.add_task(str(plan.window), total=plan.days, rows=0, rate="")

        def on_step(step: "Step") -> None:
            done = progress.tasks[0]
            rows = done.fields["rows"] + step.rows
            seconds = max(done.elapsed or 0.0, 0.001)
            progress.update(
                task,
                advance=len(step.window) if step.window else 1,
                rows=rows,
                rate=f"{rows / seconds:,.0f} rows/s",
            )

        return execute_range(instance, plan, on_step=on_step, log_level=log_level)


def report(outcome: "Outcome") -> None:
    """Say what was written and what failed; exit 1 if anything did."""
    rows = sum(outcome.rows.values())
    console.print(f"{rows:,} rows in {len(outcome.rows)} tables, {len(outcome.run_ids)} runs", highlight=False)
    if outcome.split:
        errors.print("tried again day by day:", style="yellow")
        _list(outcome.split, "yellow")
    if outcome.failures:
        errors.print(f"{len(outcome.failures)} failed:", style="bold red")
        _list(outcome.failures, "red")
        for failure in outcome.failures[:ANNOTATED] if in_github_actions() else ():
            title = f"{failure.asset} {failure.window or ''}".strip()
            typer.echo(annotation("ERROR", f"{title} was not materialized", failure.reason))
        raise typer.Exit(FAILED)


def _list(failures: "list[Failure]", style: str) -> None:
    for failure in failures:
        day = f"{failure.window} " if failure.window else ""
        errors.print(f"  {day}{failure.asset}: {failure.reason}", style=style, markup=False, highlight=False)


def _progress(*, shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rows]:,} rows  {task.fields[rate]}"),
        TimeElapsedColumn(),
        console=errors,
        disable=not shown,
    )
