"""Days are simulated once while they are at hand, and memory is bounded."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import polars as pl
import pytest

from retail_platform.sources.api import content as content_module
from retail_platform.sources.api.content import Asked, Content, Version
from retail_platform.sources.simulator import Simulator
from retail_platform.windows import Window
from retail_platform_tests.sources.api.conftest import NOON

DAYS = [date(2026, 3, 2) + timedelta(days=offset) for offset in range(3)]


class Counted(Simulator):
    """A simulator that counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__(1, "tiny")
        self.reads: Counter[tuple[str, date | None]] = Counter()

    def read(self, dataset: str, window: Window | None = None) -> pl.LazyFrame:
        self.reads[dataset, window and window.first] += 1
        return super().read(dataset, window)


def test_stores_of_a_day_asked_at_once_share_one_simulation() -> None:
    simulator = Counted()
    content = Content(simulator, None, None, lambda: NOON)
    stores = [f"S000{number}" for number in (1, 2, 3)] * 4

    with ThreadPoolExecutor(6) as pool:
        rows = list(pool.map(lambda store: content.rows(Asked("sales", DAYS[0], store), Version()).height, stores))

    assert simulator.reads == {("sales", DAYS[0]): 1}
    assert sum(rows) == 4 * content.rows(Asked("sales", DAYS[0]), Version()).height


def test_days_asked_least_lately_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = Counted()
    content = Content(simulator, None, None, lambda: NOON)
    heights = [content.rows(Asked("sales", day), Version()).height for day in DAYS[:2]]
    monkeypatch.setattr(content_module, "_KEPT_ROWS", sum(heights))

    for day in (DAYS[2], DAYS[2], DAYS[0]):
        content.rows(Asked("sales", day), Version())

    assert simulator.reads[("sales", DAYS[2])] == 1
    assert simulator.reads[("sales", DAYS[0])] == 2


def test_before_the_first_day_there_are_none() -> None:
    assert Content(Simulator(1, "tiny"), date(2027, 1, 1), None, lambda: NOON).days is None
    assert Content(Simulator(1, "tiny"), None, date(2026, 1, 31), lambda: NOON).days == Window(
        date(2026, 1, 1), date(2026, 1, 31)
    )
