"""What checks found, for machines and pull requests: JUnit XML, Markdown, and annotations of GitHub Actions.

Only texts are made here; running the checks is `automation.check_runs`' business.
"""

import os
import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from retail_platform.cli.common import shown_days

if TYPE_CHECKING:
    from retail_platform.automation.check_runs import Checked, Result

LEVELS = ("ok", "WARN", "ERROR")
_SHOWN = 20
ANNOTATED = 10  # GitHub shows no more of a step


_FORBIDDEN_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
                said = _FORBIDDEN_IN_XML.sub("\ufffd", result.description)
                ElementTree.SubElement(case, "failure", message=said).text = said
            elif result.level == "WARN":
                said = _FORBIDDEN_IN_XML.sub("\ufffd", result.description)
                ElementTree.SubElement(case, "system-out").text = f"WARN: {said}"
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def markdown_summary(checked: "Checked", window: str) -> str:
    """A line a check, then what did not pass or is not there, for a pull request."""
    results = checked.results
    lines = [f"## Data checks, {window}", "", "| table | check | ok | WARN | ERROR |", "|---|---|--:|--:|--:|"]
    lines += [
        f"| {table} | {name} | {counts['ok']} | {counts['WARN']} | {counts['ERROR']} |"
        for (table, name), counts in by_check(results).items()
    ]
    wrong = worst_first(results)
    if wrong:
        lines += ["", "| | table | check | day | found |", "|---|---|---|---|---|"]
        lines += [
            f"| {result.level} | {result.table} | {result.check} | {result.day or ''} | "
            f"{' '.join(result.description.replace('|', '/').split())} |"
            for result in wrong[:_SHOWN]
        ]
        if len(wrong) > _SHOWN:
            lines.append(f"\n{len(wrong) - _SHOWN} more.")
    if checked.missing:
        lines += ["", *(f"- {line}" for line in not_there(checked))]
    return "\n".join(lines) + "\n"


def annotations(checked: "Checked") -> list[str]:
    """What did not pass as annotations of a GitHub Actions run, and so of its pull request; none elsewhere."""
    wrong = worst_first(checked.results)[:ANNOTATED]
    return [
        annotation(result.level, f"{result.table}.{result.check} {result.day or ''}".strip(), result.description)
        for result in wrong
        if in_github_actions()
    ]


def in_github_actions() -> bool:
    """Whether this process is a step of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotation(level: str, title: str, text: str) -> str:
    """A command that GitHub Actions shows beside the pull request."""
    command = "error" if level == "ERROR" else "warning"
    title = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{command} title={title}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def not_there(checked: "Checked") -> list[str]:
    """What could not be checked, tables that lack the same days together."""
    lacking: dict[tuple[date, ...], list[str]] = {}
    for table, days in checked.missing.items():
        lacking.setdefault(days, []).append(table)
    return [
        f"not materialized, so not checked: {', '.join(tables)}" + (f" of {shown_days(days)}" if days else "")
        for days, tables in lacking.items()
    ]


def by_check(results: "Sequence[Result]") -> dict[tuple[str, str], dict[str, int]]:
    """How many evaluations of each table's check ended at each level."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for result in results:
        counts.setdefault((result.table, result.check), dict.fromkeys(LEVELS, 0))[result.level] += 1
    return counts


def worst_first(results: "Sequence[Result]") -> "list[Result]":
    """What did not pass, errors first."""
    return sorted((result for result in results if not result.passed), key=lambda result: result.level != "ERROR")
