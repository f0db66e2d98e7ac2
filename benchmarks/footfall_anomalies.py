"""How many false alarms the anomalies raise, which changes they find, and what they say of two years in Leeds.

    RETAIL_TEST_DATA=<folder> python -m benchmarks.footfall_anomalies [--seeds 3]

Changes are put into the simulator's readings, before sensors are judged. Bounds were set on seed 11 and on Leeds 2011
and 2012. Prints Markdown.
"""

import os
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from retail_platform.domains.anomalies.transform import footfall_anomalies
from retail_platform.domains.calendar.transform import calendar_days
from retail_platform.domains.footfall import estimates
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.footfall.grid import HISTORY_DAYS
from retail_platform.domains.footfall.layout import Surroundings
from retail_platform.domains.footfall.transform import judged_readings
from retail_platform.domains.stores.transform import opening_hours
from retail_platform.sources.simulator.source import Simulator
from retail_platform.windows import Window

DAYS = Window(date(2026, 3, 1), date(2026, 6, 29))
_DAY, _HOURS = range(24), range(14, 17)
CHANGES = {
    "the day −30 %": (0.7, _DAY),
    "the day −40 %": (0.6, _DAY),
    "the day −50 %": (0.5, _DAY),
    "the day −60 %": (0.4, _DAY),
    "the day +30 %": (1.3, _DAY),
    "the day +50 %": (1.5, _DAY),
    "the day +75 %": (1.75, _DAY),
    "the day +100 %": (2.0, _DAY),
    "14 to 17 h −60 %": (0.4, _HOURS),
    "14 to 17 h +150 %": (2.5, _HOURS),
}
_APART = 17  # days between two changes of a store
_NAMED_DAYS = {
    date(2013, 1, 1): "New Year's Day",
    date(2013, 1, 18): "snow",
    date(2013, 1, 21): "snow",
    date(2013, 3, 29): "Good Friday",
    date(2013, 5, 6): "Early May bank holiday",
    date(2013, 8, 26): "August bank holiday",
    date(2013, 12, 25): "Christmas Day",
    date(2013, 12, 26): "Boxing Day",
    date(2014, 1, 1): "New Year's Day",
    date(2014, 4, 18): "Good Friday",
    date(2014, 4, 21): "Easter Monday",
    date(2014, 7, 4): "eve of the Tour de France",
    date(2014, 7, 5): "Tour de France starts in Leeds",
    date(2014, 7, 6): "second stage, in York",
    date(2014, 8, 25): "August bank holiday",
    date(2014, 11, 28): "Black Friday",
    date(2014, 12, 25): "Christmas Day",
    date(2014, 12, 26): "Boxing Day",
}


