"""How good the footfall forecast is, on eight street cameras in Leeds, 14 days ahead from weekly origins over a year.

    RETAIL_TEST_DATA=<folder> python -m benchmarks.footfall_forecast [--year 2015] [--no-ablation]

The method was tuned on 2011 and 2012 alone. Intervals are those that could have been stated at each origin: the year
before warms them up. Prints Markdown.
"""

import os
import time
from argparse import ArgumentParser
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from retail_platform.domains.forecast import hours
from retail_platform.domains.forecast.backtest import Backtest, backtest
from retail_platform.domains.forecast.contract import HORIZON
from retail_platform.domains.forecast.features import CALENDAR, RECENT, WEEKS_AHEAD, YEARLY, examples
from retail_platform.domains.forecast.model import WHOLE, Method
from retail_platform.domains.forecast.panel import HOURS, Bools, Floats, Ints, Panel, panel

STEP = 7  # days from origin to origin
BUSY_FROM, BUSY_TO = 8, 20  # hours in which a street camera that counts nobody is broken


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--year", type=int, default=2015, help="the year that is forecast")
    parser.add_argument("--no-ablation", action="store_true", help="leave out what each step adds")
    options = parser.parse_args()
    found = leeds(Path(os.environ.get("RETAIL_TEST_DATA", "../shared/data")) / "leeds_footfall")
    started = time.perf_counter()
    both = _origins(found, options.year - 1, options.year)
    tried = backtest(found, both)
    evaluated = both >= _column(found, date(options.year - 1, 12, 31))
    print(f"\n{evaluated.sum()} weekly origins, targets in {options.year}, {time.perf_counter() - started:.0f} s\n")
    daily = _daily(found, tried, evaluated)
    _report(daily, found.stores)
    _report(_hourly(found, tried, evaluated), found.stores)
    if not options.no_ablation:
        _ablation(found, both[evaluated], daily)


def leeds(folder: Path) -> Panel:
    """The cameras' counts without repeated rows and without days on which a camera was broken."""
    counts = (
        pl.read_csv(folder / "footfall.csv.gz", infer_schema=False)
        .select(
            store_id=pl.col("LocationName"),
            date=pl.col("NewDate").str.to_date("%d-%b-%Y"),
            hour=pl.col("Hour").cast(pl.Int8),
            visitors=pl.col("InCount").cast(pl.Int64),
        )
        .unique()
    )
    christmas = (pl.col("date").dt.month() == 12) & (pl.col("date").dt.day() == 25)
    nobody = (pl.col("visitors") == 0) & pl.col("hour").is_between(BUSY_FROM, BUSY_TO, closed="left") & ~christmas
    broken = nobody.any().over("store_id", "date")
    known = counts.with_columns(visitors=pl.when(~broken).then("visitors"))
    found = panel(known, _special_days(folder, counts))
    assert found is not None
    return found


def _special_days(folder: Path, counts: pl.DataFrame) -> pl.DataFrame:
    """England's public holidays and the schools' holidays, for each camera."""
    import holidays

    years = counts["date"].dt.year().unique().to_list()
    public = holidays.country_holidays("GB", subdiv="ENG", years=years)
    school = pl.read_csv(folder / "school_hols_long.csv.gz", infer_schema=False).select(
        date=pl.col("holidays").str.to_date("%d-%b-%Y"), school_holiday=pl.lit("school holiday")
    )
    days = (
        pl.DataFrame({"date": list(public), "public_holiday": list(public.values())})
        .join(school.unique(), on="date", how="full", coalesce=True)
        .with_columns(event=pl.lit(None, dtype=pl.String))
    )
    return counts.select("store_id").unique().join(days, how="cross")


def _column(found: Panel, day: date) -> int:
    return (day - found.first).days


