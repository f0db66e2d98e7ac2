"""A retailer is its settings, with the source's own facts where they leave something open."""

from datetime import date
from pathlib import Path

import pytest

from retail_platform.definitions import open_retailer
from retail_platform.retailer import Retailer
from retail_platform.settings import Settings, SettingsError
from retail_platform.sources.base import SourceContractError
from retail_platform.windows import Window

ARCHIVE = {"source": "jaffle_shop", "source_dir": "anywhere"}


def retailer(**settings: object) -> Retailer:
    return open_retailer(Settings(**settings))  # type: ignore[arg-type]


def test_the_source_says_what_the_settings_leave_open() -> None:
    one = retailer(**ARCHIVE)

    assert (one.timezone, one.currency, one.country) == ("America/New_York", "USD", "US")
    assert (one.first_day, one.last_day) == (date(2018, 9, 1), date(2019, 8, 31))
    assert one.span() == Window(date(2018, 9, 1), date(2019, 8, 31))


def test_settings_go_before_the_source() -> None:
    one = retailer(
        **ARCHIVE, timezone="Europe/Rome", currency="EUR", country="IT", start_date="2018-10-01", end_date="2018-10-02"
    )

    assert (one.timezone, one.currency, one.country) == ("Europe/Rome", "EUR", "IT")
    assert one.days.get_partition_keys() == ["2018-10-01", "2018-10-02"]


def test_an_open_span_ends_today() -> None:
    one = retailer()

    assert one.last_day is None
    assert one.span() == Window(date(2026, 1, 1), one.today())


def test_a_start_in_the_future_is_a_span_of_that_day() -> None:
    assert retailer(start_date="2999-01-01").span() == Window(date(2999, 1, 1), date(2999, 1, 1))


def test_an_archive_is_never_late() -> None:
    assert retailer(**ARCHIVE).freshness_policy is None
    assert retailer().freshness_policy is not None


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"start_date": "2018-08-31"},
            "ask for 2018-08-31..2019-08-31, but source jaffle_shop has 2018-09-01..2019-08-31",
        ),
        ({"end_date": "2019-09-01"}, "ask for 2018-09-01..2019-09-01, but source jaffle_shop has"),
        ({"start_date": "2019-09-01"}, "RETAIL_START_DATE 2019-09-01 is after the last day 2019-08-31 of the source"),
        (
            {"end_date": "2018-08-01"},
            "RETAIL_END_DATE 2018-08-01 is before the first day 2018-09-01 of source jaffle_shop",
        ),
    ],
)
def test_days_that_the_source_does_not_have_are_refused(settings: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        retailer(**ARCHIVE, **settings)


def test_a_source_without_stores_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(
        'name = "none"\ntitle = "No stores"\ntimezone = "UTC"\ncurrency = "EUR"\ncountry = "FR"\n'
        'default_start = 2026-01-01\n[inputs.x]\npath = "x.csv"\n'
        '[datasets.clients]\ndelivery = "snapshot"\ndriving = "x"\nidentity = ["client_id"]\n'
    )
    (tmp_path / "clients.sql").write_text("SELECT 1 AS client_id")

    with pytest.raises((SettingsError, SourceContractError), match="stores"):
        retailer(source=str(tmp_path), source_dir=str(tmp_path))


def test_it_has_what_its_source_delivers() -> None:
    assert retailer(**ARCHIVE).has("sales")
    assert not retailer(**ARCHIVE).has("footfall")


def test_two_apis_are_two_sources() -> None:
    here, there = (
        retailer(source="source_api", source_url=f"http://{host}/", source_token="t").identity for host in ("a", "b")
    )

    assert here != there
    assert "http://a (" in here
