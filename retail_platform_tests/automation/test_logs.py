"""What runs print for machines: one JSON object a line, with what it is about and nothing that must stay secret."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from retail_platform.automation.logs import JsonLines
from retail_platform_tests.end_to_end.shops import FIRST_DAY, Shops
from retail_platform_tests.platform import Platform


def printed(platform: Platform, *arguments: str) -> tuple[list[dict[str, Any]], int]:
    """The lines of a command in a process of its own."""
    with platform.environment(log_format="json"):
        command = [sys.executable, "-W", "ignore", "-m", "retail_platform.cli", *arguments]
        done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")], done.returncode


def test_a_fetch_is_a_line_with_its_run_asset_days_source_rows_and_seconds(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        lines, code = printed(platform, "materialize", "--from", "2026-03-02", "--to", "2026-03-03")
        rows = platform.table("raw_sales").height
        clients = platform.table("clients").select("name", "email").rows()

    assert code == 0
    [fetch] = [line for line in lines if line.get("dataset") == "sales"]
    assert fetch["asset"] == "raw_sales"
    assert fetch["partition"] == "2026-03-02..2026-03-03"
    assert (fetch["source"], fetch["rows"], fetch["level"]) == ("simulator", rows, "INFO")
    assert fetch["seconds"] > 0
    assert fetch["run_id"]
    # and every dataset has one, and nobody's name is in any line
    fetched = [line["dataset"] for line in lines if "dataset" in line]
    assert sorted(fetched) == ["clients", "footfall", "opening_hours", "product_prices", "products", "sales", "stores"]
    text = json.dumps(lines, ensure_ascii=False)
    assert not [name for row in clients for name in row if name and name in text]


def test_a_failure_is_a_line_with_its_reason(tmp_path: Path) -> None:
    shops = Shops(tmp_path / "shops")
    shops.deliver(1)
    (shops.files / f"sales/{FIRST_DAY}.csv").unlink()
    with shops.platform(tmp_path / "platform") as platform:
        lines, code = printed(platform, "materialize", "--from", str(FIRST_DAY), "--to", str(FIRST_DAY))

    assert code == 1
    failures = {line["asset"]: line for line in lines if line.get("event") == "STEP_FAILURE"}
    assert (failures["raw_sales"]["level"], failures["raw_sales"]["source"]) == ("ERROR", "corner")
    assert "SourceUnavailable" in failures["raw_sales"]["error"]


def test_secrets_are_masked_wherever_they_come_from() -> None:
    lines = JsonLines(source="shop", masked=["s3cret", 'pä"ss', ""])
    try:
        raise ValueError('Bearer s3cret was refused, and pä"ss')
    except ValueError:
        record = logging.getLogger("retail").makeRecord(
            "retail", logging.ERROR, __file__, 1, "token %s", ("s3cret",), sys.exc_info(), extra={"url": "x?t=s3cret"}
        )

    line = json.loads(lines.format(record))

    assert (line["message"], line["url"]) == ("token ***", "x?t=***")
    assert "s3cret" not in json.dumps(line)
    assert line["error"].endswith("Bearer *** was refused, and ***")
