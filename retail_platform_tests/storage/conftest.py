"""Lakes to write to."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

START = date(2026, 1, 1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def day(number: int) -> date:
    """The n-th day of January 2026, and on."""
    return START + timedelta(days=number - 1)


def days(first: int, last: int | None = None) -> Window:
    return Window(day(first), day(last or first))


def rows(first: int, last: int | None = None, *, each: int = 2, value: int = 0) -> pl.DataFrame:
    """`each` rows for each day."""
    dates = [d for d in days(first, last).days() for _ in range(each)]
    return pl.DataFrame({"date": dates, "value": [value] * len(dates)}, schema={"date": pl.Date, "value": pl.Int64})
