"""What an HTTP input may say, and what is told of what it must not."""

import re
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from retail_platform.settings import SettingsError
from retail_platform.sources.mapping.http.client import open_api
from retail_platform.sources.mapping.http.model import HttpInput
from retail_platform_tests.sources.mapping.http.conftest import LINES


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "../admin"}, "a path below RETAIL_SOURCE_URL is expected"),
        ({"path": "sales?date=1"}, "a path below RETAIL_SOURCE_URL is expected, its query in params"),
        ({"path": "http://elsewhere/sales"}, "a path below RETAIL_SOURCE_URL is expected"),
        ({"params": {"date": "{day}", "shop": "{shop}"}}, "'{day}' holds {day}; known are {date}, {shop}"),
        ({"params": {"date": "{date}"}}, "for_each.shop is used neither in path nor in params"),
        ({"for_each": {"date": "shops.id"}}, "for_each.date: {date} is the day asked for"),
        ({"for_each": {"shop": {}}}, "another input's column is expected"),
        ({"columns": []}, "at least 1 item"),
        ({"columns": ["request_shop"]}, "column 'request_shop' is the platform's own name"),
        ({"paginator": {"kind": "guess"}}, "'none', 'cursor', 'page', 'offset', 'link'"),
        ({"nothing": "("}, "a regular expression is expected"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"retries": 3}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_description_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        HttpInput.model_validate(LINES | changes)


def test_what_is_asked_is_shown() -> None:
    layout = HttpInput.model_validate(LINES)
    assert layout.shown == "GET /sales?date={date}&shop={shop}"
    assert layout.dated
    assert layout.asks == {"shops"}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (None, "RETAIL_SOURCE_URL is not set: the mapping has HTTP inputs"),
        ("https://me:secret@host/api", "a secret goes to RETAIL_SOURCE_TOKEN"),
        ("https://host/api?key=secret", "a secret goes to RETAIL_SOURCE_TOKEN"),
    ],
)
def test_an_address_is_only_an_address(url: str | None, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        open_api(url, None)
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize("token", ["se cret", "se\ncret", "sécret"])
def test_a_token_that_no_header_can_hold(token: str) -> None:
    with pytest.raises(SettingsError, match="RETAIL_SOURCE_TOKEN") as caught:
        open_api("http://host", SecretStr(token))
    assert token not in str(caught.value)
