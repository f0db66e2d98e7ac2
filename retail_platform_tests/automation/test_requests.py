"""Requests: which runs days and assets become, and what is held by runs and backfills under way."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.storage.dagster_run import DagsterRunStatus

from retail_platform.automation import jobs
from retail_platform.automation.liveness import WORKER_TAG, worker_tags
from retail_platform.automation.ranges import ATTEMPT_TAG, JOB, RANGE_OVER_TAG, RANGE_TAG, range_tags
from retail_platform.automation.requests import (
    ASKED_BY_TAG,
    COMMAND_TAG,
    Held,
    Request,
    held,
    in_chunks,
    run_requests,
)
from retail_platform.windows import Window
from retail_platform_tests.platform import Platform, tiny_graph

GRAPH = tiny_graph()
SALES, DOORS = dg.AssetKey("raw_sales"), dg.AssetKey("raw_footfall")


def day(number: int) -> date:
    return date(2026, 3, number)


WHOLE_RANGE = Held(frozenset({day(1), day(2)}), whole=True)  # the next run of a command's range follows


def test_days_in_a_row_that_want_the_same_share_a_run_oldest_first() -> None:
    wanted = {day(5): {SALES}, day(1): {SALES}, day(2): {SALES}, day(3): {SALES}, day(4): {SALES, DOORS}}

    found = in_chunks(wanted, 2)

    assert [(str(request.days), len(request.assets)) for request in found] == [
        ("2026-03-01..2026-03-02", 1),
        ("2026-03-03", 1),
        ("2026-03-04", 2),
        ("2026-03-05", 1),
    ]
    assert [str(request.days) for request in in_chunks({day(1): [SALES], day(2): [SALES]}, 31, single=True)] == [
        "2026-03-01",
        "2026-03-02",
    ]
    assert in_chunks({day(1): []}, 31) == []


def test_a_request_is_a_run_of_exactly_its_days_and_assets() -> None:
    request = Request(frozenset({SALES}), Window(day(1), day(2)), attempt=3)

    (found,) = run_requests([request], asked_by="landing", run_key=lambda one: f"key of {one.days}")

    assert found.asset_selection == [SALES]
    assert found.run_key == "key of 2026-03-01..2026-03-02"
    assert found.tags == range_tags(request.days) | {ATTEMPT_TAG: "3", ASKED_BY_TAG: "landing"}


@pytest.mark.parametrize(
    ("job", "selection", "tags", "expected"),
    [
        (JOB, {SALES}, range_tags(Window(day(1), day(2))), Held(frozenset({day(1), day(2)}))),
        (JOB, {dg.AssetKey("stores")}, {}, Held(whole=True)),
        (jobs.DAY, None, range_tags(Window(day(1), day(1))), Held(frozenset({day(1)}), whole=True)),
        (jobs.TODAY, None, range_tags(Window(day(1), day(1))), Held(frozenset({day(1)}))),
        (JOB, {SALES}, range_tags(Window(day(1), day(1))) | {COMMAND_TAG: "check"}, Held()),
        (JOB, {SALES}, range_tags(Window(day(1), day(1))) | {RANGE_TAG: "2026-03-01..2026-03-02"}, WHOLE_RANGE),
        (
            JOB,
            {SALES},
            range_tags(Window(day(1), day(1))) | {RANGE_TAG: "2026-03-01..2026-03-02", "dagster/parent_run_id": "a"},
            Held(frozenset({day(1)})),  # executed again in the UI: nothing follows
        ),
    ],
)
def test_a_run_that_is_not_over_holds_its_days(
    tmp_path: Path, job: str, selection: set[dg.AssetKey] | None, tags: dict[str, str], expected: Held
) -> None:
    with Platform(tmp_path) as platform:
        chosen = None if selection is None else frozenset(selection)
        under_way = dg.DagsterRun(job, status=DagsterRunStatus.STARTED, tags=tags, asset_selection=chosen)
        over = dg.DagsterRun(job, status=DagsterRunStatus.FAILURE, tags=range_tags(Window(day(9), day(9))))
        for run in (under_way, over):
            platform.instance.add_run(run)

        assert held(platform.instance, GRAPH) == expected


def test_a_backfill_holds_what_it_has_not_made(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        parts = {AssetKeyPartitionKey(SALES, "2026-03-01"), AssetKeyPartitionKey(SALES, "2026-03-03")}
        whole = AssetKeyPartitionKey(dg.AssetKey("warehouse"))
        subset = AssetGraphSubset.from_asset_partition_set(parts | {whole}, GRAPH)
        platform.instance.add_backfill(
            PartitionBackfill.from_asset_graph_subset(
                backfill_id="a",
                backfill_timestamp=0.0,
                tags={},
                dynamic_partitions_store=platform.instance,
                asset_graph_subset=subset,
                title=None,
                description=None,
                run_config=None,
            )
        )

        assert held(platform.instance, GRAPH) == Held(frozenset({day(1), day(3)}), whole=True)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (worker_tags(), WHOLE_RANGE),
        (worker_tags() | {RANGE_OVER_TAG: "true"}, Held()),
        ({WORKER_TAG: worker_tags()[WORKER_TAG] + "0"}, Held()),  # the command was killed
    ],
)
def test_a_commands_range_is_held_between_two_of_its_runs(tmp_path: Path, tags: dict[str, str], expected: Held) -> None:
    with Platform(tmp_path) as platform:
        ended = tags | range_tags(Window(day(1), day(1))) | {RANGE_TAG: "2026-03-01..2026-03-02"}
        platform.instance.add_run(dg.DagsterRun(JOB, status=DagsterRunStatus.SUCCESS, tags=ended))

        assert held(platform.instance, GRAPH) == expected
