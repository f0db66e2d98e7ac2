"""What axe-core finds of a page that keeps somebody from using it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """The serious and critical faults of a page as it is shown, each with the first places it was found at."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['help']}: {', '.join(str(node['target']) for node in fault['nodes'][:5])}"
        for fault in found
        if fault["impact"] in _GRAVE
    ]
