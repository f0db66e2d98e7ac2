"""From footfall to the forecast's tables."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_platform.domains.forecast.transform import Forecast, footfall_forecast
from retail_platform_tests.domains.forecast.made import HOURS, MONDAY, UNKNOWN_HOURS, opening, rows, weeks

LONG = pl.concat([weeks("A", 30), weeks("B", 30, size=800, seed=1)])
AFTER_LONG = MONDAY + timedelta(days=210)


def forecast(
    footfall: pl.DataFrame,
    hours: pl.LazyFrame = UNKNOWN_HOURS,
    staff: float | None = None,
    special: pl.LazyFrame | None = None,
) -> Forecast:
    """The forecast of stores in Paris; footfall is of hours in which they are open, unless it says otherwise."""
    stores = footfall.select("store_id").unique().with_columns(timezone=pl.lit("Europe/Paris"))
    counted = footfall if "sensors_total" in footfall.columns else footfall.with_columns(sensors_total=pl.lit(1))
    return footfall_forecast(counted.lazy(), stores.lazy(), hours, special, visitors_per_employee=staff)


@pytest.fixture(scope="module")
def long() -> Forecast:
    return forecast(LONG, staff=10)


def test_a_short_history_is_repeated_and_says_so() -> None:
    # given two weeks, the second with 10, 20, ..., 70 visitors, a tenth of them in each of the first two hours
    first, second = [(1, 1, 4, 4)] * 7, [(day, day, 4 * day, 4 * day) for day in range(1, 8)]
    found = forecast(rows("A", [*first, *second]))

    # then both weeks ahead repeat it, without intervals: there is no earlier forecast to judge by
    assert found.days["visitors"].round(6).to_list() == [10.0 * day for day in range(1, 8)] * 2
    assert found.hours.head(4)["visitors"].round(6).to_list() == [1, 1, 4, 4]
    assert found.days["model"].unique().to_list() == ["seasonal_naive"]
    assert found.repeated == ("A",)
    assert found.days["low_50"].null_count() == 14
    assert found.backtest.is_empty()


def test_a_day_that_is_unknown_is_repeated_from_the_week_before() -> None:
    week = [(day, day, day, day) for day in range(1, 8)]
    gap: list[tuple[int | None, ...]] = [*week, *week]
    gap[8] = (None, None, None, None)

    found = forecast(rows("A", gap))

    assert found.days.head(7)["visitors"].round(6).to_list() == [4.0 * day for day in range(1, 8)]


def test_fourteen_days_follow_the_last_observed_one(long: Forecast) -> None:
    assert long.made_on == AFTER_LONG - timedelta(days=1)
    assert long.days["date"].unique().sort().to_list() == [AFTER_LONG + timedelta(days=day) for day in range(14)]
    assert long.days.group_by("store_id").len().sort("store_id").rows() == [("A", 14), ("B", 14)]
    assert long.hours.height == 2 * 14 * len(HOURS)
    assert long.days["model"].unique().to_list() == ["regression"]


def test_a_day_is_the_sum_of_its_hours(long: Forecast) -> None:
    sums = long.hours.group_by("store_id", "date").agg(pl.col("visitors").sum()).sort("store_id", "date")

    assert_frame_equal(sums, long.days.select("store_id", "date", "visitors"))


def test_intervals_are_there_and_nest(long: Forecast) -> None:
    for table in (long.hours, long.days):
        bounds = table.select("low_80", "low_50", "visitors", "high_50", "high_80")
        assert bounds.null_count().sum_horizontal().item() == 0
        assert bounds.select((pl.all() >= 0).all()).row(0) == (True,) * 5
        ordered = [pl.col(a) <= pl.col(b) for a, b in zip(bounds.columns, bounds.columns[1:], strict=False)]
        assert bounds.select(pl.all_horizontal(ordered).all()).item()


def test_the_model_beats_repeating_last_week_on_weeks_with_noise(long: Forecast) -> None:
    learnt = long.backtest.filter(model="regression")
    ours, naive = (
        learnt.select((pl.col("visitors") - pl.col(name)).abs().sum()).item() for name in ("forecast", "seasonal_naive")
    )

    assert ours < 0.95 * naive


def test_staff_is_what_the_expected_visitors_need(long: Forecast) -> None:
    expected = (long.hours["visitors"] / 10).ceil().cast(pl.Int64)

    assert long.hours["suggested_staff"].to_list() == expected.to_list()
    assert forecast(rows("A", [(1, 1, 1, 1)] * 14)).hours["suggested_staff"].null_count() == 14 * len(HOURS)


def test_the_order_of_rows_is_irrelevant_and_the_same_rows_give_the_same_forecast(long: Forecast) -> None:
    again = forecast(LONG.sample(fraction=1, shuffle=True, seed=5), staff=10)

    assert_frame_equal(again.hours, long.hours, check_exact=True)
    assert_frame_equal(again.days, long.days, check_exact=True)
    assert_frame_equal(again.backtest, long.backtest, check_exact=True)


def test_the_backtest_knows_nothing_of_what_came_after_its_origin(long: Forecast) -> None:
    # given a model serves several origins in a row: the first of these is the one it was made for
    origins = long.backtest["origin"].unique().sort()
    first_of_last = origins[(len(origins) - 1) // 7 * 7]

    then = forecast(LONG.filter(pl.col("date") <= first_of_last))

    tried = long.backtest.filter(origin=first_of_last).select("store_id", "date", "forecast")
    assert_frame_equal(then.days.select("store_id", "date", forecast="visitors"), tried, check_exact=False)


def test_known_closed_hours_are_0_with_certainty_and_open_ones_share_the_day() -> None:
    hours = opening("A", AFTER_LONG, 14, "11:00", "14:00")
    found = forecast(weeks("A", 30), hours.lazy())

    numbers = ["visitors", "low_50", "high_50", "low_80", "high_80"]
    sunday = pl.col("date").dt.weekday() == 7
    closed = found.hours.filter(sunday | (pl.col("hour") == 10))
    assert closed.height == 2 * 4 + 12
    assert closed.select(pl.col(numbers).max()).row(0) == (0, 0, 0, 0, 0)
    assert not closed["power_hour"].any()
    assert found.days.filter(sunday).select(pl.col(numbers).max()).row(0) == (0, 0, 0, 0, 0)
    # an hour less than usual is 15 % less of the day, not the same visitors in fewer hours
    usual = forecast(weeks("A", 30)).days.filter(~sunday)["visitors"]
    share = (found.days.filter(~sunday)["visitors"] / usual).mean()
    assert share == pytest.approx(0.85, abs=0.02)


def test_an_hour_that_clocks_skip_is_closed() -> None:
    sunday = date(2025, 3, 30)  # in Paris 02:00 is followed by 03:00
    counts = [(5, 5, 5, 5)] * ((sunday - MONDAY).days)
    night = opening("A", sunday, 1, "00:00", "04:00").with_columns(
        open=True, opens=pl.lit("00:00"), closes=pl.lit("04:00")
    )

    found = forecast(rows("A", counts, hours=(0, 1, 2, 3)), night.lazy()).hours.filter(date=sunday)

    assert [visitors > 0 for visitors in found["visitors"]] == [True, True, False, True]


def test_who_comes_in_closed_hours_is_not_forecast() -> None:
    counts = weeks("A", 20).with_columns(sensors_total=pl.lit(1))
    cleaners = counts.filter(pl.col("hour") == 10).with_columns(hour=pl.lit(20, pl.Int8), visitors=60, sensors_total=0)
    empty = cleaners.with_columns(visitors=0)

    found, expected = (forecast(pl.concat([counts, closed], how="vertical_relaxed")) for closed in (cleaners, empty))

    assert_frame_equal(found.days, expected.days)
    assert_frame_equal(found.hours, expected.hours)


def test_a_weekday_that_was_never_open_is_forecast_as_closed() -> None:
    footfall = weeks("A", 20).filter(pl.col("date").dt.weekday() != 7)
    found = forecast(footfall)

    assert found.days.filter(pl.col("date").dt.weekday() == 7)["visitors"].to_list() == [0, 0]
    assert found.days.filter(pl.col("date").dt.weekday() != 7)["visitors"].min() > 0  # type: ignore[operator]


def test_a_weekday_that_opens_for_the_first_time_gets_visitors() -> None:
    footfall = weeks("A", 20).filter(pl.col("date").dt.weekday() != 7)
    sunday = footfall["date"].max() + timedelta(days=1)  # type: ignore[operator]
    hours = pl.DataFrame({"store_id": "A", "date": [sunday], "open": True, "opens": "10:00", "closes": "14:00"})

    found = forecast(footfall, hours.lazy())

    assert found.days.filter(date=sunday)["visitors"].item() > 0


def test_no_store_is_lost_however_little_is_known_of_it() -> None:
    new = weeks("NEW", 1, first=MONDAY + timedelta(days=203))
    dead = weeks("DEAD", 30, seed=3).with_columns(
        visitors=pl.when(pl.col("date") < AFTER_LONG - timedelta(days=30)).then("visitors")
    )
    gone = weeks("GONE", 4)
    found = forecast(pl.concat([weeks("A", 30), new, dead, gone]))

    assert found.days.group_by("store_id").len().sort("store_id").rows() == [("A", 14), ("DEAD", 14), ("NEW", 14)]
    assert found.without_history == ("GONE",)
    assert found.repeated == ("NEW",)
    assert found.days.filter(pl.col("store_id") != "GONE")["visitors"].min() > 0  # type: ignore[operator]


def test_no_footfall_is_no_forecast() -> None:
    found = forecast(rows("A", [(None, None, None, None)] * 3))

    assert found.made_on is None
    assert found.hours.is_empty()
    assert found.without_history == ("A",)


def test_a_holiday_is_forecast_by_its_last_occasion() -> None:
    # given a feast on which a tenth of the usual visitors comes, three times so far, and again in three days
    footfall = pl.concat([weeks("A", 40), weeks("B", 40, size=300, seed=2)])
    last = MONDAY + timedelta(days=40 * 7 - 1)
    feasts = [last + timedelta(days=3 - 80 * back) for back in range(4)]
    footfall = footfall.with_columns(
        visitors=pl.when(pl.col("date").is_in(feasts)).then(pl.col("visitors") // 10).otherwise("visitors")
    )
    special = pl.DataFrame({"date": feasts, "public_holiday": "Feast"}).join(
        pl.DataFrame({"store_id": ["A", "B"]}), how="cross"
    )
    special = special.with_columns(school_holiday=pl.lit(None, pl.String), event=pl.lit(None, pl.String))

    # when
    with_it = forecast(footfall, special=special.lazy()).days
    without = forecast(footfall).days

    # then
    share = with_it.filter(date=feasts[0])["visitors"] / without.filter(date=feasts[0])["visitors"]
    assert share.max() < 0.7  # type: ignore[operator]
