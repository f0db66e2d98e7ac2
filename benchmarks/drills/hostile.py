"""Deliveries that are broken on purpose: files, answers, and days of a lake; a process of its own for each share.

    python -m benchmarks.drills.hostile FOLDER FORM INPUTS CHANCE

judges one share and prints its counts as JSON. What is delivered is made by the tests' `hostile`, and judged by their
`ordeal`.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

from benchmarks.drills.common import PROJECT, SEED, Drill, Site, Verdict
from retail_platform.quality.validate import COPIES, Validated
from retail_platform.sources.base import DAILY_DATASETS
from retail_platform.storage.lake import Lake
from retail_platform_tests.end_to_end.shops import FIRST_DAY, Shops, usual_lines
from retail_platform_tests.sources.mapping.hostile import for_each, texts
from retail_platform_tests.sources.mapping.ordeal import SPAN, ordeal, outside

SHARES = (("csv", 1500), ("http", 1500), ("json", 1000), ("parquet", 1000))  # each is faced twice, by another chance
_CHANCES = 2
_HOSTILE_DAYS, _BROKEN_DAYS = 30, 5
_KEPT = 250  # deliveries between two writes to the lake
_COLUMNS = 9  # of a sale line beside its day


class _Kept:
    """Writes what was delivered, accepted and quarantined to a lake, some deliveries at a time, and counts it there."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.problems = lake, list[str]()
        self._parts: dict[str, list[tuple[pl.DataFrame, Validated]]] = {}
        self._waiting = 0

    def add(self, dataset: str, delivered: pl.DataFrame, verdict: Validated) -> None:
        self._parts.setdefault(dataset, []).append((delivered, verdict))
        self._waiting += 1
        if self._waiting == _KEPT:
            self.write()

    def write(self) -> None:
        for dataset, parts in self._parts.items():
            tables = {
                f"raw_{dataset}": pl.concat(delivered for delivered, _ in parts),
                dataset: pl.concat(verdict.accepted for _, verdict in parts),
                f"quarantine_{dataset}": pl.concat(verdict.quarantined for _, verdict in parts),
            }
            for name, rows in tables.items():
                self.lake.replace(name, rows, SPAN if dataset in DAILY_DATASETS else None)
            if told := unaccounted(self.lake, dataset):
                self.problems.append(told)
        self._parts, self._waiting = {}, 0


def unaccounted(lake: Lake, dataset: str) -> str:
    """What is not so of rows delivered = copies accepted and quarantined; empty: nothing."""
    rows = lake.scan(f"raw_{dataset}").select(pl.len()).collect().item()
    kept = sum(
        lake.scan(name).select(pl.col(COPIES).sum()).collect().item() for name in (dataset, f"quarantine_{dataset}")
    )
    return "" if rows == kept else f"lake: {rows} rows of {dataset} delivered, {kept} accepted and quarantined"


