"""Sums over grids equal sums over rows, whatever stores, days and values there are, and after any day has changed."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from math import isclose
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_platform.dashboard.data.comparable import comparable_days
from retail_platform.dashboard.data.facts import Facts, made
from retail_platform.dashboard.data.measures import (
    ADDITIVE,
    EVERY,
    by_period,
    by_store,
    by_store_and_period,
    change_by_store,
    changes,
    compared_by_period,
    summed,
)
from retail_platform.dashboard.data.totals import Rows
from retail_platform.domains.metrics.contract import StoreDay
from retail_platform.reports.figures import BASES
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes, plain

LAST = date(2026, 1, 31)
DAYS = 400
CHANGED = 150  # days before the last day on which S2 traded in another currency
STORES = ("S1", "S2", "S3", "WEB")
NOT_KNOWN = (  # together: who knows units knows transactions, and who knows transactions knows revenue
    ("visitors",),
    ("units",),
    ("units", "transactions", "store_transactions"),
    ("units", "transactions", "store_transactions", "revenue"),
    ("margin",),
)


def store_days(seed: int) -> pl.DataFrame:
    """Rows with holes: days and store days that lack, closed days, measures not known, hours without a count, zeros."""
    random = np.random.default_rng(seed)
    rows = []
    for back in range(DAYS):
        if random.random() < 0.03:
            continue
        for store in STORES:
            if random.random() < 0.1:
                continue
            revenue = Decimal(int(random.integers(-5_000, 900_000))) / 100
            row: dict[str, Any] = {
                "date": LAST - timedelta(days=back),
                "store_id": store,
                "currency": "BGN" if store == "S2" and back > CHANGED else "EUR",
                "is_open": random.random() > 0.15,
                "final": True,
                "hours_without_count": int(random.random() < 0.1),
                "visitors": None if store == "WEB" else int(random.integers(0, 900)),
                "visitors_imputed_share": float(random.random()),
                "transactions": int(random.integers(0, 50)),
                "store_transactions": int(random.integers(0, 50)),
                "units": int(random.integers(-5, 200)),
                "returns": 1,
                "revenue": revenue,
                "margin": revenue / 4,
            }
            row |= {name: None for names in NOT_KNOWN if random.random() < 0.1 for name in names}
            rows.append(row | {"cost_known_revenue": revenue / 2 if row["margin"] is not None else 0})
    lacking = [pl.lit(None).alias(name) for name in StoreDay.column_names() if name not in rows[0]]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    money = [pl.col(name).cast(pl.Decimal(18, 2)) for name in ("revenue", "margin", "cost_known_revenue")]
    return StoreDay.cast(frame.with_columns(*lacking, *money))


@cache
def held(seed: int) -> tuple[pl.DataFrame, Facts]:
    """Rows, and the facts made of them."""
    days = store_days(seed)
    return days, made(days, lakes.stores())


seeds = st.sampled_from([1, 2])
windows = st.tuples(st.integers(0, DAYS - 1), st.integers(1, DAYS)).map(
    lambda ends: Window(LAST - timedelta(days=ends[0] + ends[1] - 1), LAST - timedelta(days=ends[0]))
)
chosen = st.lists(st.sampled_from(STORES), min_size=1, max_size=4, unique=True).map(sorted)


def rows_of(facts: Facts, stores: list[str], window: Window) -> Rows:
    return facts.between(window).of(facts.stores.filter(pl.col("store_id").is_in(stores))["store"])


def same(found: pl.DataFrame, expected: pl.DataFrame, keys: list[str]) -> None:
    assert found.select(keys).rows() == expected.select(keys).rows()
    for name in set(expected.columns) - set(keys):
        assert close(found[name], expected[name]), name


def close(found: Iterable[Any], expected: Iterable[Any]) -> bool:
    """Whether all are equal but for the last digits, and nothing is known that should not be."""
    return all(
        ours is theirs if ours is None or theirs is None else isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-9)
        for ours, theirs in zip(found, expected, strict=True)
    )


@given(seed=seeds, window=windows, stores=chosen, grain=st.sampled_from(list(EVERY)))
@settings(max_examples=40, deadline=None)
def test_sums_equal_those_over_rows(seed: int, window: Window, stores: list[str], grain: Any) -> None:
    days, facts = held(seed)
    rows, expected = rows_of(facts, stores, window), plain.between(days, stores, window)
    if not expected.height:
        assert not len(rows.held)
        return

    same(pl.DataFrame([summed(rows)]), plain.summed(expected, [pl.lit(1).alias("all")]).drop("all"), ["days"])
    same(by_period(rows, grain), plain.summed(expected, [plain.period(grain)]), ["period", "days"])
    same(by_store(rows), plain.summed(expected, [pl.col("store_id")]), ["store_id", "days"])
    both = by_store_and_period(rows, grain).join(facts.stores.select("store", "store_id"), on="store")
    by = [pl.col("store_id"), plain.period(grain)]
    wanted = plain.summed(expected, by).drop("days")
    same(both.join(wanted, on=["store_id", "period"], how="semi"), wanted, ["store_id", "period"])


@given(
    seed=seeds,
    window=windows,
    stores=chosen,
    basis=st.sampled_from(BASES),
    asked=st.tuples(st.sampled_from(list(EVERY)), st.sampled_from(ADDITIVE)),
)
@settings(max_examples=40, deadline=None)
def test_comparisons_equal_those_over_rows(
    seed: int, window: Window, stores: list[str], basis: Any, asked: tuple[Any, str]
) -> None:
    days, facts = held(seed)
    rows, (grain, measure) = rows_of(facts, stores, window), asked

    found = {name: change.per_cent for name, change in changes(rows, basis).items()}
    expected = plain.changes(days, stores, window, basis)
    assert close(found.values(), (expected[name] for name in found))
    by_one = dict(change_by_store(rows, basis, measure).iter_rows())
    alone = plain.change_by_store(days, stores, window, basis, measure)
    assert by_one.keys() == alone.keys()
    assert close(by_one.values(), (alone[store] for store in by_one))
    same(
        compared_by_period(rows, basis, grain),
        plain.compared_by_period(days, stores, window, basis, grain),
        ["period"],
    )


@given(seed=seeds, window=windows, stores=chosen)
@settings(max_examples=30, deadline=None)
def test_comparable_days_equal_those_over_rows(seed: int, window: Window, stores: list[str]) -> None:
    days, facts = held(seed)
    found = comparable_days(rows_of(facts, stores, window)).join(facts.stores, on="store")

    rows = found.select("store_id", "comparable_days", pl.col("revenue", "revenue_year_ago") / 100).iter_rows()
    expected = plain.comparable_days(days, stores, window)
    ours = {row[0]: row[1:] for row in rows}
    assert ours.keys() == expected.keys()
    assert all(close(row, expected[store]) for store, row in ours.items())
