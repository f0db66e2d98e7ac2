"""Rules as asset checks of a real Dagster instance: one evaluation a day, tied to what it judged."""

import warnings
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
import sqlalchemy
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

from retail_platform.quality.checks import table_checks
from retail_platform.quality.rules import ERROR, WARN, Rule
from retail_platform.retailer import Retailer
from retail_platform.settings import Settings
from retail_platform.sources.registry import open_source
from retail_platform.storage.io_manager import LakeIOManager
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

FIRST = date(2026, 1, 1)
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def key(number: int) -> str:
    return str(FIRST + timedelta(days=number - 1))


def rows_are_good(name: str = "good", severity: str = ERROR, *, blocking: bool = True) -> Rule:
    """No row of a day is negative."""

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        table = "lines" if window else "names"
        frame = lake.scan(table, window).collect()
        if window is None:
            frame = frame.with_columns(date=pl.lit(None, dtype=pl.Date))
        days = pl.DataFrame({"date": list(window.days()) if window else [None]}, schema={"date": pl.Date})
        bad = frame.group_by("date").agg(bad=(pl.col("n") < 0).sum().cast(pl.Int64), mean=pl.col("n").mean())
        return days.join(bad, on="date", how="left", nulls_equal=True).with_columns(
            passed=pl.col("bad").fill_null(0) == 0,
            severity=pl.lit(severity),
            description=pl.format("{} bad rows", pl.col("bad").fill_null(0)),
        )

    return Rule(name, "No row is negative.", judge, blocking)