def changed(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> set[str]:
    """Files and folders that are not as they were."""
    return {name for name, _ in before.items() ^ after.items()}


def _share(folder: Path, form: str, inputs: int, chance: int) -> dict[str, Any]:
    """Face so many inputs of a form; nothing but the lake and the scratch folder may be another afterwards."""
    kept = _Kept(Lake(str(folder / "deep" / "down" / "lake")))
    inside = (folder / "deep" / "down" / "lake", folder / "scratch")
    with ordeal(folder / "deep" / "down" / "hostile", kept.add) as one:
        before = outside(folder, *inside)
        one.face_many(form, inputs, chance)
        kept.write()
        after = outside(folder, *inside)
    written = [f"written outside: {name}" for name in changed(before, after) - set(map(str, inside))]
    return vars(one.count) | {"problems": [*one.count.problems, *kept.problems, *written]}


def _process(folder: Path, form: str, inputs: int, chance: int) -> dict[str, Any]:
    """A share in a process of its own: a crash of it is a finding, not the drill's end."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    variables = {"PYTHONPATH": str(PROJECT), "TMPDIR": str(scratch), "HYPOTHESIS_STORAGE_DIRECTORY": str(scratch)}
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "benchmarks.drills.hostile",
            str(folder),
            form,
            str(inputs),
            str(chance),
        ],
        cwd=scratch,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = f"the process of {form} ended with {done.returncode}: {done.stderr[-800:]}"
        return {"inputs": 0, "refused": {}, "delivered": 0, "accepted": 0, "quarantined": 0, "problems": [told]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _materialized(folder: Path) -> tuple[str, list[str]]:
    """Days of hostile lines, and days whose file is none, through Dagster: figures, and what must not be."""
    shops = Shops(folder)
    days = shops.deliver(_HOSTILE_DAYS + _BROKEN_DAYS)
    good, broken = days[:_HOSTILE_DAYS], days[_HOSTILE_DAYS:]
    lines, bodies = list[list[str]](), list[bytes]()
    for_each(st.lists(_lines, min_size=5, max_size=15), len(good), SEED, lines.append)
    for_each(st.binary(min_size=1), len(broken), SEED, bodies.append)
    for day, hostile in zip(good, lines, strict=True):
        shops.sales(day, [*usual_lines(day), *hostile])
    for day, body in zip(broken, bodies, strict=True):
        shops.write(f"sales/{day}.csv", body)
    settings = {"RETAIL_SOURCE": str(shops.mapping), "RETAIL_SOURCE_DIR": str(shops.files)}
    site = Site(folder / "deep" / "down" / "site", settings)
    before = outside(folder, site.folder)
    said = [site.retail("materialize", "--from", str(good[0]), "--to", str(good[-1]), code=None)]
    said += [site.retail("materialize", "--from", str(day), "--to", str(day), code=1) for day in broken[:1]]
    said += [site.retail("materialize", "--from", str(broken[1]), "--to", str(broken[-1]), code=1)]
    problems = [f"a traceback: {text[-600:]}" for text in said if "Traceback" in text]
    problems += [f"written outside: {name}" for name in changed(before, outside(folder, site.folder))]
    rows = site.lake.scan("raw_sales").select(pl.len()).collect().item()
    wanted = sum(len(usual_lines(day)) + len(hostile) for day, hostile in zip(good, lines, strict=True))
    problems += [] if rows == wanted else [f"{rows} rows in raw_sales, {wanted} in the files that can be read"]
    problems += [told for told in [unaccounted(site.lake, "sales")] if told]
    quarantined = site.lake.scan("quarantine_sales").select(pl.len()).collect().item()
    days_made = site.lake.scan("store_days").select(pl.col("date").n_unique()).collect().item()
    problems += [] if days_made == len(good) else [f"{days_made} days of store_days were made of {len(good)}"]
    told = f"{len(good)} days of {rows} lines materialized, {quarantined} quarantined; {len(broken)} days refused"
    return told, problems


def _line(texts: list[str]) -> str:
    return ",".join('"' + text.replace('"', '""') + '"' for text in texts)


_usual = st.sampled_from([line.split(",") for line in usual_lines(FIRST_DAY)])
_changes = st.dictionaries(st.integers(0, _COLUMNS - 1), texts, max_size=4)
_lines = st.builds(
    lambda line, changes: _line([changes.get(number, text) for number, text in enumerate(line)]), _usual, _changes
)


def _hostile_inputs(folder: Path) -> Verdict:
    shares = [(form, inputs, SEED + chance) for chance in range(_CHANCES) for form, inputs in SHARES]
    with ThreadPoolExecutor(max_workers=2) as pool:
        counts = list(pool.map(lambda one: _process(folder / f"{one[0]}-{one[2]}", one[0], one[1], one[2]), shares))
    sample, problems = _materialized(folder / "materialized")
    problems += [told for count in counts for told in count["problems"]]
    for told in problems:
        print(told[:2000], file=sys.stderr)
    total = {name: sum(count[name] for count in counts) for name in ("inputs", "delivered", "accepted", "quarantined")}
    refused = sum(sum(count["refused"].values()) for count in counts)
    parts = ", ".join(f"{_CHANCES * inputs:,} {form}" for form, inputs in SHARES)
    return Verdict(
        not problems and total["inputs"] == sum(inputs for _, inputs, _ in shares),
        f"{total['inputs']:,} files and answers ({parts}): {refused:,} refused by name, the others hold "
        f"{total['delivered']:,} rows, {total['accepted']:,} accepted and {total['quarantined']:,} quarantined; "
        f"{sample}; {len(problems)} problems",
    )


hostile_inputs = Drill(
    "hostile-inputs",
    f"{_CHANCES * sum(inputs for _, inputs in SHARES):,} hostile files and HTTP answers",
    "no crash, no write outside lake and scratch folder, every row accepted or quarantined",
    _hostile_inputs,
)

if __name__ == "__main__":
    print(json.dumps(_share(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
