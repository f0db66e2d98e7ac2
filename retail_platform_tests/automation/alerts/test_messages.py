"""A message says what, where, why, what to do and where to look, and nothing that it must not carry."""

import pytest

from retail_platform.automation.alerts.messages import Message, duration, message, plain
from retail_platform_tests.automation.alerts.story import Story, check, failed, gave_up, late, skipped, unavailable

UI = "https://dagster.example.com/"


def worded(story: Story, *found: object, minutes: float = 1) -> Message:
    (notice,) = story.look(*found, minutes=minutes)  # type: ignore[arg-type]
    return message(notice, retailer="shops", ui_url=UI)


def test_an_outage_over_its_life() -> None:
    story = Story()
    outage = [unavailable(asset, day) for asset in ("raw_sales", "raw_footfall") for day in (0, 1, 2, 5)]
    outage += [skipped("sales", day) for day in (0, 1, 2, 5)]

    opened = worded(story, *outage)
    escalated = worded(story, *outage, gave_up("raw_sales", 5), minutes=60)
    recovered = worded(story, minutes=24 * 60)

    assert opened == Message(
        "[shops] source shops is unavailable",
        "- Assets: raw_footfall, raw_sales; downstream sales\n"
        "- Days: 2026-03-01..2026-03-03, 2026-03-06 (4)\n"
        "- Reason: connection refused\n"
        "- What to do: wait\n"
        "- See: https://dagster.example.com/runs/run-1",
    )
    assert escalated.subject == "[shops] healing gave up: source shops is unavailable"
    assert "- What to do: do it by hand\n" in escalated.body
    assert recovered == Message(
        "[shops] recovered: source shops is unavailable",
        "- Assets: raw_footfall, raw_sales, sales\n"
        "- Days: 2026-03-01..2026-03-03, 2026-03-06 (4)\n"
        "- It lasted 1 day 1 hour, since 2026-03-02 12:01 UTC.\n"
        "- Nothing is left of it: every day it held is there and its checks pass.\n"
        "- It was: connection refused",
        mended=True,
    )


def test_subjects_name_check_asset_and_error() -> None:
    assert worded(Story(), check("sales")).subject == "[shops] check volume failed on sales"
    assert worded(Story(), late()).subject == "[shops] daily_metrics is late"
    assert worded(Story(), failed("sales")).subject == "[shops] sales fails: ValueError"
    assert worded(Story(), gave_up("sales")).subject == "[shops] sales cannot be healed"


def test_without_a_run_the_link_is_the_assets_page_at_its_first_day() -> None:
    body = worded(Story(), late(day=3)).body

    assert "https://dagster.example.com/assets/daily_metrics?view=partitions&partition=2026-03-04" in body


def test_one_that_is_back_says_so() -> None:
    story = Story()
    story.look(failed("sales"))
    story.look()

    said = worded(story, failed("sales"))

    assert said.subject == "[shops] again: sales fails: ValueError"
    assert "its next recovery is told once it has lasted 10 minutes" in said.body


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("GET https://user:hunter2@shop.example/sales failed", "GET https://***@shop.example/sales failed"),
        ("header Authorization: Bearer abc.def-123", "header Authorization: Bearer ***"),
        ("GET /sales?access_token=abc123&date=2026-01-05", "GET /sales?access_token=***&date=2026-01-05"),
        ("client ann.lee@example.com has no store", "client *** has no store"),
        ("phone +33 6 12 34 56 78 is odd", "phone *** is odd"),
        ("sales of 2026-01-05 lacks 2 store-days", "sales of 2026-01-05 lacks 2 store-days"),
        ("primary key: date, store_id", "primary key: date, store_id"),
        ("first line\nann,lee,second", "first line"),
        ("", "no reason was given"),
    ],
)
def test_a_reason_carries_nothing_personal_and_no_secret(reason: str, told: str) -> None:
    assert plain(reason) == told


def test_a_known_secret_is_masked_wherever_it_stands() -> None:
    assert plain("cannot log in with hunter2", ["hunter2", ""]) == "cannot log in with ***"


def test_a_long_reason_is_cut() -> None:
    assert len(plain("x" * 5000)) == 300


def test_durations_are_told_in_two_units() -> None:
    from datetime import timedelta

    assert duration(timedelta(seconds=20)) == "less than a minute"
    assert duration(timedelta(minutes=61)) == "1 hour 1 minute"
    assert duration(timedelta(days=3, minutes=5)) == "3 days 5 minutes"


def test_markup_of_an_answer_stays_text() -> None:
    assert plain('the answer is <a href="http://x">here</a>') == 'the answer is ‹a href="http://x"›here‹/a›'
