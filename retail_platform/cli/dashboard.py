"""`retail dashboard`: the dashboard over the lake, for people who never open Dagster."""

import logging
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from retail_platform.cli.common import LakeUri, configured, console, require_free, retailer_of, told
from retail_platform.settings import Settings

if TYPE_CHECKING:
    from retail_platform.dashboard.data.source import Data

PORT = 8050
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
    from retail_platform.dashboard.serving import Access, make_server, run
    from retail_platform.storage.lake import Lake

    access = Access(settings.dashboard_user, settings.dashboard_password, settings.dashboard_proxy_header)
    data = Data(Lake(settings.lake_uri), retailer.timezone, settings.ui_url)
    server = make_server(data, language=settings.language, access=access)
    _log(settings, retailer.source.name)
    if not with_parent:  # which has said it
        console.print(f"dashboard of {settings.lake_uri}: http://{host}:{port}/, Ctrl-C ends it", highlight=False)
    if access.is_open and host not in _LOOPBACK:
        console.print(
            f"anybody who reaches {host} may look: set RETAIL_DASHBOARD_USER and RETAIL_DASHBOARD_PASSWORD",
            style="yellow",
            highlight=False,
        )
    if with_parent:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    threading.Thread(target=_warm, args=(data,), daemon=True).start()
    with suppress(KeyboardInterrupt):
        run(server, host, port)
    console.print("stopped")


def _warm(data: "Data") -> None:
    """Read the history before the first visitor comes."""
    from retail_platform.dashboard.data.unavailable import Unavailable

    with suppress(Unavailable):  # the pages say it
        data.facts()


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
