"""Validated tables as Dagster assets: one factory, so that no row of any dataset is lost on the way."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg
import dataframely as dy
import polars as pl

from retail_platform.domains.describe import KINDS, OWNERS, column_schema, lineage, metadata, personal_columns, tags
from retail_platform.partitions import run_window
from retail_platform.quality.store_names import StoreMatching, stores_meant
from retail_platform.quality.validate import validate
from retail_platform.retailer import Retailer
from retail_platform.sources.base import DAILY_DATASETS, DELIVERIES
from retail_platform.windows import Window, chunks

Tables = Mapping[str, pl.LazyFrame]


def validated_asset(
    retailer: Retailer,
    dataset: str,
    *,
    contract: type[dy.Schema],
    group: str,
    table: str | None = None,
    needs: tuple[str, ...] = (),
    derive: Callable[[pl.LazyFrame, Tables], pl.LazyFrame] = lambda rows, _: rows,
    known: Mapping[str, str] | None = None,
) -> dg.AssetsDefinition:
    """The assets `<table>` and `quarantine_<table>`, made from `raw_<dataset>` in one step.

    Args:
        retailer: whose source says what identifies a row.
        dataset: what was delivered.
        contract: what `<table>` promises.
        group: the domain.
        table: its name, if another than the dataset's.
        needs: tables that `derive` looks things up in.
        derive: from typed delivered rows to the contract's columns.
        known: column -> table among `needs` that holds the ids it may have; others are quarantined.
    """
    table = table or dataset
    raw, quarantine = f"raw_{dataset}", f"quarantine_{table}"
    daily = dataset in DAILY_DATASETS
    rules = retailer.source.datasets[dataset]
    delivery = DELIVERIES[dataset]
    # A day is judged by itself, so that it does not matter which days a run holds.
    identity = tuple(dict.fromkeys(["date", *rules.identity])) if daily and rules.identity else rules.identity
    if rules.match_stores:
        needs = tuple(dict.fromkeys([*needs, "stores"]))
    common: dict[str, Any] = {"group_name": group, "kinds": KINDS, "owners": OWNERS}

    @dg.multi_asset(
        name=table,
        ins={name: dg.AssetIn(dagster_type=pl.LazyFrame) for name in (raw, *needs)},
        outs={
            table: dg.AssetOut(
                description=contract.__doc__, metadata=metadata(contract), tags=tags(group, "validated"), **common
            ),
            quarantine: dg.AssetOut(
                description=f"Rows of {raw} that {table} rejects, as delivered, with the reasons.",
                metadata={
                    "dagster/column_schema": _quarantine_schema(delivery),
                    "personal_columns": personal_columns(contract),
                },
                tags=tags(group, "quarantine"),
                **common,
            ),
        },
        partitions_def=retailer.days if daily else None,
        backfill_policy=retailer.backfill_policy if daily else None,
    )
    def validated(context: dg.AssetExecutionContext, **tables: pl.LazyFrame) -> Iterator[dg.Output[pl.DataFrame]]:
        meant = _meant(context, dataset, rules.match_stores, tables)
        parts = [
            validate(
                rows.collect(),
                delivery=delivery,
                contract=contract,
                identity=identity,
                ordered_by=rules.ordered_by,
                derive=lambda rows: derive(rows, tables),
                known={column: _ids(tables[name], column) for column, name in (known or {}).items()},
                meant=meant,
            )
            for rows in (_in_weeks(tables[raw], run_window(context)) if daily else [tables[raw]])
        ]
        duplicates = sum(part.duplicates for part in parts)
        accepted = pl.concat(part.accepted for part in parts)
        quarantined = pl.concat(part.quarantined for part in parts)
        context.log.info(f"{accepted.height} accepted, {quarantined.height} quarantined, {duplicates} exact duplicates")
        yield dg.Output(quarantined, output_name=quarantine)
        columns = {"dagster/column_lineage": lineage(contract, delivery, raw)}
        yield dg.Output(accepted, output_name=table, metadata=columns)

    return validated


def _meant(
    context: dg.AssetExecutionContext, dataset: str, matching: StoreMatching | None, tables: Tables
) -> dict[str, str]:
    """Delivered store names -> the ids of the stores they mean; those that are only alike are logged."""
    if matching is None:
        return {}
    rows = tables[f"raw_{dataset}"]
    if dataset in DAILY_DATASETS:
        window = run_window(context)
        rows = rows.filter(pl.col("date").is_between(window.first, window.last))
    meant = stores_meant(rows.select("store_id").unique().collect().to_series(), tables["stores"].collect(), matching)
    for name, store, similarity, _ in meant.filter(~pl.col("equal")).iter_rows():
        context.log.warning(f"{dataset}: {name!r} is taken for store {store!r} (similarity {similarity:.2f})")
    return dict(meant.select("delivered", "store_id").iter_rows())


def _quarantine_schema(delivery: type[dy.Schema]) -> dg.TableSchema:
    """The delivered columns, then why a row was rejected, and how often it was delivered."""
    added = [
        dg.TableColumn("reasons", type="List(String)", description="What it breaks: column|rule, or a rule's name."),
        dg.TableColumn("copies", type="Int64", description="Times the row was delivered."),
    ]
    return dg.TableSchema(columns=[*column_schema(delivery).columns, *added])


def _ids(table: pl.LazyFrame, column: str) -> pl.Series:
    return table.select(column).collect().to_series()


def _in_weeks(rows: pl.LazyFrame, window: Window) -> Iterator[pl.LazyFrame]:
    """The rows of a long window a week at a time, so that a month of lines fits into memory."""
    for week in chunks(window, 7):
        yield rows.filter(pl.col("date").is_between(week.first, week.last))
