"""What a date is at each store."""

from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from retail_platform.domains.calendar.contract import KINDS, CalendarEvent, CalendarEventDelivery, StoreCalendarDay
from retail_platform.domains.calendar.transform import store_calendar
from retail_platform.domains.stores.contract import Store
from retail_platform.quality.validate import validate
from retail_platform.windows import Window
from retail_platform_tests.domains.calendar.events import declared
from retail_platform_tests.domains.frames import frame, text
from retail_platform_tests.platform import Platform, described, message

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (1, 2, 3))
MARCH = Window(FIRST, date(2026, 3, 31))
STORES = frame(
    Store,
    {"store_id": "brest", "country": "FR", "region": "Bretagne"},
    {"store_id": "metz", "country": "FR", "region": "Moselle"},
    {"store_id": "nowhere", "country": "FR"},
).lazy()


def found(
    *events: tuple[str | date | None, ...], holidays: list[tuple[str, str | None, date, str]] | None = None
) -> list[tuple[object, ...]]:
    known = pl.LazyFrame(
        holidays or [], {"country": pl.String, "region": pl.String, "date": pl.Date, "name": pl.String}, orient="row"
    )
    days = store_calendar(MARCH, STORES, known, declared(*events)).collect()
    StoreCalendarDay.validate(days, cast=True)
    return days.rows()


def test_days_on_which_nothing_is_the_matter_have_no_row() -> None:
    assert found() == []


def test_a_store_has_the_public_holidays_of_its_country_and_region() -> None:
    regions = ["Bretagne", "Moselle", None]
    national = [("FR", region, FIRST, "New moon") for region in regions]

    rows = found(holidays=[*national, ("FR", "Moselle", SECOND, "Full moon")])  # type: ignore[list-item]

    assert [row[:3] for row in rows] == [
        ("brest", FIRST, "New moon"),
        ("metz", FIRST, "New moon"),
        ("metz", SECOND, "Full moon"),
        ("nowhere", FIRST, "New moon"),
    ]


def test_a_strike_of_one_store_is_no_other_stores() -> None:
    assert found(("strike", "Tram", FIRST, SECOND, "metz")) == [
        ("metz", FIRST, None, None, "Tram", "strike"),
        ("metz", SECOND, None, None, "Tram", "strike"),
    ]


def test_an_event_of_a_region_is_that_of_its_stores() -> None:
    assert found(("school_holiday", "Winter", FIRST, FIRST, None, "Bretagne")) == [
        ("brest", FIRST, None, "Winter", None, None)
    ]


def test_an_event_of_a_store_and_another_region_is_nobodys() -> None:
    events = [("event", "Fair", FIRST, FIRST, "metz", region) for region in ("Bretagne", "Moselle")]

    assert found(*events) == [("metz", FIRST, None, None, "Fair", "other")]
    assert found(events[0]) == []


def test_an_event_of_all_stores_is_also_that_of_a_store_without_a_region() -> None:
    assert [row[0] for row in found(("event", "Fair", FIRST, FIRST))] == ["brest", "metz", "nowhere"]


def test_of_several_events_all_are_named_and_the_first_kind_counts() -> None:
    events = [
        ("works", "Square", FIRST, THIRD, "metz"),
        ("event", "Fair", FIRST, FIRST, "metz"),
        ("promotion", "Sales", SECOND, SECOND, "metz"),
        ("strike", "Tram", SECOND, SECOND, "metz"),
        ("strike", "Tram", SECOND, SECOND, "metz"),
    ]

    assert [row[4:] for row in found(*events)] == [
        ("Fair; Square", "works"),
        ("Sales; Square; Tram", "promotion"),
        ("Square", "works"),
    ]


def test_a_public_holiday_that_is_declared_adds_to_those_known() -> None:
    rows = found(
        ("public_holiday", "Patron saint", FIRST, FIRST, "metz"),
        ("public_holiday", "New moon", FIRST, FIRST, "metz"),
        holidays=[("FR", "Moselle", FIRST, "New moon")],
    )

    assert rows == [("metz", FIRST, "New moon; Patron saint", None, None, None)]


