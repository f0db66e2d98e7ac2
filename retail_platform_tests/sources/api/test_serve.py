"""The server starts, stops and comes back for sure, in a thread and as `retail serve-source`."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from retail_platform.cli import app
from retail_platform.sources.api.faults import Faults, UnknownStore
from retail_platform.sources.api.serve import listen, serving
from retail_platform_tests.platform import message
from retail_platform_tests.sources.api.conftest import DAY


def test_server_is_gone_after_its_context_and_can_come_back_at_its_address() -> None:
    with serving() as server:
        assert httpx.get(f"{server.url}/health").status_code == 200

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health")
    with serving(port=httpx.URL(server.url).port or 0) as again:
        assert again.url == server.url
        assert httpx.get(f"{again.url}/health").status_code == 200


def test_server_stops_though_an_answer_is_still_waiting() -> None:
    asked, answers = threading.Event(), []

    def clock() -> datetime:
        asked.set()
        return datetime.now(UTC)

    def ask() -> None:
        answers.append(httpx.get(f"{server.url}/stores", headers=server.headers, timeout=600))

    asking = threading.Thread(target=ask)
    with serving(clock=clock, faults=Faults(latency=600)) as server:
        asking.start()
        assert asked.wait(20)

    asking.join(20)
    assert [answer.status_code for answer in answers] == [503]


def test_server_stops_when_the_test_fails() -> None:
    with pytest.raises(ZeroDivisionError), serving() as server:
        raise ZeroDivisionError

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health")


def test_faults_of_unknown_stores_do_not_start() -> None:
    with (
        pytest.raises(UnknownStore, match="there are S0001 to S0003"),
        serving(faults=Faults.model_validate({"missing_stores": ["S0004"]})),
    ):
        pass


@contextmanager
def command(folder: Path, *options: str, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """`retail serve-source` in a process, ready to be asked."""
    with listen("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {"RETAIL_SOURCE_TOKEN": "s3cret", "PYTHONUNBUFFERED": "1"} | settings
    arguments = [sys.executable, "-m", "retail_platform.cli", "serve-source", "--port", str(port), *options]
    with subprocess.Popen(
        arguments, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert f":{port}/docs" in line, line
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


def test_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps({"failing_stores": ["S0001"], "error_rate": 1}))
    options = ("--scale", "tiny", "--faults", str(faults), "--error-rate", "0", "--missing-store", "S0002")
    headers = {"Authorization": "Bearer s3cret"}

    with command(tmp_path, *options) as (url, process):
        answers = {
            store: httpx.get(f"{url}/sales", params={"date": DAY, "store_id": store}, headers=headers, timeout=60)
            for store in ("S0001", "S0002", "S0003")
        }
        process.send_signal(signal.SIGINT)
        said, logged = process.communicate(timeout=60)

    assert [answer.status_code for answer in answers.values()] == [500, 200, 200]
    assert answers["S0002"].json()["total_rows"] == 0
    assert answers["S0003"].json()["total_rows"] > 0
    assert process.returncode == 0
    assert said.strip() == "stopped"
    assert f"GET /sales?date={DAY}&store_id=S0001 500 rows=-" in logged
    assert "s3cret" not in said + logged
    assert "Traceback" not in logged


def test_options_of_the_command_are_faults_and_its_log_json_on_request(tmp_path: Path) -> None:
    options = (
        *("--scale", "tiny", "--fault-seed", "7"),
        *("--outage", "2026-03-20T08:00:00+01:00..2026-03-20T09:30:00+01:00"),
        *("--outage-days", "2026-03-02..2026-03-04"),
        *("--error-rate", "0.1", "--error-status", "429", "--error-status", "503"),
        *("--latency", "0.001", "--truncate-rate", "0.2", "--drop-rate", "0.3", "--duplicate-rate", "0.4"),
        *("--missing-store", "S0001", "--late-store", "S0003@2026-03-02T12:00+01:00"),
        *("--failing-store", "S0002", "--corrected-day", DAY),
    )

    with command(tmp_path, *options, RETAIL_LOG_FORMAT="json") as (url, process):
        shown = httpx.get(f"{url}/faults", headers={"Authorization": "Bearer s3cret"}, timeout=60)
        process.terminate()
        logged = [json.loads(line) for line in process.communicate(timeout=60)[1].splitlines()]

    assert [(line["method"], line["path"], line["status"]) for line in logged] == [("GET", "/faults", 200)]
    assert Faults.model_validate(shown.json()) == Faults.model_validate(
        {
            "seed": 7,
            "outages": [
                {"begins": "2026-03-20T07:00:00Z", "ends": "2026-03-20T08:30:00Z"},
                {"first_day": "2026-03-02", "last_day": "2026-03-04"},
            ],
            "error_rate": 0.1,
            "error_statuses": [429, 503],
            "latency": 0.001,
            "truncate_rate": 0.2,
            "drop_rate": 0.3,
            "duplicate_rate": 0.4,
            "missing_stores": ["S0001", {"store_id": "S0003", "until": "2026-03-02T11:00:00Z"}],
            "failing_stores": ["S0002"],
            "corrected_days": [DAY],
        }
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--error-status", "404"], "error_statuses"),
        (["--missing-store", "S0099"], "there are S0001 to S0003"),
        (["--late-store", "S0001"], "S0003@2026-03-02T12:00"),
        (["--late-store", "S0001@noon"], "noon is no time"),
        (["--outage", "2026-03-02T12:00"], "FIRST..LAST"),
        (["--outage-days", "2026-03-04..2026-03-02"], "swap them"),
        (["--corrected-day", "yesterday"], "corrected_days"),
        (["--faults", "absent.json"], "absent.json cannot be read"),
        (["--faults", "list.json"], "no JSON object"),
        (["--faults", "misspelt.json"], "eror_rate: is not known"),
        (["--scale", "huge"], "RETAIL_SCALE"),
    ],
)
def test_wrong_options_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str) -> None:
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "misspelt.json").write_text('{"eror_rate": 1}')
    monkeypatch.setenv("RETAIL_SOURCE_TOKEN", "s3cret")
    monkeypatch.setenv("RETAIL_SCALE", "tiny")
    monkeypatch.setenv("RETAIL_SEED", "1")

    result = CliRunner().invoke(app, ["serve-source", "--port", str(_free_port()), *options])

    assert result.exit_code == 2, result.output
    assert said in message(result)


def test_command_needs_a_token_and_a_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    without_token = CliRunner().invoke(app, ["serve-source"])
    monkeypatch.setenv("RETAIL_SOURCE_TOKEN", "s3cret")
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        on_taken_port = CliRunner().invoke(app, ["serve-source", "--port", str(port)])

    assert (without_token.exit_code, "RETAIL_SOURCE_TOKEN" in message(without_token)) == (2, True)
    assert (on_taken_port.exit_code, f"127.0.0.1:{port}" in message(on_taken_port)) == (2, True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
