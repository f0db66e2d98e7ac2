"""`retail check`: the asset checks on what is there; `reports` writes them for machines and pull requests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retail_platform.cli.common import (
    FAILED,
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
    shown_table,
    told,
    window_of,
)
from retail_platform.cli.reports import annotations, by_check, junit_xml, markdown_summary, not_there, worst_first

if TYPE_CHECKING:
    from retail_platform.automation.check_runs import Checked

_STYLE = {"ok": "green", "WARN": "yellow", "ERROR": "red"}
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


@told
def check(
    first: From = None,
    last: To = None,
    select: Annotated[str, typer.Option("--select", help="Assets whose checks are run, as `group:sales`.")] = "*",
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a Markdown summary here.")] = None,
    source: SourceName = None,
    source_dir: SourceDir = None,
    lake: LakeUri = None,
) -> None:
    """Run the asset checks on the days that are there; exit 1 on an ERROR or where no day is there, 0 on a WARN.

    Example: `retail check --from 2026-01-01 --to 2026-01-31 --junit checks.xml --markdown checks.md`
    """
    from retail_platform.automation.check_runs import run_checks

    retailer = retailer_of(configured(source=source, source_dir=source_dir, lake_uri=lake))
    window = window_of(retailer, first, last)
    with dagster_instance() as instance, errors.status(f"checking {window}"):
        try:
            checked = run_checks(instance, window, selection=select, days_per_run=retailer.settings.days_per_run)
        except ValueError as error:
            raise Misuse(str(error)) from None
    outputs = ((junit, junit_xml(checked)), (markdown, markdown_summary(checked, str(window))))
    for path, text in outputs:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if not checked.results:
        why = "is materialized: run `retail materialize` first"
        if checked.unchecked and not checked.missing:
            why = f"has a check: none are defined on {', '.join(checked.unchecked)}"
        errors.print(f"nothing of {window} {why}", style="red", highlight=False)
        raise typer.Exit(FAILED)
    _show(checked)
    for line in annotations(checked):
        typer.echo(line)
    for table in checked.whole_window_missing(window):
        errors.print(f"no day of {window} is materialized in {table}", style="red", highlight=False)
    if any(result.level == "ERROR" for result in checked.results) or checked.whole_window_missing(window):
        raise typer.Exit(FAILED)


def _show(checked: "Checked") -> None:
    results = checked.results
    table = shown_table("Asset checks", ("Table", "Check"), tuple(_STYLE))
    for (name, check_name), counts in by_check(results).items():
        worst = "ERROR" if counts["ERROR"] else "WARN" if counts["WARN"] else "ok"
        table.add_row(name, check_name, *(str(counts[level]) for level in _STYLE), style=_STYLE[worst])
    console.print(table)
    wrong = worst_first(results)
    for result in wrong[:_SHOWN]:
        text = f"{result.level} {result.table}.{result.check} {result.day or ''}: {result.description}"
        console.print(text, style=_STYLE[result.level], markup=False, highlight=False)
    if len(wrong) > _SHOWN:
        console.print(f"{len(wrong) - _SHOWN} more: --junit or --markdown writes them, the UI shows them")
    for line in not_there(checked):
        console.print(line, style="yellow", highlight=False)