def _origins(found: Panel, first: int, last: int) -> Ints:
    """Weekly origins whose days ahead all lie in the years, those of the last year from its first day on."""
    turn = _column(found, date(last - 1, 12, 31))
    begin, end = _column(found, date(first - 1, 12, 31)), _column(found, date(last, 12, 31)) - HORIZON
    return np.arange(turn - (turn - begin) // STEP * STEP, end + 1, STEP, dtype=np.intp)


@dataclass(frozen=True)
class Evaluated:
    """Forecasts of the evaluated year beside what came: arrays of cameras x origins x HORIZON (x 24).

    Attributes:
        grain: daily or hourly.
        came: visitors; NaN where unknown.
        forecast: visitors.
        naive: visitors by the seasonal naive forecast.
        bounds: ends of the intervals, by level.
        scale: of each camera, the mean absolute error of the seasonal naive forecast over two years before.
    """

    grain: str
    came: Floats
    forecast: Floats
    naive: Floats
    bounds: dict[str, Floats]
    scale: Floats

    @property
    def known(self) -> Bools:
        return np.isfinite(self.came) & np.isfinite(self.forecast) & np.isfinite(self.naive)

    def line(self, name: str, cameras: slice) -> str:
        """One line of the report."""
        error, repeated = self._wape(self.forecast, cameras), self._wape(self.naive, cameras)
        weeks = [self._wape(self.forecast, cameras, days) for days in (slice(0, 7), slice(7, HORIZON))]
        off = np.where(self.known, np.abs(self.came - self.forecast), np.nan).reshape(len(self.scale), -1)
        mase = (np.nanmean(off, axis=1) / self.scale)[cameras].mean()
        inside = [f"{self._inside(level, cameras):.1%}" for level in (50, 80)]
        numbers = [f"{error:.3f}", f"{repeated:.3f}", f"{1 - error / repeated:.1%}", f"{mase:.2f}", *inside]
        return f"| {' | '.join([name, *numbers, *(f'{week:.3f}' for week in weeks)])} |"

    def _wape(self, guess: Floats, cameras: slice, days: slice = slice(None)) -> float:
        part = (cameras, slice(None), days)
        return wape(self.came[part], guess[part], self.known[part])

    def _inside(self, level: int, cameras: slice) -> float:
        low, high = self.bounds[f"low_{level}"][cameras], self.bounds[f"high_{level}"][cameras]
        came, known = self.came[cameras], self.known[cameras]
        return float(((came >= low) & (came <= high))[known].mean())


def wape(came: Floats, guess: Floats, known: Bools) -> float:
    """Sum of absolute errors over sum of visitors."""
    return float(np.abs(came - guess)[known].sum() / came[known].sum())


def _daily(found: Panel, tried: Backtest, evaluated: Bools) -> Evaluated:
    made = tried.forecasts
    bounds = {level: ends[:, evaluated] for level, ends in tried.bounds().items()}
    guesses = made.visitors[:, evaluated], made.naive[:, evaluated]
    scale = _repeating(found.daily[:, : made.origins[evaluated][0] + 1], 7)
    return Evaluated("daily", tried.came[:, evaluated], *guesses, bounds, scale)


def _hourly(found: Panel, tried: Backtest, evaluated: Bools) -> Evaluated:
    made = tried.forecasts
    hourly = made.visitors[..., None] * hours.shares(found, made.origins)
    came = np.where(np.isfinite(tried.came)[..., None], found.hourly[:, made.columns], np.nan)
    bounds: dict[str, Floats] = {}
    for index in np.flatnonzero(evaluated):
        known = hours.calibration(found, made.origins, hourly, until=int(made.origins[index]))
        assert known is not None
        by_hour = np.moveaxis(hourly[:, index], -1, 1).reshape(-1, HORIZON)
        special = np.repeat(tried.special[:, index], HOURS, axis=0)
        for level, ends in known.bounds(by_hour, special, WEEKS_AHEAD).items():
            shaped = np.moveaxis(ends.reshape(len(found.stores), HOURS, HORIZON), 1, -1)
            bounds.setdefault(level, np.full_like(hourly, np.nan))[:, index] = shaped
    guesses = hourly[:, evaluated], _naive_hours(found, made.columns)[:, evaluated]
    bounds = {level: ends[:, evaluated] for level, ends in bounds.items()}
    history = found.hourly[:, : made.origins[evaluated][0] + 1].reshape(len(found.stores), -1)
    return Evaluated("hourly", came[:, evaluated], *guesses, bounds, _repeating(history, 7 * HOURS))


def _repeating(history: Floats, lag: int) -> Floats:
    """Mean absolute error of repeating the last week, over the last two years of a history: MASE's measure."""
    recent = history[:, -(2 * 365 // 7) * lag :]
    return np.asarray(np.nanmean(np.abs(recent[:, lag:] - recent[:, :-lag]), axis=1))


def _naive_hours(found: Panel, columns: Ints) -> Floats:
    """The latest known count of the same weekday and hour."""
    naive = np.full((len(found.stores), *columns.shape, HOURS), np.nan)
    for week in range(8):
        known = found.hourly[:, columns - 7 * WEEKS_AHEAD - 7 * week]
        naive = np.where(np.isnan(naive), known, naive)
    return naive


def _report(of: Evaluated, cameras: list[str]) -> None:
    print(f"| {of.grain} | WAPE | seasonal naive | lower by | MASE | in 50 % | in 80 % | week 1 | week 2 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for index, name in enumerate(cameras):
        print(of.line(name, slice(index, index + 1)))
    print(of.line("all", slice(None)) + "\n")


def _ablation(found: Panel, origins: Ints, daily: Evaluated) -> None:
    linear = Method(boosted=False, groups=(RECENT,))
    steps = {
        "linear model of recent weeks": linear,
        "+ the same weeks of earlier years": replace(linear, groups=(RECENT, YEARLY)),
        "+ weekday, season, school holidays": replace(linear, groups=(RECENT, YEARLY, CALENDAR)),
        "+ public holidays and their last occasion": replace(linear, groups=WHOLE.groups),
        "boosted trees of the same": Method(linear=False),
    }
    base = wape(daily.came, daily.naive, daily.known)
    print("| daily, all cameras | WAPE | lower by |\n|---|---|---|")
    print(f"| seasonal naive | {base:.3f} | |")

    def show(name: str, guess: Floats) -> None:
        error = wape(daily.came, guess, daily.known)
        print(f"| {name} | {error:.3f} | {1 - error / base:.1%} |", flush=True)

    show("median of the 4 last same weekdays", np.exp(examples(found, slice(None), origins).base))
    for name, method in steps.items():
        show(name, backtest(found, origins, method).forecasts.visitors)
    show("linear model and boosted trees, averaged", daily.forecast)


if __name__ == "__main__":
    main()
