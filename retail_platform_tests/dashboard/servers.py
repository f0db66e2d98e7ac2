"""The dashboard served over a lake, for tests with a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import waitress

from retail_platform.dashboard.data.source import Data
from retail_platform.dashboard.serving import Access, make_server


@contextmanager
def served(data: Data, *, language: str = "en", access: Access | None = None) -> Iterator[str]:
    """Serve the dashboard on a free port of this machine until the block ends; yields its address."""
    wsgi = make_server(data, language=language, access=access)
    server = waitress.create_server(wsgi, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(10)
