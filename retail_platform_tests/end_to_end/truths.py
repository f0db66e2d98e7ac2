"""What real data sets say of themselves, read straight from their files, and whether a lake lost any of it.

Only reading and adding up belongs here, without the platform's judgement; what must agree is the tests' business.
"""

from pathlib import Path

import polars as pl

from retail_platform.storage.lake import Lake

CENTS = pl.Decimal(18, 2)
RAW = {"footfall_readings": "footfall", "opening_patterns": "opening_hours"}


def retailinsights_days(folder: Path, days: list[str]) -> pl.DataFrame:
    """`date`, `store_id`, `revenue`, `transactions`, `peak_hour_visitors` of each store and day.

    Hours without a count, and those of more than 12 times the store's capacity, are left out.
    """
    lines = pl.concat(
        pl.read_parquet(file, hive_partitioning=False)
        for day in days
        for file in sorted(folder.glob(f"sales/sale_date={day}/*.parquet"))
    )
    hours = pl.concat(
        pl.read_parquet(file, hive_partitioning=False).select(
            "store_id", "date", "hour", pl.col("visitors").cast(pl.Float64)
        )
        for day in days
        for file in sorted(folder.glob(f"retail_data/date={day}/*.parquet"))
    )
    stores = pl.read_parquet(folder / "stores.parquet")
    sold = lines.group_by(date=_day("sale_date"), store_id=pl.col("store_id").cast(pl.String)).agg(
        revenue=((pl.col("sale_amount") * 100).round().cast(pl.Int64).sum() * pl.lit("0.01").cast(CENTS)).cast(CENTS),
        transactions=pl.col("sale_id").n_unique().cast(pl.Int64),
    )
    peaks = (
        hours.join(stores.select(store_id="id", capacity="capacity"), on="store_id")
        .filter(pl.col("visitors") <= 12 * pl.col("capacity"))
        .sort("hour")
        .group_by(date=_day("date"), store_id=pl.col("store_id").cast(pl.String))
        .agg(peak_hour_visitors=pl.col("hour").sort_by("visitors", descending=True, maintain_order=True).first())
    )
    peaks = peaks.with_columns(pl.col("peak_hour_visitors").cast(pl.Int8))
    return sold.join(peaks, on=["date", "store_id"], how="full", coalesce=True).sort("date", "store_id")


def rossmann_days(folder: Path) -> pl.LazyFrame:
    """`date`, `store_id`, `transactions`, `revenue` of each store and day."""
    totals = pl.scan_csv(folder / "train.csv.gz", infer_schema=False)
    return totals.select(
        date=pl.col("Date").str.to_date(),
        store_id="Store",
        transactions=pl.col("Customers").cast(pl.Int64),
        revenue=pl.col("Sales").cast(CENTS),
    )


def leeds_rows(folder: Path) -> pl.DataFrame:
    """`date`, `hour`, `camera`, `observed_visitors` of each reading, once."""
    return (
        pl.read_csv(folder / "footfall.csv.gz", infer_schema=False)
        .select(
            date=pl.col("NewDate").str.to_date("%d-%b-%Y"),
            hour=pl.col("Hour").cast(pl.Int64),
            camera="LocationName",
            observed_visitors=pl.col("InCount").cast(pl.Int64),
        )
        .unique()
    )


def bank_rows(folder: Path) -> pl.DataFrame:
    """`date`, `hour`, `store_id`, `sensor_id`, `count` as the counters sent them: -1 is closed, -10 broken."""
    rows = pl.concat(pl.read_csv(file, infer_schema=False) for file in sorted(folder.glob("*.csv.gz")))
    at = pl.col("date_time").str.to_datetime("%Y-%m-%d %H:%M")
    return rows.select(
        date=at.dt.date(),
        hour=at.dt.hour(),
        store_id="agency_name",
        sensor_id="counter_id",
        count=pl.col("visitor_count").cast(pl.Int64),
    )


def lost(lake: Lake) -> pl.DataFrame:
    """The days of each validated table on which rows delivered are not accepted + quarantined + exact duplicates.

    Duplicates are counted here anew: rows of the raw table that equal another one in every column, beyond the first.
    """
    days = []
    for table in (name.removeprefix("quarantine_") for name in lake.tables() if name.startswith("quarantine_")):
        raw = lake.scan(f"raw_{RAW.get(table, table)}")
        quarantined = lake.scan(f"quarantine_{table}")
        counts = [
            _counted(raw, delivered=pl.len()),
            _counted(raw.unique(), distinct=pl.len()),
            _counted(lake.scan(table), accepted=pl.len(), copies=pl.col("copies").sum()),
            _counted(quarantined, quarantined=pl.len(), quarantined_copies=pl.col("copies").sum()),
        ]
        joined = counts[0]
        for count in counts[1:]:
            joined = joined.join(count, on="date", how="full", coalesce=True, nulls_equal=True)
        days.append(joined.with_columns(pl.selectors.numeric().fill_null(0), table=pl.lit(table)))
    kept = pl.col("accepted") + pl.col("quarantined")
    return pl.concat(days).filter(
        (pl.col("delivered") != pl.col("copies") + pl.col("quarantined_copies")) | (pl.col("distinct") != kept)
    )


def _counted(rows: pl.LazyFrame, **measures: pl.Expr) -> pl.DataFrame:
    date = pl.col("date") if "date" in rows.collect_schema() else pl.lit(None, dtype=pl.Date)
    return rows.group_by(date=date).agg(**measures).collect()


def _day(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.slice(0, 10).str.to_date()
