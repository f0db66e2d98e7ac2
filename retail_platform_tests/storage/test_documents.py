"""Documents of a day: files that people open, in a folder and on S3."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from retail_platform.storage.documents import DocumentIOManager
from retail_platform.storage.lake import Lake, LakeError
from retail_platform_tests.s3 import keys, s3_client

DAYS = dg.DailyPartitionsDefinition(start_date="2026-01-01", end_date="2026-02-01")
JANUARY_5, JANUARY_6 = date(2026, 1, 5), date(2026, 1, 6)
RANGE = {"dagster/asset_partition_range_start": "2026-01-05", "dagster/asset_partition_range_end": "2026-01-06"}


class Text(dg.Config):
    text: str = "<p>é</p>"
    days: int = 2


@dg.asset(io_manager_key="documents", partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def page(config: Text) -> dict[date, str]:
    return dict.fromkeys((JANUARY_5, JANUARY_6)[: config.days], config.text)


@dg.asset(partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run(), io_manager_key="memory")
def reader(page: dict[date, str]) -> dict[date, str]:
    return page


def made(lake_uri: str, **config: object) -> dg.ExecuteInProcessResult:
    resources = {"documents": DocumentIOManager(lake_uri=lake_uri), "memory": dg.mem_io_manager}
    run_config = {"ops": {"page": {"config": config}}}
    return dg.materialize([page, reader], resources=resources, tags=RANGE, run_config=run_config)


def links(result: dg.ExecuteInProcessResult) -> dict[str | None, object]:
    events = result.asset_materializations_for_node("page")
    return {event.partition: event.metadata["report"].value for event in events}


def test_each_day_is_a_file_of_a_folder_and_is_replaced(tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    made(lake, text="old")

    result = made(lake)

    files = {path.name: path.read_text() for path in (tmp_path / "lake/_objects/page").iterdir()}
    assert files == {"2026-01-05.html": "<p>é</p>", "2026-01-06.html": "<p>é</p>"}
    assert links(result)["2026-01-06"] == f"{lake}/_objects/page/2026-01-06.html"
    assert result.output_for_node("reader") == dict.fromkeys((JANUARY_5, JANUARY_6), "<p>é</p>")
    assert Lake(lake).tables() == []


def test_each_day_is_an_object_of_a_bucket_that_a_browser_shows(s3_server: str, s3_bucket: str) -> None:
    result = made(f"s3://{s3_bucket}/some/lake")

    name = "some/lake/_objects/page/2026-01-06.html"
    assert keys(s3_server, s3_bucket) == [name.replace("06", "05"), name]
    held = s3_client(s3_server).get_object(Bucket=s3_bucket, Key=name)
    assert (held["ContentType"], held["Body"].read().decode()) == ("text/html; charset=utf-8", "<p>é</p>")
    assert links(result)["2026-01-06"] == f"s3://{s3_bucket}/{name}"
    assert result.output_for_node("reader") == dict.fromkeys((JANUARY_5, JANUARY_6), "<p>é</p>")


def test_a_day_without_a_document_is_an_error_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="asset page made no document of 2026-01-06"):
        made(str(tmp_path / "lake"), days=1)

    assert not (tmp_path / "lake").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file is in the way")

    with pytest.raises(LakeError, match=r"a file is in the way of a folder.*RETAIL_LAKE_URI"):
        made(str(tmp_path / "lake"))
