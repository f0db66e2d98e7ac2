"""Each rule passes on a good lake, and fails on the one day that was tampered with."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retail_platform.domains.sales.contract import Sale, SaleDelivery
from retail_platform.domains.stores.contract import OpeningHours, Store
from retail_platform.quality import rules
from retail_platform.quality.rules import ERROR, WARN, Rule
from retail_platform.quality.store_names import StoreMatching
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import MONDAY, frame, money

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
DAYS = Window(MONDAY, WEDNESDAY)
KEY = ["date", "store_id", "sale_id", "line_number"]


def a_later_day() -> date:
    """Today, when the days of the lake are over."""
    return WEDNESDAY + timedelta(days=1)


def sales(day: date, count: int = 10, **changes: Any) -> pl.DataFrame:
    """Lines of two stores by turns."""
    rows = [{"store_id": f"S{1 + n % 2}", "sale_id": f"r{n}", "copies": 1} for n in range(count)]
    common = {"date": day, "line_number": 1, "status": "completed", "channel": "store", "net_amount": money(2)}
    return frame(Sale, *rows, **common, product_known=True, client_known=None).with_columns(
        **{name: pl.lit(value) for name, value in changes.items()}
    )


def quarantined(day: date, count: int = 0) -> pl.DataFrame:
    rows = frame(SaleDelivery, *({"sale_id": f"q{n}"} for n in range(count)), date=day)
    return rows.with_columns(
        reasons=pl.lit(["quantity|dtype"], dtype=pl.List(pl.String)), copies=pl.lit(1, dtype=pl.Int64)
    )


@pytest.fixture(scope="module")
def good_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three good days of ten lines."""
    folder = tmp_path_factory.mktemp("good") / "lake"
    lake = Lake(str(folder))
    web = {"store_id": "WEB", "format": "online"}
    stores = frame(Store, {"store_id": "S1"}, {"store_id": "S2"}, web, format="shop")
    closed = [{"store_id": "WEB", "date": day, "open": False} for day in DAYS.days()]
    lake.replace("stores", stores, None)
    lake.replace("opening_hours", frame(OpeningHours, *closed), None)
    for day in DAYS.days():
        put(lake, day)
    return folder


@pytest.fixture
def lake(tmp_path: Path, good_lake: Path) -> Lake:
    """A copy of it to tamper with."""
    return Lake(str(shutil.copytree(good_lake, tmp_path / "lake")))


def put(
    lake: Lake,
    day: date,
    *,
    raw: pl.DataFrame | None = None,
    lines: pl.DataFrame | None = None,
    rejected: int = 0,
) -> None:
    """Replace a day in every table."""
    window = Window(day, day)
    accepted = sales(day) if lines is None else lines
    delivered = sales(day).select(SaleDelivery.column_names()) if raw is None else raw
    lake.replace("raw_sales", delivered, window)
    lake.replace("sales", accepted, window)
    lake.replace("quarantine_sales", quarantined(day, rejected), window)


