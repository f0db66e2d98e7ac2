"""Fixtures every test can use: nothing of the developer's own settings, and where the real data lies."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test runs in its own folder, without the `RETAIL_*` variables and `.env` of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("RETAIL_", "DAGSTER_", "AWS_")) and name != "RETAIL_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets, named by RETAIL_TEST_DATA; tests that need it are skipped without."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("RETAIL_TEST_DATA") or root.parent / "shared" / "data").resolve()
    if not folder.is_dir():
        pytest.skip(f"no real test data in {folder}: set RETAIL_TEST_DATA to a folder that holds it")
    return folder
