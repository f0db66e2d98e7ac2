"""Objects that are no tables, in a folder and on S3."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.errors import DagsterResourceFunctionError

from retail_platform.storage.lake import Lake, LakeError
from retail_platform.storage.objects import ObjectIOManager
from retail_platform_tests.s3 import keys, s3_variables

DAYS = dg.DailyPartitionsDefinition(start_date="2026-01-01")


@dg.asset(io_manager_key="objects")
def model() -> dict[str, int]:
    return {"weight": 7}


@dg.asset(io_manager_key="objects", partitions_def=DAYS)
def report(model: dict[str, int]) -> str:
    return f"weight {model['weight']}"


def round_trip(lake_uri: str) -> None:
    resources = {"objects": ObjectIOManager(lake_uri=lake_uri)}
    made = dg.materialize([model, report], resources=resources, partition_key="2026-01-05")
    again = dg.materialize([model, report], selection=[report], resources=resources, partition_key="2026-01-06")

    assert made.output_for_node("report") == again.output_for_node("report") == "weight 7"
    assert Lake(lake_uri).tables() == []


def test_an_object_lies_in_the_lake_s_folder(tmp_path: Path) -> None:
    round_trip(str(tmp_path / "lake"))

    assert sorted(path.name for path in (tmp_path / "lake/_objects").rglob("*") if path.is_file()) == [
        "2026-01-05",
        "2026-01-06",
        "model",
    ]


def test_an_object_lies_below_the_lake_s_prefix(s3_server: str, s3_bucket: str) -> None:
    round_trip(f"s3://{s3_bucket}/some/lake")

    assert keys(s3_server, s3_bucket) == [
        "some/lake/_objects/model",
        "some/lake/_objects/report/2026-01-05",
        "some/lake/_objects/report/2026-01-06",
    ]


@pytest.mark.usefixtures("s3_bucket")
def test_a_missing_bucket_is_named() -> None:
    with pytest.raises(DagsterResourceFunctionError) as raised:
        dg.materialize([model], resources={"objects": ObjectIOManager(lake_uri="s3://nobody-has-it/lake")})

    assert isinstance(raised.value.__cause__, LakeError)
    assert "create it, or correct RETAIL_LAKE_URI" in str(raised.value.__cause__)


@pytest.mark.parametrize("lake", ["lake", "s3://retailer/lake"])
def test_loading_the_code_location_imports_no_s3(lake: str) -> None:
    code = (
        "import sys; from retail_platform.definitions import defs; defs().get_repository_def();"
        "print([name for name in ('boto3', 'dagster_aws') if name in sys.modules])"
    )
    variables = s3_variables("http://127.0.0.1:9") | {"RETAIL_LAKE_URI": lake}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=False)

    assert done.stdout.strip() == "[]", done.stderr
