"""`retail dev`: Dagster's web server and daemon on this machine."""

import os
import socket
import sys
from typing import Annotated

import typer

from retail_platform.cli.common import Misuse, configured, console, retailer_of, told, use_dagster_home


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dev)


@told
def dev(
    port: Annotated[int, typer.Option(help="Port of the web server.", min=1, max=65535)] = 3000,
    host: Annotated[str, typer.Option(help="Address it listens on.")] = "127.0.0.1",
) -> None:
    """Open the Dagster UI: web server and daemon, until Ctrl-C.

    Example: `retail dev --port 3000`
    """
    home = use_dagster_home()
    retailer = retailer_of(configured())  # a wrong setting is told here, not in a page of the UI
    _require_free(host, port)
    console.print(f"{retailer.source.name} from {home}: http://{host}:{port}/asset-groups", highlight=False)
    command = [sys.executable, "-m", "dagster", "dev", "--host", host, "--port", str(port)]
    workspace = home / "workspace.yaml"
    command += ["-w", str(workspace)] if workspace.is_file() else ["-m", "retail_platform.definitions"]
    os.execv(sys.executable, command)


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Misuse(
                f"{host}:{port} cannot be listened on ({error.strerror}): try --port {port % 65535 + 1}"
            ) from None
