"""How footfall lies in the graph."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from retail_platform.automation.lineage import look_back
from retail_platform.automation.ranges import select
from retail_platform.definitions import assemble, open_retailer
from retail_platform.partitions import FOOTFALL_HISTORY, SAME_WEEKDAYS
from retail_platform.settings import Settings
from retail_platform_tests.platform import Platform, tiny_graph

GRAPH = tiny_graph()
FOOTFALL, HEALTH = dg.AssetKey("footfall"), dg.AssetKey("sensor_health")


@pytest.mark.parametrize("name", ["footfall", "sensor_health"])
def test_who_names_one_gets_both(name: str) -> None:
    assert select(GRAPH, name) == {FOOTFALL, HEALTH}


@pytest.mark.parametrize("key", [FOOTFALL, HEALTH])
def test_both_look_at_eight_weeks_of_readings_and_four_of_sales(key: dg.AssetKey) -> None:
    assert look_back(GRAPH, key, dg.AssetKey("footfall_readings")) == FOOTFALL_HISTORY
    assert look_back(GRAPH, key, dg.AssetKey("product_daily_metrics")) == SAME_WEEKDAYS


def test_a_source_without_sales_or_doors_has_what_it_can(tmp_path: Path) -> None:
    def keys(source: str) -> set[str]:
        graph = assemble(open_retailer(Settings(source=source, source_dir=str(tmp_path)))).resolve_asset_graph()
        return {key.to_user_string() for key in graph.materializable_asset_keys}

    assert {"footfall", "sensor_health"} <= keys("bank_footfall")
    assert {"footfall", "sensor_health"}.isdisjoint(keys("olist"))


def test_both_are_made_and_made_again_with_a_day_they_look_at(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        assert platform.materialize("2026-03-02", "2026-03-03", "+footfall").failures == []
        made = {name: platform.table(name)["date"].unique().sort().to_list() for name in ("footfall", "sensor_health")}
        again = platform.materialize("2026-03-02", select="footfall_readings or footfall")

        assert set(map(tuple, made.values())) == {(date(2026, 3, 2), date(2026, 3, 3))}
        assert again.failures == []
        assert again.rows["footfall"] == platform.table("footfall").height
