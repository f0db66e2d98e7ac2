"""What a person sees: the time until the first page's tiles hold numbers, in Chromium."""

import re
import shutil
import time

from playwright.sync_api import expect, sync_playwright

CHROMIUM = shutil.which("chromium")
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def first_page(addresses: list[str]) -> list[float]:
    """Seconds from typing each address to tiles with numbers; each in a browser that has nothing kept."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        for address in addresses:
            context = browser.new_context(viewport={"width": 1366, "height": 900}, locale="en-GB")
            page = context.new_page()
            started = time.perf_counter()
            page.goto(address, wait_until="commit")
            expect(page.locator("#tile-upt")).to_have_text(re.compile(r"\d"), timeout=30_000)
            found.append(time.perf_counter() - started)
            context.close()
        browser.close()
    return found
