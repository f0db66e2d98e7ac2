"""From the settings to a source."""

import subprocess
import sys
from pathlib import Path

import pytest

from retail_platform.settings import Settings, SettingsError
from retail_platform.sources.registry import built_in_mappings, open_source


def test_the_built_in_mappings_are_listed() -> None:
    mappings = {name: title for name, title, _ in built_in_mappings()}

    assert list(mappings) == [
        "bank_footfall",
        "jaffle_shop",
        "leeds_footfall",
        "olist",
        "retail_api",
        "retailinsights",
        "rossmann",
        "source_api",
    ]
    assert all(mappings.values())


def test_a_built_in_name_opens_its_mapping() -> None:
    source = open_source(Settings(source="olist", source_dir="anywhere"))

    assert (source.name, source.identity, str(source.span)) == ("olist", "mapping:olist", "2016-09-04..2018-10-17")


def test_an_unknown_source_suggests_the_nearest() -> None:
    with pytest.raises(SettingsError) as raised:
        open_source(Settings(source="olits"))

    assert str(raised.value) == (
        "RETAIL_SOURCE is 'olits', which is no source; did you mean olist? Known are simulator, bank_footfall, "
        "jaffle_shop, leeds_footfall, olist, retail_api, retailinsights, rossmann, source_api, or the path of a folder "
        "that holds mapping.toml"
    )


def test_a_folder_without_mapping_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"which is a folder without mapping.toml"):
        open_source(Settings(source=str(tmp_path)))


@pytest.mark.parametrize(
    ("source_dir", "told"),
    [
        (None, "RETAIL_SOURCE_DIR is not set"),
        ("gs://bucket", "RETAIL_SOURCE_DIR is 'gs://bucket': a folder or s3://bucket/prefix is expected"),
        ("s3:///files", "RETAIL_SOURCE_DIR is 's3:///files': s3://bucket/prefix is expected"),
    ],
)
def test_a_mapping_needs_a_place_of_files(source_dir: str | None, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        open_source(Settings(source="olist", source_dir=source_dir))

    assert told in str(raised.value)


def test_opening_a_mapping_imports_nothing_heavy() -> None:
    code = (
        "import sys; from retail_platform.settings import Settings;"
        "from retail_platform.sources.registry import open_source;"
        "open_source(Settings(source='olist', source_dir='x')).datasets;"
        "print([name for name in ('duckdb', 'boto3', 'pyarrow', 'fastexcel') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
