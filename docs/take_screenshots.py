"""Take the pictures of the README and of docs/dashboard.md again, from the simulated retailer in a temporary folder.

Run as `python docs/take_screenshots.py` in the project's environment with the `dev` extra; needs Debian's Chromium.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from playwright.sync_api import expect
from rich.console import Console

from retail_platform.cli.kpi import month_table
from retail_platform.definitions import open_retailer
from retail_platform.settings import Settings
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window
from retail_platform_tests.end_to_end import ui
from retail_platform_tests.end_to_end.servers import project_folder, retail_dev
from retail_platform_tests.servers import free_port, wait_until_open

IMAGES = Path(__file__).resolve().parent / "images"
MONTH = Window(date(2026, 1, 1), date(2026, 1, 31))
_COMMAND = (sys.executable, "-c", "from retail_platform.cli import app; app()")
_AT_REST = """() => {
    const now = document.querySelector("foreignObject").getBoundingClientRect().x;
    const rest = window.lastSeen === now;
    window.lastSeen = now;
    return rest;
}"""
BROKEN_DAY = date(2026, 1, 14)
BEFORE = Window(date(2025, 10, 1), date(2025, 12, 31))
"""What the dashboard compares the month with."""
_WIDTH, _TALLEST = 1366, 1500
PAGES = {
    "overview": "/?period=mtd",
    "overview_dark": "/?period=28d&by=day&against=average&theme=dark",
    "stores": "/stores?period=91d&by=week",
    "store": "/store?period=28d&store=S0003",
    "footfall": "/footfall?period=28d&store=S0001",
    "products": "/products?period=28d",
    "quality": "/quality?period=all",
}


def main() -> None:
    """Materialize the month and photograph key figures, graph, a day with a lost row, and the dashboard's pages."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = project_folder(Path(temporary) / "retail")
        settings = {
            "RETAIL_LAKE_URI": str(folder / "lake"),
            "RETAIL_START_DATE": str(MONTH.first),
            "RETAIL_END_DATE": str(MONTH.last),
        }
        said = _retail(folder, settings, "demo")
        summary = next(line for line in said.splitlines() if " rows in " in line)
        key_figures(settings["RETAIL_LAKE_URI"], summary)
        _lose_a_row(Lake(settings["RETAIL_LAKE_URI"]))
        _retail(folder, settings, "check", "--select", "sales")
        with retail_dev(folder, settings) as server:
            asset_graph(server)
            checks(server)
        settings["RETAIL_START_DATE"] = str(BEFORE.first)
        _retail(folder, settings, "materialize", "--from", str(BEFORE.first), "--to", str(MONTH.last))
        dashboard(folder, settings)


def key_figures(lake_uri: str, summary: str) -> None:
    """`demo.svg`: what `retail demo` prints."""
    retailer = open_retailer(Settings(lake_uri=lake_uri, start_date=MONTH.first, end_date=MONTH.last))
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=94, file=nowhere, force_terminal=True)
        console.print("[bold green]$[/] retail demo", highlight=False)
        console.print(summary, highlight=False)
        console.print(month_table(retailer, MONTH))
        console.save_svg(str(IMAGES / "demo.svg"), title="retail demo")


def asset_graph(server: str) -> None:
    """`asset_graph.png`: the whole graph, groups unfolded, downwards."""
    size = (1800, 1200)
    with ui.browser_page(*size) as page:
        page.add_init_script("localStorage.setItem('asset-graph-direction', '\"vertical\"')")
        ui.open_graph(page, server)
        expect(page.get_by_text("fetching statuses")).to_have_count(0)
        page.get_by_text("Hide navigation").click()
        page.locator("button:has([aria-label=panel_show_right])").click()  # the list of groups
        ui.unfold_groups(page)
        expect(ui.graph_node(page, "daily_metrics")).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.mouse.dblclick(90, size[1] - 20)  # on the background: fits the graph into the window
        page.wait_for_function(_AT_REST, polling=500)
        page.screenshot(path=IMAGES / "asset_graph.png")


def checks(server: str) -> None:
    """`checks.png`: which day of a month breaks the rule that nothing is lost."""
    with ui.browser_page(1600, 860) as page:
        ui.open_check(page, server, "sales", "conservation")
        page.get_by_role("tab", name="Partitions").last.click()
        expect(page.get_by_text(re.compile(r"^Failed \(1\)"))).to_be_visible()
        for status in ("Passed", "Missing"):
            page.get_by_text(re.compile(rf"^{status} \(")).click()
        page.get_by_text(str(BROKEN_DAY), exact=True).first.click()
        expect(page.get_by_text("Latest execution")).to_be_visible()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / "checks.png")


def dashboard(folder: Path, settings: Mapping[str, str]) -> None:
    """`dashboard_*.png`: each page of the dashboard."""
    port = free_port()
    command = [*_COMMAND, "dashboard", "--port", str(port)]
    server = subprocess.Popen(command, cwd=folder, env=_environment(folder, settings))
    try:
        wait_until_open(port, server)
        with ui.browser_page(_WIDTH, 900) as page:
            for name, address in PAGES.items():
                page.goto(f"http://127.0.0.1:{port}{address}")
                expect(page.locator("figure .main-svg").first).to_be_visible()
                page.wait_for_load_state("networkidle")
                height = min(_TALLEST, page.evaluate("document.documentElement.scrollHeight"))
                page.screenshot(
                    path=IMAGES / f"dashboard_{name}.png",
                    full_page=True,
                    clip={"x": 0, "y": 0, "width": _WIDTH, "height": height},
                )
    finally:
        server.terminate()
        server.wait()


def _lose_a_row(lake: Lake) -> None:
    day = Window(BROKEN_DAY, BROKEN_DAY)
    lake.replace("sales", lake.scan("sales", day).collect().slice(1), day)


def _retail(folder: Path, settings: Mapping[str, str], *arguments: str) -> str:
    command, environment = [*_COMMAND, *arguments], _environment(folder, settings)
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode > (1 if arguments[0] == "check" else 0):  # the lost row is to be found
        raise SystemExit(f"retail {' '.join(arguments)} ended with code {done.returncode}")
    return done.stdout


def _environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    return os.environ | {"DAGSTER_HOME": str(folder)} | dict(settings)


if __name__ == "__main__":
    main()
