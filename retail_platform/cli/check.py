"""`retail check`: the asset checks on what is there, on the screen, as JUnit XML and as Markdown."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from xml.etree import ElementTree

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
    shown_days,
    shown_table,
    told,
    window_of,
)

if TYPE_CHECKING:
    from retail_platform.automation.check_runs import Checked, Result

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
    for table in checked.whole_window_missing(window):
        errors.print(f"no day of {window} is materialized in {table}", style="red", highlight=False)
    if any(result.level == "ERROR" for result in checked.results) or checked.whole_window_missing(window):
        raise typer.Exit(FAILED)


def junit_xml(checked: "Checked") -> str:
    """Each evaluation a test case of its table's suite; an ERROR is a failure, a WARN goes to its output.

    A day that is not materialized is a skipped case.
    """
    results = checked.results
    root = ElementTree.Element("testsuites", name="retail check")
    for table in sorted({result.table for result in results} | checked.missing.keys()):
        absent = [str(day) for day in checked.missing.get(table, ())] or [""] * (table in checked.missing)
        members = [result for result in results if result.table == table]
        failures = sum(result.level == "ERROR" for result in members)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=table,
            tests=str(len(members) + len(absent)),
            failures=str(failures),
            errors="0",
            skipped=str(len(absent)),
        )
        for day in absent:
            case = ElementTree.SubElement(
                suite, "testcase", classname=table, name=f"materialized {day}".strip(), time="0"
            )
            ElementTree.SubElement(case, "skipped", message="not materialized")
        for result in members:
            name = f"{result.check} {result.day}" if result.day else result.check
            case = ElementTree.SubElement(suite, "testcase", classname=table, name=name, time="0")
            if result.level == "ERROR":
                ElementTree.SubElement(case, "failure", message=result.description).text = result.description
            elif result.level == "WARN":
                ElementTree.SubElement(case, "system-out").text = f"WARN: {result.description}"
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def markdown_summary(checked: "Checked", window: str) -> str:
    """A line a check, then what did not pass or is not there, for a pull request."""
    results = checked.results
    lines = [f"## Data checks, {window}", "", "| table | check | ok | WARN | ERROR |", "|---|---|--:|--:|--:|"]
    lines += [
        f"| {table} | {name} | {counts['ok']} | {counts['WARN']} | {counts['ERROR']} |"
        for (table, name), counts in _counts(results).items()
    ]
    wrong = _worst_first(results)
    if wrong:
        lines += ["", "| | table | check | day | found |", "|---|---|---|---|---|"]
        lines += [
            f"| {result.level} | {result.table} | {result.check} | {result.day or ''} | "
            f"{result.description.replace('|', '/')} |"
            for result in wrong[:_SHOWN]
        ]
        if len(wrong) > _SHOWN:
            lines.append(f"\n{len(wrong) - _SHOWN} more.")
    if checked.missing:
        lines += ["", *(f"- {line}" for line in _not_there(checked))]
    return "\n".join(lines) + "\n"


def _show(checked: "Checked") -> None:
    results = checked.results
    table = shown_table("Asset checks", ("Table", "Check"), tuple(_STYLE))
    for (name, check_name), counts in _counts(results).items():
        worst = "ERROR" if counts["ERROR"] else "WARN" if counts["WARN"] else "ok"
        table.add_row(name, check_name, *(str(counts[level]) for level in _STYLE), style=_STYLE[worst])
    console.print(table)
    wrong = _worst_first(results)
    for result in wrong[:_SHOWN]:
        text = f"{result.level} {result.table}.{result.check} {result.day or ''}: {result.description}"
        console.print(text, style=_STYLE[result.level], markup=False, highlight=False)
    if len(wrong) > _SHOWN:
        console.print(f"{len(wrong) - _SHOWN} more: --junit or --markdown writes them, the UI shows them")
    for line in _not_there(checked):
        console.print(line, style="yellow", highlight=False)


def _not_there(checked: "Checked") -> list[str]:
    """What could not be checked, tables that lack the same days together."""
    lacking: dict[tuple[date, ...], list[str]] = {}
    for table, days in checked.missing.items():
        lacking.setdefault(days, []).append(table)
    return [
        f"not materialized, so not checked: {', '.join(tables)}" + (f" of {shown_days(days)}" if days else "")
        for days, tables in lacking.items()
    ]


def _counts(results: "Sequence[Result]") -> dict[tuple[str, str], dict[str, int]]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for result in results:
        counts.setdefault((result.table, result.check), dict.fromkeys(_STYLE, 0))[result.level] += 1
    return counts


def _worst_first(results: "Sequence[Result]") -> "list[Result]":
    return sorted((result for result in results if not result.passed), key=lambda result: result.level != "ERROR")
