"""Which days and hours are called anomalies, and why: hand-made cases, and what holds of any."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_platform.windows import Window
from retail_platform_tests.domains.anomalies.weeks import DAY, anomalies, footfall, times, weather

STORES = "ABCDE"


def of_day(found: pl.DataFrame) -> dict[str, object]:
    """The one row of a day."""
    rows = found.filter(pl.col("scope") == "day").rows(named=True)
    assert len(rows) == 1
    return rows[0]


def test_an_ordinary_day_is_none() -> None:
    assert anomalies(footfall(stores=STORES)).is_empty()


def test_a_surge_is_told_with_its_numbers() -> None:
    row = of_day(anomalies(footfall(stores=STORES, change=times(2.0))))

    assert (row["store_id"], row["direction"], row["severity"], row["cause"]) == ("A", "high", "major", "unexplained")
    assert row["deviation_pct"] == pytest.approx(100, abs=10)
    assert "visitors on Wednesday 10 June 2026" in str(row["detail"])
    assert "more than the" in str(row["detail"])
    assert str(row["detail"]).endswith("other stores as usual: no reason is known.")


def test_a_drop_is_low() -> None:
    row = of_day(anomalies(footfall(stores=STORES, change=times(0.5))))

    assert (row["direction"], row["cause"]) == ("low", "unexplained")
    assert row["deviation_pct"] == pytest.approx(-50, abs=6)


def test_what_all_stores_do_is_no_stores_own() -> None:
    """All came half as often, store A a tenth as often: A stands out beside the others."""
    both = footfall(stores=STORES, change=lambda *at: times(0.2)(at[0], at[1], at[2], times(0.5, store=STORES)(*at)))

    found = anomalies(both).filter(pl.col("scope") == "day").sort("score")

    assert set(found["store_id"]) == set(STORES)
    assert found["store_id"][0] == "A"
    assert "other stores 50 % fewer" in found.filter(pl.col("store_id") == "A")["detail"][0]


def test_rain_explains_what_all_stores_lost() -> None:
    wet = footfall(stores=STORES, change=times(0.5, store=STORES))

    found = anomalies(wet, weather=weather(30.0, stores=STORES)).filter(pl.col("scope") == "day")

    assert found["cause"].to_list() == ["weather"] * len(STORES)
    assert found["detail"].str.contains("it rained 30 mm").all()


def test_rain_does_not_explain_one_store_among_others() -> None:
    found = anomalies(footfall(stores=STORES, change=times(0.5)), weather=weather(30.0, stores=STORES))

    assert of_day(found)["cause"] == "unexplained"


@pytest.mark.parametrize(
    ("kind", "factor", "cause"),
    [
        ("promotion", 2.0, "event"),
        ("promotion", 0.5, "unexplained"),
        ("strike", 0.5, "event"),
        ("works", 2.0, "unexplained"),
        ("other", 2.0, "event"),
        ("other", 0.5, "event"),
    ],
)
def test_an_event_explains_what_it_can_do(kind: str, factor: float, cause: str) -> None:
    found = anomalies(footfall(change=times(factor)), special={"event": "Fair", "event_kind": kind})

    assert of_day(found)["cause"] == cause


def test_a_holiday_is_compared_with_sundays_too() -> None:
    """Of a Wednesday and a Sunday a holiday may be like either; three times as many is neither."""
    holiday = {"public_holiday": "Corpus Christi"}

    assert anomalies(footfall(change=times(1.2)), special=holiday).is_empty()
    row = of_day(anomalies(footfall(change=times(3.0)), special=holiday))
    assert row["cause"] == "holiday"
    assert "it is Corpus Christi" in str(row["detail"])


def test_school_holidays_explain_nothing_major() -> None:
    found = anomalies(footfall(change=times(0.2)), special={"school_holiday": "Half-term"})

    assert of_day(found)["cause"] == "unexplained"


def test_the_day_before_a_holiday_is_explained_by_it() -> None:
    tomorrow = {"date": DAY + timedelta(days=1), "public_holiday": "Corpus Christi"}

    row = of_day(anomalies(footfall(change=times(2.0)), special=tomorrow))

    assert (row["cause"], "the day before Corpus Christi" in str(row["detail"])) == ("holiday", True)


def test_a_suspect_counter_is_named() -> None:
    found = anomalies(footfall(change=times(0.3)), health={"status": "undercounting"})

    row = of_day(found)
    assert row["cause"] == "sensor_fault"
    assert "A-1: undercounting" in str(row["detail"])


def test_a_dead_sensors_estimate_is_no_surprise() -> None:
    half = pl.when(pl.col("date") == DAY).then(0.9).otherwise(0.0)

    row = of_day(anomalies(footfall(change=times(2.0)).with_columns(imputed_share=half)))

    assert (row["cause"], "90 % of the visitors are an estimate" in str(row["detail"])) == ("sensor_fault", True)


def test_weeks_of_which_nothing_is_known_do_not_tell_when_a_store_opens() -> None:
    hours = pl.LazyFrame({"hour": range(24)}).cast({"hour": pl.Int8})
    known = footfall(change=times(0.5))
    unknown = (
        known.select("date", "store_id")
        .unique()
        .filter(pl.col("date") < DAY - timedelta(days=24))
        .join(hours, how="cross")
        .with_columns(method=pl.lit("unknown"), sensors_ok=0, sensors_total=0)
    )
    both = pl.concat([known.filter(pl.col("date") >= DAY - timedelta(days=24)), unknown], how="diagonal_relaxed")

    assert of_day(anomalies(both))["cause"] == "unexplained"


def test_a_store_that_closed_at_noon_says_so() -> None:
    def noon(day: date, _: str, hour: int, visitors: int) -> int | None:
        return None if day == DAY and hour >= 13 else visitors

    row = of_day(anomalies(footfall(change=noon)))

    assert row["cause"] == "closed"
    assert "open for 4 hours instead of 10" in str(row["detail"])


def test_who_comes_in_a_closed_hour_is_no_visitor() -> None:
    at_night = footfall(change=lambda *_: 400).filter(pl.col("hour") == 9, pl.col("date") == DAY)
    closed = at_night.with_columns(hour=pl.lit(21, pl.Int8), sensors_ok=pl.lit(0, pl.Int64), sensors_total=0)
    known = footfall(change=times(0.5))

    found = anomalies(pl.concat([known, closed.cast({"sensors_total": pl.Int64})]))

    assert found.equals(anomalies(known))
    assert of_day(found)["visitors"] == known.filter(pl.col("date") == DAY).collect()["visitors"].sum()


def test_a_day_of_nothing_but_closed_hours_has_no_verdict() -> None:
    closed = pl.when(pl.col("date") == DAY).then(0).otherwise("sensors_total").cast(pl.Int64)

    assert anomalies(footfall(change=times(0.1)).with_columns(sensors_total=closed)).is_empty()


def test_open_hours_without_anybody_look_closed() -> None:
    found = anomalies(footfall(change=times(0.0, hours=range(12, 19))))

    assert of_day(found)["cause"] == "closed"
    hours = found.filter(pl.col("scope") == "hour")
    assert hours["hour"].to_list() == list(range(12, 19))
    assert set(hours["cause"]) == {"closed"}


def test_hours_that_are_but_the_days_are_not_listed() -> None:
    found = anomalies(footfall(stores=STORES, change=times(0.4)))

    assert found["scope"].to_list() == ["day"]


def test_an_hour_stands_out_on_an_ordinary_day() -> None:
    found = anomalies(footfall(stores=STORES, change=times(3.0, hours=range(14, 15))))

    hours = found.filter(pl.col("scope") == "hour")
    assert hours["hour"].to_list() == [14]
    assert "from 14:00" in hours["detail"][0]


def test_without_history_there_is_no_verdict() -> None:
    assert anomalies(footfall(days=15, change=times(5.0))).is_empty()
    assert anomalies(footfall(days=0)).is_empty()


def test_a_day_that_is_not_over_has_no_verdict() -> None:
    assert anomalies(footfall(change=times(0.2)), today=DAY).is_empty()


def test_unknown_hours_are_left_out_on_both_sides() -> None:
    unknown = (pl.col("date") == DAY) & (pl.col("hour") == 18)
    none = pl.when(unknown).then(None).otherwise(pl.col("visitors"))

    assert anomalies(footfall().with_columns(visitors=none)).is_empty()


@settings(max_examples=8, deadline=None)
@given(factor=st.floats(0.0, 6.0), store=st.sampled_from(STORES), back=st.integers(0, 9))
def test_days_alone_are_as_in_a_range_and_lie_outside_their_band(factor: float, store: str, back: int) -> None:
    """Made one by one, or with days around them, they are the same; the contract holds."""
    at = DAY - timedelta(days=back)
    counted = footfall(stores=STORES, days=67, change=times(factor, store=store, day=at)).collect()
    window = Window(DAY - timedelta(days=3), DAY)

    together = anomalies(counted.lazy(), window=window)
    shuffled = counted.sample(fraction=1.0, shuffle=True, seed=1).lazy()
    alone = [anomalies(shuffled, window=Window(day, day)) for day in reversed(list(window.days()))]

    assert_frame_equal(together, pl.concat(reversed(alone)))
