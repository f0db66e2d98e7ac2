"""A day in short: a table of its figures, a sentence, a plot, and what is doubtful."""

import base64
import re
from xml.etree import ElementTree

import polars as pl
import pytest

from retail_platform.language.formats import Formats
from retail_platform.reports import summary
from retail_platform.reports.material import Material, of_each_day
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.reports.materials import DAY, WEEKS, material


@pytest.fixture(scope="module")
def day() -> Material:
    return material(DAY)


def test_the_table_has_a_row_for_each_figure(day: Material) -> None:
    rows = summary.table(day, language="en")

    revenue = next(row for row in rows if row["Measure"] == "Revenue")
    assert revenue == {
        "Measure": "Revenue",
        "Value": Formats("en", "EUR").measure("revenue", float(day.rows["revenue"].sum())),
        "previous": Formats("en").change(day.figures.changes["previous"]["revenue"].per_cent),
        "last year": Formats("en").change(day.figures.changes["year"]["revenue"].per_cent),
        "4-week avg": Formats("en").change(day.figures.changes["average"]["revenue"].per_cent),
    }
    assert len({tuple(row) for row in rows}) == 1


def test_a_basis_that_nothing_is_known_of_has_no_column(day: Material) -> None:
    rows = lakes.days().filter(pl.col("date") > Window(WEEKS.first, WEEKS.last).first)

    assert "last year" not in summary.table(material(DAY, days=rows), language="en")[0]


def test_the_summary_says_the_day_with_a_plot_and_its_doubts(day: Material) -> None:
    text = summary.markdown(day, language="en")

    headline, title, image, *doubts = text.split("\n\n")
    assert headline.startswith("**Sat 31 Jan 2026** · 4 stores: revenue **€")
    assert title == "Revenue by day:"
    found = re.fullmatch(r"!\[Revenue by day]\(data:image/svg\+xml;base64,([^)]+)\)", image)
    assert found
    assert ElementTree.fromstring(base64.b64decode(found[1])).get("aria-label") == "Revenue by day"
    assert "not final" in doubts[0]
    assert len(text) < 5_000  # it is kept with every day of the history


def test_french_is_french(day: Material) -> None:
    assert summary.markdown(day, language="fr").startswith("**sam. 31 janv. 2026** · 4 magasins: chiffre d’affaires **")


def test_each_day_of_a_run_has_its_own(day: Material) -> None:
    days = {one.window.last: one for one in of_each_day(lakes.days(), WEEKS)}

    assert list(days) == list(WEEKS.days())
    assert summary.table(days[DAY.last], language="en") == summary.table(day, language="en")
