"""The healing sensor over a real lake: an outage of deliveries costs nothing but time."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
)

from retail_platform.automation.healing import NAME, GaveUp, Memory, gave_up, heal_window, recalled
from retail_platform.automation.ranges import JOB, range_tags
from retail_platform.automation.remedies import Tried
from retail_platform.automation.requests import ASKED_BY_TAG
from retail_platform.windows import Window
from retail_platform_tests.automation.histories import History
from retail_platform_tests.end_to_end.shops import Shops, usual_lines
from retail_platform_tests.platform import Platform

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 8)
AWAY = (date(2026, 3, 4), date(2026, 3, 5))
LATE = date(2026, 3, 7)
_TICKS = 60


class Daemon:
    """Dagster's sensor daemon and run queue, in the test's own process."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.cursor, self.runs = platform, None, 0

    def tick(self) -> SensorExecutionData:
        """Evaluate the sensor, and execute what it requests."""
        with self.platform.environment():
            repository = self.platform.repository.get_definition()
            sensor = repository.get_sensor_def(NAME)
            context = dg.build_sensor_context(self.platform.instance, cursor=self.cursor, repository_def=repository)
            said = sensor.evaluate_tick(context)
            for request in said.run_requests or []:
                self.runs += 1
                job = ReconstructableJob(self.platform.repository, JOB)
                dg.execute_job(
                    job,
                    instance=self.platform.instance,
                    asset_selection=list(request.asset_selection or ()),
                    tags=dict(request.tags),
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                )
        self.cursor = said.cursor
        return said

    def until_still(self) -> SensorExecutionData:
        """Ticks until nothing is requested any more; the last."""
        for _ in range(_TICKS):
            said = self.tick()
            if not said.run_requests:
                return said
        raise AssertionError(f"healing did not come to an end in {_TICKS} ticks")


def platform_of(shops: Shops, folder: Path, **settings: object) -> Platform:
    return Platform(
        folder, source=shops.mapping, source_dir=shops.files, end_date=LAST, heal_backoff=0, heal_attempts=2, **settings
    )


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    shops = Shops(tmp_path)
    shops.deliver(8)
    return shops


def test_an_outage_costs_nothing_but_time(tmp_path: Path, shops: Shops) -> None:
    away = tmp_path / "away"
    away.mkdir()
    for day in AWAY:
        shutil.move(shops.files / f"sales/{day}.csv", away / f"{day}.csv")
    shops.sales(LATE, (line for line in usual_lines(LATE) if ",C," not in line))
    with platform_of(shops, tmp_path / "lived") as platform, platform_of(shops, tmp_path / "scratch") as scratch:
        daemon = Daemon(platform)
        platform.materialize(str(FIRST), "2026-03-03")

        said = daemon.until_still()

        broken = {*AWAY, LATE}
        states = platform.states(str(FIRST), str(LAST))
        assert set(states["raw_sales"].failed) == set(map(str, broken))
        assert len(states["daily_metrics"].materialized) == 8 - len(broken)
        assert states["raw_footfall"].materialized == [str(day) for day in Window(FIRST, LAST).days()]
        assert "gave up raw_sales of 2026-03-04 after 2 attempts" in (said.skip_message or "")
        assert {(one.asset, one.day) for one in Memory.from_text(said.cursor).gave_up} == {
            ("raw_sales", day) for day in broken
        }
        runs_of_the_outage = daemon.runs
        assert runs_of_the_outage <= 12  # a chunk, its 5 days, what they compare and sum up, a second attempt of 3 days
        assert daemon.tick().run_requests == []

        for day in AWAY:
            shutil.move(away / f"{day}.csv", shops.files / f"sales/{day}.csv")
        shops.sales(LATE, usual_lines(LATE))
        for day in sorted(broken):  # as landing asks for a day whose file came; here nothing but the delivery
            platform.materialize(str(day), select="raw_sales")
        said = daemon.until_still()

        assert said.skip_message == f"{FIRST}..{LAST}: all is well, or under way"
        assert daemon.runs - runs_of_the_outage <= 6
        scratch.materialize(str(FIRST), str(LAST))
        assert platform.hashes() == scratch.hashes()


