"""How a change is written: with its sign, and without one where nothing changed."""

import pytest

from retail_platform.language.formats import NONE, Formats


@pytest.mark.parametrize(
    ("per_cent", "english", "french"),
    [(12.34, "+12.3%", "+12,3 %"), (-0.06, "−0.1%", "−0,1 %"), (0.04, "0.0%", "0,0 %"), (-0.04, "0.0%", "0,0 %")],
)
def test_a_change_has_a_sign_where_there_is_one(per_cent: float, english: str, french: str) -> None:
    assert Formats("en").change(per_cent) == english
    assert Formats("fr").change(per_cent).replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\xa0", " ") == french


def test_an_unknown_change_is_a_dash() -> None:
    assert Formats("en").change(None) == NONE
