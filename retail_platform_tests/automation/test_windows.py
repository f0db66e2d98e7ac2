"""Windows upon windows: which days a change reaches, in whatever order, by whichever way days are asked for."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.execution.backfill import PartitionBackfill

from retail_platform.automation.backfills import Asked, plan_backfill
from retail_platform.automation.healing import look
from retail_platform.automation.health import State
from retail_platform.automation.ranges import JOB, phases
from retail_platform.automation.reach import targets
from retail_platform.automation.remedies import Kinship, Place, Tried
from retail_platform.automation.requests import run_requests
from retail_platform.windows import Window, chunks
from retail_platform_tests.automation.daemon import run_backfills
from retail_platform_tests.automation.histories import History
from retail_platform_tests.automation.windowed_graph import DEFINITIONS, deliver
from retail_platform_tests.platform import Platform

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 28)
ALL = Window(FIRST, LAST)
CORRECTED = date(2026, 1, 4)
AFTER = [CORRECTED + timedelta(days=ahead) for ahead in range(10 + 1)]
COMPARED = [CORRECTED + timedelta(days=ahead) for ahead in range(10 + 14 + 1)]
FURTHER = [CORRECTED + timedelta(days=ahead) for ahead in range(10 + 10 + 1)]
REACHED = {
    "readings": [CORRECTED],
    "health": AFTER,
    "footfall": AFTER,
    "hours": AFTER,
    "days": AFTER,
    "compared": COMPARED,
    "anomalies": FURTHER,
}


def opened(folder: Path, **settings: object) -> Platform:
    return Platform(folder, definitions=DEFINITIONS, start_date=FIRST, end_date=LAST, **settings)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with opened(tmp_path / "platform") as platform:
        yield platform


@pytest.fixture
def filled(platform: Platform) -> Platform:
    """All days are there."""
    assert platform.materialize(str(FIRST), str(LAST)).failures == []
    return platform


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The content of a lake that was filled in one go, after the correction."""
    folder = tmp_path_factory.mktemp("right")
    with opened(folder) as platform:
        correct(platform)
        assert platform.materialize(str(FIRST), str(LAST)).failures == []
        assert platform.hashes().keys() == {*REACHED, "sales", "weather", "totals"}
        return platform.hashes()


def correct(platform: Platform) -> None:
    deliver(platform.folder, "readings", {str(CORRECTED): 1000})


def made_since(platform: Platform, storage_id: int) -> dict[str, list[date]]:
    """Days of each asset that were made after an event."""
    found = {}
    for key in platform.graph.materializable_asset_keys:
        wanted = dg.AssetRecordsFilter(asset_key=key, after_storage_id=storage_id)
        records = platform.instance.fetch_materializations(wanted, limit=1000).records
        days = {date.fromisoformat(record.partition_key) for record in records if record.partition_key}
        if days:
            found[key.path[-1]] = sorted(days)
    return found


def last_event(platform: Platform) -> int:
    keys = platform.graph.materializable_asset_keys
    found = [platform.instance.fetch_materializations(key, limit=1).records for key in keys]
    return max(records[0].storage_id for records in found if records)


def test_what_looks_at_other_days_comes_after_all_of_them(platform: Platform) -> None:
    found = phases(platform.graph, set(platform.graph.materializable_asset_keys))

    assert [{key.path[-1] for key in phase.keys} for phase in found] == [
        {"readings", "sales", "weather"},
        {"health", "footfall", "hours", "days"},
        {"compared", "anomalies"},
        {"totals"},
    ]
    turn = {key.path[-1]: number for key, number in Kinship(platform.graph).turn.items()}
    assert turn == {
        "readings": 1,
        "sales": 1,
        "weather": 1,
        "health": 2,
        "footfall": 2,
        "hours": 2,
        "days": 2,
        "compared": 3,
        "anomalies": 3,
        "totals": 4,
    }


