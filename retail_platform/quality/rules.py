"""What must hold of tables in the lake: each rule looks at a window of days and gives a verdict on each.

Only what is compared belongs here. Running rules as Dagster checks, and reporting, is `checks`' business; what
a row must be is said by the contracts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
import polars as pl

from retail_platform.domains.stores.transform import expected_stores
from retail_platform.quality.store_names import StoreMatching, stores_meant, with_store_ids
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

ERROR, WARN = dg.AssetCheckSeverity.ERROR.value, dg.AssetCheckSeverity.WARN.value
TOLD = "told"
"""A measure of a verdict: 1 lets the alerts tell of a failure that is but a warning."""
_SHOWN = 5


@dataclass(frozen=True)
class Rule:
    """Something that must hold of a table, day by day.

    Attributes:
        name: of the check.
        description: what must hold, for people.
        blocking: a failure with ERROR stops what comes after.
        judge: from the lake and a window (None: a table without days) to verdicts: `date` (null for a table
            without days), `passed`, `severity`, `description`, and measures that go into the metadata.
    """

    name: str
    description: str
    judge: Callable[[Lake, Window | None], pl.DataFrame]
    blocking: bool = False


def conservation(table: str, raw: str) -> Rule:
    """Rows delivered = rows accepted + rows quarantined + exact duplicates."""
    quarantine = f"quarantine_{table}"

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        delivered = lake.row_counts(raw, window).rename({"rows": "delivered"})
        kept = [
            _by_day(lake.scan(name, window), window, **{label: pl.len(), f"{label}_copies": pl.col("copies").sum()})
            for name, label in ((table, "accepted"), (quarantine, "quarantined"))
        ]
        counts = _joined([delivered, *kept], window)
        copies = pl.col("accepted_copies") + pl.col("quarantined_copies")
        return counts.with_columns(
            duplicates=copies - pl.col("accepted") - pl.col("quarantined"),
            passed=pl.col("delivered") == copies,
            severity=pl.lit(ERROR),
            description=pl.format(
                "{} delivered, {} accepted, {} quarantined, {} exact duplicates",
                "delivered",
                "accepted",
                "quarantined",
                copies - pl.col("accepted") - pl.col("quarantined"),
            ),
        ).drop("accepted_copies", "quarantined_copies")

    return Rule("conservation", "Rows delivered = accepted + quarantined + exact duplicates.", judge, blocking=True)


def completeness(
    raw: str, *, with_doors_only: bool, today: Callable[[], date], matching: StoreMatching | None = None
) -> Rule:
    """Every store that is open on a day delivered on it; on a day that is not over a missing one is a warning."""

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        assert window is not None
        expected = expected_stores(
            lake.scan("stores"), lake.scan("opening_hours"), _days(window), with_doors_only=with_doors_only
        )
        there = lake.scan(raw, window).select("date", "store_id").unique()
        if matching:
            there = with_store_ids(there.collect(), lake.scan("stores").collect(), matching).unique().lazy()
        there = there.with_columns(there=pl.lit(value=True))
        stores = expected.join(there, on=["date", "store_id"], how="left")
        lacks = pl.col("store_id").filter(pl.col("there").is_null())
        counted = _by_day(stores, window, expected=pl.len(), missing=lacks.len(), stores=_some(lacks))
        return _joined([counted], window).with_columns(
            passed=pl.col("missing") == 0,
            severity=pl.when(pl.col("date") < today()).then(pl.lit(ERROR)).otherwise(pl.lit(WARN)),
            description=pl.format(
                "{} of {} open stores delivered{}",
                pl.col("expected") - pl.col("missing"),
                "expected",
                pl.when(pl.col("missing") > 0).then(pl.format("; missing: {}", "stores")).otherwise(pl.lit("")),
            ),
        )

    return Rule("completeness", "Every store open on the day delivered.", judge, blocking=True)


def quarantine_rate(table: str, *, warn: float = 0.01, error: float = 0.1) -> Rule:
    """The share of quarantined rows stays under a threshold (shares from 0 to 1)."""

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        accepted = lake.row_counts(table, window).rename({"rows": "accepted"})
        rejected = lake.scan(f"quarantine_{table}", window)
        reasons = _by_day(rejected, window, quarantined=pl.len(), reasons=_some(pl.col("reasons").explode()))
        total = (pl.col("accepted") + pl.col("quarantined")).cast(pl.Float64)
        rate = (pl.col("quarantined") / total.replace(0.0, None)).fill_null(0.0)
        return _joined([accepted, reasons], window).with_columns(
            rate=rate,
            passed=rate <= warn,
            severity=pl.when(rate > error).then(pl.lit(ERROR)).otherwise(pl.lit(WARN)),
            description=pl.format(
                "{} % of {} rows quarantined{}",
                (100 * rate).round(2),
                pl.col("accepted") + pl.col("quarantined"),
                pl.when(pl.col("quarantined") > 0).then(pl.format(": {}", "reasons")).otherwise(pl.lit("")),
            ),
        )

    return Rule(
        "quarantine_rate", f"At most {warn:.1%} of rows are quarantined (WARN above, ERROR above {error:.0%}).", judge
    )


def uniqueness(table: str, key: Sequence[str]) -> Rule:
    """One row for each key."""

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        repeated = lake.scan(table, window).group_by(key).len().filter(pl.col("len") > 1)
        counts = [lake.row_counts(table, window), _by_day(repeated, window, repeated_keys=pl.len())]
        return _joined(counts, window).with_columns(
            passed=pl.col("repeated_keys") == 0,
            severity=pl.lit(ERROR),
            description=pl.format("{} rows, {} keys with more than one", "rows", "repeated_keys"),
        )

    return Rule("uniqueness", f"One row for each {', '.join(key)}.", judge)


def referential_integrity(table: str, *, flags: Sequence[str] = (), warn: float = 0.01, error: float = 0.2) -> Rule:
    """Every store exists, and few rows name an unknown product or client (shares from 0 to 1).

    Args:
        table: with `store_id`.
        flags: columns `<what>_known` that are false where a row names something unknown.
        warn: share of such rows above which the check warns.
        error: share above which it is an error.
    """

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        stores = lake.scan("stores").select("store_id", there=True).unique()
        rows = lake.scan(table, window).join(stores, on="store_id", how="left")
        unknown = {f"unknown_{flag.removesuffix('_known')}s": (~pl.col(flag)).sum() for flag in flags}
        unknown_stores = pl.col("there").is_null().sum()
        counts = _joined([_by_day(rows, window, rows=pl.len(), unknown_stores=unknown_stores, **unknown)], window)
        rows_or_one = pl.max_horizontal("rows", 1)
        worst = pl.max_horizontal(pl.lit(0.0), *(pl.col(name) / rows_or_one for name in unknown))
        fatal = (pl.col("unknown_stores") > 0) | (worst > error)
        named = ["unknown_stores", *unknown]
        return counts.with_columns(
            passed=~fatal & (worst <= warn),
            severity=pl.when(fatal).then(pl.lit(ERROR)).otherwise(pl.lit(WARN)),
            description=pl.format(
                ", ".join(f"{name.replace('_', ' ')} {{}}" for name in named) + " in {} rows", *named, "rows"
            ),
        )

    return Rule("referential_integrity", "Every store is known; few rows name an unknown product or client.", judge)


def store_names(raw: str, matching: StoreMatching) -> Rule:
    """No row was given to a store by a name that is only like the store's; which ones were is said by name."""

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        rows = lake.scan(raw, window).select(*(["date"] if window else []), delivered="store_id").collect()
        meant = stores_meant(rows["delivered"], lake.scan("stores").collect(), matching).filter(~pl.col("equal"))
        keys = ["date", "delivered"] if window else ["delivered"]
        names = rows.join(meant.drop("equal"), on="delivered").group_by(*keys, "store_id", "similarity").len("rows")
        said = pl.format("{} -> {} ({}, {} rows)", "delivered", "store_id", pl.col("similarity").round(2), "rows")
        listed = pl.col("said").sort_by("rows", "delivered", descending=[True, False]).head(_SHOWN).str.join("; ")
        counts = _by_day(
            names.with_columns(said=said).lazy(), window, names=pl.len(), rows=pl.col("rows").sum(), listed=listed
        )
        return _joined([counts], window).with_columns(
            passed=pl.col("names") == 0,
            severity=pl.lit(WARN),
            description=pl.when(pl.col("names") == 0)
            .then(pl.lit("every store is named by its id or its own name"))
            .otherwise(pl.format("taken for the stores they are like: {}", "listed")),
        )

    return Rule(
        "store_names", f"No store is misspelt (names {matching.least_similarity:.0%} alike are matched).", judge
    )


