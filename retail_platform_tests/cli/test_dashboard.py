"""What `retail dashboard` warns of before it serves: who could look beside those who should."""

from pathlib import Path

import pytest

from retail_platform.dashboard import serving
from retail_platform_tests.platform import Platform, message
from retail_platform_tests.servers import free_port

HEADER = {"dashboard_proxy_header": "X-Forwarded-User"}
LOCK = {"dashboard_user": "ann", "dashboard_password": "secret"}
EVERYWHERE = ("--host", "0.0.0.0")  # only tried, never listened on


def said(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str, **settings: str) -> str:
    """What it prints until it would serve."""
    monkeypatch.setattr(serving, "run", lambda *_: None)
    monkeypatch.setattr(serving, "warm", lambda *_: None)
    with Platform(folder) as platform:
        result = platform.retail("dashboard", "--port", str(free_port()), *options, **settings)
    assert result.exit_code == 0, result.output
    return message(result)


@pytest.mark.parametrize("lock", [{}, LOCK], ids=["header alone", "header and password"])
def test_a_header_that_others_than_the_proxy_can_write_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lock: dict[str, str]
) -> None:
    told = said(tmp_path, monkeypatch, *EVERYWHERE, **HEADER, **lock)

    assert "anybody who reaches 0.0.0.0 can write the header X-Forwarded-User" in told
    assert "may look" not in told


def test_a_dashboard_without_a_lock_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "anybody who reaches 0.0.0.0 may look" in said(tmp_path, monkeypatch, *EVERYWHERE)


@pytest.mark.parametrize(
    ("options", "settings"),
    [((), {}), ((), HEADER), (("--host", "localhost"), HEADER), (EVERYWHERE, LOCK)],
    ids=["this machine", "proxy on this machine", "proxy on localhost", "password"],
)
def test_what_only_those_reach_who_should_is_not_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], settings: dict[str, str]
) -> None:
    assert "anybody" not in said(tmp_path, monkeypatch, *options, **settings)