@pytest.mark.parametrize(("size", "backwards", "days_per_run"), [(28, False, 11), (14, True, 31)])
def test_neither_order_nor_size_of_ranges_matter(
    platform: Platform, right: dict[str, str], size: int, backwards: bool, days_per_run: int
) -> None:
    correct(platform)
    parts = list(chunks(ALL, size))

    for part in reversed(parts) if backwards else parts:
        outcome = platform.materialize(str(part.first), str(part.last), days_per_run=days_per_run)
        assert outcome.failures == []

    assert platform.hashes() == right


def test_a_corrected_day_reaches_later_days_and_what_is_made_from_them(filled: Platform, right: dict[str, str]) -> None:
    before = last_event(filled)
    correct(filled)

    outcome = filled.materialize(str(CORRECTED), select="readings+")

    assert outcome.failures == []
    assert made_since(filled, before) == REACHED
    assert filled.hashes() == right
    assert filled.health(str(FIRST), str(LAST)).unhealthy == []


def test_later_days_that_are_not_there_or_cannot_be_made_are_not_reached(platform: Platform) -> None:
    platform.materialize("2026-01-04", "2026-01-08", select="readings or sales")
    platform.materialize("2026-01-05", "2026-01-06", select="health or footfall or hours or days")
    before = last_event(platform)

    outcome = platform.materialize(str(CORRECTED))

    assert outcome.failures == []
    found = {name: [day.day for day in days] for name, days in made_since(platform, before).items()}
    assert found["health"] == found["days"] == [4, 5, 6]
    assert found["compared"] == found["anomalies"] == [4]


def test_a_day_that_did_not_come_reaches_nothing(filled: Platform) -> None:
    before = last_event(filled)
    deliver(filled.folder, "readings", {str(CORRECTED): None})

    outcome = filled.materialize(str(CORRECTED), select="readings+")

    assert [failure.asset for failure in outcome.failures] == ["readings"]
    assert made_since(filled, before) == {}


def test_a_newer_day_makes_stale_what_looks_at_it_edge_by_edge(platform: Platform) -> None:
    history = History(platform)
    history.all_made(ALL)
    late = Window(date(2026, 1, 10), LAST)  # the change itself is before it

    def stale(window: Window) -> dict[str, list[date | None]]:
        found: dict[str, list[date | None]] = {}
        for one in platform.health(str(window.first), str(window.last)).unhealthy:
            assert one.state is State.STALE
            found.setdefault(one.asset, []).append(one.day)
        return found

    history.made("readings", [CORRECTED])
    assert stale(ALL) == {"health": AFTER, "footfall": AFTER}
    assert stale(late) == {name: [day for day in AFTER if day in late] for name in ("health", "footfall")}

    history.made("health", AFTER)
    history.made("footfall", AFTER)
    assert stale(ALL) == {"hours": AFTER, "anomalies": FURTHER}

    history.made("hours", AFTER)
    history.made("days", AFTER)
    assert stale(ALL) == {"compared": COMPARED, "anomalies": FURTHER, "totals": [None]}


def test_a_backfill_by_hand_plans_all_that_is_reached_where_asked(platform: Platform) -> None:
    History(platform).all_made(ALL)

    def planned(asked: Asked) -> dict[str, list[date] | None]:
        found: dict[str, list[date] | None] = {}
        with platform.environment():
            backfill = plan_backfill(platform.instance, platform.retailer, asked, platform.repository)
        for item in backfill.items:
            days = None if item.days is None else sorted([*(found.get(item.asset) or []), *item.days])
            found[item.asset] = days
        return found

    one_day = Window(CORRECTED, CORRECTED)
    assert planned(Asked(one_day, "readings+", with_windows=True)) == REACHED | {"totals": None}
    assert planned(Asked(one_day, "readings+")) == {name: [CORRECTED] for name in REACHED} | {"totals": None}

    History(platform).made("readings", [CORRECTED])
    assert planned(Asked(ALL, only_missing=True)) == {
        name: days for name, days in REACHED.items() if name != "readings"
    } | {"totals": None}


def test_a_landed_file_asks_for_its_own_day_of_all_that_is_made_from_it(platform: Platform) -> None:
    of = targets(
        platform.graph,
        {dg.AssetKey("readings"): [CORRECTED]},
        (),
        days_there=lambda _, days: days,
        ever_made=lambda _: True,
    )

    assert {key.path[-1]: list(days) for key, days in of.days.items()} == {name: [CORRECTED] for name in REACHED}
    assert {key.path[-1] for key in of.tables} == {"totals"}


