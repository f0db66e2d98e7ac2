"""A user's file of days unlike others: what is read, and what a wrong line says."""

from datetime import date
from pathlib import Path

import pytest

from retail_platform.domains.calendar.events import CalendarEventsError, read_events
from retail_platform_tests.platform import PROJECT

HEADER = "kind,name,first_day,last_day"


def events_file(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "events.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_no_file_means_no_events() -> None:
    assert read_events(None) is None


def test_events_are_read_with_their_days(tmp_path: Path) -> None:
    path = events_file(tmp_path, "school_holiday,Été,2026-07-04,2026-08-31", 'event,"Sales, big",2026-01-07,2026-01-07')

    events = read_events(path)

    assert events is not None
    assert events.collect().rows() == [
        ("school_holiday", "Été", date(2026, 7, 4), date(2026, 8, 31), None, None),
        ("event", "Sales, big", date(2026, 1, 7), date(2026, 1, 7), None, None),
    ]


def test_an_event_is_of_a_store_a_region_or_both(tmp_path: Path) -> None:
    path = events_file(
        tmp_path,
        "strike,Tram,2026-01-07,2026-01-07,lyon-1,",
        "promotion,Sales,2026-01-07,2026-02-03,,Bretagne",
        "works, Square ,2026-03-01,2026-03-31,brest-1,Bretagne,by the town",
        "public_holiday,Patron saint,2026-01-26,2026-01-26",
        header=f"{HEADER},store_id,region,comment",
    )

    events = read_events(path)

    assert events is not None
    assert events.select("kind", "name", "store_id", "region").collect().rows() == [
        ("strike", "Tram", "lyon-1", None),
        ("promotion", "Sales", None, "Bretagne"),
        ("works", "Square", "brest-1", "Bretagne"),
        ("public_holiday", "Patron saint", None, None),
    ]


@pytest.mark.parametrize("name", ["store", "Store_ID", "regions", "stroe_id"])
def test_a_misspelt_column_of_stores_is_no_event_of_all_stores(tmp_path: Path, name: str) -> None:
    path = events_file(tmp_path, "strike,Tram,2026-01-07,2026-01-07,lyon-1", header=f"{HEADER},{name}")

    with pytest.raises(CalendarEventsError, match=rf"events.csv has a column '{name}': did you mean (store_id|region)"):
        read_events(path)


def test_a_file_with_only_a_header_has_no_events(tmp_path: Path) -> None:
    events = read_events(events_file(tmp_path))

    assert events is not None
    assert events.collect().is_empty()


def test_a_file_that_is_not_there_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(CalendarEventsError, match=r"RETAIL_CALENDAR_EVENTS names .*none.csv"):
        read_events(tmp_path / "none.csv")


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = events_file(tmp_path, "event,Sales,2026-01-07", header="kind,name,first_day")

    with pytest.raises(CalendarEventsError, match=r"lacks the column last_day: expected are kind, name"):
        read_events(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("holiday,Sales,2026-01-07,2026-01-08", "kind is 'holiday', expected is one of public_holiday, school_holiday"),
        ("strikes,Tram,2026-01-07,2026-01-08", "kind is 'strikes', .* did you mean strike"),
        (",Sales,2026-01-07,2026-01-08", "kind is '', expected is one of"),
        ("event,,2026-01-07,2026-01-08", "name is empty"),
        ("event,Sales,2026-01-32,2026-02-08", "first_day is '2026-01-32', expected is a day YYYY-MM-DD"),
        ("event,Sales,,2026-01-08", "first_day is '', expected is a day"),
        ("event,Sales,2026-01-07,", "last_day is '', expected is a day"),
        (
            "event,Sales,2026-01-08,2026-01-07",
            r"last_day is '2026-01-07', expected is 2026-01-08 \(first_day\) or a later",
        ),
        ("event,Sales,2026-01-07", "last_day is ''"),
        ("event,Sales,26-01-07,26-01-08", "first_day is '26-01-07'"),
        ("event,Sales,20260107,20260108", "first_day is '20260107'"),
        ("event,Sales,2026-01-07,2026-01-08,,,Lyon", "more values than the first line has columns: 'Lyon'"),
    ],
)
def test_a_wrong_line_is_named_with_its_value_and_what_is_expected(tmp_path: Path, line: str, told: str) -> None:
    path = events_file(tmp_path, "event,Good,2026-01-07,2026-01-07", line, header=f"{HEADER},store_id,region")

    with pytest.raises(
        CalendarEventsError, match=f"events.csv line 3:? .*{told}" if "more" in told else f"line 3: {told}"
    ):
        read_events(path)


@pytest.mark.parametrize("content", [b"", b"kind,name,first_day,last_day\nevent,Sales,2026-01-07,2026-01-08,more\n"])
def test_a_file_that_is_no_csv_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(content)

    with pytest.raises(CalendarEventsError, match=r"events.csv"):
        read_events(path)


def test_another_encoding_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(f"{HEADER}\nevent,Été,2026-01-07,2026-01-08\n".encode("latin-1"))

    with pytest.raises(CalendarEventsError, match=r"events.csv.*UTF-8"):
        read_events(path)


def test_the_example_of_the_documentation_can_be_read(tmp_path: Path) -> None:
    page = (PROJECT / "docs/connecting-data.md").read_text()
    (tmp_path / "events.csv").write_text(page[page.index(f"{HEADER},store_id") :].split("```")[0])

    events = read_events(tmp_path / "events.csv")

    assert events is not None
    assert events.collect()["kind"].to_list() == ["school_holiday", "strike", "promotion"]
