"""The mapping of Leeds' street cameras on the real data: what was counted, what lacks, and what came twice."""

from datetime import date
from pathlib import Path

import holidays
import polars as pl
import pytest

from retail_platform.settings import Settings
from retail_platform.sources.base import Source
from retail_platform.sources.registry import open_source
from retail_platform.windows import Window

CAMERAS = [
    "AlbionStNorth",
    "AlbionStSouth",
    "Briggate",
    "BriggateAtMcDs",
    "CommercialStBarratts",
    "CommercialStLush",
    "DortmundSq",
    "Headrow",
]
HOUR = ["date", "hour", "store_id", "sensor_id"]


@pytest.fixture(scope="module")
def source(test_data: Path) -> Source:
    return open_source(Settings(source="leeds_footfall", source_dir=str(test_data / "leeds_footfall")))


@pytest.fixture(scope="module")
def hours(source: Source) -> pl.DataFrame:
    """Every reading, with the count as a number."""
    return source.read("footfall", source.span).collect().with_columns(pl.col("hour", "visitors").cast(pl.Int64))


@pytest.fixture(scope="module")
def weather(source: Source) -> pl.DataFrame:
    """Every day within the span, with values as numbers."""
    text = source.read("weather", source.span).collect()
    return text.with_columns(pl.col("temperature_mean", "precipitation", "wind_speed").cast(pl.Float64))


def test_the_city_centre_is_the_one_store(source: Source) -> None:
    stores = source.read("stores").collect()

    assert stores.height == 8  # one row a camera
    assert stores.n_unique() == 1
    assert stores.row(0, named=True).items() >= {"store_id": "leeds_city_centre", "country": "GB"}.items()


def test_every_reading_arrives_under_one_name_a_camera(hours: pl.DataFrame) -> None:
    assert hours.height == 554_360
    assert sorted(hours["sensor_id"].unique()) == CAMERAS
    assert hours["store_id"].unique().to_list() == ["leeds_city_centre"]
    assert hours["visitors"].null_count() == 0
    assert (hours["date"].min(), hours["date"].max()) == (date(2009, 1, 1), date(2016, 12, 31))


@pytest.mark.parametrize("day", [date(2009, 12, 31), date(2015, 11, 12), date(2016, 11, 12)])
def test_days_are_read_whichever_of_its_three_forms_the_file_writes(hours: pl.DataFrame, day: date) -> None:
    of_day = hours.filter(pl.col("date") == day)

    assert of_day.select("sensor_id", "hour").n_unique() == of_day.height == 8 * 24


def test_three_days_came_twice_with_equal_counts(hours: pl.DataFrame) -> None:
    twice = hours.filter(pl.struct(HOUR).is_duplicated())

    assert twice.height == 2 * 576
    assert sorted(twice["date"].unique()) == [date(2016, 7, day) for day in (1, 2, 3)]
    assert twice.n_unique() == 576  # no count differs: copies, not conflicts


def test_days_that_lack_are_absent_and_not_zero(hours: pl.DataFrame, source: Source) -> None:
    assert source.span is not None
    there = set(hours["date"])

    assert [day for day in source.span.days() if day not in there] == [
        *(date(2014, 1, 31), date(2014, 2, 1), date(2014, 2, 2)),
        *(date(2015, 7, day) for day in (3, 4, 5)),
        *(date(2015, 8, 31), *(date(2015, 9, day) for day in range(1, 7))),
    ]
    lacking = source.read("footfall", Window(date(2015, 7, 3), date(2015, 7, 5))).collect()
    assert lacking.is_empty()


def test_a_camera_that_came_later_and_a_day_that_began_late(hours: pl.DataFrame) -> None:
    of_camera = hours.unique().group_by("sensor_id").agg(pl.col("date").min().alias("first"), pl.len())
    short = hours.unique().group_by("sensor_id", "date").agg(pl.len(), pl.col("hour").min()).filter(pl.col("len") != 24)

    first = dict(of_camera.select("sensor_id", "first").rows())
    assert first.pop("CommercialStBarratts") == date(2009, 7, 17)
    assert set(first.values()) == {date(2009, 1, 1)}
    assert short.rows() == [("AlbionStSouth", date(2014, 5, 17), 8, 16)]


