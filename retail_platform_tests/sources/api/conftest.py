"""A source API over the tiny simulator, and a client of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from retail_platform.sources.api.faults import Faults
from retail_platform.sources.api.serve import ApiServer, serving
from retail_platform.sources.simulator import Simulator

DAY = "2026-03-02"
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)

Fetch = Callable[..., dict]


class Clock:
    """A wall time that tests set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture(scope="session")
def simulator() -> Simulator:
    return Simulator(1, "tiny")


@pytest.fixture(scope="session")
def api_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def running(simulator: Simulator, api_clock: Clock) -> Iterator[ApiServer]:
    with serving(simulator, token="s3cret", clock=api_clock) as server:
        yield server


@pytest.fixture
def clock(api_clock: Clock) -> Clock:
    api_clock.now = NOON
    return api_clock


@pytest.fixture
def api(running: ApiServer, clock: Clock) -> ApiServer:
    running.faults.set(Faults())
    running.requests.clear()
    return running


@pytest.fixture
def client(api: ApiServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.url, headers=api.headers, timeout=20) as client:
        yield client


def fetched(client: httpx.Client, dataset: str, limit: int = 10_000, **parameters: str) -> list[dict]:
    """All rows over all pages, with the counts checked."""
    rows: list[dict] = []
    more: dict[str, str] = {}
    while True:
        response = client.get(f"/{dataset}", params={"limit": limit, **parameters, **more})
        assert response.status_code == 200, response.text
        page = response.json()
        assert page["row_count"] == len(page["rows"]) <= limit
        rows += page["rows"]
        if page["next_cursor"] is None:
            assert page["total_rows"] == len(rows)
            return rows
        more = {"cursor": page["next_cursor"]}
