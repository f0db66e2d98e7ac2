"""The weather of the stores, asked of a server that answers as Open-Meteo's archive does."""

from contextlib import AbstractContextManager
from datetime import date

import polars as pl
import pytest

from retail_platform.domains.stores.contract import Store
from retail_platform.domains.weather.contract import Weather, WeatherDelivery
from retail_platform.quality.validate import validate
from retail_platform.sources import open_meteo
from retail_platform.sources.base import SourceContractError, SourceUnavailable
from retail_platform.sources.deliver import deliver
from retail_platform.sources.open_meteo import OpenMeteo
from retail_platform.sources.simulator import Simulator
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import frame
from retail_platform_tests.sources.mapping.http.server import Reply, Server, serving, told
from retail_platform_tests.sources.open_meteo.recorded import ONE_PLACE, TOO_NEW, TWO_PLACES, answer

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
BOTH = Window(FIRST, SECOND)
PARIS = {"timezone": "Europe/Paris", "latitude": 48.8566, "longitude": 2.3522}
STRASBOURG = {"timezone": "Europe/Paris", "latitude": 48.5734, "longitude": 7.7521}
CORNER = {"timezone": "Europe/Paris", "latitude": 48.58, "longitude": 7.75}  # around the corner of the one before


def stores(*places: dict[str, object]) -> pl.DataFrame:
    return frame(Store, *({"store_id": f"s{number}", **place} for number, place in enumerate(places)))


def source(server: Server, *places: dict[str, object]) -> OpenMeteo:
    return OpenMeteo(Simulator(seed=1, scale="tiny"), server.url, stores=lambda: stores(*places))