def test_zeros_are_counts_and_two_days_of_a_dead_camera(hours: pl.DataFrame) -> None:
    once = hours.unique()
    days = once.group_by("sensor_id", "date").agg(pl.col("visitors").sum())

    assert once.filter(pl.col("visitors") == 0).height == 4_384
    dead = days.filter(pl.col("visitors") == 0).sort("date")
    assert dead.rows() == [
        ("CommercialStBarratts", date(2014, 8, 13), 0),
        ("CommercialStBarratts", date(2014, 11, 30), 0),
    ]


def test_the_busiest_hour_is_plausible(hours: pl.DataFrame, source: Source) -> None:
    busiest = hours.sort("visitors").row(-1, named=True)

    assert (busiest["date"], busiest["hour"], busiest["visitors"]) == (date(2013, 12, 26), 12, 19_820)
    assert source.max_visitors_per_hour is not None
    assert source.max_visitors_per_hour > busiest["visitors"]


def test_bank_holidays_are_englands_in_their_own_centuries(source: Source) -> None:
    events = source.read("calendar_events").collect()

    bank = events.filter(pl.col("kind") == "public_holiday")["first_day"].str.to_date()
    assert bank.is_sorted()
    assert bank.n_unique() == bank.len() == 908
    assert (bank.first(), bank.last()) == (date(1998, 1, 1), date(2110, 12, 26))
    counted = set(bank.filter(bank.is_between(date(2009, 1, 1), date(2016, 12, 31))))
    england = holidays.country_holidays("GB", subdiv="ENG", years=range(2009, 2017))
    assert len(counted) == 66
    assert counted - set(england) == set()
    assert {england[day] for day in set(england) - counted} == {"New Year's Day", "Christmas Day", "Boxing Day"}
    assert all(day.weekday() >= 5 for day in set(england) - counted)


def test_school_holidays_are_days(source: Source) -> None:
    school = source.read("calendar_events").collect().filter(pl.col("kind") == "school_holiday")

    assert school.height == 1_195
    assert school["first_day"].equals(school["last_day"].alias("first_day"))
    assert {"2016-02-15", "2016-02-19", "2016-08-27"} < set(school["first_day"])
    assert "2016-02-20" not in set(school["first_day"])


class TestWeather:
    def test_it_begins_in_2011_and_days_after_the_counts_are_passed_by(self, weather: pl.DataFrame) -> None:
        assert weather.height == weather["date"].n_unique() == 2_192
        assert (weather["date"].min(), weather["date"].max()) == (date(2011, 1, 1), date(2016, 12, 31))

    def test_rows_of_zeros_are_no_measurement(self, weather: pl.DataFrame) -> None:
        unknown = weather.filter(pl.col("temperature_mean").is_null())

        assert unknown.height == 50
        assert unknown.select("precipitation", "wind_speed").null_count().row(0) == (50, 50)
        assert date(2011, 7, 20) in set(unknown["date"])
        assert weather.filter(pl.col("temperature_mean") == 0).is_empty()
        assert weather.filter(pl.col("wind_speed") == 0).height == 11  # calm, and measured

    def test_wind_is_in_kilometres_an_hour(self, weather: pl.DataFrame) -> None:
        storm = weather.filter(pl.col("date") == date(2015, 12, 5)).row(0, named=True)

        assert (storm["temperature_mean"], storm["precipitation"], storm["wind_speed"]) == (11.8, 0.5, 27.0)
        assert weather["wind_speed"].max() == 27.0

    def test_a_value_that_is_none_stays_text_for_validation(self, tmp_path: Path, test_data: Path) -> None:
        for name in ("footfall.csv.gz", "UKbankholidays.csv.gz", "school_hols_long.csv.gz"):
            (tmp_path / name).symlink_to(test_data / "leeds_footfall" / name)
        rows = "01/01/2011,1.0,0.0,calm\n02/01/2011,,0.0,1.0\n"
        (tmp_path / "overall_weather.csv").write_text(f"date,mean_temp,rain,wind_speed\n{rows}")
        source = open_source(Settings(source="leeds_footfall", source_dir=str(tmp_path)))

        read = source.read("weather", Window(date(2011, 1, 1), date(2011, 1, 2))).collect()

        assert read.select("temperature_mean", "wind_speed").rows() == [("1.0", "calm"), (None, "3.6")]
