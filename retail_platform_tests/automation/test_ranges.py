"""Planning ranges: what a selection names, and which assets wait for which."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from retail_platform.automation.ranges import Plan, phases, range_tags, select
from retail_platform.automation.requests import Held, held
from retail_platform.windows import Window
from retail_platform_tests.end_to_end.shops import Shops
from retail_platform_tests.platform import Platform, tiny_graph

GRAPH = tiny_graph()
ALL = set(GRAPH.materializable_asset_keys)


def names(selection: str) -> set[str]:
    return {key.to_user_string() for key in select(GRAPH, selection)}


def test_a_star_is_everything() -> None:
    assert select(GRAPH, "*") == ALL


def test_a_name_is_the_asset() -> None:
    assert names("daily_metrics") == names('key:"daily_metrics"') == {"daily_metrics"}


def test_a_plus_is_all_that_is_upstream_or_downstream_not_one_step() -> None:
    upstream = names("+daily_metrics")

    assert {"raw_sales", "raw_stores", "calendar", "store_days"} <= upstream
    assert {"period_metrics", "warehouse"}.isdisjoint(upstream)
    assert names("store_days+") == {"store_days", "daily_metrics", "daily_report", "period_metrics", "warehouse"}
    assert names("1+daily_metrics") == {"store_days", "daily_metrics"}


def test_a_table_and_its_quarantine_come_together() -> None:
    assert names("sales") == names("quarantine_sales") == {"sales", "quarantine_sales"}
    assert "quarantine_sales" in names("+daily_metrics")


def test_terms_are_joined() -> None:
    assert names("period_metrics or warehouse") == {"period_metrics", "warehouse"}
    assert names("group:metrics and not (period_metrics or key:daily_metrics)") == {
        "hourly_metrics",
        "product_daily_metrics",
        "store_days",
    }
    assert names('tag:"layer"="raw" and group:sales') == {"raw_sales"}
    assert "daily_metrics" in names("sinks(group:metrics) or daily_metrics")


@pytest.mark.parametrize("selection", ["++", "daily_metrics store_days", "daily_metrics and", ""])
def test_what_cannot_be_read_says_how_to_write_it(selection: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be read: .*Write assets as \+daily_metrics"):
        select(GRAPH, selection)


@pytest.mark.parametrize(
    ("selection", "hint"),
    [
        ("daily_metric", r"did you mean daily_metrics\?"),
        ("+daily_metric", r"did you mean daily_metrics\?"),
        ("group:nope", "there are .*daily_metrics"),
    ],
)
def test_what_names_nothing_says_what_there_is(selection: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"names no asset; {hint}"):
        select(GRAPH, selection)


def test_phases_keep_tables_with_and_without_days_and_windows_apart() -> None:
    found = phases(GRAPH, ALL)

    assert [phase.daily for phase in found] == [False, True, True, True, False, False]
    of = {key.to_user_string(): number for number, phase in enumerate(found) for key in phase.keys}
    assert len(of) == len(ALL)
    assert of["stores"] == of["calendar"] == of["raw_clients"] == 0
    assert of["raw_sales"] == of["product_daily_metrics"] == of["quarantine_sales"]
    assert of["sensor_health"] == of["store_days"] > of["footfall_readings"]
    assert of["daily_metrics"] > of["store_days"]
    assert of["warehouse"] > of["daily_metrics"]
    for key in ALL:
        for parent in GRAPH.get(key).parent_keys:
            assert of[parent.to_user_string()] <= of[key.to_user_string()]


def test_a_part_of_the_graph_has_the_phases_it_needs() -> None:
    assert len(phases(GRAPH, select(GRAPH, "raw_sales or sales"))) == 1
    windowed = phases(GRAPH, select(GRAPH, "store_days or daily_metrics"))
    assert [[key.to_user_string() for key in phase.keys] for phase in windowed] == [["store_days"], ["daily_metrics"]]


def test_a_plan_counts_days_of_each_phase() -> None:
    window = Window(date(2026, 1, 1), date(2026, 1, 10))
    with_days, without = phases(GRAPH, select(GRAPH, "sales or stores"))[::-1]

    plan = Plan(None, (without, with_days), window, 31)  # type: ignore[arg-type]

    assert plan.days == 1 + 10


def test_a_run_knows_its_days_by_tags() -> None:
    assert range_tags(None) == {}
    assert range_tags(Window(date(2026, 1, 1), date(2026, 1, 1))) == {"dagster/partition": "2026-01-01"}
    assert set(range_tags(Window(date(2026, 1, 1), date(2026, 1, 2))).values()) == {"2026-01-01", "2026-01-02"}


def test_runs_are_seen_by_the_ui_with_their_days(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        outcome = platform.materialize("2026-03-02", "2026-03-03", select="+raw_sales", days_per_run=1)
        runs = [platform.instance.get_run_by_id(run_id) for run_id in outcome.run_ids]

        assert [run.status for run in runs if run] == [dg.DagsterRunStatus.SUCCESS] * 3
        days = [run.tags.get("dagster/partition") for run in runs if run]
        assert days == [None, "2026-03-02", "2026-03-03"]
        assert held(platform.instance, platform.graph) == Held()  # no run follows
        states = platform.states("2026-03-01", "2026-03-03")
        assert states["raw_sales"].missing == ["2026-03-01"]
        assert states["sales"].missing == ["2026-03-01", "2026-03-02", "2026-03-03"]


def test_days_go_on_with_tables_that_are_there_and_cannot_be_made_again(tmp_path: Path) -> None:
    shops = Shops(tmp_path)
    shops.deliver(2)
    with Platform(tmp_path / "lived", source=shops.mapping, source_dir=shops.files) as platform:
        (shops.files / "shops.csv").rename(tmp_path / "away.csv")
        lacking = platform.materialize("2026-03-01", select="+sales")
        (tmp_path / "away.csv").rename(shops.files / "shops.csv")
        platform.materialize("2026-03-01", select="+sales")
        (shops.files / "shops.csv").unlink()

        outcome = platform.materialize("2026-03-02", select="+sales")

        assert "raw_sales" not in lacking.rows
        assert [failure.asset for failure in outcome.failures] == ["raw_stores"]
        assert platform.states("2026-03-02")["sales"].materialized == ["2026-03-02"]
