"""Fixtures every test can use: nothing of the developer's own settings, and where the real data lies."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

from retail_platform_tests.s3 import moto_server, new_bucket, s3_variables

_MOST_WORKERS = 8  # each takes up to 700 MiB, and servers beside


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests wait for daemons, servers and browsers."""
    return min((os.cpu_count() or 1) + 1, _MOST_WORKERS)


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test runs in its own folder, without the `RETAIL_*` variables and `.env` of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("RETAIL_", "DAGSTER_", "AWS_")) and name != "RETAIL_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def no_instance_of_another_test() -> Iterator[None]:
    """Dagster remembers the instance that was entered last; contexts that are thrown away bring back older ones."""
    with set_defs_state_storage(None):
        yield


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets, named by RETAIL_TEST_DATA; tests that need it are skipped without."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("RETAIL_TEST_DATA") or root.parent / "shared" / "data").resolve()
    if not folder.is_dir():
        pytest.skip(f"no real test data in {folder}: set RETAIL_TEST_DATA to a folder that holds it")
    return folder


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a true S3 server."""
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def s3_bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket on it, to which the `AWS_*` variables lead."""
    for name, value in s3_variables(s3_server).items():
        monkeypatch.setenv(name, value)
    return new_bucket(s3_server)
