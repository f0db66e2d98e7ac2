"""docs/connecting-data.md is true: its example runs as written, its columns and keys are those there are."""

import re
import tomllib
from pathlib import Path

import pytest

from retail_platform.sources.base import DELIVERIES
from retail_platform.sources.mapping.check import type_name
from retail_platform.sources.mapping.model import DatasetEntry, FilesInput
from retail_platform_tests.platform import PROJECT, Platform, message

PAGE = (PROJECT / "docs/connecting-data.md").read_text()
FILES = dict(re.findall(r"^`([\w/.]+)`\n\n```\w*\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))
SNIPPETS = re.findall(r"^```toml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def commands(first: str) -> list[list[str]]:
    """The arguments of the commands of the page that begin so."""
    return [
        [quoted or plain for quoted, plain in re.findall(r'"([^"]+)"|(\S+)', line)]
        for line in re.findall(rf"^\.venv/bin/retail ({first}.*)$", PAGE, flags=re.MULTILINE)
    ]


def test_the_example_works_as_written(tmp_path: Path) -> None:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    assert len(FILES) == 6
    page = " ".join(PAGE.split())

    with Platform(tmp_path, source="corner", source_dir="deliveries") as platform:
        for first in ("sources check", "materialize", "sql", "quarantine"):
            [command] = commands(first)
            result = platform.retail(*command)

            assert result.exit_code == 0, result.output
            assert first == "materialize" or message(result) in page

        assert platform.states("2026-03-07", "2026-03-09")["daily_metrics"].missing == []


@pytest.mark.parametrize("dataset", DELIVERIES)
def test_the_columns_of_a_dataset_are_those_it_has(dataset: str) -> None:
    section = PAGE.split(f"\n### {dataset}\n")[1].split("\n#")[0]

    told = re.findall(r"^\| (\w+)(\*?) \| ([^|]+) \|", section, flags=re.MULTILINE)

    assert [one for one in told if one[0] != "column"] == [
        (name, "" if column.nullable else "*", re.sub(r"^an? | \(.*", "", type_name(column.dtype)))
        for name, column in DELIVERIES[dataset].columns().items()
    ]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_what_is_shown_of_a_mapping_can_be_said(snippet: str) -> None:
    shown = tomllib.loads(snippet)

    for layouts in shown.get("inputs", {}).values():
        for layout in layouts if isinstance(layouts, list) else [layouts]:
            if layout.get("kind") != "http":
                FilesInput.model_validate(layout)
    for dataset, entry in shown.get("datasets", {}).items():
        assert dataset in DELIVERIES
        DatasetEntry.model_validate(entry)


def test_all_keys_are_told() -> None:
    for model in (FilesInput, DatasetEntry):
        assert [key for key in model.model_fields if f"`{key}`" not in PAGE and key != "kind"] == []
