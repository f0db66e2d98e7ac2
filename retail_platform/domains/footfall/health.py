"""Which counters can be believed on a day, and why not.

Only the verdicts belong here; what is usual is `usual`'s business, what stands in for a rejected count `imputation`'s.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from retail_platform.domains.footfall.contract import SensorHealth
from retail_platform.domains.footfall.grid import Floats, Grid, Ints, Mask
from retail_platform.domains.footfall.usual import Usual, is_suspect, median

_BAND = 1.2816  # of an 80 % interval, in standard deviations
_LEAST_EXPECTED = 5.0  # persons; where fewer are expected a 0 proves nothing
_PARTIAL_HOURS = 3  # in a row
_STUCK_HOURS, _STUCK_WHILE_CHANGING = 6, 4  # equal counts in a row; while what is usual at least doubles
_STUCK_BUSY = ((5, 30.0), (4, 100.0))  # equal counts in a row, of at least so many persons: chance makes fewer
_STUCK_COUNT = 10.0
_SOLD_WEEKS = 4  # of the same weekday that sales are compared with
_ALIKE = 0.4  # log distance of sales and visitors that is no contradiction
_SHIFTS = (-3, -2, -1, 1, 2, 3)
_SHIFT_GAIN, _SHIFT_HOURS = 3.0, 6


@dataclass(frozen=True)
class Verdicts:
    """Of the counters of a grid's last day; `opened` (hours to count) and `rejected` are (sensor, hour), the rest
    (sensor)."""

    status: list[str]
    opened: Mask
    rejected: Mask
    reason: list[str | None]
    expected: Floats
    spread: Floats
    score: Floats


def verdicts(grid: Grid, found: Usual) -> Verdicts:
    """Judge each counter's last day; the gravest finding names it."""
    opened = grid.hours_to_count()
    counts = np.where(opened, grid.counts[:, -1], np.nan)
    hourly = found.usual_counts() * np.exp(np.nan_to_num(found.level[:, -1]))[:, None]
    known = np.isfinite(hourly) & opened
    expected = np.where(known, np.nan_to_num(hourly), 0.0)
    total = expected.sum(axis=1)
    counted = np.isfinite(counts)
    partial = _runs((~counted | (counts == 0)) & (expected >= _LEAST_EXPECTED), _PARTIAL_HOURS)
    ratio = np.where(partial.any(axis=1), _ratio_beside(partial, counts, found), found.ratio[:, -1])
    level = found.level[:, -1]
    spread = np.sqrt(found.spread**2 + 1 / np.maximum(total, 1.0))
    score = (ratio - level) / spread
    suspect = is_suspect(ratio, ratio - level, score, found.has_siblings[:, -1])
    suspect &= found.has_siblings[:, -1] | ~_sold_alike(grid, ratio)

    spikes = grid.absurd[:, -1] | found.spikes[:, -1]
    dead = opened.any(axis=1) & _dead(counts, expected, opened)
    stuck = _stuck(counts, expected)
    told = grid.hours_known[grid.store, -1, None] | grid.usual_hours()  # else the hours may be those of a wrong clock
    shift = _clock_shift(grid.counts[:, -1], np.where(told, found.usual_counts(), 0.0))
    findings = {
        "dead": dead,
        "clock_shift": shift != 0,
        "stuck": stuck.any(axis=1),
        "undercounting": suspect & (score < 0),
        "overcounting": suspect & (score > 0),
        "partial_day": partial.any(axis=1),
        "spikes": spikes.any(axis=1),
        "unjudged": ~known.any(axis=1),
    }
    status = np.select(list(findings.values()), list(findings), "ok").tolist()
    whole = np.isin(status, ["dead", "undercounting", "overcounting"])  # a shifted clock leaves the day's sum right
    rejected = (spikes | stuck | (partial & (counts == 0)) | whole[:, None]) & opened
    facts = _Facts(counts, expected, rejected, shift)
    reasons = [_reason(called, facts, number) for number, called in enumerate(status)]
    return Verdicts(status, opened, rejected, reasons, np.where(known.any(axis=1), total, np.nan), spread, score)


