"""Web server and daemon as operators run them, and what befalls them: killed in the midst of a backfill."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorType

from benchmarks.drills.common import HEALING, Drill, Site, Verdict, environment, kill, recent, same, wait_for
from benchmarks.drills.kills import unfinished
from retail_platform_tests.end_to_end.servers import wait_until_loaded
from retail_platform_tests.servers import free_port

if TYPE_CHECKING:
    from retail_platform.automation.health import Unhealthy

_SELECTOR = {"repositoryName": "__repository__", "repositoryLocationName": "retail_platform"}
_START_SENSOR = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) {
    __typename ... on PythonError { message } } }"""
_BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


@dataclass(frozen=True)
class Services:
    """Web server and daemon that run in a process group of their own."""

    address: str
    process: subprocess.Popen[bytes]

    def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """An answer of Dagster's GraphQL API.

        Raises:
            RuntimeError: it is an error.
        """
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as response:
            answer = json.load(response)
        [result] = answer.get("data", {"": None}).values()
        if result is None or "Error" in result["__typename"]:
            raise RuntimeError(f"{answer}")
        return dict(result)

    def start_sensor(self, name: str) -> None:
        """Switch a sensor on, as in the UI."""
        self.ask(_START_SENSOR, {"selector": _SELECTOR | {"sensorName": name}})

    def backfill(self, assets: list[str], first: date, last: date) -> str:
        """Launch a backfill, as in the UI; its id."""
        days = [str(first + timedelta(days=offset)) for offset in range((last - first).days + 1)]
        keys = [{"path": [name]} for name in assets]
        params = {"assetSelection": keys, "partitionNames": days, "fromFailure": False}
        return str(self.ask(_BACKFILL, {"params": params})["backfillId"])


@contextmanager
def services(site: Site) -> Iterator[Services]:
    """`retail dev` until the block ends, once its code location is loaded."""
    port = free_port()
    process = site.start("dev", "--no-dashboard", "--port", str(port))
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_loaded(process, address, site.folder / "output.log")
        yield Services(address, process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def unhealthy(site: Site, first: date, last: date) -> "list[Unhealthy]":
    """The asset-days (and tables without days) that are not ok."""
    from retail_platform.automation.health import unhealthy
    from retail_platform.definitions import assemble, open_retailer
    from retail_platform.settings import load_settings
    from retail_platform.windows import Window

    with environment(site), dg.DagsterInstance.get() as instance:
        retailer = open_retailer(load_settings())
        graph = assemble(retailer).resolve_asset_graph()
        return unhealthy(instance, graph, retailer, Window(first, last))


def looks(site: Site, sensor: str) -> int:
    """How often a sensor has looked."""
    with environment(site), dg.DagsterInstance.get() as instance:
        return sum(
            len(instance.get_ticks(state.instigator_origin_id, state.selector_id))
            for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
            if state.instigator_name == sensor
        )


def daily_assets(site: Site) -> list[str]:
    """The names of the assets with days."""
    from retail_platform.automation.lineage import is_daily
    from retail_platform.definitions import assemble, open_retailer
    from retail_platform.settings import load_settings

    with environment(site):
        graph = assemble(open_retailer(load_settings())).resolve_asset_graph()
        return [key.to_user_string() for key in graph.materializable_asset_keys if is_daily(graph, key)]


def _killed_services(folder: Path) -> Verdict:
    first, last = recent(31)
    days = {"RETAIL_START_DATE": str(first), "RETAIL_END_DATE": str(last)}
    calm = Site(folder / "calm", days)
    calm.retail("backfill", "--from", str(first), "--to", str(last))
    site = Site(folder / "killed", days | HEALING | {"RETAIL_DAYS_PER_RUN": "10"})
    site.retail("materialize", "--from", str(first), "--to", str(first))
    with services(site) as running:
        backfill = running.backfill(daily_assets(site), first + timedelta(days=1), last)
        wait_for("two runs of the backfill", lambda: backfill_runs(site, backfill, dg.DagsterRunStatus.SUCCESS) >= 2)
        before = backfill_runs(site, backfill)
        kill(running.process)
    with services(site) as running:
        wait_for("the backfill goes on", lambda: backfill_runs(site, backfill) > before)
        running.start_sensor("healing")
        seconds = wait_for("all days are well", lambda: not unhealthy(site, first, last))
    equal, words = same(site, calm)
    gone_on, left = backfill_runs(site, backfill) - before, unfinished(site)
    return Verdict(
        equal and gone_on > 0 and not left,
        f"{before} runs begun before, {gone_on} more of the same backfill after; whole {seconds:.0f} s later; {words}",
    )


def backfill_runs(site: Site, backfill: str, status: dg.DagsterRunStatus | None = None) -> int:
    """How many runs a backfill has begun, or how many of them ended so."""
    with environment(site), dg.DagsterInstance.get() as instance:
        statuses = [status] if status else None
        return instance.get_runs_count(dg.RunsFilter(tags={"dagster/backfill": backfill}, statuses=statuses))


killed_services = Drill(
    "killed-services",
    "SIGKILL of daemon, web server and their runs during a backfill",
    "it goes on after restart; content-identical",
    _killed_services,
)
