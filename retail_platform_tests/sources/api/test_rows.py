"""The rows over HTTP are the simulator's, all of them, none twice, nothing lost of any value."""

from datetime import date

import httpx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_platform.sources.base import DAILY_DATASETS
from retail_platform.sources.simulator import Simulator
from retail_platform.windows import Window
from retail_platform_tests.sources.api.conftest import DAY, fetched

MONDAY = Window(date.fromisoformat(DAY), date.fromisoformat(DAY))


def typed(rows: list[dict], like: pl.DataFrame) -> pl.DataFrame:
    """JSON rows with the types of the simulator's."""
    texts = {name: pl.String for name, dtype in like.schema.items() if dtype.is_temporal() or dtype.is_decimal()}
    frame = pl.DataFrame(rows, schema={**like.schema, **texts}, orient="row")
    return frame.with_columns(
        pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S")
        if isinstance(dtype, pl.Datetime)
        else pl.col(name).str.to_date()
        if dtype == pl.Date
        else pl.col(name).cast(dtype)
        for name, dtype in like.schema.items()
    ).cast(like.schema)


@pytest.mark.parametrize("dataset", sorted(Simulator(1, "tiny").datasets))
def test_rows_are_the_simulators(client: httpx.Client, simulator: Simulator, dataset: str) -> None:
    daily = dataset in DAILY_DATASETS
    expected = simulator.read(dataset, MONDAY if daily else None).collect()

    rows = fetched(client, dataset, limit=97, **({"date": DAY} if daily else {}))

    assert list(rows[0]) == expected.columns
    assert_frame_equal(typed(rows, expected), expected)


@pytest.mark.parametrize("dataset", ["sales", "footfall"])
def test_stores_add_up_to_the_day(client: httpx.Client, simulator: Simulator, dataset: str) -> None:
    stores = [row["store_id"] for row in fetched(client, "stores")]

    apart = [row for store in stores for row in fetched(client, dataset, limit=50, date=DAY, store_id=store)]

    assert apart == fetched(client, dataset, date=DAY)
    assert len(apart) == simulator.read(dataset, MONDAY).collect().height


def test_money_is_text_times_are_iso_and_unknown_is_null(client: httpx.Client) -> None:
    row = fetched(client, "sales", date=DAY, store_id="S0001")[0]

    assert row["date"] == DAY
    assert row["sold_at"].startswith(f"{DAY}T")
    assert isinstance(row["net_amount"], str)
    assert row["net_amount"].partition(".")[2].isdigit()
    assert row["promotion_id"] is None


def test_store_closed_on_the_day_has_no_rows_and_no_error(client: httpx.Client, simulator: Simulator) -> None:
    sunday = Window(date(2026, 3, 8), date(2026, 3, 8))
    selling = set(simulator.read("sales", sunday).collect()["store_id"])
    closed = sorted({row["store_id"] for row in fetched(client, "stores")} - selling)

    assert closed
    assert fetched(client, "sales", date="2026-03-08", store_id=closed[0]) == []
