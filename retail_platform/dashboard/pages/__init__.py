"""The pages, in the order of the navigation. A page is a module with a `PAGE`; add it here."""

from retail_platform.dashboard.page import Page
from retail_platform.dashboard.pages.overview import PAGE as OVERVIEW

PAGES: tuple[Page, ...] = (OVERVIEW,)