def _ratio_beside(partial: Mask, counts: Floats, found: Usual) -> Floats:
    """log(counted / usual) of the hours that a counter which was off for some counted: it may count well in them."""
    usual = found.usual_counts()
    kept = np.isfinite(counts) & np.isfinite(usual) & ~partial
    seen, wanted = (np.where(kept, values, 0.0).sum(axis=1) for values in (counts, usual))
    return np.where(kept.any(axis=1), np.log1p(seen) - np.log1p(wanted), np.nan)


def health_frame(day: date, grid: Grid, judged: Verdicts) -> pl.DataFrame:
    """`SensorHealth` rows of the stores that trade on a day."""
    opened = judged.opened
    counts = np.where(opened, grid.counts[:, -1], np.nan)
    counted = np.isfinite(counts)
    half = np.expm1(_BAND * judged.spread) + 1
    frame = pl.DataFrame(
        {
            "date": pl.Series([day], dtype=pl.Date).new_from_index(0, len(grid.sensors)),
            "store_id": pl.Series(grid.stores, dtype=pl.String).gather(grid.store),
            "sensor_id": grid.sensors,
            "status": pl.Series(judged.status, dtype=pl.String),
            "hours_expected": opened.sum(axis=1),
            "hours_counted": counted.sum(axis=1),
            "observed": np.where(counted, counts, 0.0).sum(axis=1),
            "expected": judged.expected,
            "expected_low": judged.expected / half,
            "expected_high": judged.expected * half,
            "score": judged.score,
            "rejected_hours": pl.Series(
                [np.flatnonzero(row).tolist() for row in judged.rejected], dtype=pl.List(pl.Int8)
            ),
            "reason": pl.Series(judged.reason, dtype=pl.String),
        }
    )
    trades = pl.Series(opened.any(axis=1))
    known = pl.col("expected").is_not_nan()
    return (
        frame.filter(trades)
        .with_columns(
            pl.when(pl.col("hours_counted") > 0).then("observed"),
            pl.when(known).then(pl.col("expected", "expected_low", "expected_high")),
            pl.when(pl.col("score").is_not_nan()).then("score"),
        )
        .pipe(SensorHealth.cast)
    )


