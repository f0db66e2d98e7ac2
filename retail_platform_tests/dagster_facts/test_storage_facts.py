"""What the storage relies on in Dagster, Delta and Polars: a failure here after an upgrade names its cause."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import narwhals as nw
import polars as pl
import pytest
from dagster import DagsterEventType
from dagster._core.errors import DagsterInvalidDefinitionError
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction

from retail_platform.storage.event_log import unexpected_parts
from retail_platform.storage.schema import to_delta

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-11")
SCHEMA = pl.Schema({"date": pl.Date(), "n": pl.Int64()})


def test_the_event_log_s_private_parts_are_as_expected() -> None:
    assert unexpected_parts() == []


def test_a_range_run_keeps_metadata_of_each_partition() -> None:
    @dg.asset(partitions_def=DAYS)
    def counted(context: dg.AssetExecutionContext) -> None:
        for key in context.partition_keys:
            context.add_asset_metadata({"rows": int(key[-2:])}, partition_key=key)

    with dg.DagsterInstance.ephemeral() as instance:
        tags = {
            "dagster/asset_partition_range_start": "2026-01-02",
            "dagster/asset_partition_range_end": "2026-01-04",
        }
        dg.materialize([counted], instance=instance, tags=tags)
        events = instance.fetch_materializations(counted.key, limit=10).records
        only = instance.event_log_storage.get_latest_storage_id_by_partition(
            counted.key, DagsterEventType.ASSET_MATERIALIZATION, partitions={"2026-01-03", "2026-01-09"}
        )

    found = {e.partition_key: e.asset_materialization.metadata["rows"].value for e in events if e.asset_materialization}
    assert found == {"2026-01-02": 2, "2026-01-03": 3, "2026-01-04": 4}
    assert set(only) == {"2026-01-03"}


def test_an_input_s_annotation_must_be_a_plain_class() -> None:
    """Hence assets write `nw.LazyFrame` and not `nw.LazyFrame[Any]`."""
    with pytest.raises(DagsterInvalidDefinitionError, match="LazyFrame"):

        @dg.asset
        def generic(upstream: nw.LazyFrame[Any]) -> None: ...


def put(root: Path, day: str) -> AddAction:
    file = root / f"date={day}" / "rows.parquet"
    file.parent.mkdir(exist_ok=True)
    pl.DataFrame({"n": [1]}).write_parquet(file)
    return AddAction(f"date={day}/rows.parquet", file.stat().st_size, {"date": day}, 0, True, '{"numRecords": 1}')


def overwrite(table: DeltaTable, add: AddAction, *locks: str, columns: pl.Schema = SCHEMA) -> None:
    day = add.partition_values["date"]
    assert day
    table.create_write_transaction(
        [add],
        "overwrite",
        to_delta(columns),
        ["date"],
        [("date", ">=", day), ("date", "<=", day)],
        commit_properties=CommitProperties(app_transactions=[Transaction(lock, 0) for lock in locks]),
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    DeltaTable.create(tmp_path / "t", to_delta(SCHEMA), partition_by=["date"])
    return tmp_path / "t"


def test_two_first_writes_of_a_day_are_both_kept_unless_they_share_a_lock(root: Path) -> None:
    one, other, locked, late = (DeltaTable(root) for _ in range(4))
    overwrite(one, put(root, "2026-01-01"))
    overwrite(other, put(root, "2026-01-01"))  # no conflict: neither found a file to remove

    overwrite(locked, put(root, "2026-01-02"), "date=2026-01-02")
    with pytest.raises(CommitFailedError):
        overwrite(late, put(root, "2026-01-02"), "date=2026-01-02")


def test_writes_of_other_days_pass_each_other(root: Path) -> None:
    one, other = DeltaTable(root), DeltaTable(root)

    overwrite(one, put(root, "2026-01-01"), "date=2026-01-01")
    overwrite(other, put(root, "2026-01-02"), "date=2026-01-02")

    assert len(DeltaTable(root).file_uris()) == 2


def test_an_overwrite_with_another_schema_changes_the_table_s(root: Path) -> None:
    overwrite(DeltaTable(root), put(root, "2026-01-01"), columns=pl.Schema({**SCHEMA, "note": pl.String()}))

    assert [field.name for field in DeltaTable(root).schema().fields] == ["date", "n", "note"]


def test_a_local_time_added_without_its_feature_breaks_the_table(root: Path) -> None:
    """Hence the feature is added before."""
    columns = pl.Schema({**SCHEMA, "at": pl.Datetime("us")})

    with pytest.raises(DeltaError, match="timestampNtz"):
        overwrite(DeltaTable(root), put(root, "2026-01-01"), columns=columns)
    with pytest.raises(DeltaError, match="timestampNtz"):
        DeltaTable(root)


def test_deltalake_s_own_merge_accepts_a_lost_column_and_casts_a_changed_type(tmp_path: Path) -> None:
    """Hence schemas are compared before a write."""
    write_deltalake(tmp_path, pl.DataFrame({"a": [1], "b": ["x"]}))

    write_deltalake(tmp_path, pl.DataFrame({"a": ["2"]}), mode="append", schema_mode="merge")

    assert pl.read_delta(str(tmp_path)).sort("a").rows() == [(1, "x"), (2, None)]


def test_polars_tells_what_it_wrote_for_each_key(tmp_path: Path) -> None:
    keys: list[date | None] = []
    sinked: list[tuple[str, int, int]] = []

    def name(file: Any) -> str:
        keys.append(file.partition_keys.item())
        return f"{len(keys)}.parquet"

    pl.LazyFrame(
        {"date": [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 1), None], "n": [1, 2, 3, 4]}
    ).sink_parquet(
        pl.PartitionBy(tmp_path, key="date", include_key=False, file_path_provider=name),
        mkdir=True,
        sinked_paths_callback=lambda args: sinked.extend((p.path, p.num_rows, p.num_bytes) for p in args.paths),
    )

    rows = {key: next(n for path, n, _ in sinked if path.endswith(f"/{i + 1}.parquet")) for i, key in enumerate(keys)}
    assert rows == {date(2026, 1, 1): 2, date(2026, 1, 2): 1, None: 1}
    assert all(Path(path).stat().st_size == size for path, _, size in sinked)
    assert pl.read_parquet(sinked[0][0]).columns == ["n"]
