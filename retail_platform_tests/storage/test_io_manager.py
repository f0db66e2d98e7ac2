"""Runs through a real Dagster instance: what is stored, what is loaded, what is refused."""

import warnings
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import narwhals as nw
import polars as pl
import pytest

from retail_platform.storage.io_manager import LakeIOManager
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.storage.test_event_log import instance_at

START = date(2026, 1, 1)
DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-03-01")
RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def day(number: int) -> date:
    return START + timedelta(days=number - 1)


def frame(window: Window, rows: int = 2) -> pl.LazyFrame:
    days = [d for d in window.days() for _ in range(rows)]
    return pl.LazyFrame({"date": days, "n": list(range(len(days)))}, schema={"date": pl.Date, "n": pl.Int64})


def window_of(context: dg.AssetExecutionContext) -> Window:
    keys = context.partition_key_range
    return Window(date.fromisoformat(keys.start), date.fromisoformat(keys.end))


@dg.asset(partitions_def=DAYS, metadata={"personal_columns": ["n"]})
def raw(context: dg.AssetExecutionContext) -> pl.LazyFrame:
    return frame(window_of(context))


@dg.asset(partitions_def=DAYS)
def same_day(raw: pl.LazyFrame) -> pl.DataFrame:
    return raw.collect()


with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    FOUR_WEEKS = dg.TimeWindowPartitionMapping(start_offset=-28, allow_nonexistent_upstream_partitions=True)


@dg.asset(partitions_def=DAYS, ins={"raw": dg.AssetIn(partition_mapping=FOUR_WEEKS)})
def windowed(context: dg.AssetExecutionContext, raw: pl.LazyFrame) -> pl.LazyFrame:
    window = window_of(context)
    found = raw.select(pl.col("date").min().alias("first"), pl.col("date").max().alias("last")).collect()
    return frame(window, 1).with_columns(first=found["first"].item(), last=found["last"].item())


@dg.asset
def whole(raw: nw.LazyFrame) -> nw.LazyFrame:
    return raw.group_by("date").agg(nw.col("n").sum())


@dg.asset
def reference() -> pl.DataFrame:
    return pl.DataFrame({"id": ["a", "b"]})


@dg.asset(partitions_def=DAYS)
def joined(context: dg.AssetExecutionContext, reference: nw.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    assert isinstance(reference, nw.DataFrame)
    return raw.with_columns(known=pl.lit(len(reference)))


@dg.asset_check(asset=raw, partitions_def=DAYS)
def has_rows(raw: pl.LazyFrame) -> dg.AssetCheckResult:
    days = raw.select(pl.col("date").n_unique()).collect().item()
    return dg.AssetCheckResult(passed=days > 0, metadata={"days": days})


@dg.asset(partitions_def=DAYS)
def wrong_rows() -> pl.DataFrame:
    return pl.DataFrame({"date": [date(2025, 1, 1)]})


@dg.asset
def nothing() -> Any:
    return None


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    with instance_at(tmp_path / "home", monkeypatch) as instance:
        yield instance


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


class Runner:
    def __init__(self, instance: dg.DagsterInstance, lake: Lake) -> None:
        self.instance = instance
        self.defs = dg.Definitions(
            assets=[raw, same_day, windowed, whole, reference, joined, wrong_rows, nothing],
            asset_checks=[has_rows],
            resources={"io_manager": LakeIOManager(lake_uri=lake.uri)},
        )

    def run(self, *names: str, first: int | None = None, last: int | None = None) -> dg.ExecuteInProcessResult:
        tags = {}
        if first is not None:
            tags = dict(zip(RANGE, (str(day(first)), str(day(last or first))), strict=True))
        return self.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            asset_selection=[dg.AssetKey(name) for name in names],
            instance=self.instance,
            tags=tags,
            raise_on_error=False,
        )

    def check(self, first: int, last: int) -> dg.ExecuteInProcessResult:
        job = self.defs.resolve_implicit_global_asset_job_def()
        tags = dict(zip(RANGE, (str(day(first)), str(day(last))), strict=True))
        return job.get_subset(asset_selection=set(), asset_check_selection={has_rows.check_key}).execute_in_process(
            instance=self.instance, tags=tags, raise_on_error=False
        )


