"""What a change of raw days or snapshots reaches, and that the backfill asks for exactly that."""

from collections.abc import Collection
from datetime import date
from pathlib import Path

import dagster as dg

from retail_platform.automation.reach import Targets, backfill, targets
from retail_platform.automation.requests import Held, held
from retail_platform_tests.platform import Platform, tiny_graph

GRAPH = tiny_graph()
D1, D2 = date(2026, 3, 1), date(2026, 3, 2)


def reached(
    days: dict[str, list[date]], *tables: str, lacking: Collection[str] = (), never: Collection[str] = ()
) -> dict[str, list[str]]:
    """Targets by name, on a lake where only some assets lack these days or were never made."""
    found = targets(
        GRAPH,
        {dg.AssetKey(name): of for name, of in days.items()},
        {dg.AssetKey(name) for name in tables},
        days_there=lambda key, wanted: [] if key.path[-1] in lacking else wanted,
        ever_made=lambda key: key.path[-1] not in never,
    )
    by_name = {key.path[-1]: sorted(map(str, of)) for key, of in found.days.items()}
    return by_name | {key.path[-1]: [] for key in found.tables}


def test_a_day_reaches_all_that_is_made_of_it_and_the_tables_over_all_days() -> None:
    found = reached({"raw_sales": [D1]})

    reached_days = {name for name, days in found.items() if days}
    assert reached_days.isdisjoint({"raw_footfall", "footfall_readings"})
    assert reached_days >= {
        "raw_sales",
        "sales",
        "quarantine_sales",
        "hourly_metrics",
        "product_daily_metrics",
        "store_days",
        "daily_metrics",
    }
    assert {name for name, days in found.items() if not days} >= {"period_metrics", "warehouse"}
    assert {tuple(days) for days in found.values() if days} == {("2026-03-01",)}


LACKING = ["footfall_readings", "sensor_health", "footfall", "hourly_metrics"]


def test_a_day_whose_door_counts_have_not_come_goes_as_far_as_it_can() -> None:
    found = reached({"raw_sales": [D1, D2], "raw_footfall": [D2]}, lacking=LACKING)

    assert found["sales"] == found["product_daily_metrics"] == ["2026-03-01", "2026-03-02"]
    assert found["store_days"] == found["daily_metrics"] == ["2026-03-02"]


def test_a_snapshot_reaches_tables_and_no_days() -> None:
    found = reached({}, "raw_stores")

    assert not any(found.values())
    assert {"raw_stores", "stores", "quarantine_stores", "opening_hours", "warehouse"} <= found.keys()
    assert "raw_products" not in found


def test_tables_that_a_day_needs_and_were_never_made_are_made_first() -> None:
    tables = ["calendar", "raw_stores", "stores", "quarantine_stores", "opening_hours", "period_metrics", "warehouse"]

    assert {"calendar", "raw_stores", "stores", "opening_hours"} <= reached({"raw_sales": [D1]}, never=tables).keys()


def test_tables_over_days_that_were_never_made_wait_for_them() -> None:
    found = reached({}, "raw_stores", never=["store_days", "daily_metrics", "product_daily_metrics"])

    assert {"period_metrics", "warehouse"}.isdisjoint(found)


def test_a_backfill_asks_for_exactly_that_and_holds_its_days(tmp_path: Path) -> None:
    of = Targets(
        {dg.AssetKey("raw_sales"): frozenset({D1, D2}), dg.AssetKey("sales"): frozenset({D2})},
        frozenset({dg.AssetKey("warehouse")}),
    )
    with Platform(tmp_path) as platform:
        asked = backfill(platform.instance, platform.graph, of, id="landed", asked_by="landing", why="new")
        platform.instance.add_backfill(asked)

        found = platform.instance.get_backfill("landed")
        assert found is not None
        subset = found.get_asset_backfill_data(platform.graph).target_subset
        assert {
            key: set(map(date.fromisoformat, one.get_partition_keys()))
            for key, one in subset.partitions_subsets_by_asset_key.items()
        } == of.days
        assert subset.non_partitioned_asset_keys == of.tables
        assert held(platform.instance, platform.graph) == Held(frozenset({D1, D2}), whole=True)