def test_healing_makes_again_what_a_correction_reaches_and_comes_to_rest(tmp_path: Path, right: dict[str, str]) -> None:
    with opened(tmp_path / "healed", heal_days=60) as platform:
        platform.materialize(str(FIRST), str(LAST))
        before = last_event(platform)
        correct(platform)
        platform.materialize(str(CORRECTED), select="readings")
        memory: dict[Place, Tried] = {}
        ticks = []
        while True:
            now = datetime(2026, 6, 1, 12, tzinfo=UTC)
            window, decision = look(platform.instance, platform.graph, platform.retailer, memory, now)
            assert window == ALL
            memory = decision.memory
            if not decision.requests:
                break
            ticks.append({key.path[-1] for request in decision.requests for key in request.assets})
            for asked in run_requests(decision.requests, asked_by="healing"):
                run(platform, [key.path[-1] for key in asked.asset_selection or ()], dict(asked.tags))

        assert ticks == [{"health", "footfall", "hours", "days"}, {"compared", "anomalies"}, {"totals"}]
        assert made_since(platform, before) == REACHED
        assert platform.hashes() == right


def run(platform: Platform, assets: list[str], tags: dict[str, str]) -> None:
    with platform.environment():
        job = ReconstructableJob(platform.repository, JOB)
        keys = [dg.AssetKey(asset) for asset in assets]
        with dg.execute_job(job, instance=platform.instance, asset_selection=keys, tags=tags) as result:
            assert result.success


def test_days_that_a_backfill_of_the_daemon_reaches_and_that_cannot_be_are_left_out(platform: Platform) -> None:
    """Of the days after the one asked for, some are there, some lack sales, most were never delivered."""
    platform.materialize("2026-01-05", "2026-01-08", select="*")
    platform.materialize("2026-01-09", "2026-01-10", select="readings")
    before = last_event(platform)
    keys = platform.graph.materializable_asset_keys

    with platform.environment():
        asked = PartitionBackfill.from_asset_partitions(
            backfill_id="asked",
            asset_graph=platform.graph,
            partition_names=[str(CORRECTED)],
            asset_selection=sorted(keys),
            backfill_timestamp=datetime.now(UTC).timestamp(),
            tags={},
            dynamic_partitions_store=platform.instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
        platform.instance.add_backfill(asked)
    run_backfills(platform)

    runs = platform.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": "asked"}))
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    found = {name: [day.day for day in days] for name, days in made_since(platform, before).items()}
    assert found == {
        "readings": [4],
        "sales": [4],
        "weather": [4],
        "health": [*range(4, 11)],
        "footfall": [*range(4, 11)],
        "hours": [*range(4, 9)],
        "days": [*range(4, 9)],
        "compared": [*range(4, 9)],
        "anomalies": [*range(4, 11)],
    }


def test_a_run_of_a_backfill_all_of_whose_days_are_absent_makes_and_records_nothing(platform: Platform) -> None:
    days = {"dagster/asset_partition_range_start": "2026-01-20", "dagster/asset_partition_range_end": "2026-01-24"}
    platform.materialize("2026-01-11", select="readings or sales")

    run(platform, ["health", "footfall", "hours", "days"], days | {"dagster/backfill": "reaching"})

    assert not any(
        platform.instance.fetch_materializations(dg.AssetKey(name), limit=1).records for name in ("health", "days")
    )
    assert platform.table("days").is_empty()


def test_what_nothing_is_made_from_holds_no_day_back(platform: Platform) -> None:
    last = CORRECTED + timedelta(days=3)
    deliver(platform.folder, "weather", {str(CORRECTED): None})

    outcome = platform.materialize(str(FIRST), str(last))

    assert [failure for failure in outcome.failures if "weather" not in str(failure)] == []
    there = platform.states(str(FIRST), str(last))
    assert len(there["compared"].materialized) == 7
    assert there["weather"].missing + there["weather"].failed == [str(CORRECTED)]
