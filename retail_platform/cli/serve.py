"""`retail serve-source`: the simulator over HTTP, to try out and to drill what a retailer's back office does."""

import json
import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail_platform.cli.common import Misuse, configured, console, told
from retail_platform.settings import Settings

if TYPE_CHECKING:
    from retail_platform.sources.api.faults import Faults

_PANEL = "Faults"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve-source")(serve_source)


def _fault(help: str, metavar: str | None = None, **more: Any) -> Any:
    return typer.Option(help=help, metavar=metavar, rich_help_panel=_PANEL, **more)


@told
def serve_source(
    port: Annotated[int, typer.Option(help="Port it listens on.", min=1, max=65535)] = 8100,
    host: Annotated[str, typer.Option(help="Address it listens on.")] = "127.0.0.1",
    scale: Annotated[str | None, typer.Option(help="tiny, demo or large; else RETAIL_SCALE.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the simulator; else RETAIL_SEED.")] = None,
    faults: Annotated[Path | None, _fault("JSON file of faults; options beside it win.", "FILE")] = None,
    outage: Annotated[list[str] | None, _fault("503 from a wall time to another.", "BEGIN..END")] = None,
    outage_days: Annotated[list[str] | None, _fault("503 for business dates.", "FIRST..LAST")] = None,
    error_rate: Annotated[float | None, _fault("Share of requests answered by an error.", min=0, max=1)] = None,
    error_status: Annotated[list[int] | None, _fault("Of those errors; 429 has a Retry-After.")] = None,
    latency: Annotated[float | None, _fault("Seconds each answer waits.", min=0)] = None,
    truncate_rate: Annotated[float | None, _fault("Share answered by half of the JSON.", min=0, max=1)] = None,
    drop_rate: Annotated[float | None, _fault("Share whose connection ends midway.", min=0, max=1)] = None,
    duplicate_rate: Annotated[float | None, _fault("Share of pages that come twice.", min=0, max=1)] = None,
    missing_store: Annotated[list[str] | None, _fault("Its rows are absent in silence.", "STORE")] = None,
    late_store: Annotated[list[str] | None, _fault("Absent until a wall time.", "STORE@TIME")] = None,
    failing_store: Annotated[list[str] | None, _fault("Its requests answer 500.", "STORE")] = None,
    corrected_day: Annotated[list[str] | None, _fault("Its amounts are a second version.", "DAY")] = None,
    fault_seed: Annotated[int | None, _fault("Of the faults that are drawn.")] = None,
) -> None:
    """Serve the simulator's rows over HTTP until Ctrl-C, as a retailer's back office would.

    Clients bear the token in RETAIL_SOURCE_TOKEN. /docs describes the routes; PUT /faults changes what goes wrong.

    Example: `retail serve-source --port 8100 --error-rate 0.1 --late-store S0003@2026-03-02T12:00`
    """
    settings = configured(scale=scale, seed=None if seed is None else str(seed))
    if settings.source_token is None:
        raise Misuse("RETAIL_SOURCE_TOKEN is not set: choose the token that clients must bear")
    wanted = {
        "outages": _outages(outage or [], outage_days or []),
        "error_rate": error_rate,
        "error_statuses": error_status,
        "latency": latency,
        "truncate_rate": truncate_rate,
        "drop_rate": drop_rate,
        "duplicate_rate": duplicate_rate,
        "missing_stores": [*(missing_store or []), *map(_late, late_store or [])],
        "failing_stores": failing_store,
        "corrected_days": corrected_day,
        "seed": fault_seed,
    }
    given = _faults(faults, {name: value for name, value in wanted.items() if value is not None and value != []})
    from retail_platform.sources.api.faults import UnknownStore
    from retail_platform.sources.api.serve import listen, run
    from retail_platform.sources.simulator import Simulator

    simulator = Simulator(settings.seed, settings.scale)
    try:
        listening = listen(host, port)
    except OSError as error:
        raise Misuse(f"{host}:{port} cannot be listened on ({error.strerror}): try another --port") from None
    _log_accesses(settings)
    try:
        with suppress(KeyboardInterrupt):
            run(
                simulator,
                listening,
                settings.source_token.get_secret_value(),
                faults=given,
                announce=lambda what: console.print(
                    f"{what}: http://{host}:{port}/docs, Ctrl-C ends it", highlight=False
                ),
                first_day=settings.start_date,
                last_day=settings.end_date,
            )
    except UnknownStore as error:
        raise Misuse(str(error)) from None
    console.print("stopped")


def _faults(file: Path | None, wanted: dict[str, Any]) -> "Faults":
    from pydantic import ValidationError

    from retail_platform.sources.api.faults import Faults, explained

    try:
        filed = json.loads(file.read_text("utf-8")) if file else {}
    except (OSError, ValueError) as error:
        raise Misuse(f"the faults in {file} cannot be read: {error}") from None
    if not isinstance(filed, dict):
        raise Misuse(f'the faults in {file} are no JSON object, as {{"error_rate": 0.1}}')
    try:
        return Faults.model_validate(filed | wanted)
    except ValidationError as error:
        told_where = f"the faults in {file} and the options" if file else "the faults"
        raise Misuse(f"{told_where} are not as expected: {explained(error.errors())}") from None


def _outages(times: list[str], days: list[str]) -> list[dict[str, str]]:
    outages = []
    for text in times:
        begins, ends = _ends("--outage", text)
        outages.append({"begins": _wall_time("--outage", begins), "ends": _wall_time("--outage", ends)})
    for text in days:
        first, last = _ends("--outage-days", text)
        outages.append({"first_day": first, "last_day": last})
    return outages


def _ends(option: str, text: str) -> tuple[str, str]:
    first, dots, last = text.partition("..")
    if not (first and dots and last):
        raise Misuse(f"{option} {text}: a first and a last are expected, as FIRST..LAST")
    return first, last


def _late(text: str) -> dict[str, str]:
    store, at, time = text.partition("@")
    if not (store and at and time):
        raise Misuse(f"--late-store {text}: a store and a time are expected, as S0003@2026-03-02T12:00")
    return {"store_id": store, "until": _wall_time("--late-store", time)}


def _wall_time(option: str, text: str) -> str:
    """With its offset: this machine's where none is given."""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError:
        raise Misuse(f"{option}: {text} is no time, as 2026-03-02T12:00 or 2026-03-02T12:00+01:00") from None


def _log_accesses(settings: Settings) -> None:
    """On standard error, in the form of RETAIL_LOG_FORMAT."""
    from retail_platform.sources.api.access import LOGGER

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    if settings.log_format == "json":
        from retail_platform.automation.logs import JsonLines

        handler.setFormatter(JsonLines(source="serve-source", masked=settings.secrets()))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger(LOGGER).setLevel(logging.INFO)
