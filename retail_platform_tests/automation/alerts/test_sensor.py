"""The real sensor on real Dagster records, with a real mail server and a real webhook: told once, mended, told so."""

from collections.abc import Iterator
from copy import copy
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.scheduler.instigation import InstigatorStatus

from retail_platform.automation.alerts import sensor
from retail_platform.automation.healing import GaveUp
from retail_platform.definitions import open_retailer
from retail_platform.settings import load_settings
from retail_platform.sources.base import SourceContractError
from retail_platform_tests.automation.alerts.servers import Hook, Mail, mail_server, webhook
from retail_platform_tests.automation.histories import History, looked, sensor_is
from retail_platform_tests.end_to_end.shops import Shops
from retail_platform_tests.platform import Platform, window

DAY = "2026-03-02"


@pytest.fixture
def mail() -> Iterator[Mail]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as server:
        yield server


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Shops:
    return Shops(tmp_path_factory.mktemp("shops"))


@pytest.fixture(scope="module")
def loaded(shops: Shops) -> Iterator[Platform]:
    """A code location is slow to load, and nothing of these tests is in it."""
    with shops.platform(shops.files.parent / "lived") as platform:
        yield platform


@pytest.fixture
def platform(loaded: Platform, mail: Mail, hook: Hook) -> Iterator[Platform]:
    """A platform of which nothing is recorded, with two channels."""
    with dg.DagsterInstance.ephemeral() as instance:
        fresh = copy(loaded)
        fresh.instance = instance
        fresh.settings = loaded.settings | {"alert_urls": f"{mail.url} {hook.url}", "heal_days": 365}
        yield fresh


