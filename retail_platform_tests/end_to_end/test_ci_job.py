"""The asset-check job of the project's CI, step by step as its workflow says: red on what must not pass."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from retail_platform_tests.end_to_end.shops import Shops, usual_lines
from retail_platform_tests.platform import PROJECT

WORKFLOW = PROJECT / ".github" / "workflows" / "ci.yml"
SLICE = {"FIRST": "2026-03-02", "LAST": "2026-03-04"}


@dataclass
class Job:
    """A checkout of the project in a folder, and what its job said."""

    folder: Path
    output: str = ""
    red: bool = False

    def edit(self, module: str, old: str, new: str) -> None:
        """Change the checkout's code."""
        path = self.folder / "retail_platform" / module
        text = path.read_text()
        assert text.count(old) == 1, f"{module} holds {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new))

    def run(self, **settings: str) -> "Job":
        """Run the steps, as GitHub does: after a failed one only those that run always."""
        job = yaml.safe_load(WORKFLOW.read_text())["jobs"]["asset-checks"]
        own = {"PYTHONPATH": str(self.folder), "PYTHONWARNINGS": "ignore", "GITHUB_ACTIONS": "true"}
        own["GITHUB_STEP_SUMMARY"] = str(self.folder / "summary.md")
        variables = os.environ | job["env"] | own | SLICE | settings
        for step in job["steps"]:
            command = step.get("run")
            if command is None or command.startswith("make") or (self.red and step.get("if") != "always()"):
                continue
            done = subprocess.run(
                ["bash", "-ec", command], cwd=self.folder, env=variables, capture_output=True, text=True, check=False
            )
            self.output += done.stdout + done.stderr
            self.red |= done.returncode != 0
        return self

    @property
    def failures(self) -> set[tuple[str, str]]:
        """Table and case that failed, by the JUnit report."""
        report = ElementTree.parse(self.folder / "checks.xml")
        cases = [case for case in report.iter("testcase") if case.find("failure") is not None]
        return {(case.attrib["classname"], case.attrib["name"]) for case in cases}

    @property
    def summary(self) -> str:
        """What the pull request shows."""
        return (self.folder / "summary.md").read_text()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A fresh checkout, with the environment that `make` would have made."""
    folder = tmp_path / "checkout"
    shutil.copytree(PROJECT / "retail_platform", folder / "retail_platform")
    shutil.copy(PROJECT / "dagster.yaml", folder)
    (folder / ".venv" / "bin").mkdir(parents=True)
    retail = folder / ".venv" / "bin" / "retail"
    retail.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m retail_platform.cli "$@"\n')
    retail.chmod(0o755)
    return Job(folder)


def test_the_project_as_it_is_is_green_and_says_what_was_checked(job: Job) -> None:
    job.run()

    assert not job.red, job.output
    assert job.failures == set()
    assert "## Data checks, 2026-03-02..2026-03-04" in job.summary
    assert "| sales | conservation | 3 | 0 | 0 |" in job.summary
    assert "::error" not in job.output


def test_a_broken_transform_turns_it_red(job: Job) -> None:
    job.edit("domains/metrics/reduce.py", 'revenue=of_completed("net_amount")', 'revenue=of_completed("unit_price")')

    job.run()

    assert job.red
    assert ("product_daily_metrics", "reconciliation 2026-03-03") in job.failures
    assert "| ERROR | product_daily_metrics | reconciliation | 2026-03-03 |" in job.summary
    assert "::error title=product_daily_metrics.reconciliation 2026-03-02::" in job.output
    assert "product_daily_metrics_checks: check reconciliation of 2026-03-02 failed: " in job.output


def test_a_changed_contract_turns_it_red(job: Job) -> None:
    job.edit("domains/clients/contract.py", "min=0, max=120", "min=0, max=40")

    job.run()

    assert job.red
    assert ("clients", "quarantine_rate") in job.failures


def test_bad_source_data_turns_it_red(job: Job, tmp_path: Path) -> None:
    # given deliveries of which one day's lines lack their receipt at one till, and another day lacks a store
    shops = Shops(tmp_path / "shops")
    shops.deliver(5)
    lines = usual_lines(date(2026, 3, 3))
    shops.sales(date(2026, 3, 3), [line.replace(",r1,", ",,") for line in lines])
    shops.sales(date(2026, 3, 4), [line for line in usual_lines(date(2026, 3, 4)) if ",B,r" not in line])

    job.run(RETAIL_SOURCE=str(shops.mapping), RETAIL_SOURCE_DIR=str(shops.files), RETAIL_SOURCE_RETRIES="0")

    # then the rows' day fails its check, the other is not there and says why, and both are told on the pull request
    assert job.red
    assert job.failures == {("sales", "quarantine_rate 2026-03-03")}
    assert "::error title=sales.quarantine_rate 2026-03-03::50.0 %25 of 6 rows quarantined" in job.output
    assert "::error title=raw_sales 2026-03-04 was not materialized::" in job.output
    assert "2026-03-04%3A B" in job.output or "2026-03-04: B" in job.output
    assert "not materialized, so not checked" in job.summary
