"""`retail dev`: Dagster's web server and daemon on this machine, and the dashboard beside them."""

import os
import socket
import subprocess
import sys
from typing import Annotated

import typer
from dotenv import dotenv_values

from retail_platform.cli.common import Misuse, configured, console, require_free, retailer_of, told, use_dagster_home
from retail_platform.cli.dashboard import PORT as DASHBOARD_PORT
from retail_platform.settings import PREFIX


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dev)


@told
def dev(
    port: Annotated[int, typer.Option(help="Port of the web server.", min=1, max=65535)] = 3000,
    host: Annotated[str, typer.Option(help="Address it listens on.")] = "127.0.0.1",
    dashboard: Annotated[bool, typer.Option(help="Whether the dashboard is served, too.")] = True,
    dashboard_port: Annotated[
        int | None, typer.Option(help=f"Its port; by default {DASHBOARD_PORT}, or a free one.", min=1, max=65535)
    ] = None,
) -> None:
    """Open the Dagster UI, web server and daemon, and the dashboard, until Ctrl-C.

    Example: `retail dev --port 3000`
    """
    _require_agreement()
    home = use_dagster_home()
    retailer = retailer_of(configured())  # a wrong setting is told here, not in a page of the UI
    require_free(host, port)
    if dashboard and dashboard_port is not None:
        require_free(host, dashboard_port)
    console.print(f"{retailer.source.name} from {home}: http://{host}:{port}/asset-groups", highlight=False)
    if dashboard:
        _start_dashboard(host, dashboard_port or _free_port(host), ui_url=f"http://{host}:{port}")
    command = [sys.executable, "-m", "dagster", "dev", "--host", host, "--port", str(port)]
    workspace = home / "workspace.yaml"
    command += ["-w", str(workspace)] if workspace.is_file() else ["-m", "retail_platform.definitions"]
    os.execv(sys.executable, command)


def _require_agreement() -> None:
    """Dagster puts `.env` over the environment, all else has it the other way: where they differ nobody is right."""
    differing = [
        name for name, value in dotenv_values(".env").items() if value is not None and os.environ.get(name) != value
    ]
    if differing:
        raise Misuse(
            f"{', '.join(differing)}: the environment and .env say different things, of which Dagster would take the "
            "one and everything else the other. Take it out of one of them"
        )


def _start_dashboard(host: str, port: int, ui_url: str) -> None:
    """In a process of its own, which ends with this one; it links into the UI unless RETAIL_UI_URL says where."""
    console.print(f"dashboard: http://{host}:{port}/", highlight=False)
    command = "from retail_platform.cli import app; app()"
    options = ["dashboard", "--with-parent", "--host", host, "--port", str(port)]
    subprocess.Popen([sys.executable, "-c", command, *options], env={f"{PREFIX}UI_URL": ui_url} | os.environ)


def _free_port(host: str) -> int:
    """The dashboard's usual port, or another where that one is taken."""
    for wanted in (DASHBOARD_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, wanted))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise Misuse(f"{host} has no free port for the dashboard: try --no-dashboard")
