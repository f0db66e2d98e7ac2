"""What the check says of a day's anomalies, and which of them ask to be told of."""

from pathlib import Path
from typing import Any

import pytest

from retail_platform.domains.anomalies.checks import unexplained_anomalies
from retail_platform.domains.anomalies.contract import FootfallAnomaly
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.domains.anomalies.weeks import DAY, anomalies, footfall, times
from retail_platform_tests.domains.frames import frame

WINDOW = Window(DAY, DAY)


def verdict(lake_uri: Path, *rows: dict[str, Any]) -> dict[str, Any]:
    """The check's verdict on a day with these anomalies."""
    common = {"date": DAY, "scope": "day", "visitors": 50, "expected": 100.0, "direction": "low", "score": -4.0}
    lake = Lake(str(lake_uri))
    lake.replace("footfall_anomalies", frame(FootfallAnomaly, *rows, **common).lazy(), WINDOW)
    return unexplained_anomalies().judge(lake, WINDOW).rows(named=True)[0]


def test_a_day_without_anomalies_passes(tmp_path: Path) -> None:
    said = verdict(tmp_path)

    assert (said["passed"], said["told"]) == (True, 0)


@pytest.mark.parametrize("cause", ["sensor_fault", "event", "holiday", "weather", "closed"])
def test_what_is_explained_passes(tmp_path: Path, cause: str) -> None:
    said = verdict(tmp_path, {"store_id": "A", "cause": cause, "severity": "major", "detail": "as told."})

    assert (said["passed"], said["told"]) == (True, 0)


def test_a_minor_one_warns_and_is_not_told(tmp_path: Path) -> None:
    said = verdict(tmp_path, {"store_id": "A", "cause": "unexplained", "severity": "minor", "detail": "few."})

    assert (said["passed"], said["severity"], said["told"]) == (False, "WARN", 0)


def test_a_major_one_is_told_and_named_first(tmp_path: Path) -> None:
    minor = [{"store_id": f"A{n}", "cause": "unexplained", "severity": "minor", "detail": "few."} for n in range(5)]
    major = {"store_id": "Z", "cause": "unexplained", "severity": "major", "detail": "50 visitors, 50 % fewer."}

    said = verdict(tmp_path, *minor, major)

    assert (said["told"], said["unexplained"], said["major"], said["stores"]) == (1, 6, 1, 6)
    assert said["description"].startswith("6 unexplained (1 major) in 6 stores. Z: 50 visitors, 50 % fewer.")


def test_what_the_transform_makes_can_be_judged(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.replace("footfall_anomalies", anomalies(footfall(stores="ABCDE", change=times(2.0))).lazy(), WINDOW)

    assert unexplained_anomalies().judge(lake, WINDOW)["told"].to_list() == [1]
