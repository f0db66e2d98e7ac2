"""Why a store's day or hour was unlike others, as far as sensors, calendar and weather tell, and how bad it is.

Only naming belongs here. Which days and hours these are is `expected`'s business.
"""

import math

import polars as pl

_MOSTLY_IMPUTED = 0.5
_MAJOR = {"day": (4.0, 0.3), "hour": (6.0, 0.5)}  # usual distances and share of expected from which it is major
_CLOSED_HOURS = 2  # open hours without a visitor that make a store look closed
_WET, _HOT, _COLD, _WINDY = 8.0, 28.0, 0.0, 45.0  # mm, °C, °C and km/h that keep people at home anywhere
_RARELY = 0.95  # of days before that were less wet, hot, cold or windy
_AS_USUAL = math.log(1.05)

_EVENT, _LOW = pl.col("event_kind").cast(pl.String), pl.col("direction") == "low"


def with_severity(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add `deviation_pct`, `direction` and `severity` to rows with `scope`, `visitors`, `expected`, `score`."""
    share = pl.col("visitors") / pl.col("expected").replace(0.0, None) - 1
    major = pl.any_horizontal(
        (pl.col("scope") == scope) & (pl.col("score").abs() >= score) & (share.abs().fill_null(1.0) >= least)
        for scope, (score, least) in _MAJOR.items()
    )
    return rows.with_columns(
        deviation_pct=(100 * share).round(1),
        direction=pl.when(pl.col("score") > 0).then(pl.lit("high")).otherwise(pl.lit("low")),
        severity=pl.when(major).then(pl.lit("major")).otherwise(pl.lit("minor")),
    )


def with_cause(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add `cause` and `why`, a clause about it.

    Args:
        rows: of `with_severity` with `faulty` (names of suspect sensors), `imputed_share`, `hours`, `usual_hours`,
            `empty`, `together`, `others`, the columns of the calendar, `near_holiday` and `weather` (a clause
            about unusual weather), each null where there is nothing to say.
    """
    told = [
        ("sensor_fault", _sensor_fault(), _of_sensors()),
        ("closed", _closed(), _of_closing()),
        ("event", _event(), pl.format("the calendar has: {}", "event")),
        ("holiday", pl.col("public_holiday").is_not_null(), pl.format("it is {}", "public_holiday")),
        ("holiday", pl.col("near_holiday").is_not_null(), pl.col("near_holiday")),
        ("weather", _weather(), pl.col("weather")),
        ("holiday", _school_holiday(), pl.format("{}", "school_holiday")),
    ]
    cause, why = pl.lit("unexplained"), pl.lit("no reason is known")
    for name, holds, clause in reversed(told):
        here = holds.fill_null(value=False)
        cause = pl.when(here).then(pl.lit(name)).otherwise(cause)
        why = pl.when(here).then(clause).otherwise(why)
    return rows.with_columns(cause=cause, why=why)


def with_detail(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add `detail`: one sentence with the numbers, for whoever runs the store."""
    more = pl.when(_LOW).then(pl.lit("fewer")).otherwise(pl.lit("more"))
    day = pl.col("date").dt.strftime("%A %-d %B %Y")
    hour = pl.col("hour").cast(pl.String).str.zfill(2)
    when = pl.when(pl.col("hour").is_null()).then(day).otherwise(pl.format("{} from {}:00", day, hour))
    others = (
        pl.when(pl.col("others").is_null() | (pl.col("scope") == "hour"))
        .then(pl.lit(""))
        .when(pl.col("others").abs() < _AS_USUAL)
        .then(pl.lit(", other stores as usual"))
        .otherwise(
            pl.format(
                ", other stores {} % {}",
                _whole(100 * (pl.col("others").exp() - 1).abs()),
                pl.when(pl.col("others") > 0).then(pl.lit("more")).otherwise(pl.lit("fewer")),
            )
        )
    )
    return rows.with_columns(
        detail=pl.format(
            "{} visitors on {}, {} % {} than the {} expected (band {} to {}){}: {}.",
            "visitors",
            when,
            _whole(pl.col("deviation_pct").abs().fill_null(100.0)),
            more,
            *(_whole(pl.col(name)) for name in ("expected", "expected_low", "expected_high")),
            others,
            "why",
        )
    )


def unusual_weather(weather: pl.LazyFrame) -> pl.LazyFrame:
    """What was unusual about the last of each store's days, as a clause.

    Args:
        weather: `Weather` rows with `day`, the day that they are looked at for: itself and the days before.

    Returns:
        `store_id`, `day`, `weather`; null where it was as usual.
    """
    wet, wind = pl.col("precipitation"), pl.col("wind_speed")
    hot = pl.coalesce("temperature_max", "temperature_mean")
    cold = pl.coalesce("temperature_min", "temperature_mean")
    last = pl.col("date") == pl.col("day")

    def rare(measure: pl.Expr, bound: float, sign: int = 1) -> pl.Expr:
        today, before = measure.filter(last).first() * sign, measure.filter(~last) * sign
        return (today >= bound * sign) & (today >= before.quantile(_RARELY, "nearest").fill_null(-math.inf))

    kinds = [
        (rare(wet, _WET) & (cold.filter(last).first() <= 1), "it snowed or rained {} mm", wet),
        (rare(wet, _WET), "it rained {} mm", wet),
        (rare(hot, _HOT), "it was {} °C hot", hot),
        (rare(cold, _COLD, -1), "it was {} °C cold", cold),
        (rare(wind, _WINDY), "the wind blew at {} km/h", wind),
    ]
    clause = pl.lit(None, dtype=pl.String)
    for holds, words, measure in reversed(kinds):
        said = pl.format(words, _whole(measure.filter(last).first()))
        clause = pl.when(holds.fill_null(value=False)).then(said).otherwise(clause)
    return weather.sort("date").group_by("store_id", "day").agg(weather=clause)


def _sensor_fault() -> pl.Expr:
    return (pl.col("imputed_share") >= _MOSTLY_IMPUTED) | (pl.col("faulty").list.len() > 0)


def _of_sensors() -> pl.Expr:
    named = pl.format("door counters do not count as they should ({})", pl.col("faulty").list.join(", "))
    share = pl.format("{} % of the visitors are an estimate", _whole(100 * pl.col("imputed_share").fill_null(0.0)))
    return pl.when(pl.col("faulty").list.len() > 0).then(named).otherwise(share)


def _closed() -> pl.Expr:
    shorter = pl.col("hours") <= pl.col("usual_hours") - 1
    empty = pl.col("empty") >= pl.when(pl.col("scope") == "day").then(_CLOSED_HOURS).otherwise(1)
    return _LOW & (shorter.fill_null(value=False) | empty)


def _of_closing() -> pl.Expr:
    shorter = pl.format("open for {} hours instead of {}", _whole(pl.col("hours")), _whole(pl.col("usual_hours")))
    empty = pl.format(
        "nobody came in {} {} although the doors count: it looks closed",
        _whole(pl.col("empty")),
        pl.when(pl.col("empty") == 1).then(pl.lit("open hour")).otherwise(pl.lit("open hours")),
    )
    return pl.when(pl.col("hours") <= pl.col("usual_hours") - 1).then(shorter).otherwise(empty)


def _event() -> pl.Expr:
    """A promotion explains more visitors, strikes and works fewer, another event both."""
    fits = pl.when(_EVENT == "promotion").then(~_LOW).when(_EVENT.is_in(["strike", "works"])).then(_LOW)
    return pl.col("event").is_not_null() & fits.otherwise(pl.lit(value=True))


def _weather() -> pl.Expr:
    """Unusual weather explains a day on which all stores moved the same way, or one without other stores to ask."""
    asked = pl.col("together") | pl.col("others").is_null()
    return (pl.col("scope") == "day") & pl.col("weather").is_not_null() & asked


def _school_holiday() -> pl.Expr:
    """It lasts for weeks and moves a store a little: it explains nothing major."""
    return pl.col("school_holiday").is_not_null() & (pl.col("severity") == "minor")


def _whole(number: pl.Expr) -> pl.Expr:
    return number.round().cast(pl.Int64)