@pytest.fixture
def runner(instance: dg.DagsterInstance, lake: Lake) -> Runner:
    return Runner(instance, lake)


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    assert not result.success
    [event] = [e for e in result.all_events if e.is_step_failure]
    error = event.step_failure_data.error
    assert error is not None
    failure = event.step_failure_data.user_failure_data
    return (failure.description or "" if failure else "") + error.message + str(error.cause)


def test_a_range_is_one_commit_and_each_partition_knows_its_rows(runner: Runner, lake: Lake) -> None:
    result = runner.run("raw", first=1, last=31)

    assert result.success
    assert lake.delta("raw").version() == 0
    [commit] = lake.delta("raw").history()
    assert commit["run_id"] == result.run_id
    events = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    assert {event.partition for event in events} == {str(day(n)) for n in range(1, 32)}
    assert {event.metadata["dagster/partition_row_count"].value for event in events} == {2}
    assert events[0].metadata["dagster/uri"].value == lake.table_uri("raw")
    assert events[0].metadata["version"].value == 0


def test_a_single_day_replaces_that_day_alone(runner: Runner, lake: Lake) -> None:
    runner.run("raw", first=1, last=3)
    before = lake.content_hash("raw")

    result = runner.run("raw", first=2)

    [event] = result.get_asset_materialization_events()
    assert event.partition == "2026-01-02"
    assert event.step_materialization_data.materialization.metadata["dagster/partition_row_count"].value == 2
    assert lake.delta("raw").version() == 1
    assert lake.content_hash("raw") != before  # n of day 2 starts at 0 again
    assert lake.scan("raw").select(pl.len()).collect().item() == 6


def test_personal_columns_are_masked_in_the_preview(runner: Runner) -> None:
    [event] = runner.run("raw", first=1).get_asset_materialization_events()

    preview = event.step_materialization_data.materialization.metadata["preview"].value

    assert preview.splitlines()[0] == "| date | n |"
    assert "| 2026-01-01 | *** |" in preview


def test_unpartitioned_assets_are_stored_whole_with_their_row_count(runner: Runner, lake: Lake) -> None:
    [event] = runner.run("reference").get_asset_materialization_events()

    assert event.step_materialization_data.materialization.metadata["dagster/row_count"].value == 2
    assert lake.scan("reference").collect()["id"].to_list() == ["a", "b"]


def test_an_input_holds_the_days_of_the_run(runner: Runner, lake: Lake) -> None:
    runner.run("raw", first=1, last=10)

    assert runner.run("same_day", first=3, last=4).success

    assert lake.scan("same_day").collect()["date"].unique().sort().to_list() == [day(3), day(4)]


def test_a_window_reaches_back_28_days_and_no_further(runner: Runner, lake: Lake) -> None:
    runner.run("raw", first=1, last=40)

    assert runner.run("windowed", first=35, last=36).success

    assert lake.scan("windowed").collect().select("first", "last").unique().rows() == [(day(7), day(36))]