@dataclass(frozen=True)
class World:
    """Readings and all that they are judged by."""

    readings: pl.LazyFrame
    around: Surroundings
    weather: pl.LazyFrame | None = None

    def anomalies(self, window: Window) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Anomalies of the window, and its footfall."""
        wide = Window(window.first - timedelta(days=HISTORY_DAYS), window.last)
        health, hours = estimates.sensor_health_and_footfall(self.readings, self.around, wide)
        footfall = hours.collect()
        found = footfall_anomalies(footfall.lazy(), health, self.around.special, window, weather=self.weather)
        return found.collect(), footfall.filter(pl.col("date") >= window.first)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many simulated retailers")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--years", type=int, nargs=2, default=(2013, 2014), help="of Leeds")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        quiet = list(pool.map(_quiet, seeds))
        _false_alarms(quiet)
        _recall({name: list(pool.map(_changed, seeds, [name] * len(seeds))) for name in CHANGES})
    leeds_world = leeds(Path(os.environ.get("RETAIL_TEST_DATA", "../shared/data")) / "leeds_footfall")
    first, last = options.years
    _leeds(*leeds_world.anomalies(Window(date(first, 1, 1), date(last, 12, 31))))


def simulated(seed: int) -> World:
    """A simulated retailer with its usual sensor faults and no event."""
    import holidays

    source = Simulator(seed, "demo", country="FR")
    stores = source.read("stores").collect().lazy()
    wide = Window(DAYS.first - timedelta(days=2 * HISTORY_DAYS), DAYS.last)
    days = dict(holidays.country_holidays("FR", years=range(wide.first.year, wide.last.year + 1)))
    copies = source.read("opening_hours").with_columns(copies=pl.lit(1))
    special = _special(stores, days)
    hours = opening_hours(copies, stores, calendar_days(wide, days), special).collect().lazy()
    delivered = source.read("footfall", wide).with_columns(status=pl.lit(None, dtype=pl.String))
    readings = judged_readings(delivered, stores, hours, source.max_visitors_per_hour)
    return World(_cast(readings).lazy(), Surroundings(stores, hours, special))


def leeds(folder: Path) -> World:
    """Eight street cameras as the sensors of one store that is never known to be closed."""
    import holidays

    counts = pl.read_csv(folder / "footfall.csv.gz", infer_schema=False).select(
        date=pl.col("NewDate").str.to_date("%d-%b-%Y"),
        hour=pl.col("Hour").cast(pl.Int8),
        store_id=pl.lit("leeds"),
        sensor_id=pl.col("LocationName"),
        visitors=pl.col("InCount").cast(pl.Int64),
        status=pl.lit("ok"),
    )
    day = {"opened_on": None, "closed_on": None}
    place = {"store_id": ["leeds"], "format": ["street"], "timezone": ["Europe/London"]}
    stores = pl.LazyFrame({**place, **day}).cast(dict.fromkeys(day, pl.Date))
    closed = {"store_id": pl.String, "date": pl.Date, "open": pl.Boolean, "opens": pl.String, "closes": pl.String}
    special = _special(stores, dict(holidays.country_holidays("GB", subdiv="ENG", years=range(2009, 2017))))
    school = pl.scan_csv(folder / "school_hols_long.csv.gz", infer_schema=False).select(
        date=pl.col("holidays").str.to_date("%d-%b-%Y"), school=pl.lit("school holiday"), store_id=pl.lit("leeds")
    )
    special = (
        special.join(school.unique(), on=["store_id", "date"], how="full", coalesce=True)
        .with_columns(school_holiday=pl.col("school"))
        .drop("school")
    )
    weather = pl.scan_csv(folder / "overall_weather.csv.gz", infer_schema=False).select(
        date=pl.col("date").str.to_date("%d/%m/%Y"),
        store_id=pl.lit("leeds"),
        temperature_mean=pl.col("mean_temp").cast(pl.Float64),
        temperature_max=pl.lit(None, dtype=pl.Float64),
        temperature_min=pl.lit(None, dtype=pl.Float64),
        precipitation=pl.col("rain").cast(pl.Float64),
        wind_speed=3.6 * pl.col("wind_speed").cast(pl.Float64),
    )
    measured = pl.any_horizontal(pl.col("temperature_mean", "precipitation", "wind_speed") != 0)
    readings = _cast(counts.unique(["date", "hour", "sensor_id"], keep="first", maintain_order=True).lazy())
    around = Surroundings(stores, pl.LazyFrame(schema=closed), special.collect().lazy())
    return World(readings.lazy(), around, weather.filter(measured).collect().lazy())


def _special(stores: pl.LazyFrame, days: dict[date, str]) -> pl.LazyFrame:
    dates = pl.LazyFrame({"date": list(days), "public_holiday": list(days.values())})
    text = pl.lit(None, dtype=pl.String)
    return (
        stores.select("store_id")
        .join(dates, how="cross")
        .with_columns(school_holiday=text, event=text, event_kind=text)
        .collect()
        .lazy()
    )


def _cast(readings: pl.LazyFrame) -> pl.DataFrame:
    return FootfallReading.cast(
        readings.with_columns(copies=pl.lit(1)).select(FootfallReading.column_names())
    ).collect()


def _false_alarms(quiet: list[tuple[pl.DataFrame, pl.DataFrame]]) -> None:
    found = pl.concat([one for one, _ in quiet])
    known = pl.concat([footfall.filter(pl.col("visitors").is_not_null()) for _, footfall in quiet])
    days = sum(footfall.select("store_id", "date").unique().height for _, footfall in quiet)
    print(f"\n{len(quiet)} retailers, {DAYS}, no event: {days:,} store-days, {known.height:,} store-hours\n")
    print("| scope | cause | minor | major |\n|---|---|---|---|")
    for scope in ("day", "hour"):
        of_scope = found.filter(pl.col("scope") == scope)
        for (cause,), rows in sorted(of_scope.group_by("cause")):
            major = (rows["severity"] == "major").sum()
            print(f"| {scope} | {cause} | {rows.height - major} | {major} |")
        alarms = of_scope.filter(pl.col("cause") == "unexplained").height
        print(f"| {scope} | unexplained, share | {100 * alarms / (days if scope == 'day' else known.height):.3f} % | |")


@dataclass(frozen=True)
class Recall:
    """Of the store-days that were changed: how many there are, were found, are unexplained, and major."""

    changed: int
    found: int
    unexplained: int
    major: int


def _quiet(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    return simulated(seed).anomalies(DAYS)


def _changed(seed: int, name: str) -> Recall:
    factor, hours = CHANGES[name]
    world = simulated(seed)
    counted = world.readings.filter(pl.col("visitors") > 0, pl.col("date") >= DAYS.first).collect()
    days = _chosen(counted)
    among = pl.col("hour").is_in(list(hours)) & pl.col("changed").is_not_null()
    visitors = pl.when(among).then((pl.col("visitors") * factor).round().cast(pl.Int64)).otherwise("visitors")
    marked = days.lazy().with_columns(changed=True)
    readings = world.readings.join(marked, on=["store_id", "date"], how="left").with_columns(visitors=visitors)
    found, _ = World(readings.drop("changed").collect().lazy(), world.around).anomalies(DAYS)
    scope = (pl.col("scope") == "day") if hours == _DAY else pl.col("hour").is_in(list(hours))
    found = found.filter(scope, pl.col("direction") == ("high" if factor > 1 else "low"))
    found = found.join(days, on=["store_id", "date"], how="semi")
    kinds = [pl.lit(value=True), pl.col("cause") == "unexplained", pl.col("severity") == "major"]
    return Recall(days.height, *(found.filter(kind).select("store_id", "date").unique().height for kind in kinds))


def _recall(of_changes: dict[str, list[Recall]]) -> None:
    print("\n| change | store-days | found | of all, unexplained | of all, major |\n|---|---|---|---|---|")
    for name, seeds in of_changes.items():
        changed = sum(one.changed for one in seeds)
        counts = [sum(getattr(one, kind) for one in seeds) for kind in ("found", "unexplained", "major")]
        print(f"| {name} | {changed} | " + " | ".join(f"{100 * count / changed:.0f} %" for count in counts) + " |")


def _chosen(readings: pl.DataFrame) -> pl.DataFrame:
    """Store-days to change: every 17th of a store, another for each."""
    days = readings.select("store_id", "date").unique().sort("store_id", "date")
    store = pl.col("store_id").rank("dense")
    place = (pl.col("date") - DAYS.first).dt.total_days()
    return days.filter((place + 5 * store) % _APART == 0)


def _leeds(found: pl.DataFrame, footfall: pl.DataFrame) -> None:
    days = footfall["date"].n_unique()
    of_day = found.filter(pl.col("scope") == "day")
    print(f"\nLeeds, {days} days: {of_day.height} days and {found.height - of_day.height} hours are anomalies\n")
    print("| cause | days | major | hours |\n|---|---|---|---|")
    for (cause,), rows in sorted(found.group_by("cause")):
        whole = rows.filter(pl.col("scope") == "day")
        print(f"| {cause} | {whole.height} | {(whole['severity'] == 'major').sum()} | {rows.height - whole.height} |")
    print("\n| day | | said |\n|---|---|---|")
    for day, name in _NAMED_DAYS.items():
        rows = found.filter(pl.col("date") == day)
        whole = rows.filter(pl.col("scope") == "day")
        said = whole["detail"].first() or f"the day is as expected, {rows.height} hours are not"
        print(f"| {day} | {name} | {said} |")
    print("\nMajor and unexplained:\n")
    for said in found.filter(pl.col("cause") == "unexplained", pl.col("severity") == "major")["detail"]:
        print(f"- {said}")


if __name__ == "__main__":
    main()