class Retail:
    """A table `lines` of days and `names` without, their checks, and `after` downstream of `lines`."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance, *rules: Rule) -> None:
        settings = Settings(
            lake_uri=str(folder / "lake"), scale="tiny", start_date=FIRST, end_date=FIRST + timedelta(days=30)
        )
        retailer = Retailer(settings, open_source(settings))
        self.instance, self.bad = instance, set[str]()

        def content(first: str, last: str) -> pl.DataFrame:
            days = Window(date.fromisoformat(first), date.fromisoformat(last)).days()
            rows = [(day, -1 if str(day) in self.bad else 1) for day in days]
            return pl.DataFrame(rows, schema={"date": pl.Date, "n": pl.Int64}, orient="row")

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", (dg.BetaWarning, dg.PreviewWarning))
            policy = dg.BackfillPolicy.multi_run(31)

            @dg.asset(partitions_def=retailer.days, backfill_policy=policy)
            def lines(context: dg.AssetExecutionContext) -> pl.DataFrame:
                return content(context.partition_key_range.start, context.partition_key_range.end)

            @dg.asset(partitions_def=retailer.days, backfill_policy=policy)
            def after(lines: pl.LazyFrame) -> pl.LazyFrame:
                return lines

            @dg.asset
            def names() -> pl.DataFrame:
                return pl.DataFrame({"n": [-1 if "names" in self.bad else 1]})

            self.job = dg.Definitions(
                assets=[lines, after, names],
                asset_checks=[
                    table_checks(retailer, "lines", rules, daily=True),
                    table_checks(retailer, "names", rules[:1], daily=False),
                ],
                resources={"io_manager": LakeIOManager(lake_uri=settings.lake_uri)},
            ).resolve_implicit_global_asset_job_def()

    def run(self, *assets: str, first: int | None = None, last: int | None = None) -> dg.ExecuteInProcessResult:
        """Materialize and check."""
        tags = {} if first is None else dict(zip(RANGE, (key(first), key(last or first)), strict=True))
        return self.job.execute_in_process(
            asset_selection=[dg.AssetKey(name) for name in assets],
            instance=self.instance,
            tags=tags,
            raise_on_error=False,
        )

    def check(self, *names: str, first: int, last: int) -> dg.ExecuteInProcessResult:
        """Check what is there."""
        keys = {dg.AssetCheckKey(dg.AssetKey("lines"), name) for name in names}
        return self.job.get_subset(asset_selection=set(), asset_check_selection=keys).execute_in_process(
            instance=self.instance, tags=dict(zip(RANGE, (key(first), key(last)), strict=True)), raise_on_error=False
        )


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


@pytest.fixture
def retail(tmp_path: Path, instance: dg.DagsterInstance) -> Retail:
    return Retail(tmp_path, instance, rows_are_good())


def verdicts(result: dg.ExecuteInProcessResult, name: str = "good") -> dict[str | None, bool]:
    found = [evaluation for evaluation in result.get_asset_check_evaluations() if evaluation.check_name == name]
    assert len({evaluation.partition for evaluation in found}) == len(found)
    return {evaluation.partition: evaluation.passed for evaluation in found}


def materializations(instance: dg.DagsterInstance, asset: str) -> dict[str | None, int]:
    """Storage id of the newest materialization by day."""
    records = instance.fetch_materializations(dg.AssetKey(asset), limit=100, ascending=True).records
    return {record.partition_key: record.storage_id for record in records}


def test_a_run_over_several_days_evaluates_each_and_shows_which_failed(retail: Retail) -> None:
    retail.bad = {key(2)}

    result = retail.run("lines", first=1, last=3)

    assert verdicts(result) == {key(1): True, key(2): False, key(3): True}
    [failed] = [evaluation for evaluation in result.get_asset_check_evaluations() if not evaluation.passed]
    assert (failed.description, failed.severity.value) == ("1 bad rows", ERROR)
    assert {name: entry.value for name, entry in failed.metadata.items()} == {"bad": 1, "mean": -1.0}


def test_evaluations_are_stored_and_tied_to_the_materialization_of_their_day(retail: Retail) -> None:
    retail.run("lines", first=1, last=3)

    history = retail.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("lines"), "good"), limit=50
    )

    found = {}
    for record in history:
        assert record.event is not None
        assert record.event.dagster_event is not None
        evaluation = record.event.dagster_event.asset_check_evaluation_data
        assert evaluation.target_materialization_data is not None
        found[evaluation.partition] = evaluation.target_materialization_data.storage_id
    assert found == materializations(retail.instance, "lines")
    assert set(found) == {key(1), key(2), key(3)}


def test_a_corrected_day_is_judged_by_its_newest_materialization(retail: Retail) -> None:
    retail.bad = {key(2)}
    retail.run("lines", first=1, last=3)
    retail.bad = set()

    [evaluation] = retail.run("lines", first=2).get_asset_check_evaluations()

    assert (evaluation.partition, evaluation.passed) == (key(2), True)
    assert evaluation.target_materialization_data is not None
    newest = materializations(retail.instance, "lines")[key(2)]
    assert evaluation.target_materialization_data.storage_id == newest


def test_a_failed_blocking_check_stops_what_comes_after(retail: Retail) -> None:
    retail.bad = {key(2)}

    result = retail.run("lines", "after", first=1, last=3)

    assert not result.success
    assert verdicts(result) == {key(1): True, key(2): False, key(3): True}
    assert materializations(retail.instance, "after") == {}


@pytest.mark.parametrize(("severity", "blocking"), [(WARN, True), (ERROR, False)])
def test_a_warning_or_a_check_that_does_not_block_stops_nothing(
    tmp_path: Path, instance: dg.DagsterInstance, severity: str, blocking: bool
) -> None:
    retail = Retail(tmp_path, instance, rows_are_good(severity=severity, blocking=blocking))
    retail.bad = {key(2)}

    result = retail.run("lines", "after", first=1, last=3)

    assert result.success
    assert verdicts(result)[key(2)] is False
    assert set(materializations(instance, "after")) == {key(1), key(2), key(3)}


def test_days_that_were_never_materialized_are_not_judged(retail: Retail) -> None:
    retail.run("lines", first=2)
    retail.run("lines", first=4, last=5)

    result = retail.check("good", first=1, last=9)

    assert verdicts(result) == {key(2): True, key(4): True, key(5): True}


def made_again(instance: dg.DagsterInstance, day: str, times: int) -> None:
    """The record of a day's materialization, copied: to report each would take a minute."""
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    columns = ", ".join(column.name for column in SqlEventLogStorageTable.columns if column.name != "id")
    copies = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :times) SELECT i FROM n"
    copy = (
        f"INSERT INTO event_logs ({columns}) SELECT {columns} FROM event_logs, ({copies}) "
        "WHERE dagster_event_type = 'ASSET_MATERIALIZATION' AND partition = :day"
    )
    with storage.index_connection() as connection:
        connection.execute(sqlalchemy.text(copy), {"times": times, "day": day})


def test_a_day_is_judged_however_often_others_were_made_since(retail: Retail) -> None:
    retail.run("lines", first=1, last=2)
    made_again(retail.instance, key(2), 1021)

    result = retail.check("good", first=1, last=2)

    assert verdicts(result) == {key(1): True, key(2): True}


def test_one_of_several_checks_can_be_run_alone(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    retail = Retail(tmp_path, instance, rows_are_good(), rows_are_good("other", blocking=False))
    retail.run("lines", first=1, last=2)

    result = retail.check("other", first=1, last=2)

    assert verdicts(result, "good") == {}
    assert verdicts(result, "other") == {key(1): True, key(2): True}


def test_a_table_without_days_gets_one_evaluation_without_a_day(retail: Retail) -> None:
    retail.bad = {"names"}

    [evaluation] = retail.run("names").get_asset_check_evaluations()

    assert (evaluation.partition, evaluation.passed) == (None, False)
    assert evaluation.target_materialization_data is not None
    assert evaluation.target_materialization_data.storage_id == materializations(retail.instance, "names")[None]
