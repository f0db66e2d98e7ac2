"""A user's file of school holidays and events: what is read, and what a wrong line says."""

from datetime import date
from pathlib import Path

import pytest

from retail_platform.domains.calendar.events import CalendarEventsError, read_events

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
        ("school_holiday", "Été", date(2026, 7, 4), date(2026, 8, 31)),
        ("event", "Sales, big", date(2026, 1, 7), date(2026, 1, 7)),
    ]


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
    "line",
    [
        "holiday,Sales,2026-01-07,2026-01-08",
        ",Sales,2026-01-07,2026-01-08",
        "event,,2026-01-07,2026-01-08",
        "event,Sales,2026-01-32,2026-02-08",
        "event,Sales,,2026-01-08",
        "event,Sales,2026-01-07,",
        "event,Sales,2026-01-08,2026-01-07",
        "event,Sales,2026-01-07",
        "event,Sales,26-01-07,26-01-08",
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    path = events_file(tmp_path, "event,Good,2026-01-07,2026-01-07", line)

    with pytest.raises(CalendarEventsError, match=r"events.csv line 3: .*expected are kind"):
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
