"""What the `retail` commands print and which exit codes they end with, on a lake of three simulated days."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import click
import polars as pl
import pytest
import typer

from retail_platform.automation.check_runs import Checked
from retail_platform.automation.check_runs import Result as CheckResult
from retail_platform.cli import app
from retail_platform.cli.reports import junit_xml, markdown_summary
from retail_platform_tests.platform import Platform, message

FIRST, LAST = "2026-03-02", "2026-03-04"
DAYS = ("--from", FIRST, "--to", LAST)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(tmp_path_factory.mktemp("tiny")) as platform:
        result = platform.retail("materialize", *DAYS)
        assert result.exit_code == 0, result.output
        yield platform


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group) or hasattr(command, "commands"):
        for name, sub in command.commands.items():
            yield from commands(sub, (*path, name))
    else:
        yield path


@pytest.mark.parametrize("path", sorted(commands(typer.main.get_command(app))), ids=" ".join)
def test_help_of_each_command_has_an_example(tmp_path: Path, path: tuple[str, ...]) -> None:
    with Platform(tmp_path) as platform:
        result = platform.retail(*path, "--help")

    assert result.exit_code == 0
    assert f"Example: {'RETAIL_SOURCE=olist ' if path == ('settings',) else ''}retail {' '.join(path)}" in message(
        result
    )


def test_materialize_says_what_it_wrote_and_twice_gives_the_same(platform: Platform) -> None:
    before = platform.hashes()

    result = platform.retail("materialize", *DAYS, "--select", "+daily_metrics")

    assert result.exit_code == 0
    assert "rows in 30 tables, 4 runs" in message(result)
    assert platform.hashes() == before


def test_materialize_takes_part_of_the_graph(platform: Platform) -> None:
    result = platform.retail("materialize", "--from", FIRST, "--to", FIRST, "--select", "sales")

    assert result.exit_code == 0
    assert "rows in 2 tables, 1 runs" in message(result)


def test_materialize_of_a_day_whose_upstream_is_missing_names_it(platform: Platform) -> None:
    result = platform.retail("materialize", "--from", "2026-03-09", "--to", "2026-03-09", "--select", "daily_metrics")

    assert result.exit_code == 1
    assert (
        "2026-03-09 daily_metrics: daily_metrics needs store_days of 2026-03-09, never materialized. Run `retail "
        "materialize --select store_days --from 2026-03-09 --to 2026-03-09` first"
    ) in message(result)


def test_verbose_shows_dagsters_log(platform: Platform) -> None:
    quiet, verbose = (
        platform.retail("materialize", *DAYS, "--select", "daily_metrics", *more).output
        for more in ((), ("--verbose",))
    )

    assert "daily_metrics: 9 rows of" not in quiet
    assert "daily_metrics: 9 rows of" in verbose


def test_check_shows_each_check_and_writes_reports(platform: Platform) -> None:
    result = platform.retail("check", *DAYS, "--junit", "reports/checks.xml", "--markdown", "reports/checks.md")

    assert result.exit_code == 0, result.output
    assert "conservation" in result.output
    suites = ElementTree.parse(platform.folder / "reports" / "checks.xml").getroot()
    assert suites.tag == "testsuites"
    cases = suites.findall("testsuite[@name='sales']/testcase")
    assert {case.get("name") for case in cases} >= {f"conservation {FIRST}", f"completeness {LAST}"}
    assert all(
        int(suite.get("tests", 0)) == len(suite.findall("testcase")) and suite.get("failures") == "0"
        for suite in suites
    )
    markdown = (platform.folder / "reports" / "checks.md").read_text()
    assert markdown.startswith(f"## Data checks, {FIRST}..{LAST}\n\n| table | check | ok | WARN | ERROR |\n|---|")
    assert "| sales | conservation | 3 | 0 | 0 |" in markdown


def test_check_of_part_of_the_graph(platform: Platform) -> None:
    result = platform.retail("check", *DAYS, "--select", "store_days")

    assert result.exit_code == 0
    assert "reconciliation" in result.output
    assert "quarantine_rate" not in result.output


def test_check_of_days_that_are_not_there_fails(platform: Platform) -> None:
    result = platform.retail("check", "--from", "2026-05-01", "--to", "2026-05-02", "--select", "sales")

    assert result.exit_code == 1
    assert "nothing of 2026-05-01..2026-05-02 is materialized: run `retail materialize` first" in message(result)


def test_status_counts_days_of_each_asset(platform: Platform) -> None:
    result = platform.retail("status", "--from", "2026-03-01", "--to", LAST)

    assert result.exit_code == 0
    line = next(line.split() for line in result.output.splitlines() if " raw_sales " in line)
    assert line == ["sales", "raw_sales", "missing", "2026-03-01", "3", "0", "1", "0"]


def test_tables_lists_rows_days_and_sizes(platform: Platform) -> None:
    result = platform.retail("tables")

    assert result.exit_code == 0
    line = next(line.split() for line in result.output.splitlines() if line.split()[:1] == ["raw_sales"])
    rows = platform.table("raw_sales").height
    assert line[1:5] == [f"{rows:,}", "3", FIRST, LAST]
    assert line[-1] in ("B", "kB")


QUERY = "select date, count(*) as stores, sum(revenue) as revenue from daily_metrics group by 1 order by 1"


def test_sql_as_csv(platform: Platform) -> None:
    result = platform.retail("sql", QUERY, "--format", "csv")

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["date"] for row in rows] == [FIRST, "2026-03-03", LAST]
    assert sum(float(row["revenue"]) for row in rows) == float(platform.table("daily_metrics")["revenue"].sum())


def test_sql_as_json(platform: Platform) -> None:
    rows = json.loads(platform.retail("sql", QUERY, "--format", "json").stdout)

    assert [row["date"] for row in rows] == [FIRST, "2026-03-03", LAST]
    assert all(row["stores"] == 3 for row in rows)


def test_sql_as_table(platform: Platform) -> None:
    result = platform.retail("sql", QUERY)

    assert result.exit_code == 0
    assert [name in result.output for name in ("stores", "revenue", FIRST)] == [True] * 3


def test_a_content_hash_by_sql_is_the_same_for_the_same_content(platform: Platform) -> None:
    query = "select sum(hash(daily_metrics)) from daily_metrics"
    before = platform.retail("sql", query, "--format", "csv").stdout

    platform.retail("materialize", *DAYS, "--select", "daily_metrics")

    assert platform.retail("sql", query, "--format", "csv").stdout == before


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select * from daily_metric", "Did you mean"),
        ("select revenu from daily_metrics", 'Candidate bindings: "revenue"'),
        ("selct 1", "syntax error"),
    ],
)
def test_wrong_sql_is_misuse(platform: Platform, query: str, says: str) -> None:
    result = platform.retail("sql", query)

    assert result.exit_code == 2
    assert says in message(result)


def test_quarantine_counts_reasons_and_masks_persons(tmp_path: Path) -> None:
    rejected = pl.DataFrame(
        {
            "client_id": ["C1", "C2"],
            "name": ["Ada Lovelace", None],
            "age": ["36", "999"],
            "reasons": [["client_id|unknown"], ["age|max"]],
            "copies": [1, 1],
        }
    )
    with Platform(tmp_path) as platform:
        platform.lake.replace("quarantine_clients", rejected, None)
        said = message(platform.retail("quarantine"))

    assert "quarantine_clients: 2 rows" in said
    assert "1 client_id|unknown client_id=C1, name=***, age=***" in said
    assert "1 age|max client_id=C2, age=999" in said  # what is wrong with a value shows in the value alone
    assert "Ada" not in said


def test_quarantine_of_an_unknown_table_names_those_there_are(platform: Platform) -> None:
    result = platform.retail("quarantine", "daily_metrics")

    assert result.exit_code == 2
    assert "there is no table quarantine_daily_metrics" in message(result)
    assert "tables with a quarantine: clients, footfall_readings" in message(result)


def test_quarantine_of_days(platform: Platform) -> None:
    result = platform.retail("quarantine", "sales", *DAYS)

    assert result.exit_code == 0
    assert "nothing in quarantine_sales" in message(result)


def test_sources_are_listed(platform: Platform) -> None:
    result = platform.retail("sources", "list")

    assert result.exit_code == 0
    for name in ("simulator", "olist", "retailinsights", "jaffle_shop", "bank_footfall", "rossmann"):
        assert name in result.output


def test_settings_are_shown_with_secrets_masked(platform: Platform) -> None:
    result = platform.retail("settings", source_token="hunter2", seed=5)

    assert result.exit_code == 0
    assert "hunter2" not in result.output
    assert "RETAIL_SOURCE_TOKEN **********" in message(result)
    assert "RETAIL_SEED 5" in message(result)
    assert "In effect: simulator, 2026-01-01..20" in message(result)


@pytest.mark.parametrize("command", ["tables", "quarantine"])
def test_a_lake_without_tables_is_misuse(tmp_path: Path, command: str) -> None:
    with Platform(tmp_path) as platform:
        result = platform.retail(command)

        assert result.exit_code == 2
        assert f"there is no table in {platform.lake.uri}: run `retail materialize` first" in message(result)
        assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize("command", ["materialize", "check", "status"])
def test_a_folder_without_dagster_yaml_is_misuse(tmp_path: Path, command: str) -> None:
    with Platform(tmp_path) as platform:
        (tmp_path / "dagster.yaml").unlink()
        result = platform.retail(command, "--from", FIRST, "--to", LAST)

    assert result.exit_code == 2
    assert f"there is no dagster.yaml in {tmp_path}: run this in the project's folder, or set DAGSTER_HOME" in message(
        result
    )


@pytest.mark.parametrize(
    "arguments", [("materialise",), ("materialize", "--form", FIRST), ("sql",), ("sql", "x", "--format", "xml")]
)
def test_what_the_command_line_does_not_know_is_misuse(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with Platform(tmp_path) as platform:
        assert platform.retail(*arguments).exit_code == 2


def test_reports_of_what_no_report_may_hold_can_still_be_read() -> None:
    said = "missing: S\x0b1 | S2\nS3"
    checked = Checked([CheckResult("sales", "completeness", date(2026, 1, 5), False, "ERROR", said)], {}, [])

    [failure] = ElementTree.fromstring(junit_xml(checked)).iter("failure")
    assert failure.text == "missing: S\ufffd1 | S2\nS3"
    assert "| missing: S 1 / S2 S3 |" in markdown_summary(checked, "2026-01-05")


def test_the_first_commands_of_a_new_lake_may_start_at_once(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform, platform.environment(dagster_dir=tmp_path / "new"):
        command = [sys.executable, "-W", "ignore", "-m", "retail_platform.cli", "status", *DAYS]
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(4)]
        said = [process.communicate()[0].decode() for process in started]

    assert [process.returncode for process in started] == [0] * 4, said