def _sold_alike(grid: Grid, ratio: Floats) -> Mask:
    """The store's sales moved as its counter did: then it was the store, not the counter (sensor)."""
    before = median(grid.sold[:, -8::-7][:, :_SOLD_WEEKS], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.log(grid.sold[:, -1] / before)[grid.store]
    alike: Mask = np.abs(ratio - moved) < _ALIKE
    return alike


def _dead(counts: Floats, expected: Floats, opened: Mask) -> Mask:
    """Nothing, or nothing but zeros where somebody is expected."""
    nothing = ~np.isfinite(counts).any(axis=1)
    zeros = (np.nan_to_num(counts).sum(axis=1) == 0) & (expected.sum(axis=1) >= _LEAST_EXPECTED)
    dead: Mask = (nothing | zeros) & opened.any(axis=1)
    return dead


def _stuck(counts: Floats, expected: Floats) -> Mask:
    """Hours of a run of equal counts that is too long to be chance."""
    stuck = np.zeros(counts.shape, bool)
    kinds = ((_STUCK_HOURS, _STUCK_COUNT, False), (_STUCK_WHILE_CHANGING, _STUCK_COUNT, True))
    for length, least, changing in (*kinds, *((*kind, False) for kind in _STUCK_BUSY)):
        same = (counts[:, 1:] == counts[:, :-1]) & (counts[:, 1:] >= least)
        for start in range(counts.shape[1] - length + 1):
            run: Mask = np.logical_and.reduce(same[:, start : start + length - 1], axis=1)
            if changing:
                usual = expected[:, start : start + length]
                run &= usual.max(axis=1) >= 2 * np.maximum(usual.min(axis=1), 1.0)
            stuck[:, start : start + length] |= run[:, None]
    return stuck


def _runs(marked: Mask, length: int) -> Mask:
    """Those of the marked hours that lie in a run of at least `length`."""
    runs = np.zeros(marked.shape, bool)
    for start in range(marked.shape[1] - length + 1):
        whole: Mask = np.logical_and.reduce(marked[:, start : start + length], axis=1)
        runs[:, start : start + length] |= whole[:, None]
    return runs


def _clock_shift(counts: Floats, usual: Floats) -> Ints:
    """By how many hours the day's curve lies beside the usual one; 0 for none."""
    day, curve = np.sqrt(np.nan_to_num(counts)), np.sqrt(np.nan_to_num(usual))

    def misfit(shift: int) -> Floats:
        moved = np.zeros(curve.shape)
        if shift > 0:
            moved[:, shift:] = curve[:, :-shift]
        elif shift < 0:
            moved[:, :shift] = curve[:, -shift:]
        else:
            moved = curve
        scale = (day * moved).sum(axis=1) / np.maximum((moved**2).sum(axis=1), 1e-9)
        return ((day - scale[:, None] * moved) ** 2).sum(axis=1) / np.maximum((day**2).sum(axis=1), 1e-9)

    unmoved = misfit(0)
    moved = np.stack([misfit(shift) for shift in _SHIFTS])
    best = moved.argmin(axis=0)
    enough = ((counts > 0).sum(axis=1) >= _SHIFT_HOURS) & (np.nan_to_num(counts).sum(axis=1) >= 10 * _STUCK_COUNT)
    clear = enough & (unmoved > _SHIFT_GAIN * moved.min(axis=0)) & (unmoved > 0.05)
    return np.where(clear, np.array(_SHIFTS)[best], 0)


@dataclass(frozen=True)
class _Facts:
    """What reasons tell of the counters (sensor, hour; `shift` is of the sensor)."""

    counts: Floats
    expected: Floats
    rejected: Mask
    shift: Ints

    def observed(self, number: int) -> str:
        return f"{np.nan_to_num(self.counts[number]).sum():,.0f}"

    def wanted(self, number: int) -> str:
        return f"{self.expected[number].sum():,.0f}"

    def share(self, number: int) -> str:
        return f"{np.nan_to_num(self.counts[number]).sum() / self.expected[number].sum():.0%}"

    def hours(self, number: int) -> str:
        return _listed(self.rejected[number])

    def missing(self, number: int) -> str:
        none = ~np.isfinite(self.counts[number]) | (self.counts[number] == 0)
        return _listed(none & (self.expected[number] >= _LEAST_EXPECTED))


def _listed(hours: Mask) -> str:
    return ", ".join(f"{hour}:00" for hour in np.flatnonzero(hours))


def _reason(status: str, facts: _Facts, number: int) -> str | None:
    match status:
        case "dead":
            expected = f"; about {facts.wanted(number)} expected" if facts.expected[number].any() else ""
            return f"no visitors counted all day{expected}"
        case "clock_shift":
            shift = facts.shift[number]
            return f"the day's curve lies {shift:+d} h off the usual one: check its clock; its sum is used"
        case "stuck":
            return f"the same count over and over: {facts.hours(number)}"
        case "undercounting" | "overcounting":
            expected, share = facts.wanted(number), facts.share(number)
            return f"counted {facts.observed(number)} where about {expected} were expected ({share})"
        case "partial_day":
            return f"no count at {facts.missing(number)}"
        case "spikes":
            return f"far more than can be: {facts.hours(number)}"
        case "unjudged":
            return "no same weekday before to compare with"
        case _:
            return None