def test_a_public_holiday_without_a_name_is_called_as_the_country_calls_it() -> None:
    declared = [("public_holiday", None, day, day, "metz") for day in (FIRST, SECOND)]

    rows = found(*declared, holidays=[("FR", "Moselle", FIRST, "New moon")])

    assert [row[:3] for row in rows] == [("metz", FIRST, "New moon"), ("metz", SECOND, "Public holiday")]


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_public_holiday_may_lack_its_name(kind: str) -> None:
    event = {"kind": kind, "first_day": "2026-03-01", "last_day": "2026-03-01"}

    verdict = validate(text(CalendarEventDelivery, event), delivery=CalendarEventDelivery, contract=CalendarEvent)

    expected = [] if kind == "public_holiday" else [["has_a_name"]]
    assert verdict.quarantined["reasons"].to_list() == expected


def test_events_beyond_the_window_are_cut() -> None:
    rows = found(("works", "Tower", date.min, date.max, "metz"), ("works", "Bridge", date.min, date(2026, 2, 28)))

    assert len(rows) == len(MARCH)
    assert {row[4] for row in rows} == {"Tower"}


STORES_SQL = "SELECT id AS store_id, region FROM shops"
EVENTS_SQL = """
SELECT 'public_holiday' AS kind, 'Patron saint' AS name, day AS first_day, day AS last_day FROM feasts
UNION ALL SELECT 'strike', 'Tram', '2026-03-02', '2026-03-03' FROM feasts
"""
MAPPING = """
name = "shops"
title = "Shops"
timezone = "Europe/London"
currency = "GBP"
country = "GB"
span = { first = 2026-03-01, last = 2026-03-31 }

[inputs.shops]
path = "shops.csv"

[inputs.feasts]
path = "feasts.csv"

[datasets.stores]
delivery = "snapshot"
driving = "shops"
identity = ["store_id"]

[datasets.calendar_events]
delivery = "snapshot"
"""


def shops(folder: Path, **settings: object) -> Platform:
    """Three shops, one in Scotland and one in a region that is none, and a feast and a strike that the source tells."""
    sql = {"stores": STORES_SQL, "calendar_events": EVENTS_SQL}
    files = {"shops.csv": "id,region\nglasgow,Scotland\nleeds,ENG\nbree,Mordor\n", "feasts.csv": "day\n2026-03-17\n"}
    return described(folder, MAPPING, sql=sql, files=files, **settings)


def test_a_source_delivers_days_unlike_others_and_the_users_file_adds_to_them(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "kind,name,first_day,last_day,store_id\npromotion,Sales,2026-03-03,2026-03-03,leeds\nevent,Fair,2026-03-04,2026-03-04,leds\n"
    )
    with shops(tmp_path, calendar_events=tmp_path / "events.csv") as platform:
        outcome = platform.materialize("2026-03-01", select="+store_calendar or calendar")
        assert outcome.failures == []

        march = platform.table("store_calendar").filter(pl.col("date").is_between(MARCH.first, MARCH.last))
        event = platform.instance.get_latest_materialization_event(dg.AssetKey("store_calendar"))
        assert event is not None
        assert event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
        results = platform.check("2026-03-01", select="store_calendar or calendar_events")

        assert march.filter(store_id="leeds").drop("store_id").rows() == [
            (SECOND, None, None, "Tram", "strike"),
            (THIRD, None, None, "Sales; Tram", "promotion"),
            (date(2026, 3, 17), "Patron saint", None, None, None),
        ]
        assert march["store_id"].value_counts(sort=True)["count"].to_list() == [3, 3, 3]
        new_year = platform.table("store_calendar").filter(date=date(2026, 1, 2))
        assert new_year["store_id"].to_list() == ["glasgow"]
        known = platform.table("calendar").filter(date=date(2026, 3, 17))
        assert known["public_holiday"].to_list() == ["Patron saint"]
        assert metadata["regions without known public holidays"].value == ["GB Mordor"]
        assert metadata["stores of events that there are not"].value == ["leds"]
        assert all(result.passed for result in results)
        assert {result.check for result in results} >= {"uniqueness", "conservation", "quarantine_rate"}


def test_a_wrong_line_fails_the_calendar_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("kind,name,first_day,last_day\nstrik,Tram,2026-03-03,2026-03-03\n")
    with shops(tmp_path, calendar_events=tmp_path / "events.csv") as platform:
        result = platform.retail("materialize", "--from", "2026-03-01", "--to", "2026-03-01", "--select", "+calendar")

        assert result.exit_code == 1
        assert "events.csv line 2: kind is 'strik', expected is one of public_holiday" in message(result)
