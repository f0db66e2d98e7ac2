"""What is no weather."""

import polars as pl
import pytest

from retail_platform.domains.weather.contract import Weather, WeatherDelivery
from retail_platform.quality.validate import validate
from retail_platform_tests.domains.frames import text

USUAL = {
    "date": "2026-03-01",
    "store_id": "A",
    "temperature_mean": "7.4",
    "temperature_max": "12.1",
    "temperature_min": "-2.9",
    "precipitation": "0.0",
    "wind_speed": "14.8",
}


def reasons(**values: str | None) -> list[str]:
    verdict = validate(
        text(WeatherDelivery, {**USUAL, **values}),
        delivery=WeatherDelivery,
        contract=Weather,
        known={"store_id": pl.Series(["A"])},
    )
    assert verdict.accepted.height + verdict.quarantined.height == 1
    return [reason for row in verdict.quarantined["reasons"].to_list() for reason in row]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"temperature_mean": None, "wind_speed": ""},
        {"temperature_min": None, "temperature_max": "7.4"},
        {"precipitation": "311.5", "wind_speed": "180"},
    ],
)
def test_weather_is_accepted_with_what_is_known_of_it(values: dict[str, str | None]) -> None:
    assert reasons(**values) == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"temperature_max": "71"}, "temperature_max|max"),  # °F
        ({"temperature_min": "-273.15"}, "temperature_min|min"),
        ({"precipitation": "-1"}, "precipitation|min"),
        ({"precipitation": "2500"}, "precipitation|max"),
        ({"wind_speed": "9999"}, "wind_speed|max"),
        ({"wind_speed": "calm"}, "wind_speed|dtype"),
        ({"wind_speed": "nan"}, "wind_speed|nan"),
        ({"temperature_mean": "13"}, "temperatures_are_in_order"),
        ({"temperature_mean": None, "temperature_min": "13"}, "temperatures_are_in_order"),
        ({"store_id": "B"}, "store_id|unknown"),
    ],
)
def test_what_cannot_be_is_quarantined_with_the_reason(values: dict[str, str | None], reason: str) -> None:
    assert reason in reasons(**values)
