"""The periods a visitor can name instead of two dates, as windows of days."""

from collections.abc import Callable
from datetime import date, timedelta

from retail_platform.windows import Window

DEFAULT = "28d"
CUSTOM = "custom"


def _back(days: int) -> Callable[[date], Window]:
    return lambda anchor: Window(anchor - timedelta(days=days - 1), anchor)


def _quarter_start(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _before(first: Callable[[date], date]) -> Callable[[date], Window]:
    """The whole period before the one that a day is in."""

    def window(anchor: date) -> Window:
        last = first(anchor) - timedelta(days=1)
        return Window(first(last), last)

    return window


def _week_start(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month_start(day: date) -> date:
    return day.replace(day=1)


_WINDOWS: dict[str, Callable[[date], Window]] = {
    "1d": _back(1),
    "7d": _back(7),
    "28d": _back(28),
    "91d": _back(91),
    "364d": _back(364),
    "wtd": lambda anchor: Window(_week_start(anchor), anchor),
    "mtd": lambda anchor: Window(_month_start(anchor), anchor),
    "qtd": lambda anchor: Window(_quarter_start(anchor), anchor),
    "ytd": lambda anchor: Window(anchor.replace(month=1, day=1), anchor),
    "last_week": _before(_week_start),
    "last_month": _before(_month_start),
    "last_quarter": _before(_quarter_start),
}
PRESETS: tuple[str, ...] = (*_WINDOWS, "all")
"""Their names: `7d` are 7 days, `mtd` is the month to date."""


def preset(name: str, anchor: date, span: Window) -> Window:
    """The days of a preset.

    Args:
        name: one of `PRESETS`.
        anchor: the day it ends on, or whose month it goes back from.
        span: the days there are: a preset that begins earlier begins with them.
    """
    if name == "all":
        return span
    window = _WINDOWS[name](anchor)
    return window if window.last < span.first else Window(max(window.first, span.first), window.last)
