"""A small code location with windows upon windows, as door counters have them: many days, then same weekdays.

readings -> health (10 days) -> footfall (10 days of readings) -> hours (and sales) -> days -> compared (2 weeks) and
anomalies (10 days of footfall); totals over all days; weather, which nothing is made from. Each number is a sum that
any day looked at would change.
"""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from retail_platform.definitions import open_retailer
from retail_platform.partitions import LookBack, run_window
from retail_platform.settings import load_settings
from retail_platform.storage.io_manager import LEAVES_OUT_ABSENT_DAYS, LakeIOManager

DEFINITIONS = (__name__, "defs")
HISTORY, WEEKDAYS = LookBack(10), LookBack(14, step=7)
DELIVERED = Path("delivered.json")
"""In the working folder: numbers of days that are not the usual ones, None: not delivered."""
_SCHEMA = {"date": pl.Date(), "n": pl.Int64()}


def deliver(folder: Path, asset: str, numbers: dict[str, int | None]) -> None:
    """Let a day's delivery have another number than usual, or none."""
    file = folder / DELIVERED
    known: dict[str, dict[str, int | None]] = json.loads(file.read_text()) if file.exists() else {}
    known.setdefault(asset, {}).update(numbers)
    file.write_text(json.dumps(known))


def _delivered(context: dg.AssetExecutionContext) -> pl.LazyFrame:
    known = json.loads(DELIVERED.read_text()) if DELIVERED.exists() else {}
    unusual = known.get(context.asset_key.path[-1], {})
    days = list(run_window(context).days())
    numbers = [unusual.get(str(day), day.toordinal() % 97) for day in days]
    if None in numbers:
        raise dg.Failure("the door counters are silent")
    return pl.LazyFrame({"date": days, "n": numbers}, schema=_SCHEMA)


def _looked_at(context: dg.AssetExecutionContext, frame: pl.LazyFrame, window: LookBack) -> pl.LazyFrame:
    """The weighed sum over the days that each day of the run looks at."""
    rows = [
        (day, other, 1 + number)
        for day in run_window(context).days()
        for number, other in enumerate(window.looked_at(day))
    ]
    looks = pl.LazyFrame(rows, schema={"day": pl.Date, "date": pl.Date, "weight": pl.Int64}, orient="row")
    summed = looks.join(frame, on="date").group_by("day").agg(n=(pl.col("n") * pl.col("weight")).sum())
    return summed.select(date="day", n="n").sort("date")


def _added(one: pl.LazyFrame, other: pl.LazyFrame) -> pl.LazyFrame:
    return one.join(other, on="date").select("date", n=pl.col("n") * 3 + pl.col("n_right"))


@dg.definitions
def defs() -> dg.Definitions:
    """The code location, of the settings."""
    retailer = open_retailer(load_settings())
    daily: dict[str, Any] = {"partitions_def": retailer.days, "backfill_policy": retailer.backfill_policy}
    computed: dict[str, Any] = {**daily, "metadata": {LEAVES_OUT_ABSENT_DAYS: True}}
    history, weekdays = HISTORY.asset_in(pl.LazyFrame), WEEKDAYS.asset_in(pl.LazyFrame)

    @dg.asset(**daily)
    def readings(context: dg.AssetExecutionContext) -> pl.LazyFrame:
        return _delivered(context)

    @dg.asset(**daily)
    def sales(context: dg.AssetExecutionContext) -> pl.LazyFrame:
        return _delivered(context)

    @dg.asset(**daily)
    def weather(context: dg.AssetExecutionContext) -> pl.LazyFrame:
        return _delivered(context)

    @dg.asset(ins={"readings": history}, **computed)
    def health(context: dg.AssetExecutionContext, readings: pl.LazyFrame) -> pl.LazyFrame:
        return _looked_at(context, readings, HISTORY)

    @dg.asset(ins={"readings": history}, **computed)
    def footfall(context: dg.AssetExecutionContext, readings: pl.LazyFrame, health: pl.LazyFrame) -> pl.LazyFrame:
        return _added(_looked_at(context, readings, HISTORY), health)

    @dg.asset(**computed)
    def hours(footfall: pl.LazyFrame, sales: pl.LazyFrame) -> pl.LazyFrame:
        return _added(footfall, sales)

    @dg.asset(**computed)
    def days(hours: pl.LazyFrame) -> pl.LazyFrame:
        return hours

    @dg.asset(ins={"days": weekdays}, **computed)
    def compared(context: dg.AssetExecutionContext, days: pl.LazyFrame) -> pl.LazyFrame:
        return _looked_at(context, days, WEEKDAYS)

    @dg.asset(ins={"footfall": history}, **computed)
    def anomalies(context: dg.AssetExecutionContext, footfall: pl.LazyFrame) -> pl.LazyFrame:
        return _looked_at(context, footfall, HISTORY)

    @dg.asset(ins={"days": dg.AssetIn(dagster_type=pl.LazyFrame, partition_mapping=dg.AllPartitionMapping())})
    def totals(days: pl.LazyFrame) -> pl.LazyFrame:
        return days.select(pl.col("n").sum())

    return dg.Definitions(
        assets=[readings, sales, weather, health, footfall, hours, days, compared, anomalies, totals],
        resources={"io_manager": LakeIOManager(lake_uri=retailer.settings.lake_uri)},
        executor=dg.in_process_executor,
    )
