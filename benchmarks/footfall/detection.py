"""Whether faulty counters are found: on the simulator's own faults, on injected ones, and what is called faulty
that is not."""

from datetime import date, timedelta

import polars as pl

from benchmarks.footfall import injected, simulated
from benchmarks.footfall.figures import Figure, Found, added
from retail_platform.domains.footfall.estimates import sensor_health_and_footfall
from retail_platform.sources.simulator.faults import Faults
from retail_platform.windows import Window

SEEDS = (1, 2, 3)
WINDOW = Window(date(2026, 1, 1), date(2026, 6, 29))
ON = "simulator, 10 stores × 180 days × 3 seeds, from the first day of the lake"
_HOUR = [*simulated.COUNTER, "hour"]
_NO_BOUND = 1_000_000  # above every injected count
_WARM = 14  # days after which each weekday was seen once and judged once
_REJECTED_WHOLE = ("dead", "undercounting", "overcounting")


def figures() -> list[Figure]:
    """All of them."""
    worlds = [simulated.world(seed, WINDOW) for seed in SEEDS]
    health = [_health(made, made.readings) for made in worlds]
    truth = [made.simulator.ground_truth("footfall", WINDOW) for made in worlds]
    pairs = list(zip(health, truth, strict=True))
    free = [_without_bound(made) for made in worlds]
    lines = [
        added(days_found(h, t, "dead_sensor_day", "dead") for h, t in pairs).figure("dead sensor-days", ON, 1.0),
        added(days_found(h, t, "undercounting_sensor_day", "undercounting") for h, t in pairs).figure(
            "sensor-days that count 20 %", ON, 0.95
        ),
        added(_spikes(h, t, WINDOW.first) for h, t in pairs).figure("spike hours", ON, 0.98),
        added(_spikes(h, t, WINDOW.first) for h, t in zip(free, truth, strict=True)).figure(
            "spike hours by the statistical rule alone (no bound)", ON, 0.98
        ),
    ]
    warm = WINDOW.first + timedelta(days=_WARM)
    lines.append(
        added(_spikes(h, t, warm) for h, t in zip(free, truth, strict=True)).figure(
            f"the same from day {_WARM + 1}", ON, 0.98
        )
    )
    return [*lines, *_false_alarms(pairs), *_injected()]


def days_found(health: pl.DataFrame, truth: pl.DataFrame, fault: str, status: str) -> Found:
    """Sensor-days of a fault against those of a status."""
    keys = health.select(simulated.COUNTER)
    there = truth.filter(fault=fault).select(simulated.COUNTER).unique().join(keys, on=simulated.COUNTER, how="semi")
    found = health.filter(pl.col("status").cast(pl.String) == status).select(simulated.COUNTER)
    return Found(there.height, found.height, there.join(found, on=simulated.COUNTER, how="semi").height)


def _health(made: simulated.World, readings: pl.DataFrame) -> pl.DataFrame:
    return sensor_health_and_footfall(readings.lazy(), made.around, WINDOW)[0].collect()


def _without_bound(made: simulated.World) -> pl.DataFrame:
    rows = simulated.delivered(made.simulator, WINDOW.first, WINDOW.last)
    readings = simulated.judged(made, rows, bound=_NO_BOUND)
    return _health(made, readings)


def _spikes(health: pl.DataFrame, truth: pl.DataFrame, since: date) -> Found:
    """Hours rejected on days that are not rejected whole, against injected hours."""
    days = pl.col("status").cast(pl.String).is_in(_REJECTED_WHOLE)
    found = health.filter(~days, pl.col("date") >= since).explode("rejected_hours", empty_as_null=False)
    found = found.select(*simulated.COUNTER, hour="rejected_hours")
    there = truth.filter(pl.col("fault") == "implausible_hour", pl.col("date") >= since).select(_HOUR)
    return Found(there.height, found.height, there.join(found, on=_HOUR, how="semi").height)


def _false_alarms(pairs: list[tuple[pl.DataFrame, pl.DataFrame]]) -> list[Figure]:
    good = pl.concat([h.join(t, on=simulated.COUNTER, how="anti") for h, t in pairs])
    counted = dict(good["status"].cast(pl.String).value_counts().iter_rows())
    unjudged = counted.pop("unjudged", 0)
    lines = []
    for status in (*_REJECTED_WHOLE, "clock_shift", "partial_day", "stuck", "spikes"):
        often = counted.get(status, 0)
        measured = f"{1000 * often / good.height:.2f} in 1,000 sensor-days ({often} of {good.height:,})"
        lines.append(Figure(f"good days called {status}", ON, measured))
    lines.append(Figure("good days not judged (no such weekday before)", ON, f"{unjudged} of {good.height:,}"))
    return lines


def _injected() -> list[Figure]:
    """Faults that the simulator does not make, in the readings of one that makes none."""
    on = "simulator without faults, injected from week 5 on"
    tables = []
    for seed in SEEDS:
        made = simulated.world(seed, WINDOW, faults=Faults.none())
        hit = injected.inject(made.readings, WINDOW.first + timedelta(days=28), 0.004, seed)
        health = _health(made, hit.readings)
        joined = health.join(hit.truth, on=simulated.COUNTER, how="left")
        tables.append(joined.with_columns(pl.col("status").cast(pl.String)))
    return recalls(pl.concat(tables), on)


def recalls(judged: pl.DataFrame, on: str) -> list[Figure]:
    """How often each injected kind was named, or called something else, and what good days were called.

    Args:
        judged: `status`, and `kind` of the injected fault, null where there is none.
        on: the data.
    """
    lines = []
    for kind, status in injected.KINDS.items():
        days = judged.filter(kind=kind)["status"]
        named, other = (days == status).sum(), days.filter(days != status).value_counts(sort=True).rows()
        seen = ", ".join(f"{name} {count}" for name, count in other)
        lines.append(
            Figure(
                f"{kind} called {status}",
                on,
                f"{named / max(len(days), 1):.2f} ({named} of {len(days)}{'; else ' + seen if seen else ''})",
            )
        )
    good = judged.filter(pl.col("kind").is_null(), pl.col("status") != "unjudged")
    called = ", ".join(
        f"{name} {1000 * count / good.height:.2f}"
        for name, count in good.filter(pl.col("status") != "ok")["status"].value_counts(sort=True).rows()
    )
    return [*lines, Figure("good days called faulty, in 1,000", on, called or "0")]
