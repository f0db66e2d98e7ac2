"""A source API that is down, answers wrongly, or fails one store."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from benchmarks.drills.common import HEALING, Drill, Site, Verdict, environment, recent, same, wait_for
from benchmarks.drills.kills import RANGE
from benchmarks.drills.services import looks, services, unhealthy
from retail_platform.sources.api.serve import ApiServer, serving
from retail_platform.sources.simulator import Simulator
from retail_platform.windows import Window

_OUTAGE_DAYS = 3
_FILLED_DAYS = 11


@dataclass
class Receiver:
    """A webhook that keeps what it is sent."""

    url: str
    messages: list[dict[str, str]] = field(default_factory=list)

    @property
    def recoveries(self) -> int:
        """How many of the messages tell of a recovery."""
        return sum("recovered: " in message["title"] for message in self.messages)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A webhook on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.messages.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"json://127.0.0.1:{server.server_address[1]}/")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def over_http(folder: Path, api: ApiServer, **settings: str) -> Site:
    """A site whose source is an API."""
    source = {"RETAIL_SOURCE": "source_api", "RETAIL_SOURCE_URL": api.url, "RETAIL_SOURCE_TOKEN": api.token}
    return Site(folder, source | {name.upper(): value for name, value in settings.items()})


def _source_down(folder: Path) -> Verdict:
    first, last = recent(_FILLED_DAYS + _OUTAGE_DAYS)
    down = [last - timedelta(days=offset) for offset in range(_OUTAGE_DAYS)]
    span = {"RETAIL_START_DATE": str(first), "RETAIL_END_DATE": str(last)}
    with serving(Simulator(1, "tiny")) as api, receiver() as inbox:
        calm = over_http(folder / "calm", api, **span)
        calm.retail("backfill", "--from", str(first), "--to", str(last))
        site = over_http(
            folder / "down", api, **span, **HEALING, RETAIL_ALERT_URLS=inbox.url, RETAIL_SOURCE_RETRIES="0"
        )
        site.retail("backfill", "--from", str(first), "--to", str(min(down) - timedelta(days=1)))
        api.faults.change(outages=[{"first_day": str(min(down)), "last_day": str(max(down))}])
        with services(site) as running:
            running.start_sensor("healing")
            wait_for("the incident is told", lambda: len(inbox.messages) >= 1)
            wait_for("each day has failed", lambda: _failed_days(site) >= set(down))
            api.faults.clear()
            seconds = wait_for("all days are well", lambda: not unhealthy(site, first, last))
            wait_for("the recovery is told", lambda: inbox.recoveries > 0, patience=180)
            enough = looks(site, "alerts") + 2  # one may have begun before the message was sent
            wait_for("alerts looks again", lambda: looks(site, "alerts") >= enough, patience=180)
        equal, words = same(site, calm)
        refused = sum(request.status == 503 for request in api.requests)
    return Verdict(
        equal and (len(inbox.messages), inbox.recoveries) == (2, 1),
        f"{refused} requests refused; healed {seconds:.0f} s after the source was back; "
        f"{len(inbox.messages)} messages, {inbox.recoveries} of them of the recovery; {words}",
    )


def _failed_days(site: Site) -> set[date]:
    """The days of runs that failed."""
    with environment(site), dg.DagsterInstance.get() as instance:
        runs = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    spans = (
        (run.tags.get(ASSET_PARTITION_RANGE_START_TAG), run.tags.get(ASSET_PARTITION_RANGE_END_TAG)) for run in runs
    )
    return {
        day
        for first, last in spans
        if first and last
        for day in Window(date.fromisoformat(first), date.fromisoformat(last)).days()
    }


def _flaky_source(folder: Path) -> Verdict:
    faults = {"error_rate": 0.2, "error_statuses": [500, 502, 503, 429], "truncate_rate": 0.05, "duplicate_rate": 0.05}
    with serving(Simulator(1, "tiny")) as api:
        calm = over_http(folder / "calm", api)
        calm.retail("backfill", *RANGE)
        asked = len(api.requests)
        api.faults.change(**faults, drop_rate=0.05)
        site = over_http(folder / "flaky", api)
        site.retail("backfill", *RANGE)
        equal, words = same(site, calm)
        struck = [request for request in list(api.requests)[asked:] if request.fault]
        total = len(api.requests) - asked
    return Verdict(equal and bool(struck), f"{len(struck)} of {total} requests struck; {words}")


def _one_store(folder: Path) -> Verdict:
    first, last = recent(4)
    bad, store = first + timedelta(days=1), "S0003"
    span = {"RETAIL_START_DATE": str(first), "RETAIL_END_DATE": str(last), "RETAIL_SCALE": "demo"}
    days = ("--from", str(first), "--to", str(last))
    with serving(Simulator(1, "demo")) as api:
        calm = over_http(folder / "calm", api, **span)
        calm.retail("backfill", *days)
        site = over_http(folder / "store", api, **span, **HEALING, RETAIL_SOURCE_RETRIES="0")
        api.faults.change(failing_stores=[{"store_id": store, "first_day": str(bad), "last_day": str(bad)}])
        said = site.retail("backfill", *days, code=1)
        named = store in said and str(bad) in said
        there = site.lake.scan("daily_metrics").select("date").unique().collect()["date"].to_list()
        others = sorted(there) == [day for day in (first + timedelta(days=n) for n in range(4)) if day != bad]
        api.faults.clear()
        with services(site) as running:
            running.start_sensor("healing")
            seconds = wait_for("all days are well", lambda: not unhealthy(site, first, last))
        equal, words = same(site, calm)
    return Verdict(
        named and others and equal,
        f"{bad} failed and {'named' if named else 'did not name'} {store}; {len(there)} other days there; "
        f"healed {seconds:.0f} s after the store was back; {words}",
    )


source_down = Drill(
    "source-down",
    f"source down for {_OUTAGE_DAYS} business days, then up, daemon running",
    "all days healed without a hand; content-identical to a lake without the outage; one message, one of recovery",
    _source_down,
)
flaky_source = Drill(
    "flaky-source",
    "error rate 20 % (500, 502, 503, 429), truncated and doubled pages, dropped connections during a 31-day backfill",
    "ends right, content-identical",
    _flaky_source,
)
one_store = Drill(
    "one-store",
    "one of ten stores answers 500 for a day",
    "that day fails and names the store; the others are there; healed when the store is back",
    _one_store,
)