def as_raw(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(SaleDelivery.column_names())


def verdicts(rule: Rule, lake: Lake) -> pl.DataFrame:
    found = rule.judge(lake, DAYS)
    assert found["date"].to_list() == list(DAYS.days())
    assert found["description"].null_count() == 0
    return found


Tamper = Callable[[Lake], None]
RULES: dict[str, tuple[Rule, Tamper, str]] = {
    "a line was lost": (
        rules.conservation("sales", "raw_sales"),
        lambda lake: put(lake, TUESDAY, lines=sales(TUESDAY, 9)),
        "10 delivered, 9 accepted, 0 quarantined, 0 exact duplicates",
    ),
    "all lines were lost": (
        rules.conservation("sales", "raw_sales"),
        lambda lake: put(lake, TUESDAY, lines=sales(TUESDAY, 0)),
        "10 delivered, 0 accepted, 0 quarantined, 0 exact duplicates",
    ),
    "a line was made up": (
        rules.conservation("sales", "raw_sales"),
        lambda lake: put(lake, TUESDAY, rejected=1),
        "10 delivered, 10 accepted, 1 quarantined, 0 exact duplicates",
    ),
    "a store is missing": (
        rules.completeness("raw_sales", with_doors_only=True, today=a_later_day),
        lambda lake: put(lake, TUESDAY, raw=as_raw(sales(TUESDAY).filter(pl.col("store_id") == "S1"))),
        "1 of 2 open stores delivered; missing: S2",
    ),
    "nothing was delivered": (
        rules.completeness("raw_sales", with_doors_only=False, today=a_later_day),
        lambda lake: put(lake, TUESDAY, raw=as_raw(sales(TUESDAY, 0))),
        "0 of 2 open stores delivered; missing: S1, S2",
    ),
    "many rows were rejected": (
        rules.quarantine_rate("sales"),
        lambda lake: put(lake, TUESDAY, rejected=10),
        "50.0 % of 20 rows quarantined: quantity|dtype",
    ),
    "a key repeats": (
        rules.uniqueness("sales", KEY),
        lambda lake: put(lake, TUESDAY, lines=pl.concat([sales(TUESDAY), sales(TUESDAY, 2)])),
        "12 rows, 2 keys with more than one",
    ),
    "a store is unknown": (
        rules.referential_integrity("sales", flags=["product_known", "client_known"]),
        lambda lake: put(lake, TUESDAY, lines=sales(TUESDAY, store_id="S9")),
        "unknown stores 10, unknown products 0, unknown clients 0 in 10 rows",
    ),
    "products are unknown": (
        rules.referential_integrity("sales", flags=["product_known"]),
        lambda lake: put(lake, TUESDAY, lines=sales(TUESDAY, product_known=False)),
        "unknown stores 0, unknown products 10 in 10 rows",
    ),
}


@pytest.mark.parametrize("case", RULES)
def test_a_rule_passes_on_good_days_and_fails_on_the_one_tampered_with(lake: Lake, case: str) -> None:
    rule, tamper, _ = RULES[case]
    assert verdicts(rule, lake)["passed"].to_list() == [True, True, True]

    tamper(lake)

    assert verdicts(rule, lake)["passed"].to_list() == [True, False, True]


@pytest.mark.parametrize("case", [case for case in RULES if case != "products are unknown"])
def test_a_failure_says_what_was_found(lake: Lake, case: str) -> None:
    rule, tamper, said = RULES[case]
    tamper(lake)

    failed = verdicts(rule, lake).row(1, named=True)

    assert (failed["description"], failed["severity"]) == (said, ERROR)


def test_a_store_that_is_missing_on_a_day_that_is_not_over_is_a_warning(lake: Lake) -> None:
    put(lake, TUESDAY, raw=as_raw(sales(TUESDAY).filter(pl.col("store_id") == "S1")))

    found = verdicts(rules.completeness("raw_sales", with_doors_only=True, today=lambda: TUESDAY), lake)

    assert found["passed"].to_list() == [True, False, True]
    assert found["severity"][1] == WARN


def test_conservation_counts_duplicates_and_quarantine(lake: Lake) -> None:
    lines = sales(TUESDAY, 5).with_columns(copies=pl.Series([4, 1, 1, 1, 1]))
    put(lake, TUESDAY, lines=lines, rejected=2)

    found = verdicts(rules.conservation("sales", "raw_sales"), lake).row(1, named=True)

    assert found["passed"]
    assert (found["delivered"], found["accepted"], found["quarantined"], found["duplicates"]) == (10, 5, 2, 3)


def test_an_empty_day_conserves_its_rows_and_is_unique(lake: Lake) -> None:
    put(lake, TUESDAY, raw=as_raw(sales(TUESDAY, 0)), lines=sales(TUESDAY, 0))

    every = [case[0] for name, case in RULES.items() if name not in ("a store is missing", "nothing was delivered")]

    assert all(verdicts(rule, lake)["passed"].all() for rule in every)


@pytest.mark.parametrize(("rejected", "passed", "severity"), [(0, True, WARN), (1, False, WARN), (2, False, ERROR)])
def test_the_rate_of_quarantine_warns_before_it_is_an_error(
    lake: Lake, rejected: int, passed: bool, severity: str
) -> None:
    put(lake, TUESDAY, rejected=rejected)

    found = verdicts(rules.quarantine_rate("sales", warn=0.05, error=0.1), lake).row(1, named=True)

    assert (found["passed"], found["severity"]) == (passed, severity)


@pytest.mark.parametrize(("unknown", "passed", "severity"), [(0, True, WARN), (1, False, WARN), (5, False, ERROR)])
def test_unknown_names_warn_before_they_are_an_error(lake: Lake, unknown: int, passed: bool, severity: str) -> None:
    put(lake, TUESDAY, lines=sales(TUESDAY).with_columns(product_known=pl.int_range(pl.len()) >= unknown))

    found = verdicts(rules.referential_integrity("sales", flags=["product_known"]), lake).row(1, named=True)

    assert (found["passed"], found["severity"]) == (passed, severity)


@pytest.mark.parametrize(("count", "passed"), [(10, True), (5, True), (20, True), (4, False), (21, False), (0, False)])
def test_volume_warns_outside_the_band_around_the_same_weekday(lake: Lake, count: int, passed: bool) -> None:
    for week, usual in ((1, 10), (2, 10), (3, 500)):  # a median: one odd week does not matter
        put(lake, TUESDAY - timedelta(weeks=week), lines=sales(TUESDAY - timedelta(weeks=week), usual))
    put(lake, TUESDAY, lines=sales(TUESDAY, count))

    found = verdicts(rules.volume("sales"), lake)

    assert found.row(1, named=True)["passed"] is passed
    assert found["severity"].to_list() == [WARN] * 3
    assert found["description"][0] == "10 rows; too few Mondays before to compare with"


def test_a_table_without_days_gets_one_verdict(lake: Lake) -> None:
    unique = rules.uniqueness("stores", ["store_id"])
    assert unique.judge(lake, None).select("date", "passed").rows() == [(None, True)]

    lake.replace("stores", pl.concat([lake.scan("stores").collect()] * 2), None)

    found = unique.judge(lake, None).row(0, named=True)
    assert (found["passed"], found["description"]) == (False, "6 rows, 3 keys with more than one")


class TestStoreNames:
    NAMED = StoreMatching("name", 0.8)

    def test_each_day_names_the_names_that_were_matched_those_of_most_rows_first(self, lake: Lake) -> None:
        stores = frame(
            Store, {"store_id": "S1", "name": "Quay Street"}, {"store_id": "S2", "name": "Market"}, format="shop"
        )
        lake.replace("stores", stores, None)
        spelt = {MONDAY: ["Quay Street", "S2", "Harbour"], TUESDAY: ["Markt", "Quay Steet", "Quay Steet"]}
        for day, names in spelt.items():
            lake.replace("raw_doors", pl.DataFrame({"date": [day] * 3, "store_id": names}), Window(day, day))

        verdicts = rules.store_names("raw_doors", self.NAMED).judge(lake, DAYS)

        assert verdicts["passed"].to_list() == [True, False, True]
        assert (
            verdicts.row(1, named=True).items()
            >= {
                "severity": WARN,
                "names": 2,
                "rows": 3,
                "description": "taken for the stores they are like: "
                "Quay Steet -> S1 (0.91, 2 rows); Markt -> S2 (0.83, 1 rows)",
            }.items()
        )

    @pytest.mark.parametrize(("name", "passed"), [("Market", True), ("Markt", False)])
    def test_a_table_without_days_gets_one_verdict(self, lake: Lake, name: str, passed: bool) -> None:
        lake.replace("stores", frame(Store, {"store_id": "S2", "name": "Market"}, format="shop"), None)
        lake.replace("raw_hours", pl.DataFrame({"store_id": [name]}), None)

        verdicts = rules.store_names("raw_hours", self.NAMED).judge(lake, None)

        assert verdicts.select("date", "passed").rows() == [(None, passed)]
