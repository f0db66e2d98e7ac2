"""The public holidays of countries and their regions, however a region is written."""

from datetime import date

import pytest

from retail_platform.domains.calendar.public_holidays import national_holidays, regional_holidays, subdivision
from retail_platform.settings import SettingsError
from retail_platform.windows import Window

YEAR = Window(date(2026, 1, 1), date(2026, 12, 31))


def holidays(country: str, region: str | None) -> dict[date, str]:
    days = regional_holidays([(country, region)], YEAR).days.collect()
    return dict(days.select("date", "name").iter_rows())


@pytest.mark.parametrize(
    ("country", "region", "code"),
    [
        ("DE", "BY", "BY"),
        ("DE", "DE-BY", "BY"),
        ("DE", "Bayern", "BY"),
        ("DE", "bavaria", "BY"),
        ("DE", "Baden-Wurttemberg", "BW"),
        ("GB", "Scotland", "SCT"),
        ("GB", "GB-SCT", "SCT"),
        ("GB", "NORTHERN IRELAND", "NIR"),
        ("FR", "Alsace-Moselle", "57"),
        ("FR", "Moselle", "57"),
        ("FR", "Alsace", "6AE"),
        ("FR", "LA REUNION", "974"),
        ("US", "Texas", "TX"),
        ("FR", "Île-de-France", None),
        ("GB", "Scotlnd", None),
        ("DE", "-", None),
    ],
)
def test_a_region_is_known_by_code_and_by_name(country: str, region: str, code: str | None) -> None:
    assert subdivision(country, region) == code


@pytest.mark.parametrize(
    ("country", "region", "day"),
    [
        ("FR", "Alsace-Moselle", date(2026, 12, 26)),  # second day of Christmas
        ("GB", "Scotland", date(2026, 11, 30)),  # Saint Andrew
        ("GB", "England", date(2026, 8, 31)),  # the last Monday of August; in Scotland it is the first
        ("DE", "Bayern", date(2026, 1, 6)),  # Epiphany
    ],
)
def test_a_regions_own_holidays_come_besides_the_countrys(country: str, region: str, day: date) -> None:
    national, regional = holidays(country, None), holidays(country, region)

    assert day not in national
    assert regional[day]
    assert regional.keys() >= national.keys()


def test_an_unknown_region_has_the_countrys_holidays_and_is_named() -> None:
    found = regional_holidays([("GB", "Mordor"), ("GB", None), ("GB", "Wales")], YEAR)

    assert found.unknown_regions == ["GB Mordor"]
    assert found.unknown_countries == []
    assert holidays("GB", "Mordor") == holidays("GB", None)


def test_an_unknown_country_has_none_and_is_named() -> None:
    found = regional_holidays([("XX", "Mordor"), ("fr", None)], YEAR)

    assert found.unknown_countries == ["XX"]
    assert found.days.collect()["country"].unique().to_list() == ["fr"]


def test_only_days_of_the_window_are_found() -> None:
    window = Window(date(2026, 5, 1), date(2026, 5, 8))

    assert regional_holidays([("FR", None)], window).days.collect()["date"].sort().to_list() == [
        window.first,
        window.last,
    ]


def test_the_retailers_own_country_has_to_be_known() -> None:
    with pytest.raises(SettingsError, match="RETAIL_COUNTRY is 'XX', whose public holidays are not known"):
        national_holidays("XX", YEAR)
