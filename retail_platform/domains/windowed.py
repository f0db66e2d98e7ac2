"""Days of an asset that reads a window of days, where a backfill asks for more of them than there can be.

Dagster adds to a backfill the days that it reaches: four weeks after its last one. Where these were never materialized
upstream they are left out, and not recorded, so that the days beside them in the run are made.
"""

from collections.abc import Iterator, Mapping
from datetime import date

import dagster as dg
import polars as pl

from retail_platform.partitions import materialized_days, run_window
from retail_platform.storage.io_manager import LEAVES_OUT_ABSENT_DAYS, is_backfill
from retail_platform.storage.lake import Lake
from retail_platform.windows import unbroken

INPUT_METADATA: Mapping[str, bool] = {LEAVES_OUT_ABSENT_DAYS: True}
"""Metadata of the input whose days decide."""


def days_that_can_be(
    context: dg.AssetExecutionContext, lake: Lake, upstream: str, frame: pl.LazyFrame
) -> Iterator[dg.Output[pl.LazyFrame] | dg.AssetMaterialization]:
    """The frame as the asset's output; in a backfill over absent days the parts of it whose days are there upstream.

    Args:
        context: of the asset; its `output_required` is False.
        lake: where the parts go.
        upstream: the asset of the same days that the frame was made from.
        frame: the asset's rows of all days of the run.
    """
    days = [str(day) for day in run_window(context).days()]
    there = materialized_days(context.instance, dg.AssetKey(upstream), days)
    if not is_backfill(context.run) or len(there) == len(days):
        yield dg.Output(frame)
        return
    table = context.asset_key.path[-1]
    for part in unbroken(date.fromisoformat(day) for day in days if day in there):
        rows = frame.filter(pl.col("date").is_between(part.first, part.last))
        written = lake.replace(table, rows, part, commit={"run_id": context.run.run_id, "asset": table})
        for day, count in written.rows_by_day.items():
            metadata = {"dagster/partition_row_count": count, "version": written.version}
            yield dg.AssetMaterialization(context.asset_key, partition=str(day), metadata=metadata)
    absent = [day for day in days if day not in there]
    context.log.warning(
        f"{len(absent)} days from {absent[0]} to {absent[-1]} were left out: {upstream} was never materialized for them"
    )