class Daemon:
    """Evaluates the sensor of a platform as Dagster's daemon does, cursor and all."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.cursor: str | None = None
        self.gave_up: list[GaveUp] = []
        with platform.environment():
            self.sensor = sensor.build(open_retailer(load_settings()), lambda *_: self.gave_up)

    def tick(self) -> str:
        with self.platform.environment():
            repository = self.platform.repository.get_definition()
            context = dg.build_sensor_context(self.platform.instance, self.cursor, repository_def=repository)
            ticked = self.sensor.evaluate_tick(context)
        self.cursor = ticked.cursor
        assert ticked.skip_message is not None
        return ticked.skip_message


def test_a_day_that_fails_is_told_once_and_its_recovery(shops: Shops, tmp_path: Path, mail: Mail, hook: Hook) -> None:
    with shops.platform(tmp_path / "lived") as platform:
        platform.settings |= {"alert_urls": f"{mail.url} {hook.url}", "heal_days": 365}
        _a_day_fails_and_is_mended(platform, shops, mail, hook)


def _a_day_fails_and_is_mended(platform: Platform, shops: Shops, mail: Mail, hook: Hook) -> None:
    shops.deliver(3)
    (shops.files / f"sales/{DAY}.csv").unlink()
    daemon = Daemon(platform)
    daemon.tick()

    platform.materialize(DAY, select="+sales")
    said = [daemon.tick() for _ in range(3)]

    assert said == [
        "1 incidents, 1 messages sent, 0 waiting",
        "1 incidents, 0 messages sent, 0 waiting",
        "1 incidents, 0 messages sent, 0 waiting",
    ]
    assert mail.subjects == hook.subjects == ["[corner] source corner is unavailable"]
    body = hook.received[0]["message"]
    assert "Assets: raw_sales; downstream" in body
    assert f"Day: {DAY}" in body
    assert DAY in body.split("Reason: ")[1]
    assert "See: http://127.0.0.1:3000/runs/" in body

    shops.deliver(3)
    platform.materialize(DAY, select="raw_sales or sales")
    daemon.tick()
    daemon.tick()

    assert mail.subjects[1:] == hook.subjects[1:] == ["[corner] recovered: source corner is unavailable"]
    assert hook.received[1]["type"] == "success"


def test_an_outage_of_thirty_days_and_ten_assets_is_one_message(platform: Platform, mail: Mail, hook: Hook) -> None:
    history, daemon = History(platform), Daemon(platform)
    graph = platform.graph
    keys = {key for key in graph.materializable_asset_keys if graph.get(key).partitions_def is not None}
    daily = [key.to_user_string() for key in keys]
    for part in (window("2026-03-01", "2026-03-15"), window("2026-03-16", "2026-03-30")):
        history.run(daily, part, status=DagsterRunStatus.FAILURE)
        daemon.tick()
    daemon.tick()

    assert mail.subjects == hook.subjects == ["[corner] a run ended before its assets were done"]
    assert "the till was on fire" in hook.received[0]["message"]
    assert len(daily) >= 10
    assert daemon.cursor is not None
    assert len(daemon.cursor) < 10_000

    history.all_made(window("2026-03-01", "2026-03-30"))
    daemon.tick()

    assert mail.subjects[1:] == ["[corner] recovered: a run ended before its assets were done"]
    assert "2026-03-01..2026-03-30 (30)" in hook.received[1]["message"]


def test_an_error_of_a_check_is_told_until_it_passes(platform: Platform, hook: Hook) -> None:
    history, daemon = History(platform), Daemon(platform)
    history.all_made(window("2026-03-01", "2026-03-03"))
    history.judged("sales", "volume", date(2026, 3, 1), severity="WARN")
    daemon.tick()
    assert hook.subjects == []

    history.judged("sales", "conservation", date(2026, 3, 2))
    daemon.tick()
    daemon.tick()
    history.judged("sales", "conservation", date(2026, 3, 2), passed=True)
    daemon.tick()

    assert hook.subjects == [
        "[corner] check conservation failed on sales",
        "[corner] recovered: check conservation failed on sales",
    ]
    assert "Reason: 2 stores are late" in hook.received[0]["message"]


def test_a_table_without_days_is_watched_too(platform: Platform, hook: Hook) -> None:
    history, daemon = History(platform), Daemon(platform)
    history.run(["raw_stores"], None, status=DagsterRunStatus.FAILURE)
    daemon.tick()
    history.run(["raw_stores"], None, status=DagsterRunStatus.STARTED)
    daemon.tick()
    assert hook.subjects == ["[corner] a run ended before its assets were done"]

    history.made("raw_stores")
    daemon.tick()

    assert hook.subjects[1:] == ["[corner] recovered: a run ended before its assets were done"]


@pytest.mark.parametrize("status", [DagsterRunStatus.STARTED, DagsterRunStatus.CANCELED])
def test_a_day_that_is_tried_or_was_cancelled_is_not_mended(
    platform: Platform, hook: Hook, status: DagsterRunStatus
) -> None:
    history, daemon = History(platform), Daemon(platform)
    history.run(["raw_sales"], window(DAY), status=DagsterRunStatus.FAILURE)
    daemon.tick()

    history.run(["raw_sales"], window(DAY), status=status)
    daemon.tick()

    assert len(hook.subjects) == 1


def test_a_day_that_failed_is_told_while_it_is_tried_again(platform: Platform, hook: Hook) -> None:
    history, daemon = History(platform), Daemon(platform)
    history.run(["raw_sales"], window(DAY), status=DagsterRunStatus.STARTED)
    daemon.tick()
    assert hook.subjects == []

    history.run(["raw_sales"], window(DAY), status=DagsterRunStatus.FAILURE)
    again = history.run(["raw_sales"], window(DAY), status=DagsterRunStatus.STARTED)
    daemon.tick()
    history.ended(again, DagsterRunStatus.CANCELED)
    daemon.tick()

    assert hook.subjects == ["[corner] a run ended before its assets were done"]


def test_what_healing_gave_up_is_told_as_a_further_message(platform: Platform, hook: Hook) -> None:
    history, daemon = History(platform), Daemon(platform)
    history.run(["raw_sales"], window(DAY), status=DagsterRunStatus.FAILURE)
    daemon.tick()

    daemon.gave_up = [GaveUp("raw_sales", date.fromisoformat(DAY), 30, "the till was on fire")]
    daemon.tick()
    daemon.tick()

    assert hook.subjects[1:] == ["[corner] healing gave up: a run ended before its assets were done"]
    assert "Healing tried 30 times" in hook.received[1]["message"]
    assert f"`retail materialize --select raw_sales+ --from {DAY} --to {DAY}`" in hook.received[1]["message"]


@pytest.fixture
def watched(shops: Shops, tmp_path: Path, hook: Hook) -> Iterator[Platform]:
    """A platform whose sensors leave ticks behind."""
    with shops.platform(tmp_path / "watched") as platform:
        platform.settings |= {"alert_urls": hook.url}
        yield platform


def test_a_sensor_that_cannot_look_is_told_once_and_when_it_looks_again(watched: Platform, hook: Hook) -> None:
    instance, daemon = watched.instance, Daemon(watched)
    sensor_is(instance, "landing", InstigatorStatus.RUNNING)
    wrong = SourceContractError("sales.csv: column day is missing, and so on\nThe other files: nothing new")
    for error in (wrong, None, wrong):
        looked(instance, "landing", error)
        daemon.tick()
    assert hook.subjects == []

    looked(instance, "landing", wrong)
    daemon.tick()
    daemon.tick()
    looked(instance, "landing")
    daemon.tick()

    assert hook.subjects == ["[corner] sensor landing cannot look", "[corner] recovered: sensor landing cannot look"]
    told = hook.received[0]["message"]
    assert "- Sensor: landing\n- Reason: sales.csv: column day is missing, and so on\n" in told
    assert "See: http://127.0.0.1:3000/automation" in told
    assert "- It looks again." in hook.received[1]["message"]


def test_a_sensor_that_is_switched_off_is_not_missed(watched: Platform, hook: Hook) -> None:
    sensor_is(watched.instance, "landing", InstigatorStatus.STOPPED)
    for _ in range(2):
        looked(watched.instance, "landing", SourceContractError("sales.csv: column day is missing"))

    Daemon(watched).tick()

    assert hook.subjects == []


def test_a_channel_that_is_down_gets_its_message_later(platform: Platform, mail: Mail, hook: Hook) -> None:
    history, daemon = History(platform), Daemon(platform)
    mail.down = True
    history.run(["raw_sales"], window(DAY), status=DagsterRunStatus.FAILURE)

    assert daemon.tick() == "1 incidents, 0 messages sent, 1 waiting"
    assert (mail.subjects, len(hook.subjects)) == ([], 1)
    mail.down = False
    daemon.tick()

    assert mail.subjects == hook.subjects


def test_the_cursor_holds_no_secret(platform: Platform, mail: Mail) -> None:
    history, daemon = History(platform), Daemon(platform)
    mail.down = True
    history.run(["raw_sales"], window(DAY), status=DagsterRunStatus.FAILURE)

    daemon.tick()

    assert daemon.cursor is not None
    assert "1:mailto" in daemon.cursor
    assert "hunter2" not in daemon.cursor
    assert "example.com" not in daemon.cursor


def test_without_anywhere_to_send_to_the_sensor_is_off(loaded: Platform) -> None:
    daemon = Daemon(loaded)

    assert daemon.sensor.default_status is dg.DefaultSensorStatus.STOPPED
    assert daemon.tick() == "RETAIL_ALERT_URLS names nowhere to send alerts to"
