"""The healing sensor over a real lake: an outage of deliveries costs nothing but time."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.scheduler.instigation import (
    InstigatorStatus,
)
from dagster._core.storage.dagster_run import DagsterRunStatus

from retail_platform.automation.healing import NAME, GaveUp, Memory, gave_up, heal_window, is_broad, recalled
from retail_platform.automation.liveness import WORKER_TAG, worker_tags
from retail_platform.automation.ranges import ATTEMPT_TAG, JOB, range_tags
from retail_platform.automation.remedies import Tried
from retail_platform.automation.requests import ASKED_BY_TAG, COMMAND_TAG, Request, run_days, run_requests
from retail_platform.windows import Window
from retail_platform_tests.automation.histories import History, sensor_is
from retail_platform_tests.end_to_end.shops import Shops, usual_lines
from retail_platform_tests.platform import Platform

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 8)
AWAY = (date(2026, 3, 4), date(2026, 3, 5))
LATE = date(2026, 3, 7)
_TICKS = 60


class Daemon:
    """Dagster's sensor daemon and run queue, in the test's own process.

    Args:
        platform: whose sensor is evaluated.
        execute: what becomes of a request; by default it is run.
    """

    def __init__(self, platform: Platform, execute: Callable[[Request], object] | None = None) -> None:
        self.platform, self._execute = platform, execute or self._run
        self.cursor: str | None = None
        self.said, self.runs = "", 0

    def tick(self) -> list[Request]:
        """Evaluate the sensor, and execute what it requests."""
        with self.platform.environment():
            repository = self.platform.repository.get_definition()
            context = dg.build_sensor_context(self.platform.instance, cursor=self.cursor, repository_def=repository)
            said = repository.get_sensor_def(NAME).evaluate_tick(context)
        self.cursor, self.said = said.cursor, said.skip_message or ""
        requests = []
        for one in said.run_requests or []:
            run = dg.DagsterRun(JOB, tags=dict(one.tags))
            assert run.tags[ASKED_BY_TAG] == NAME
            requests.append(Request(frozenset(one.asset_selection or ()), run_days(run), int(run.tags[ATTEMPT_TAG])))
            self._execute(requests[-1])
            self.runs += 1
        return requests

    def until_still(self) -> str:
        """Ticks until nothing is requested any more; what the last said."""
        for _ in range(_TICKS):
            if not self.tick():
                return self.said
        raise AssertionError(f"healing did not come to an end in {_TICKS} ticks")

    @property
    def memory(self) -> Memory:
        """What the sensor keeps."""
        return Memory.from_text(self.cursor)

    def _run(self, request: Request) -> None:
        (asked,) = run_requests([request], asked_by=NAME)
        with self.platform.environment():
            dg.execute_job(
                ReconstructableJob(self.platform.repository, JOB),
                instance=self.platform.instance,
                asset_selection=list(asked.asset_selection or ()),
                tags=dict(asked.tags),
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )


def platform_of(shops: Shops, folder: Path, heal_attempts: int = 9) -> Platform:
    return Platform(
        folder,
        source=shops.mapping,
        source_dir=shops.files,
        end_date=LAST,
        heal_backoff=0,
        heal_attempts=heal_attempts,
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

        asked = [[str(request.days) for request in daemon.tick()] for _ in range(3)]

        assert asked[0] == ["2026-03-04..2026-03-08"]
        assert asked[1] == ["2026-03-04", "2026-03-05", "2026-03-06", "2026-03-07"]
        states = platform.states(str(FIRST), str(LAST))
        assert states["raw_sales"].failed == [*map(str, AWAY), str(LATE)]
        assert states["raw_footfall"].missing == states["raw_footfall"].failed == []
        outage = daemon.runs
        assert outage <= 9

        for day in AWAY:
            shutil.move(away / f"{day}.csv", shops.files / f"sales/{day}.csv")
        shops.sales(LATE, usual_lines(LATE))
        said = daemon.until_still()

        assert said == f"{FIRST}..{LAST}: all is well, or under way"
        assert platform.health(str(FIRST), str(LAST)).unhealthy == []
        assert daemon.runs - outage <= 8  # three days, what compares them and a day before, what sums them up
        scratch.materialize(str(FIRST), str(LAST))
        assert platform.hashes() == scratch.hashes()


def test_a_day_that_cannot_succeed_is_given_up_until_something_new_comes(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived", heal_attempts=2) as platform:
        history = History(platform)
        history.all_made(Window(FIRST, LAST))
        history.run(["raw_sales"], Window(LATE, LATE), status=DagsterRunStatus.FAILURE)
        daemon = Daemon(platform, history.fail)

        said = daemon.until_still()

        assert daemon.runs == 2
        assert f"gave up raw_sales of {LATE} after 2 attempts: the run: the till was on fire" in said
        assert [(one.asset, one.day, one.attempts) for one in daemon.memory.gave_up] == [("raw_sales", LATE, 2)]
        assert daemon.tick() == []

        history.run(["raw_sales"], Window(LATE, LATE), status=DagsterRunStatus.FAILURE)  # landing tried a new file

        assert [str(request.days) for request in daemon.tick()] == [str(LATE)]


def test_what_was_given_up_is_told_shortly_and_without_secrets(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived", heal_attempts=1) as platform:
        history = History(platform)
        history.all_made(Window(FIRST, LAST))
        reason = "https://till:hunter2@shop.example/ said no " + 1000 * "x"
        history.run(["raw_sales"], Window(LATE, LATE), status=DagsterRunStatus.FAILURE, reason=reason)
        daemon = Daemon(platform, lambda _: None)
        daemon.tick()

        daemon.tick()

        (told,) = daemon.memory.gave_up
        assert "hunter2" not in (daemon.cursor or "") + daemon.said
        assert len(told.reason) < 500


def test_a_run_whose_process_is_gone_is_ended_and_its_day_made_again(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived") as platform:
        history = History(platform)
        history.all_made(Window(FIRST, LAST))
        host, pid, started = worker_tags()[WORKER_TAG].split()
        dead = {WORKER_TAG: f"{host} {pid} before-{started}"}
        run_id = history.run(["raw_sales"], Window(LATE, LATE), status=DagsterRunStatus.STARTED, tags=dead)

        (request,) = Daemon(platform, history.fail).tick()

        ended = platform.instance.get_run_by_id(run_id)
        assert ended is not None
        assert ended.status is DagsterRunStatus.FAILURE
        assert str(request.days) == str(LATE)


def test_days_of_a_run_that_lives_are_left_alone(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived") as platform:
        history = History(platform)
        history.all_made(Window(FIRST, LAST))
        history.run(["raw_sales"], Window(LATE, LATE), status=DagsterRunStatus.STARTED, tags=worker_tags())
        daemon = Daemon(platform)

        assert daemon.tick() == []


@pytest.mark.parametrize(
    ("status", "tags", "expected"),
    [
        (DagsterRunStatus.FAILURE, {}, True),
        (DagsterRunStatus.FAILURE, {COMMAND_TAG: "check"}, False),
        (DagsterRunStatus.SUCCESS, {}, False),
    ],
)
def test_only_a_failed_run_that_was_to_make_days_is_taken_apart(
    status: DagsterRunStatus, tags: dict[str, str], expected: bool
) -> None:
    assert is_broad(dg.DagsterRun(JOB, status=status, tags=tags | range_tags(Window(FIRST, LAST)))) is expected
    assert not is_broad(dg.DagsterRun(JOB, status=status, tags=tags | range_tags(Window(FIRST, FIRST))))


def test_a_lake_that_nobody_filled_is_left_empty(tmp_path: Path, shops: Shops) -> None:
    with platform_of(shops, tmp_path / "lived") as platform:
        daemon = Daemon(platform)

        assert daemon.tick() == []
        assert "nothing was ever materialized" in daemon.said


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
        assert recalled("", platform.retailer) == recalled(None, platform.retailer), "a cursor cleared in the UI"
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
            sensor_is(platform.instance, NAME, status, Memory("c", {}, [given_up]).to_text())
            assert gave_up(platform.instance) == ([given_up] if status is InstigatorStatus.RUNNING else [])
