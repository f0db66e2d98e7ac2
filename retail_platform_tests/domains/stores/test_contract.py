"""What a store's row must be."""

from datetime import datetime

import polars as pl
import pytest

from retail_platform.domains.stores.contract import OpeningHoursDelivery, OpeningPattern, Store, StoreDelivery, zones
from retail_platform.domains.stores.transform import with_defaults
from retail_platform.quality.validate import REASONS, Validated, validate
from retail_platform_tests.domains.frames import text


def stores(*rows: dict[str, str | None]) -> Validated:
    return validate(
        text(StoreDelivery, *rows, store_id="S1"),
        delivery=StoreDelivery,
        contract=Store,
        derive=lambda delivered: with_defaults(delivered, country="FR", timezone="Europe/Paris", currency="EUR"),
    )


def patterns(*rows: dict[str, str | None]) -> Validated:
    return validate(
        text(OpeningHoursDelivery, *rows, store_id="S1", day="daily", open="true"),
        delivery=OpeningHoursDelivery,
        contract=OpeningPattern,
    )


def why(verdict: Validated) -> list[str]:
    reasons: list[str] = verdict.quarantined[REASONS].explode().drop_nulls().to_list()
    return reasons


def test_the_retailers_own_facts_stand_in_for_those_a_store_does_not_state() -> None:
    row = stores({"timezone": "Atlantic/Canary"}).accepted.row(0, named=True)

    assert (row["country"], row["timezone"], row["currency"], row["format"]) == ("FR", "Atlantic/Canary", "EUR", "shop")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"timezone": "Mars/Base"}, "zone_is_known"),
        ({"timezone": "localtime"}, "zone_is_known"),
        ({"currency": "euro"}, "currency|regex"),
        ({"area_m2": "NaN"}, "area_m2|nan"),
        ({"area_m2": "1e400"}, "area_m2|inf"),
        ({"area_m2": "0"}, "area_m2|min_exclusive"),
        ({"latitude": "91"}, "latitude|max"),
        ({"capacity": "0"}, "capacity|min"),
        ({"opened_on": "2026-01-02", "closed_on": "2026-01-01"}, "closes_after_it_opens"),
        ({"store_id": ""}, "store_id|nullability"),
    ],
)
def test_a_store_that_cannot_be_reckoned_with_is_quarantined(change: dict[str, str | None], reason: str) -> None:
    assert why(stores(change)) == [reason]


def test_every_known_zone_can_be_converted() -> None:
    noon = pl.lit(datetime(2026, 7, 1, 12))

    at_noon = pl.select(*(noon.dt.replace_time_zone(zone).dt.epoch().alias(zone) for zone in zones()))

    assert at_noon.width > 500


@pytest.mark.parametrize("day", ["1", "7", "daily", "holiday", "2026-12-24"])
def test_days_of_a_pattern(day: str) -> None:
    assert patterns({"day": day, "opens": "09:30", "closes": "24:00"}).accepted.height == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"day": "8"}, "day|regex"),
        ({"day": "Monday"}, "day|regex"),
        ({"opens": "0930", "closes": "12:00"}, "opens|regex"),
        ({"opens": "09:60", "closes": "12:00"}, "opens|regex"),
        ({"opens": "09:00", "closes": "24:30"}, "closes|regex"),
        ({"opens": "09:00"}, "interval_has_both_ends"),
        ({"opens": "09:00", "closes": "09:00"}, "interval_ends_the_same_day"),
        ({"opens": "22:00", "closes": "02:00"}, "interval_ends_the_same_day"),
        ({"open": "perhaps"}, "open|dtype"),
    ],
)
def test_patterns_that_say_nothing_are_quarantined(change: dict[str, str | None], reason: str) -> None:
    assert why(patterns(change)) == [reason]