def volume(table: str, *, least: float = 0.5, most: float = 2.0) -> Rule:
    """Rows of a day against the median of the same weekday in the 4 weeks before; a warning outside the band."""

    def judge(lake: Lake, window: Window | None) -> pl.DataFrame:
        assert window is not None
        wider = Window(window.first - timedelta(days=28), window.last)
        counts = lake.row_counts(table, wider)
        weeks = [
            counts.select(pl.col("date").dt.offset_by(f"{7 * week}d"), pl.col("rows").alias(f"week_{week}"))
            for week in range(1, 5)
        ]
        compared = _joined([counts.filter(pl.col("date") >= window.first)], window)
        for week in weeks:
            compared = compared.join(week, on="date", how="left")
        before = pl.concat_list(f"week_{week}" for week in range(1, 5)).list.drop_nulls()
        usual = pl.when(before.list.len() > 1).then(before.list.median())  # one week may have been a holiday
        ratio = pl.col("rows") / usual
        return compared.with_columns(
            usual=usual,
            passed=usual.is_null() | ratio.is_between(least, most),
            severity=pl.lit(WARN),
            description=pl.when(usual.is_null())
            .then(pl.format("{} rows; too few {}s before to compare with", "rows", pl.col("date").dt.strftime("%A")))
            .otherwise(pl.format("{} rows against a usual {}", "rows", usual)),
        ).drop([f"week_{week}" for week in range(1, 5)])

    return Rule("volume", f"Rows are {least:.0%} to {most:.0%} of the same weekday's median of 4 weeks.", judge)


def _days(window: Window) -> pl.LazyFrame:
    return pl.LazyFrame({"date": list(window.days())})


def _by_day(frame: pl.LazyFrame, window: Window | None, /, **measures: pl.Expr) -> pl.DataFrame:
    if window is None:
        return frame.select(**measures).collect().with_columns(date=pl.lit(None, dtype=pl.Date))
    return frame.group_by("date").agg(**measures).collect()


def _joined(counts: Sequence[pl.DataFrame], window: Window | None) -> pl.DataFrame:
    """Counts side by side, one row a day of the window; 0 where a table has no rows of the day."""
    if window is None:
        joined = pl.concat([counts[0], *(frame.drop("date") for frame in counts[1:])], how="horizontal")
    else:
        joined = _days(window).collect()
        for frame in counts:
            joined = joined.join(frame, on="date", how="left")
    return joined.with_columns(pl.selectors.numeric().fill_null(0)).sort("date")


def _some(values: pl.Expr) -> pl.Expr:
    """A few of the distinct values, as text."""
    return values.drop_nulls().unique().sort().head(_SHOWN).str.join(", ")
