"""The pages, in the order of the navigation. A page is a module with a `PAGE`; add it here."""

from retail_platform.dashboard.page import Page
from retail_platform.dashboard.pages.footfall import PAGE as FOOTFALL
from retail_platform.dashboard.pages.overview import PAGE as OVERVIEW
from retail_platform.dashboard.pages.products import PAGE as PRODUCTS
from retail_platform.dashboard.pages.quality import PAGE as QUALITY
from retail_platform.dashboard.pages.store import PAGE as STORE
from retail_platform.dashboard.pages.stores import PAGE as STORES

PAGES: tuple[Page, ...] = (OVERVIEW, STORES, STORE, FOOTFALL, PRODUCTS, QUALITY)
