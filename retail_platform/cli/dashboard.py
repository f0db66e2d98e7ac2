"""`retail dashboard`: the dashboard over the lake, for people who never open Dagster."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from retail_platform.cli.common import (
    LakeUri,
    Misuse,
    configured,
    console,
    dagster_instance,
    require_free,
    retailer_of,
    told,
    use_dagster_home,
)
from retail_platform.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from retail_platform.dashboard.serving import Access

PORT = 8050
_ASK_AGAIN = 30.0  # seconds
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dashboard)


@told
def dashboard(
    port: Annotated[int, typer.Option(help="Port it listens on.", min=1, max=65535)] = PORT,
    host: Annotated[str, typer.Option(help="Address it listens on.")] = "127.0.0.1",
    lake: LakeUri = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Serve the dashboard over the lake, read-only, until Ctrl-C.

    Whoever may look is said by RETAIL_DASHBOARD_USER and RETAIL_DASHBOARD_PASSWORD, or RETAIL_DASHBOARD_PROXY_HEADER.

    Example: `retail dashboard --port 8050`
    """
    settings = configured(lake_uri=lake)
    retailer = retailer_of(settings)
    require_free(host, port)
    from retail_platform.dashboard.data.source import Data
    from retail_platform.dashboard.serving import Access, make_server, run, warm
    from retail_platform.storage.lake import Lake

    access = Access(settings.dashboard_user, settings.dashboard_password, settings.dashboard_proxy_header)
    data = Data(Lake(settings.lake_uri), retailer.timezone, settings.ui_url, _checks())
    ready = threading.Event()
    server = make_server(data, language=settings.language, access=access, ready=ready)
    _log(settings, retailer.source.name)
    if not with_parent:  # which has said it
        console.print(f"dashboard of {settings.lake_uri}: http://{host}:{port}/, Ctrl-C ends it", highlight=False)
    if host not in _LOOPBACK:
        _warn(access, host)
    if with_parent:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()

    def prepare() -> None:
        try:
            warm(data, settings.language)
        finally:  # what is wrong the pages say
            ready.set()

    threading.Thread(target=prepare, daemon=True).start()
    with suppress(KeyboardInterrupt):
        run(server, host, port)
    console.print("stopped")


def _warn(access: "Access", host: str) -> None:
    """Say who may look beside those who should, where others than this machine reach the server."""
    doubt = None
    if access.is_open:
        doubt = "may look: set RETAIL_DASHBOARD_USER and RETAIL_DASHBOARD_PASSWORD"
    elif access.proxy_header:
        doubt = (
            f"can write the header {access.proxy_header}, and then look: let nobody but the proxy reach it, or listen "
            "on 127.0.0.1 beside the proxy"
        )
    if doubt:
        console.print(f"anybody who reaches {host} {doubt}", style="yellow", highlight=False)


def _checks() -> "Callable[[], pl.DataFrame] | None":
    """What gives the newest results of the checks, asked for at most every half minute; None without a dagster.yaml."""
    try:
        use_dagster_home()
    except Misuse:
        return None
    guard, held = threading.Lock(), deque[tuple[float, "pl.DataFrame"]](maxlen=1)

    def newest() -> "pl.DataFrame":
        from retail_platform.automation.check_results import newest_results
        from retail_platform.automation.ranges import code_location

        with guard:
            if not held or time.monotonic() - held[0][0] > _ASK_AGAIN:
                with dagster_instance() as instance:
                    graph = code_location().get_definition().asset_graph
                    held.append((time.monotonic(), newest_results(instance, graph)))
            return held[0][1]

    return newest


def _end_with(parent: int) -> None:
    """End this process when the one that started it has ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _log(settings: Settings, source: str) -> None:
    """Who looks at what, on standard error, in the form of RETAIL_LOG_FORMAT."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    if settings.log_format == "json":
        from retail_platform.automation.logs import JsonLines

        handler.setFormatter(JsonLines(source=source, masked=settings.secrets()))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("retail_platform.dashboard").setLevel(logging.INFO)
