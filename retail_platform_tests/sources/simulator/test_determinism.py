"""The same seed gives the same rows, however and wherever they are asked for."""

import os
import subprocess
import sys
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform.sources.base import DELIVERIES, Source
from retail_platform.sources.simulator import Faults, Simulator
from retail_platform.windows import Window

MONTH = Window(date(2026, 1, 1), date(2026, 2, 10))
KEYS = {"sales": ["store_id", "sale_id", "line_number"], "footfall": ["store_id", "sensor_id", "date", "hour"]}
HASH = """
from datetime import date
from hashlib import sha256
from retail_platform.sources.simulator import Simulator
from retail_platform.windows import Window
simulator = Simulator(7, "tiny")
for name in simulator.datasets:
    frame = simulator.read(name, Window(date(2026, 3, 27), date(2026, 3, 31))).collect()
    print(name, frame.height, sha256(frame.write_csv().encode()).hexdigest())
"""


@pytest.mark.parametrize("dataset", ["sales", "footfall"])
def test_a_window_is_the_union_of_its_days_in_any_order(dataset: str) -> None:
    days = list(MONTH.days())
    Random(3).shuffle(days)

    whole = Simulator(1, "tiny").read(dataset, MONTH).collect()
    by_day = pl.concat([Simulator(1, "tiny").read(dataset, Window(day, day)).collect() for day in days])

    assert_frame_equal(whole.sort(KEYS[dataset]), by_day.sort(KEYS[dataset]))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    first=st.dates(date(2016, 1, 1), date(2034, 1, 1)),
    length=st.integers(0, 40),
    split=st.integers(0, 40),
)
def test_any_seed_and_split_gives_the_same_rows(seed: int, first: date, length: int, split: int) -> None:
    last, middle = first + timedelta(days=length), first + timedelta(days=min(split, length))
    parts = [Window(first, middle)] + ([Window(middle + timedelta(days=1), last)] if middle < last else [])

    for dataset, keys in KEYS.items():
        whole = Simulator(seed, "tiny").read(dataset, Window(first, last)).collect()
        split_up = pl.concat([Simulator(seed, "tiny").read(dataset, part).collect() for part in parts])
        assert_frame_equal(whole.sort(keys), split_up.sort(keys))


def test_the_stores_of_a_portion_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(date(2026, 5, 4), date(2026, 5, 9))
    usual = Simulator(1, "tiny").read("sales", window).collect()

    monkeypatch.setattr("retail_platform.sources.simulator.source._PORTION_LINES", 1)

    assert_frame_equal(Simulator(1, "tiny").read("sales", window).collect(), usual)


def test_every_process_makes_the_same_rows() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", HASH],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1234")
    }

    assert len(outputs) == 1
    assert outputs.pop().count("\n") == 7


def test_another_seed_makes_other_rows_and_another_identity() -> None:
    one, two = Simulator(1, "tiny"), Simulator(2, "tiny")

    assert one.identity != two.identity
    assert not one.read("sales", MONTH).collect().equals(two.read("sales", MONTH).collect())
    assert Simulator(1, "demo").identity != one.identity
    assert Simulator(1, "tiny", faults=Faults.none()).identity != one.identity


def test_it_is_a_source_and_delivers_typed_columns() -> None:
    simulator: Source = Simulator(1, "tiny")

    assert (simulator.name, simulator.timezone, simulator.currency, simulator.country) == (
        "simulator",
        "Europe/Paris",
        "EUR",
        "FR",
    )
    for name in simulator.datasets:
        promised = DELIVERIES[name].create_empty().schema
        delivered = simulator.read(name, MONTH).collect_schema()
        assert {column: promised[column] for column in delivered} == dict(delivered), name


def test_wrong_questions_say_what_is_allowed() -> None:
    with pytest.raises(ValueError, match=r"no scale 'huge'.*tiny, demo, large"):
        Simulator(1, "huge")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"country 'XX'.*DE, ES, FR, GB"):
        Simulator(1, "tiny", country="XX")
    with pytest.raises(ValueError, match=r"no dataset 'store_totals'"):
        Simulator(1, "tiny").read("store_totals", MONTH)
    with pytest.raises(ValueError, match=r"sales is delivered by store and day"):
        Simulator(1, "tiny").read("sales")


@pytest.mark.parametrize(("country", "currency"), [("DE", "EUR"), ("ES", "EUR"), ("GB", "GBP")])
def test_other_countries_have_their_own_money_and_places(country: str, currency: str) -> None:
    simulator = Simulator(1, "tiny", country=country)

    stores = simulator.read("stores").collect()

    assert stores["country"].unique().to_list() == [country]
    assert stores["currency"].unique().to_list() == [currency]
    assert simulator.read("clients").collect().height == 200
    assert simulator.read("sales", Window(date(2026, 5, 4), date(2026, 5, 5))).collect().height > 0
