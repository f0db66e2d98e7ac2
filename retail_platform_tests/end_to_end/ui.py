"""What a person does in the Dagster UI, for tests and pictures.

Only gestures belong here; the server is `servers`' business, what must be seen the tests'.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from playwright.sync_api import Locator, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 30_000  # milliseconds that anything may take on a busy machine
_NO_COMMUNITY_DIALOG = "localStorage.setItem('communityNux', '1')"


@contextmanager
def browser_page(width: int = 1600, height: int = 900) -> Iterator[Page]:
    """A page of the system's Chromium, without the UI's invitation to its community."""
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", timezone_id="Europe/Paris"
        )
        context.add_init_script(_NO_COMMUNITY_DIALOG)
        context.set_default_timeout(_PATIENCE)
        yield context.new_page()
        browser.close()


def open_graph(page: Page, server: str) -> None:
    """Open the asset graph, its groups folded."""
    page.goto(f"{server}/asset-groups")
    expect(graph_node(page, "metrics")).to_be_visible()


def graph_node(page: Page, name: str) -> Locator:
    """A group or an asset in the graph, by its whole name."""
    return page.locator("foreignObject").filter(has=page.get_by_text(name, exact=True))


def select_assets(page: Page, selection: str) -> None:
    """Type into the selection box over the graph, as `+key:"daily_metrics"`."""
    page.locator(".CodeMirror").first.click()
    page.keyboard.type(selection)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")  # the box's suggestions


def unfold_groups(page: Page) -> None:
    """Show the assets of every group in the graph."""
    page.keyboard.press("Alt+e")
    page.wait_for_url(re.compile("expanded="))


def materialize_day(page: Page, day: date) -> None:
    """Materialize one day of the graph's selected assets, as one run, and open that run's page."""
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_role("button", name="Confirm").click()  # quarantine tables come with what they are split from
    page.get_by_text("Show all partitions").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_placeholder("ex: ").fill(str(day))
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Launch 1 run").click()
    expect(page.get_by_text("Launched run")).to_be_visible()
    page.get_by_text("View", exact=True).click()
    page.wait_for_url(re.compile("/runs/[0-9a-f-]+"))


def launch_backfill(page: Page, first: date, last: date) -> None:
    """Have the daemon materialize a range of days of the graph's selected assets."""
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_role("button", name="Confirm").click()
    dialog = page.get_by_role("dialog")
    days, folded = dialog.get_by_placeholder("ex: "), page.get_by_text("Show all partitions")
    expect(days.or_(folded).first).to_be_visible()
    if folded.is_visible():  # where today is among the days
        folded.click()
    days.fill(f"[{first}...{last}]")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text(f"{(last - first).days + 1} partitions")).to_be_visible()
    dialog.get_by_role("button", name="Launch backfill").click()
    expect(dialog).to_be_hidden()


def open_backfills(page: Page, server: str) -> None:
    """Open the list of backfills, which looks after them by itself."""
    page.goto(f"{server}/runs?view=backfills")
    expect(page.get_by_text("Manually launched")).to_be_visible()


def open_check(page: Page, server: str, asset: str, check: str) -> None:
    """Open the checks of an asset, one of them with its details."""
    page.goto(f"{server}/assets/{asset}?view=checks&checkDetail={check}")
    expect(page.get_by_text("Latest execution")).to_be_visible()
