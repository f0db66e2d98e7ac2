"""Charts: well-formed, within their frame, with round ticks, gaps where nothing is known."""

import base64
import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_platform.reports.svg import Chart, data_uri, drawn

NUMBERS = st.none() | st.floats(-1e9, 1e12, allow_nan=False)


def chart(*values: float | None, **others: object) -> Chart:
    labels = [f"day {number}" for number in range(len(values))]
    return Chart("Revenue by day", labels, list(values), lambda value: f"{value:,.0f} €", **others)  # type: ignore[arg-type]


def texts(svg: str) -> list[str]:
    return [found.text or "" for found in ElementTree.fromstring(svg) if found.tag.endswith("text")]


def test_the_axis_has_round_values_in_units_from_0_to_above_the_highest() -> None:
    assert texts(drawn(chart(730, 1_100, 420)))[:4] == ["0 €", "500 €", "1,000 €", "1,500 €"]


@pytest.mark.parametrize(
    ("highest", "axis"), [(0.4, [0, 1]), (1, [0, 1]), (2, [0, 1, 2]), (9, [0, 5, 10]), (90, [0, 25, 50, 75, 100])]
)
def test_no_value_at_the_axis_needs_decimals(highest: float, axis: list[int]) -> None:
    shown = [text for text in texts(drawn(chart(highest))) if text.endswith("€")]

    assert shown == [f"{value} €" for value in axis]


def test_periods_are_named_the_last_among_them_and_not_too_many() -> None:
    named = [text for text in texts(drawn(chart(*range(1, 29)))) if text.startswith("day")]

    assert named == ["day 27", "day 20", "day 13", "day 6"]


@pytest.mark.parametrize("label", ["31 janv.", "sept. 2025"])
@pytest.mark.parametrize("count", [14, 28, 91, 98])
def test_names_of_periods_do_not_overlap(label: str, count: int) -> None:
    svg = drawn(Chart("Revenue by day", [label] * count, [1.0] * count, str))

    found = [text for text in ElementTree.fromstring(svg) if text.text == label]
    places = sorted(float(text.get("x", "")) for text in found)
    assert len(places) >= 3
    assert all(after - before >= 5 * len(label) for before, after in itertools.pairwise(places))


def test_days_before_the_period_are_pale() -> None:
    found = ElementTree.fromstring(drawn(chart(1, 2, 3, strong=2)))

    bars = {path.get("fill"): path.get("d", "").count("M") for path in found if path.tag.endswith("path")}
    assert sorted(bars.values()) == [1, 2]


def test_a_line_breaks_where_nothing_is_known() -> None:
    found = ElementTree.fromstring(drawn(chart(1, 2, None, 3, line=True)))

    kinds = [part.tag.rpartition("}")[2] for part in found]
    assert (kinds.count("polyline"), kinds.count("circle")) == (1, 1)


def test_texts_are_escaped() -> None:
    svg = drawn(Chart("<b>&\"'", ["<i>"], [1.0], lambda _: "</text><script>"))

    found = ElementTree.fromstring(svg)
    assert found.get("aria-label") == "<b>&\"'"
    assert "<script>" not in svg
    assert "<i>" in texts(svg)


@given(values=st.lists(NUMBERS, max_size=40), compared=st.lists(NUMBERS, max_size=40), line=st.booleans())
def test_whatever_the_values_are_it_is_svg_within_its_frame(
    values: list[float | None], compared: list[float | None], line: bool
) -> None:
    svg = drawn(chart(*values, compared=compared[: len(values)], line=line))

    assert ElementTree.fromstring(svg).get("viewBox") == "0 0 344 150"
    assert "nan" not in svg
    assert "inf" not in svg
    places = [float(y) for y in re.findall(r' (?:y1|y|cy)="(-?[\d.]+)"', svg)]
    assert all(0 <= y <= 150 for y in places)


@pytest.mark.parametrize("values", [(), (None,), (0.0, 0.0)])
def test_nothing_is_an_empty_frame(values: tuple[float | None, ...]) -> None:
    assert "0 €" in texts(drawn(chart(*values)))


def test_an_image_is_the_svg_itself() -> None:
    svg = drawn(chart(1.0))

    kind, _, content = data_uri(svg).partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(content).decode() == svg
