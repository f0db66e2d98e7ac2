"""What the frames of several pages share: the tables they rest on, and the filters they depend on."""

from retail_platform.dashboard.filters import Filters
from retail_platform.dashboard.page import View

TABLES = ("store_days", "stores")


def numbers_key(view: View) -> Filters:
    """The filters that numbers depend on: a look at them in another order, language or theme need not ask again."""
    return view.filters.but(window=view.filters.window, options=(), grain="day", language="en", theme="light")
