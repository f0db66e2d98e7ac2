"""`.env` of the working folder: all of it counts, behind the environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_platform_tests.platform import Platform, message
from retail_platform_tests.s3 import new_bucket, s3_variables


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with Platform(tmp_path / "shop", variables={"AWS_EC2_METADATA_DISABLED": "true"}) as platform:
        yield platform


def env_file(platform: Platform, **variables: str) -> None:
    (platform.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))


def test_a_bucket_is_reached_by_what_the_file_says(platform: Platform, s3_server: str) -> None:
    bucket = new_bucket(s3_server)
    platform.settings["lake_uri"] = f"s3://{bucket}/lake"
    env_file(platform, AWS_SHARED_CREDENTIALS_FILE="none", AWS_CONFIG_FILE="none")
    assert "there are no AWS credentials" in message(platform.retail("tables"))

    env_file(platform, **s3_variables(s3_server))

    assert f"there is no table in s3://{bucket}/lake" in message(platform.retail("tables"))


def test_the_environment_goes_before_it(platform: Platform) -> None:
    env_file(platform, RETAIL_LANGUAGE="fr", RETAIL_SEED="7")

    shown = message(platform.retail("settings", language="en"))

    assert "RETAIL_LANGUAGE en" in shown
    assert "RETAIL_SEED 7" in shown


def test_dev_refuses_what_dagster_would_read_the_other_way_round(platform: Platform) -> None:
    env_file(platform, RETAIL_LAKE_URI="elsewhere", RETAIL_SCALE="tiny", RETAIL_UI_URL="http://127.0.0.1:9")

    refused = platform.retail("dev")

    assert refused.exit_code == 2
    assert message(refused).startswith("RETAIL_LAKE_URI: the environment and .env say different things")
