"""Raw tables as Dagster assets: one factory, so that every dataset arrives the same way."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from retail_platform.domains.describe import DAYS_BEHIND, SOURCE, described
from retail_platform.domains.stores.transform import expected_stores
from retail_platform.partitions import run_window
from retail_platform.quality.store_names import StoreMatching, with_store_ids
from retail_platform.retailer import Retailer
from retail_platform.sources.base import DAILY_DATASETS, DELIVERIES, Delivery, SourceContractError, SourceUnavailable
from retail_platform.sources.deliver import deliver, require_rows, require_stores
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window

_LONGEST_PAUSE = 900  # seconds that a run waits for a source which asks for a pause; beyond, another run asks again


def raw_asset(retailer: Retailer, dataset: str, *, group: str, days_behind: int = 0) -> dg.AssetsDefinition:
    """The asset `raw_<dataset>`: what the source delivered, unjudged.

    A dataset that is delivered each day depends on `stores` and `opening_hours`: a day on which no store is open
    needs no delivery. Where each open store delivers, a day that lacks one fails, names it, and writes nothing. An
    unavailable source is tried again with growing pauses, or after the pause it asks for.

    Args:
        retailer: whose source it is.
        dataset: that the source delivers.
        group: the domain.
        days_behind: the source has a day only so many days after it; before, nobody misses it.
    """
    daily = dataset in DAILY_DATASETS
    delivery = retailer.source.datasets[dataset].delivery
    by_day = daily and delivery in (Delivery.STORE_DAY, Delivery.DAY)
    behind = {DAYS_BEHIND: days_behind} if days_behind else {}

    @dg.asset(
        name=f"raw_{dataset}",
        group_name=group,
        ins={name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in ("stores", "opening_hours") if by_day},
        description=f"{dataset} as {retailer.source.name} delivers them, not yet judged.",
        partitions_def=retailer.days if daily else None,
        backfill_policy=retailer.backfill_policy if daily else None,
        retry_policy=dg.RetryPolicy(
            max_retries=retailer.settings.source_retries, delay=1, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL
        ),
        pool="source",
        **described(DELIVERIES[dataset], domain=group, layer="raw", more={SOURCE: retailer.source.name} | behind),
    )
    def raw(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> Any:
        window = run_window(context) if daily else None
        with _retried(retailer.settings.source_retries):
            Lake(retailer.settings.lake_uri).claim(retailer.identity)
            if window is None or not by_day:
                return _fetched(context, retailer, dataset, window)
            expected, closed = _expected(tables, window, with_doors_only=dataset == "footfall")
            rows = _fetched(context, retailer, dataset, window, closed)
            if delivery is Delivery.STORE_DAY:
                # Today is partial: a store that has not sold anything yet is not missing.
                there = _by_id(rows, tables["stores"], retailer.source.datasets[dataset].match_stores)
                require_stores(retailer.source, dataset, there, expected.filter(pl.col("date") < retailer.today()))
        return rows

    return raw


def _by_id(rows: pl.DataFrame, stores: pl.LazyFrame, matching: StoreMatching | None) -> pl.DataFrame:
    """The rows with ids of stores, for looking at: what was delivered is kept as it is."""
    return rows if matching is None else with_store_ids(rows, stores.collect(), matching)


def _fetched(
    context: dg.AssetExecutionContext,
    retailer: Retailer,
    dataset: str,
    window: Window | None,
    may_be_absent: frozenset[date] = frozenset(),
) -> pl.DataFrame:
    """What the source delivered; one line in the log says how much, and how long it took."""
    begun = time.perf_counter()
    rows = deliver(retailer.source, dataset, window, may_be_absent=may_be_absent).collect()
    if dataset == "stores":
        require_rows(retailer.source, dataset, rows)
    fetch = {"dataset": dataset, "rows": rows.height, "seconds": round(time.perf_counter() - begun, 3)}
    days = f" of {window}" if window else ""
    context.log.info(
        f"fetched {dataset}{days} from {retailer.source.name}: {rows.height:,} rows in {fetch['seconds']:.2f} s",
        extra=fetch,
    )
    return rows


def _expected(
    tables: Mapping[str, pl.LazyFrame], window: Window, *, with_doors_only: bool
) -> tuple[pl.DataFrame, frozenset[date]]:
    """The open stores of each day (`date`, `store_id`), and the days on which all stores there are are closed."""
    stores, hours = tables["stores"], tables["opening_hours"]
    dates = pl.LazyFrame({"date": list(window.days())}, {"date": pl.Date})
    expected, there = (
        expected_stores(stores, known, dates, with_doors_only=with_doors_only).collect()
        for known in (hours, hours.clear())
    )
    return expected, frozenset(there["date"]) - frozenset(expected["date"])


@contextmanager
def _retried(times: int) -> Iterator[None]:
    """What somebody has to mend is not tried again, and a source that asks for a pause not before it is over."""
    try:
        yield
    except SourceContractError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    except SourceUnavailable as error:
        if not error.retry_after:
            raise
        if error.retry_after > _LONGEST_PAUSE:
            raise dg.Failure(str(error), allow_retries=False) from error
        raise dg.RetryRequested(max_retries=times, seconds_to_wait=error.retry_after) from error
