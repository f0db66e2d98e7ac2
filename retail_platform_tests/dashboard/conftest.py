"""A browser for the pages: one Chromium a file, a fresh context a test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from retail_platform_tests.end_to_end import ui


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a file: starting it takes longer than most of them."""
    if ui.CHROMIUM is None:
        pytest.skip("no `chromium` on the PATH: apt-get install chromium")
    with ui.browser_page() as page:
        browser = page.context.browser
        assert browser is not None
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that complains in its console about nothing."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    context = browser.new_context(viewport={"width": 1366, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []
