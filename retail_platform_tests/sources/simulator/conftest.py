"""Simulated rows that several tests look at, made once."""

from datetime import date

import polars as pl
import pytest

from retail_platform.sources.simulator import Faults, Simulator
from retail_platform.windows import Window

QUARTER = Window(date(2026, 10, 15), date(2026, 12, 31))
SPRING = Window(date(2026, 3, 1), date(2026, 4, 14))


@pytest.fixture(scope="session")
def tiny() -> Simulator:
    return Simulator(1, "tiny", faults=Faults.none())


@pytest.fixture(scope="session")
def demo() -> Simulator:
    return Simulator(1, "demo", faults=Faults.none())


@pytest.fixture(scope="session")
def tiny_sales(tiny: Simulator) -> pl.DataFrame:
    return tiny.read("sales", QUARTER).collect()


@pytest.fixture(scope="session")
def demo_sales(demo: Simulator) -> pl.DataFrame:
    return demo.read("sales", SPRING).collect()