def test_a_store_that_was_late_is_fetched_without_a_hand(tmp_path: Path, shops: Shops) -> None:
    shops.sales(LATE, (line for line in usual_lines(LATE) if ",C," not in line))
    with platform_of(shops, tmp_path / "lived") as platform:
        daemon = Daemon(platform)
        platform.materialize(str(FIRST), str(LAST))
        assert daemon.tick().run_requests
        shops.sales(LATE, usual_lines(LATE))

        daemon.until_still()

        assert all(state.failed == state.missing == [] for state in platform.states(str(FIRST), str(LAST)).values())
        assert platform.table("sales").filter(date=LATE)["store_id"].n_unique() == 3


def test_a_lake_that_nobody_filled_is_left_empty(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived") as platform:
        said = Daemon(platform).tick()

    assert said.run_requests == []
    assert "nothing was ever materialized" in (said.skip_message or "")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """Of a retailer whose days are not over."""
    with Platform(tmp_path / "open", start_date="2026-01-01", timezone="Europe/Paris") as platform:
        yield History(platform)


@pytest.mark.parametrize(
    ("made", "now", "expected"),
    [
        ("2026-03-01", "2026-03-10T12:00", "2026-03-01..2026-03-09"),
        ("2026-03-01", "2026-03-10T04:30", "2026-03-01..2026-03-08"),  # 5:30 in Paris: the morning's run comes first
        ("2026-01-15", "2026-03-10T12:00", "2026-02-03..2026-03-09"),  # 35 days
        ("2026-03-10", "2026-03-10T12:00", "None"),  # today is made by schedules
    ],
)
def test_days_are_healed_from_the_first_ever_made_until_the_morning_after(
    history: History, made: str, now: str, expected: str
) -> None:
    history.made("raw_sales", [date.fromisoformat(made)])
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)

    window = heal_window(history.instance, history.graph, history.platform.retailer, at)

    assert str(window) == expected


def test_memory_survives_a_restart_but_not_a_mended_mapping(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived") as platform:
        place = (dg.AssetKey("raw_sales"), LATE)
        code = recalled(None, platform.retailer).code
        tables = (dg.AssetKey("raw_stores"), None)
        memory = Memory(code, {place: Tried(2, 12.5, "a"), tables: Tried(1, 1.0)}, [GaveUp("raw_sales", LATE, 2, "x")])

        assert recalled(memory.to_text(), platform.retailer) == memory

        shops.sql("sales", "SELECT 1 AS mended")
        assert recalled(memory.to_text(), platform.retailer).tried == {}


def test_what_was_given_up_is_there_for_alerts_while_the_sensor_is_on(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived") as platform:
        given_up = GaveUp("raw_sales", LATE, 2, "the file is not there")
        with platform.environment():
            external = platform.repository.get_definition()
        assert external.has_sensor_def(NAME)
        assert gave_up(platform.instance) == []
        for status in (InstigatorStatus.RUNNING, InstigatorStatus.STOPPED):
            keep(platform.instance, Memory("c", {}, [given_up]).to_text(), status)
            assert gave_up(platform.instance) == ([given_up] if status is InstigatorStatus.RUNNING else [])


def keep(instance: dg.DagsterInstance, cursor: str, status: InstigatorStatus) -> None:
    """The sensor's state, as the daemon keeps it."""
    from dagster._core.remote_origin import (
        InProcessCodeLocationOrigin,
        RemoteInstigatorOrigin,
        RemoteRepositoryOrigin,
    )
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="retail_platform.definitions"))
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), NAME)
    state = InstigatorState(origin, InstigatorType.SENSOR, status, SensorInstigatorData(cursor=cursor))
    if instance.get_instigator_state(state.instigator_origin_id, state.selector_id):
        instance.update_instigator_state(state)
    else:
        instance.add_instigator_state(state)


def test_runs_are_told_apart_by_who_asked(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived") as platform:
        platform.materialize(str(FIRST))
        said = Daemon(platform).tick()

    (request,) = said.run_requests or []
    assert request.tags[ASKED_BY_TAG] == NAME
    assert range_tags(Window(date(2026, 3, 2), LAST)).items() <= request.tags.items()
