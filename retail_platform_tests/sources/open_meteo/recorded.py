"""Answers in the form of Open-Meteo's archive: three written down, and any made of the first."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from retail_platform_tests.sources.mapping.http.server import Asked, Reply, told

FOLDER = Path(__file__).parent
ONE_PLACE, TWO_PLACES, TOO_NEW = (
    (FOLDER / f"{name}.json").read_bytes() for name in ("one_place", "two_places", "too_new")
)


def answer(asked: Asked, newest: date = date.max) -> Reply:
    """What was asked for: the weather of the first recorded day on each; none after the newest."""
    first, last = (date.fromisoformat(asked.query[name]) for name in ("start_date", "end_date"))
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    places = asked.query["latitude"].split(",")
    answers = [
        {**_one_place(days, newest), **({"location_id": number} if number else {})} for number in range(len(places))
    ]
    return told(answers if len(answers) > 1 else answers[0])


def _one_place(days: list[date], newest: date) -> dict[str, Any]:
    place: dict[str, Any] = json.loads(ONE_PLACE)
    values = {name: [of[0] if day <= newest else None for day in days] for name, of in place["daily"].items()}
    place["daily"] = values | {"time": [str(day) for day in days]}
    return place
