"""The check that the forecast beats repeating last week."""

from pathlib import Path

from retail_platform.domains.forecast.checks import beats_seasonal_naive
from retail_platform.domains.forecast.contract import FootfallBacktest
from retail_platform.storage.lake import Lake
from retail_platform_tests.domains.frames import MONDAY, frame


def judged(folder: Path, *rows: dict[str, object]) -> dict[str, object]:
    lake = Lake(str(folder / "lake"))
    common = {"origin": MONDAY, "date": MONDAY, "visitors": 100}
    lake.replace("footfall_backtest", frame(FootfallBacktest, *rows, **common).lazy(), None)
    return beats_seasonal_naive().judge(lake, None).row(0, named=True)


def day(store: str, ahead: int, forecast: float, naive: float, model: str = "regression") -> dict[str, object]:
    return {
        "store_id": store,
        "horizon_day": ahead,
        "forecast": forecast,
        "seasonal_naive": naive,
        "model": model,
    }


def test_stores_that_do_no_better_are_named_with_a_warning(tmp_path: Path) -> None:
    # given errors of 10 and 20 against 30 at A, and of 40 against 30 at B
    verdict = judged(tmp_path, day("A", 1, 110, 130), day("A", 2, 80, 130), day("B", 1, 60, 130), day("B", 2, 60, 130))

    assert not verdict["passed"]
    assert verdict["severity"] == "WARN"
    assert verdict["description"] == "1 of 2 stores do no better than last week: B (0.4 against 0.3)"
    assert verdict["wape"] == 110 / 400


def test_better_everywhere_passes_and_says_how_much(tmp_path: Path) -> None:
    verdict = judged(tmp_path, day("A", 1, 110, 130))

    assert verdict["passed"]
    assert verdict["description"] == "all 1 stores: error 0.1 of visitors against 0.3 of repeating last week"


def test_a_repeated_week_is_not_judged(tmp_path: Path) -> None:
    verdict = judged(tmp_path, day("A", 1, 130, 130, model="seasonal_naive"))

    assert verdict["passed"]
    assert verdict["description"] == "history is too short to judge; last week is repeated"
