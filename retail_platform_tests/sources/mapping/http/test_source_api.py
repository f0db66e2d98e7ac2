"""The built-in mapping of the platform's source API: the simulator's rows, whatever goes wrong on the way."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr

from retail_platform.settings import Settings
from retail_platform.sources.api.faults import Faults, Outage, StoreFault
from retail_platform.sources.api.serve import ApiServer, serving
from retail_platform.sources.base import Delivery, Source, SourceContractError, SourceUnavailable
from retail_platform.sources.mapping.check import check_mapping
from retail_platform.sources.registry import SYSTEMS, open_source
from retail_platform.sources.simulator import Simulator
from retail_platform.windows import Window
from retail_platform_tests.platform import Platform

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
DAYS = Window(MONDAY, TUESDAY)


def source_of(server: ApiServer, token: str | None = None) -> Source:
    return open_source(
        Settings(source="source_api", source_url=server.url, source_token=SecretStr(token or server.token))
    )


def as_text(rows: pl.DataFrame) -> pl.DataFrame:
    times = pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M:%S%.f")
    return rows.with_columns(times).select(pl.all().cast(pl.String)).sort(pl.all())


def test_it_is_the_simulator_over_http() -> None:
    simulator = Simulator(1, "tiny")
    with serving(simulator) as server:
        source = source_of(server)
        assert dict(source.datasets) == dict(simulator.datasets)
        for name in ("default_start", "timezone", "currency", "country", "max_visitors_per_hour", "span"):
            assert getattr(source, name) == getattr(simulator, name)
        for name, dataset in source.datasets.items():
            window = None if dataset.delivery is Delivery.SNAPSHOT else DAYS
            delivered, made = source.read(name, window).collect(), simulator.read(name, window).collect()
            assert delivered.columns == made.columns
            assert as_text(delivered).equals(as_text(made)), name


def test_rows_are_right_though_requests_fail() -> None:
    faults = Faults(
        error_rate=0.2,
        retry_after=0,
        truncate_rate=0.1,
        drop_rate=0.1,
        duplicate_rate=0.2,
        error_statuses=(500, 502, 429),
    )
    simulator = Simulator(1, "tiny")
    with serving(simulator, faults=faults) as server:
        rows = source_of(server).read("sales", Window(MONDAY, MONDAY)).collect()
        assert {one.status for one in server.requests} > {200}
    assert as_text(rows).equals(as_text(simulator.read("sales", Window(MONDAY, MONDAY)).collect()))


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (Faults(outages=(Outage(first_day=TUESDAY),)), "for 2026-01-06, store 'S000[123]' failed.*status 503"),
        (Faults(failing_stores=(StoreFault(store_id="S0002"),)), "for 2026-01-0[56], store 'S0002' failed.*status 500"),
    ],
)
def test_an_outage_names_day_and_store(
    faults: Faults, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    description = (SYSTEMS / "source_api" / "mapping.toml").read_text()
    folder = tmp_path / "impatient"
    folder.mkdir()
    for path in (SYSTEMS / "source_api").glob("*.sql"):
        (folder / path.name).write_text(path.read_text())
    (folder / "mapping.toml").write_text(description.replace('rows = "rows"', 'rows = "rows"\nretry_seconds = 1'))
    with serving(faults=faults) as server:
        source = open_source(Settings(source=str(folder), source_url=server.url, source_token=SecretStr(server.token)))
        with pytest.raises(SourceUnavailable, match=message):
            source.read("sales", DAYS)


def test_a_wrong_token_is_nothing_to_wait_for() -> None:
    with serving() as server, pytest.raises(SourceContractError, match=r"401.*mend RETAIL_SOURCE_TOKEN") as caught:
        source_of(server, "wr0ng").read("stores")
    assert "wr0ng" not in str(caught.value)


def test_a_day_that_is_not_served() -> None:
    message = r"for 2026-01-06, store 'S000[123]': status 404"
    with serving(last_day=MONDAY) as server, pytest.raises(SourceUnavailable, match=message):
        source_of(server).read("sales", DAYS)


def test_the_mapping_is_sound() -> None:
    with serving() as server:
        found = check_mapping(
            SYSTEMS / "source_api", None, source_url=server.url, source_token=SecretStr(server.token), day=MONDAY
        )
    assert [one for one in found if one.level == "error"] == []


def test_the_lake_is_the_simulators(tmp_path: Path) -> None:
    """Content is equal in every table but the raw ones, which hold text as delivered."""
    dates = {"start_date": MONDAY, "end_date": MONDAY}
    with (
        serving() as server,
        Platform(tmp_path / "made", **dates) as made,
        Platform(
            tmp_path / "asked", source="source_api", source_url=server.url, source_token=server.token, **dates
        ) as asked,
    ):
        for platform in (made, asked):
            assert platform.materialize(str(MONDAY), select="+daily_metrics").failures == []
        # What is rejected is kept as delivered, too.
        kept = ("raw_", "quarantine_")
        one, other = (
            {name: content for name, content in platform.hashes().items() if not name.startswith(kept)}
            for platform in (made, asked)
        )
    assert one == other
