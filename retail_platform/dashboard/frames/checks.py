"""What the checks said last, as Dagster's history knows it."""

import logging

import polars as pl

from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.page import View

_LOGGER = logging.getLogger("retail_platform.dashboard")


def checks(view: View) -> pl.DataFrame:
    """A row for each table that was judged, those that fail first; columns as `Data.checks` says.

    Raises:
        Unavailable: no history of Dagster is at hand, or it cannot be read.
    """
    if view.data.checks is None:
        raise Unavailable("no_history")
    try:
        return view.data.checks()
    except Exception as error:  # of Dagster and of whatever database keeps its history
        _LOGGER.warning("the results of the checks cannot be read", exc_info=error)
        raise Unavailable("no_history", detail=str(error)) from error
