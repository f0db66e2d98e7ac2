"""From footfall to the tables of the forecast. Pure functions, frames in, frames out."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retail_platform.domains.footfall.transform import maybe_open
from retail_platform.domains.forecast import hours as hours_of_days
from retail_platform.domains.forecast.backtest import Backtest, Forecasts, backtest, backtest_origins, forecast
from retail_platform.domains.forecast.contract import (
    HORIZON,
    REGRESSION,
    SEASONAL_NAIVE,
    FootfallBacktest,
    FootfallForecast,
    FootfallForecastDay,
)
from retail_platform.domains.forecast.features import WEEKS_AHEAD, at
from retail_platform.domains.forecast.panel import HOURS, Bools, Floats, Panel, panel
from retail_platform.domains.stores.transform import day_openings, open_hours


@dataclass(frozen=True)
class Forecast:
    """The forecast's tables, and what there is to say of them.

    Attributes:
        hours: `FootfallForecast` rows.
        days: `FootfallForecastDay` rows.
        backtest: `FootfallBacktest` rows.
        made_on: the last observed day; None: no footfall at all.
        origins: how many earlier origins were tried.
        without_history: stores that have footfall, none of it in the last 8 weeks: they have no rows.
        repeated: stores whose history is too short to learn from: last week is repeated.
    """

    hours: pl.DataFrame
    days: pl.DataFrame
    backtest: pl.DataFrame
    made_on: date | None = None
    origins: int = 0
    without_history: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


def footfall_forecast(
    footfall: pl.LazyFrame,
    stores: pl.LazyFrame,
    opening_hours: pl.LazyFrame,
    special_days: pl.LazyFrame | None = None,
    *,
    visitors_per_employee: float | None = None,
) -> Forecast:
    """Forecast the 14 days after the last observed one, and try the same at earlier origins.

    Args:
        footfall: `Footfall` rows of days that are over; hours known to be closed are taken for empty.
        stores: `Store` rows.
        opening_hours: `OpeningHours` rows; known closed hours are forecast as 0, unknown ones as they have data.
        special_days: `StoreCalendarDay` rows, the days to come as well; None: none are known.
        visitors_per_employee: whom one employee can serve in an hour; None: no staff is suggested.
    """
    visitors = pl.when(maybe_open()).then("visitors").otherwise(0)
    rows = footfall.select("store_id", "date", "hour", visitors).collect()
    found = panel(rows, None if special_days is None else special_days.collect())
    named = set(rows["store_id"].unique())
    if found is None:
        empty = (FootfallForecast.create_empty(), FootfallForecastDay.create_empty(), FootfallBacktest.create_empty())
        return Forecast(*empty, without_history=tuple(sorted(named)))
    tried = backtest(found, backtest_origins(found)) if len(backtest_origins(found)) else None
    closed, opened = _openings(found, stores, opening_hours)
    ahead = forecast(
        found, np.array([found.days - 1]), opens=np.any(opened, axis=-1, keepdims=True).reshape(-1, 1, HORIZON)
    )
    hourly, split = _hourly(found, ahead, closed, opened)
    daily = np.where(np.isfinite(ahead.visitors[:, 0]), hourly.sum(axis=-1), np.nan)
    learnt = ahead.learnt[:, 0]
    ids = np.array(found.stores)
    return Forecast(
        _hours_table(found, tried, hourly, split, learnt, visitors_per_employee=visitors_per_employee),
        _days_table(found, tried, daily, learnt),
        FootfallBacktest.create_empty() if tried is None else _backtest_table(found, tried),
        made_on=found.last,
        origins=0 if tried is None else len(tried.forecasts.origins),
        without_history=tuple(sorted(named - set(ids[np.isfinite(daily).any(axis=1)]))),
        repeated=tuple(ids[~learnt]),
    )


def _openings(found: Panel, stores: pl.LazyFrame, opening_hours: pl.LazyFrame) -> tuple[Bools, Bools]:
    """Stores x HORIZON x 24: hours known to be closed, and hours known to be open."""
    first = found.last + timedelta(days=1)
    coming = opening_hours.filter(
        pl.col("date").is_between(first, found.last + timedelta(days=HORIZON)),
        pl.col("store_id").is_in(found.stores),
    )
    place = pl.LazyFrame({"store_id": found.stores, "store": range(len(found.stores))})

    def mask(frame: pl.LazyFrame) -> tuple[pl.DataFrame, Bools]:
        places = frame.join(place, on="store_id").with_columns(day=(pl.col("date") - first).dt.total_days())
        return places.collect(), np.zeros((len(found.stores), HORIZON, HOURS), dtype=bool)

    days, known = mask(day_openings(coming).filter("hours_known"))
    known[days["store"].to_numpy(), days["day"].to_numpy()] = True
    rows, opened = mask(open_hours(coming, stores))
    opened[rows["store"].to_numpy(), rows["day"].to_numpy(), rows["hour"].to_numpy()] = True
    return known & ~opened, known & opened


def _hourly(found: Panel, ahead: Forecasts, closed: Bools, opened: Bools) -> tuple[Floats, Bools]:
    """Visitors of each hour ahead, and which hours there are to speak of.

    A day that opens for shorter than is usual on its weekday gets that much less, unless it is a special day whose
    last occasion says what to expect.
    """
    share = hours_of_days.shares(found, ahead.origins)[:, 0]
    kept = np.where(closed, 0, share)
    total = kept.sum(axis=-1, keepdims=True)
    none_known = (total == 0) & opened.any(axis=-1, keepdims=True)
    kept = np.where(none_known, opened / np.maximum(opened.sum(axis=-1, keepdims=True), 1), kept)
    experienced = found.earlier[:, ahead.columns[0], None] >= 0
    whole = np.where(experienced & (total > 0), kept / np.where(total > 0, total, 1), kept)
    usable = (share > 0).any(axis=1, keepdims=True) | opened.any(axis=1, keepdims=True)
    return np.nan_to_num(ahead.visitors[:, 0, :, None] * whole), np.broadcast_to(usable, closed.shape)


def _hours_table(
    found: Panel,
    tried: Backtest | None,
    hourly: Floats,
    there: Bools,
    learnt: Bools,
    *,
    visitors_per_employee: float | None,
) -> pl.DataFrame:
    special = found.special[:, None, found.days :]
    known = None
    if tried is not None:
        earlier = tried.forecasts.visitors[..., None] * hours_of_days.shares(found, tried.forecasts.origins)
        known = hours_of_days.calibration(found, tried.forecasts.origins, earlier)
    by_hour = np.moveaxis(hourly, -1, 1).reshape(-1, HORIZON)
    ends = {} if known is None else known.bounds(by_hour, _repeated(special), WEEKS_AHEAD)
    shape = (len(found.stores), HOURS, HORIZON)
    staff = None if visitors_per_employee is None else np.ceil(np.round(hourly / visitors_per_employee, 9))
    columns = {
        "hour": np.broadcast_to(np.arange(HOURS), hourly.shape),
        "visitors": hourly,
        **{level: np.moveaxis(end.reshape(shape), 1, -1) for level, end in ends.items()},
        "power_hour": hours_of_days.power_hours(hourly),
        **({} if staff is None else {"suggested_staff": staff}),
    }
    return FootfallForecast.validate(
        _table(found, columns, learnt, there & _has_history(found, hourly)).pipe(_complete, FootfallForecast), cast=True
    )


def _days_table(found: Panel, tried: Backtest | None, daily: Floats, learnt: Bools) -> pl.DataFrame:
    known = None if tried is None else tried.calibration()
    ends = {} if known is None else known.bounds(daily, found.special[:, found.days :], WEEKS_AHEAD)
    rows = _table(found, {"visitors": daily, **ends}, learnt, np.isfinite(daily))
    return FootfallForecastDay.validate(rows.pipe(_complete, FootfallForecastDay), cast=True)


def _backtest_table(found: Panel, tried: Backtest) -> pl.DataFrame:
    made, bounds = tried.forecasts, tried.bounds()
    there = np.isfinite(tried.came) & np.isfinite(made.visitors)
    store, origin, ahead = np.nonzero(there)
    first = pl.lit(found.first)
    columns: dict[str, NDArray[Any]] = {
        "store_id": np.array(found.stores)[store],
        "origin": made.origins[origin],
        "horizon_day": ahead + 1,
        "visitors": tried.came[there],
        "forecast": made.visitors[there],
        "seasonal_naive": made.naive[there],
        "learnt": made.learnt[store, origin],
    }
    ends = {level: bounds[level][there] for level in ("low_80", "high_80") if level in bounds}
    rows = pl.DataFrame(columns | ends).with_columns(
        origin=first + pl.duration(days="origin"),
        date=first + pl.duration(days=pl.col("origin") + pl.col("horizon_day")),
        model=_model(pl.col("learnt")),
    )
    return FootfallBacktest.validate(rows.pipe(_complete, FootfallBacktest), cast=True)


def _table(found: Panel, columns: dict[str, Floats | Bools], learnt: Bools, there: Bools) -> pl.DataFrame:
    """A row for each store, day ahead (and hour) that is there."""
    store, ahead = np.nonzero(there)[:2]
    return pl.DataFrame(
        {
            "store_id": np.array(found.stores)[store],
            "ahead": ahead,
            "learnt": learnt[store],
            **{name: values[there] for name, values in columns.items()},
        }
    ).with_columns(
        date=pl.lit(found.last) + pl.duration(days=pl.col("ahead") + 1),
        made_on=pl.lit(found.last),
        model=_model(pl.col("learnt")),
    )


def _complete(rows: pl.DataFrame, contract: type) -> pl.DataFrame:
    """The contract's columns and no others; those that are not there, and what is not a number, are null."""
    schema = pl.Schema(contract)  # type: ignore[arg-type]
    lacking = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in rows.columns]
    floats = pl.selectors.float()
    return rows.with_columns(floats.fill_nan(None), *lacking).select(list(schema))


def _model(learnt: pl.Expr) -> pl.Expr:
    return pl.when(learnt).then(pl.lit(REGRESSION)).otherwise(pl.lit(SEASONAL_NAIVE))


def _repeated(special: Bools) -> Bools:
    """Of stores, for each of their hours."""
    return np.repeat(special, HOURS, axis=1).reshape(-1, HORIZON)


def _has_history(found: Panel, hourly: Floats) -> Bools:
    there = np.isfinite(at(found.level, np.array([found.days - 1])))
    return np.broadcast_to(there[:, :, None], hourly.shape)
