"""A true S3 server (moto) for tests, benchmarks and drills, as a process of its own.

Only starting, addressing and filling it belongs here.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from retail_platform_tests.servers import free_port, wait_until_open

_buckets = count(1)


@contextmanager
def moto_server() -> Iterator[str]:
    """Run the server until the block ends; its address."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_open(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()  # SIGTERM is ignored where whoever started the tests ignores SIGINT: Dagster sees to that
        server.wait()


def s3_variables(endpoint: str) -> dict[str, str]:
    """The `AWS_*` variables that lead to a server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }


def s3_client(endpoint: str) -> Any:
    """A client beside the platform's own, to look at what is there."""
    import boto3

    access = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=endpoint, **access)


def new_bucket(endpoint: str) -> str:
    """Make a bucket; its name."""
    name = f"retailer-{next(_buckets)}"
    s3_client(endpoint).create_bucket(Bucket=name)
    return name


def keys(endpoint: str, bucket: str, prefix: str = "") -> list[str]:
    """All keys below a prefix, sorted."""
    pages = s3_client(endpoint).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return sorted(one["Key"] for page in pages for one in page.get("Contents", []))
