"""The weather in the lake, from Open-Meteo or from the retailer's own files."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from retail_platform.automation.alerts.causes import Causes
from retail_platform.automation.alerts.model import Kind
from retail_platform.automation.alerts.problems import find
from retail_platform.settings import SettingsError
from retail_platform.sources import open_meteo
from retail_platform.windows import Window
from retail_platform_tests.automation.histories import History
from retail_platform_tests.platform import Platform, described, window
from retail_platform_tests.sources.mapping.http.server import serving
from retail_platform_tests.sources.open_meteo.recorded import answer

WEATHER = {"raw_weather", "weather", "quarantine_weather"}
DAY, NEXT = "2026-03-02", "2026-03-03"


def names(platform: Platform) -> set[str]:
    return {key.to_user_string() for key in platform.graph.materializable_asset_keys}


def test_nobody_is_asked_for_the_weather_by_default(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        assert WEATHER.isdisjoint(names(platform))


def test_the_weather_comes_besides_into_the_same_lake_and_a_day_not_there_yet_is_told(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        assert platform.materialize(DAY, select="+raw_sales").failures == []
    with (
        serving(partial(answer, newest=date.fromisoformat(DAY))) as server,
        Platform(tmp_path, weather="open-meteo", weather_url=server.url) as platform,
    ):
        outcome = platform.materialize(DAY, NEXT, select="+weather")
        results = platform.check(DAY, NEXT, select="weather")
        states = platform.states(DAY, NEXT)
        weather, stores = platform.table("weather"), platform.table("stores")

        assert names(platform) >= WEATHER
        assert not platform.graph.get(dg.AssetKey("weather")).child_keys
        assert weather["date"].unique().to_list() == [date.fromisoformat(DAY)]
        assert set(weather["store_id"]) == set(stores.drop_nulls("latitude")["store_id"])
        assert weather.row(0, named=True) | {"store_id": ""} == {
            "date": date.fromisoformat(DAY),
            "store_id": "",
            "temperature_mean": 7.4,
            "temperature_max": 12.1,
            "temperature_min": 2.9,
            "precipitation": 0.0,
            "wind_speed": 14.8,
            "copies": 1,
        }
        assert states["weather"].materialized == [DAY]
        assert any(f"does not have the weather of {NEXT} yet" in one.reason for one in outcome.failures)
        assert {result.check for result in results} >= {"conservation", "quarantine_rate", "uniqueness", "volume"}
        assert all(result.passed for result in results)


def test_days_that_the_archive_cannot_have_yet_are_not_missing(tmp_path: Path) -> None:
    with Platform(tmp_path, weather="open-meteo") as platform:
        today = platform.retailer.today()
        first, newest = today - timedelta(days=20), today - timedelta(days=7)

        states = platform.states(str(first), str(today - timedelta(days=1)))

    assert {states[name].missing[-1] for name in WEATHER} == {str(newest)}
    assert {states[name].missing[0] for name in WEATHER} == {str(first)}
    assert states["sales"].missing[-1] == str(today - timedelta(days=1))


def test_nothing_is_wrong_with_such_a_day_that_was_tried_and_failed(tmp_path: Path) -> None:
    with Platform(tmp_path, weather="open-meteo") as platform:
        today = platform.retailer.today()
        early, due = today - timedelta(days=6), today - timedelta(days=7)
        for day in (early, due):
            History(platform).run(["raw_weather"], Window(day, day), status=dg.DagsterRunStatus.FAILURE)

        states = platform.states(str(due), str(early))

    assert (states["raw_weather"].failed, states["raw_weather"].missing) == ([str(due)], [])


def test_healing_must_look_back_as_far_as_the_archive_is_behind(tmp_path: Path) -> None:
    with (
        Platform(tmp_path, weather="open-meteo", heal_days=7) as platform,
        pytest.raises(SettingsError, match=r"RETAIL_HEAL_DAYS is 7: .* at least 8"),
    ):
        names(platform)
    with Platform(tmp_path, weather="open-meteo", heal_days=8) as platform:
        assert names(platform) >= WEATHER


def test_an_archive_that_does_not_answer_is_not_called_the_retailers_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_meteo, "_LAYOUT", open_meteo._LAYOUT.model_copy(update={"retry_seconds": 0}))
    with Platform(tmp_path, weather="open-meteo", weather_url="http://127.0.0.1:9") as platform:
        platform.materialize(DAY, select="+raw_weather")

        found = find(platform.instance, platform.graph, window(DAY), now=datetime.now(UTC), causes=Causes())

    failures = {one.place.asset: one.cause for one in found.problems if one.kind is Kind.FAILURE}
    assert failures == {"raw_weather": "source open-meteo is unavailable"}


def test_a_mapping_delivers_the_weather_and_nobody_else_is_asked(tmp_path: Path) -> None:
    mapping = (
        'name = "shops"\ntitle = "Shops"\ntimezone = "Europe/London"\ncurrency = "GBP"\ncountry = "GB"\n'
        "span = { first = 2026-03-01, last = 2026-03-03 }\n"
        '[inputs.shops]\npath = "shops.csv"\n[inputs.weather]\npath = "weather.csv"\n'
        '[datasets.stores]\ndelivery = "snapshot"\ndriving = "shops"\n'
        '[datasets.weather]\ndelivery = "archive"\ndriving = "weather"\nidentity = ["store_id"]\n'
    )
    sql = {
        "stores": "SELECT id AS store_id FROM shops",
        "weather": "SELECT day AS date, shop AS store_id, mean AS temperature_mean, rain AS precipitation FROM weather",
    }
    files = {
        "shops.csv": "id\nleeds\n",
        "weather.csv": "day,shop,mean,rain\n2026-03-01,leeds,5.7,0.3\n2026-03-03,leeds,77,0\n",
    }

    nobody = {"weather": "open-meteo", "weather_url": "http://127.0.0.1:9"}
    with described(tmp_path, mapping, sql=sql, files=files, **nobody) as platform:
        outcome = platform.materialize("2026-03-01", "2026-03-03", select="+weather")

        assert outcome.failures == []
        assert platform.table("weather").select("date", "temperature_mean", "wind_speed").rows() == [
            (date(2026, 3, 1), 5.7, None)
        ]
        rejected = platform.table("quarantine_weather")
        assert rejected.select("temperature_mean", "reasons").rows() == [("77", ["temperature_mean|max"])]
        assert platform.table("raw_weather").schema["temperature_mean"] == pl.String