def replying(body: bytes, status: int = 200) -> AbstractContextManager[Server]:
    return serving(lambda _: Reply(body, status))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt, so that no test waits."""
    monkeypatch.setattr(open_meteo, "_LAYOUT", open_meteo._LAYOUT.model_copy(update={"retry_seconds": 0}))


def test_the_weather_of_a_place_is_delivered_as_it_was_written() -> None:
    with replying(ONE_PLACE) as server:
        rows = deliver(source(server, STRASBOURG), "weather", BOTH).collect()

    assert rows.rows() == [
        (FIRST, "s0", "7.4", "12.1", "2.9", "0.00", "14.8"),
        (SECOND, "s0", "8.0", "13.3", "-0.4", "3.20", "22.0"),
    ]


def test_days_values_and_the_stores_zone_are_asked_for() -> None:
    with serving(answer) as server:
        deliver(source(server, STRASBOURG), "weather", BOTH).collect()

    [asked] = server.asked
    assert asked.path == "/v1/archive"
    assert asked.query == {
        "latitude": "48.6",
        "longitude": "7.8",
        "start_date": "2026-03-01",
        "end_date": "2026-03-02",
        "daily": "temperature_2m_mean,temperature_2m_max,temperature_2m_min,precipitation_sum,wind_speed_10m_max",
        "timezone": "Europe/Paris",
    }
    assert "Authorization" not in asked.headers


def test_near_stores_share_the_weather_and_far_ones_a_request() -> None:
    with serving(answer) as server:
        rows = deliver(source(server, STRASBOURG, PARIS, CORNER), "weather", BOTH).collect()

    assert [one.query["latitude"] for one in server.asked] == ["48.6,48.9"]
    assert rows["store_id"].value_counts(sort=True).sort("store_id").rows() == [("s0", 2), ("s1", 2), ("s2", 2)]


def test_stores_of_another_zone_are_asked_for_their_own_days() -> None:
    london = {"timezone": "Europe/London", "latitude": 51.5, "longitude": -0.04}
    with serving(answer) as server:
        deliver(source(server, PARIS, london), "weather", BOTH).collect()

    assert [(one.query["timezone"], one.query["longitude"]) for one in server.asked] == [
        ("Europe/London", "0.0"),
        ("Europe/Paris", "2.4"),
    ]


def test_many_places_are_asked_for_in_several_requests() -> None:
    places = [{"timezone": "UTC", "latitude": 10 + number / 10, "longitude": 0.0} for number in range(250)]
    with serving(answer) as server:
        rows = deliver(source(server, *places), "weather", Window(FIRST, FIRST)).collect()

    assert [len(one.query["latitude"].split(",")) for one in server.asked] == [100, 100, 50]
    assert rows.height == rows["store_id"].n_unique() == 250


def test_stores_without_coordinates_or_gone_are_not_asked_for() -> None:
    gone = {**PARIS, "closed_on": date(2026, 2, 28)}
    to_come = {**PARIS, "opened_on": date(2026, 3, 3)}
    with serving(answer) as server:
        rows = deliver(source(server, gone, to_come, {"timezone": "UTC"}, STRASBOURG), "weather", BOTH).collect()

    assert rows["store_id"].unique().to_list() == ["s3"]
    assert server.asked[0].query["latitude"] == "48.6"


def test_no_store_with_coordinates_is_said() -> None:
    with serving(answer) as server, pytest.raises(SourceContractError, match="set RETAIL_WEATHER=none"):
        deliver(source(server, {"timezone": "UTC"}), "weather", BOTH)


def test_a_day_that_is_not_there_yet_is_named() -> None:
    with replying(TWO_PLACES) as server:
        weather = source(server, STRASBOURG, PARIS)
        with pytest.raises(SourceUnavailable, match="does not have the weather of 2026-03-02 yet"):
            deliver(weather, "weather", BOTH)
        rows = deliver(weather, "weather", BOTH, may_be_absent=[SECOND]).collect()

    assert rows["date"].unique().to_list() == [FIRST]


def test_a_day_beyond_the_archive_is_not_there_yet() -> None:
    with replying(TOO_NEW, 400) as server, pytest.raises(SourceUnavailable, match="out of allowed range"):
        deliver(source(server, STRASBOURG), "weather", BOTH)


def test_a_day_that_one_place_lacks_is_unknown_there() -> None:
    body = ONE_PLACE.replace(b"7.4,8.0", b"7.4,null")
    with replying(body) as server:
        rows = deliver(source(server, STRASBOURG), "weather", BOTH).collect()

    assert rows["temperature_mean"].to_list() == ["7.4", None]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "the answer is no JSON.*mend RETAIL_WEATHER_URL"),
        (b"[]", "0 places are answered"),
        (TWO_PLACES, "2 places are answered"),
        (b'"weather"', "daily is missing or no object"),
        (b"{}", "daily is missing or no object"),
        (ONE_PLACE.replace(b"km/h", b"mp/h"), "daily_units.wind_speed_10m_max is 'mp/h', 'km/h' is expected"),
        (
            ONE_PLACE.replace(b"precipitation_sum", b"rain_sum"),
            "daily.precipitation_sum is missing or no list of numbers",
        ),
        (ONE_PLACE.replace(b"[7.4,8.0]", b"[7.4]"), "not as many values"),
        (ONE_PLACE.replace(b"[7.4,8.0]", b"[7.4,[8]]"), "daily.temperature_2m_mean is missing or no list of numbers"),
        (ONE_PLACE.replace(b"2026-03-02", b"2026-03-03"), "daily.time has 2 days"),
    ],
)
def test_a_wrong_answer_is_refused_by_name(body: bytes, message: str) -> None:
    with replying(body) as server, pytest.raises(SourceContractError, match=message) as raised:
        deliver(source(server, STRASBOURG), "weather", BOTH)

    assert "weather of 2026-03-01..2026-03-02" in str(raised.value)


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (400, SourceContractError, "status 400 Bad Request: Cannot initialize"),
        (404, SourceContractError, "status 404 .*mend RETAIL_WEATHER_URL"),
        (403, SourceContractError, "status 403 Forbidden: Cannot initialize WeatherVariable$"),
        (429, SourceUnavailable, "status 429 .*: Cannot initialize"),
        (502, SourceUnavailable, "status 502"),
    ],
)
def test_a_refusal_says_why(status: int, error: type[Exception], message: str) -> None:
    reply = told({"error": True, "reason": "Cannot initialize WeatherVariable"}, status)
    with serving(lambda _: reply) as server, pytest.raises(error, match=message):
        deliver(source(server, STRASBOURG), "weather", BOTH)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with replying(ONE_PLACE) as server:
        weather = source(server, STRASBOURG)

    with pytest.raises(SourceUnavailable, match=r"weather of 2026-03-01\.\.2026-03-02 at 1 places"):
        deliver(weather, "weather", BOTH)


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"1e999"])
def test_what_is_no_measurement_is_left_to_validation(value: bytes) -> None:
    with replying(ONE_PLACE.replace(b"7.4", value)) as server:
        rows = deliver(source(server, STRASBOURG), "weather", BOTH)

    verdict = validate(
        rows.collect(), delivery=WeatherDelivery, contract=Weather, known={"store_id": pl.Series(["s0"])}
    )
    assert verdict.quarantined["date"].to_list() == [FIRST]
    assert verdict.accepted["date"].to_list() == [SECOND]


def test_an_answer_that_fails_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_meteo, "_LAYOUT", open_meteo._LAYOUT.model_copy(update={"retry_seconds": 30}))
    with serving(lambda asked: Reply(b"", 503) if asked.times == 1 else answer(asked)) as server:
        rows = deliver(source(server, STRASBOURG), "weather", BOTH).collect()

    assert rows.height == 2
    assert len(server.asked) == 2