@pytest.mark.parametrize(("corrections", "read"), [(0, 2), (1, 11), (3, 13), (9, None)])
def test_a_step_whose_other_days_are_made_again_meanwhile_reads_them_again(
    runner: Runner, lake: Lake, corrections: int, read: int | None
) -> None:
    runner.run("raw", first=1, last=2)
    first, made = Window(day(1), day(1)), list[int]()

    @dg.asset(partitions_def=DAYS, ins={"raw": dg.AssetIn(partition_mapping=FOUR_WEEKS)})
    def overtaken(context: dg.AssetExecutionContext, raw: pl.LazyFrame) -> pl.LazyFrame:
        if len(made) < corrections:  # another run corrects a day that this one has begun to read
            made.append(10 + len(made) + 1)
            lake.replace("raw", frame(first, made[-1]), first)
            context.instance.report_runless_asset_event(dg.AssetMaterialization("raw", partition=str(day(1))))
        before = raw.filter(pl.col("date") == day(1)).select(pl.len()).collect().item()
        return frame(window_of(context), 1).with_columns(before=pl.lit(before))

    runner.defs = dg.Definitions.merge(runner.defs, dg.Definitions(assets=[overtaken]))
    result = runner.run("overtaken", first=2)

    assert len(made) == min(corrections, 4)
    if read is None:  # a day of old rows is not recorded as if it were of the new ones
        assert not result.success
        assert runner.instance.get_materialized_partitions(dg.AssetKey("overtaken")) == set()
    else:
        assert result.success
        assert lake.scan("overtaken").collect()["before"].to_list() == [read]


def test_days_before_history_may_be_missing(runner: Runner, lake: Lake) -> None:
    runner.run("raw", first=5, last=6)

    assert runner.run("windowed", first=6).success

    assert lake.scan("windowed").collect().select("first", "last").rows() == [(day(5), day(6))]


def test_an_unpartitioned_asset_reads_the_whole_partitioned_one(runner: Runner, lake: Lake) -> None:
    runner.run("raw", first=1, last=5)

    assert runner.run("whole").success

    assert lake.scan("whole").select(pl.len()).collect().item() == 5


def test_annotations_choose_the_frame(runner: Runner) -> None:
    runner.run("raw", first=1)
    runner.run("reference")

    assert runner.run("joined", first=1).success


def test_upstream_of_the_same_run_needs_no_record(runner: Runner, lake: Lake) -> None:
    assert runner.run("raw", "same_day", "windowed", first=1, last=3).success
    assert lake.scan("windowed").select(pl.len()).collect().item() == 3


def test_days_never_materialized_are_named_with_the_mend(runner: Runner, lake: Lake) -> None:
    runner.run("raw", first=1, last=2)

    message = failure_of(runner.run("same_day", first=1, last=4))

    assert "same_day needs raw of 2026-01-03, 2026-01-04, never materialized" in message
    assert "retail materialize --select raw --from 2026-01-03 --to 2026-01-04" in message
    assert not lake.exists("same_day")


def test_days_missing_in_a_window_before_the_run_do_not_hide_the_run_s_own(runner: Runner) -> None:
    runner.run("raw", first=1, last=2)

    assert "raw of 2026-01-04" in failure_of(runner.run("windowed", first=4))


def test_an_empty_day_is_not_an_absent_one(runner: Runner, lake: Lake) -> None:
    runner.run("raw", first=1)
    lake.replace("raw", frame(Window(day(1), day(1)), 0), Window(day(1), day(1)))

    assert runner.run("same_day", first=1).success
    assert lake.scan("same_day").collect().is_empty()


def test_a_check_loads_the_days_of_its_asset(runner: Runner) -> None:
    runner.run("raw", first=1, last=5)

    result = runner.check(2, 3)

    [evaluation] = result.get_asset_check_evaluations()
    assert evaluation.metadata["days"].value == 2


def test_a_check_of_days_never_materialized_fails(runner: Runner) -> None:
    runner.run("raw", first=1)

    assert "needs raw of 2026-01-02" in failure_of(runner.check(1, 2))


def test_rows_outside_the_run_s_days_fail_the_run(runner: Runner, lake: Lake) -> None:
    message = failure_of(runner.run("wrong_rows", first=1))

    assert "rows outside 2026-01-01" in message
    assert not lake.exists("wrong_rows")


def test_an_asset_without_a_frame_is_refused(runner: Runner) -> None:
    assert "asset nothing returned NoneType: return an empty frame" in failure_of(runner.run("nothing"))


def test_a_missing_reference_table_says_what_to_do(runner: Runner) -> None:
    runner.run("raw", first=1)

    assert "has no table reference: materialize the asset reference first" in failure_of(runner.run("joined", first=1))
