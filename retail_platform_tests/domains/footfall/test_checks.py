"""What the checks say of footfall: which counters are suspect, and that no store vanishes."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retail_platform.domains.footfall.checks import every_store_day, suspect_sensors
from retail_platform.domains.stores.contract import OpeningHours, Store
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.domains.footfall.doors import DAY, Doors, doors, on
from retail_platform_tests.domains.frames import frame

STORES = ("S1", "S2")
LATER = date(2026, 11, 21)
WINDOW = Window(DAY - timedelta(days=1), DAY)


def lake(folder: Path, made: Doors, *, online: str = "") -> Lake:
    """Two days of footfall and all that it was made from."""
    lake = Lake(str(folder / "lake"))
    shops = [{"store_id": store, "format": "online" if store == online else "shop"} for store in made.stores]
    lake.replace("stores", frame(Store, *shops), None)
    hours = [{"store_id": store, "date": day} for store in made.stores for day in WINDOW.days()]
    lake.replace("opening_hours", frame(OpeningHours, *hours, open=True, opens="09:00", closes="19:00"), None)
    health, footfall = made.both(WINDOW.first, WINDOW.last)
    lake.replace("sensor_health", health, WINDOW)
    lake.replace("footfall", footfall, WINDOW)
    lake.replace(
        "footfall_readings", made.readings.filter(pl.col("date").is_between(WINDOW.first, WINDOW.last)), WINDOW
    )
    return lake


def suspects(lake: Lake, today: date = LATER) -> dict[str, Any]:
    """The verdict on the second day; the first passes."""
    before, found = suspect_sensors(today=lambda: today).judge(lake, WINDOW).rows(named=True)
    assert (before["passed"], before["description"]) == (True, "4 of 4 sensors of open stores are believed")
    return dict(found)


def test_counters_that_count_well_pass(tmp_path: Path) -> None:
    assert suspects(lake(tmp_path, doors(stores=STORES)))["passed"]


def test_a_suspect_counter_is_a_warning_that_names_it_and_says_why(tmp_path: Path) -> None:
    faulty = doors(stores=STORES).without(on(sensor="D1")).scaled(on(sensor="D2", store="S2"), 0.2)

    found = suspects(lake(tmp_path, faulty))

    assert (found["passed"], found["severity"], found["suspect"]) == (False, "WARN", 2)
    assert found["description"] == "2 of 4 sensors of open stores are believed; not: S1/D1 dead, S2/D2 undercounting"


def test_of_many_some_are_named(tmp_path: Path) -> None:
    levels = {f"D{number}": 50.0 for number in range(1, 9)}
    gone = doors(levels).broken(on())

    _, found = suspect_sensors(today=lambda: LATER).judge(lake(tmp_path, gone), WINDOW).rows(named=True)

    assert found["description"].startswith("0 of 8 sensors")
    assert found["description"].endswith("S1/D5 dead and 3 more")


def test_a_day_that_is_not_over_passes(tmp_path: Path) -> None:
    found = suspects(lake(tmp_path, doors(stores=STORES).without(on(sensor="D1"))), today=DAY)

    assert (found["passed"], found["suspect"]) == (True, 1)
    assert "the day is not over" in found["description"]


def test_no_counter_at_all_is_no_suspect(tmp_path: Path) -> None:
    found = suspect_sensors(today=lambda: LATER).judge(lake(tmp_path, doors().without(pl.lit(value=True))), WINDOW)

    assert found["passed"].all()


@pytest.mark.parametrize("silent", [on(), pl.col("store_id") == "S1"])
def test_a_store_whose_counters_are_dead_or_never_were_has_footfall(tmp_path: Path, silent: pl.Expr) -> None:
    found = every_store_day().judge(lake(tmp_path, doors(stores=STORES).without(silent)), WINDOW)

    assert found["passed"].to_list() == [True, True]
    assert found["description"][1] == "2 of 2 open stores have footfall"


def test_a_store_that_vanished_is_named(tmp_path: Path) -> None:
    there = lake(tmp_path, doors(stores=STORES))
    kept = there.scan("footfall").filter((pl.col("store_id") != "S2") | (pl.col("date") < DAY)).collect()
    there.replace("footfall", kept, WINDOW)

    found = every_store_day().judge(there, WINDOW).rows(named=True)

    assert [one["passed"] for one in found] == [True, False]
    assert (found[1]["severity"], found[1]["description"]) == ("WARN", "1 of 2 open stores have footfall; missing: S2")


def test_an_online_shop_has_no_doors(tmp_path: Path) -> None:
    there = lake(tmp_path, doors().but(stores=STORES), online="S2")
    there.replace("footfall", there.scan("footfall").filter(pl.col("store_id") == "S1").collect(), WINDOW)

    assert every_store_day().judge(there, WINDOW)["passed"].all()
