"""Which stores delivered names stand for: equal names always, likely ones by a margin, others never."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from retail_platform.quality.store_names import MARGIN, StoreMatching, stores_meant, with_store_ids

BY_NAME = StoreMatching("name", 0.8)


def stores(**names: str | None) -> pl.DataFrame:
    return pl.DataFrame({"store_id": list(names), "name": list(names.values())}, {"store_id": str, "name": str})


def meant(name: str, matching: StoreMatching = BY_NAME, **names: str | None) -> str | None:
    found = stores_meant(pl.Series([name], dtype=pl.String), stores(**names), matching)
    return found["store_id"].item() if found.height else None


class TestEqual:
    def test_an_equal_name_is_the_stores(self) -> None:
        found = stores_meant(pl.Series(["Quay", "Quay"]), stores(A="Quay", B="Quays"), BY_NAME)

        assert found.rows() == [("Quay", "A", 1.0, True)]

    def test_an_id_is_left_as_it_is(self) -> None:
        assert stores_meant(pl.Series(["A", "B"]), stores(A="Quay", B="A B"), BY_NAME).is_empty()

    def test_two_stores_of_one_name_are_neither(self) -> None:
        assert meant("Quay", A="Quay", B="Quay") is None
        assert meant("Quai", StoreMatching("name", 0.7), A="Quay", B="Quay") is None

    def test_a_store_without_a_name_is_nobodys(self) -> None:
        assert meant("", A=None, B="Quay") is None
        assert meant("Market", A=None, B="Market") == "B"


class TestAlike:
    @pytest.mark.parametrize(
        "name",
        [
            "Market Hall",
            "market  hall",
            "MARKET-HALL",
            "Markét Hall",
            "Marke Hall",
            "Market Halll",
            "Markte Hall",
            " Merket Hall ",
        ],
    )
    def test_a_slip_of_the_pen_is_the_store(self, name: str) -> None:
        assert meant(name, A="Market Hall", B="Station") == "A"

    def test_capitals_and_accents_make_no_difference_but_are_reported(self) -> None:
        found = stores_meant(pl.Series(["ORLEANS"]), stores(A="Orléans"), StoreMatching("name", 1.0))

        assert found.rows() == [("ORLEANS", "A", 1.0, False)]

    def test_letters_count_whatever_the_alphabet(self) -> None:
        assert meant("Αθήνη", A="Αθήνα") == "A"  # one of five
        assert meant("Αθινη", A="Αθήνα") is None  # two of five

    @pytest.mark.parametrize(("least", "expected"), [(0.75, "A"), (0.76, None)])
    def test_the_threshold_is_reached_not_passed(self, least: float, expected: str | None) -> None:
        assert meant("Quai", StoreMatching("name", least), A="Quay") == expected

    def test_what_could_be_two_stores_is_neither(self) -> None:
        assert meant("Lids", StoreMatching("name", 0.7), A="Lads", B="Leds") is None
        assert meant("Leed Station", A="Leeds Station", B="Reeds Station") is None

    def test_a_tenth_of_a_difference_is_enough(self) -> None:
        assert meant("abcdefghix", A="abcdefghij", B="abcdefgyyx") == "A"  # 0.9 against 0.8

    def test_another_number_is_another_store(self) -> None:
        assert meant("Shop 12", A="Shop 13") is None
        assert meant("Shp 13", A="Shop 13", B="Shop 12") == "A"

    def test_ids_are_matched_where_the_mapping_says_so(self) -> None:
        by_id = StoreMatching("store_id", 0.8)

        assert meant("Chambery-1", by_id, Chambery_1=None, Cognin_1=None) == "Chambery_1"
        assert meant("Chambry_1", by_id, Chambery_1=None, Chambery_2=None) == "Chambery_1"

    def test_rows_get_the_id_and_the_rest_stays(self) -> None:
        rows = pl.DataFrame({"store_id": ["Quai", "A", "Harbour", None], "visitors": [1, 2, 3, 4]})

        by_id = with_store_ids(rows, stores(A="Quay"), StoreMatching("name", 0.7))

        assert by_id.rows() == [("A", 1), ("A", 2), ("Harbour", 3), (None, 4)]


NAMES = st.text(alphabet="abcde 12é-", max_size=8)


class TestAlways:
    @given(
        delivered=st.lists(st.none() | NAMES, max_size=5),
        names=st.lists(NAMES, max_size=5),
        least=st.floats(0.51, 1.0),
    )
    def test_no_name_is_matched_below_the_threshold_or_without_the_margin(
        self, delivered: list[str | None], names: list[str], least: float
    ) -> None:
        known = stores(**{f"id-{number}": name for number, name in enumerate(names)})

        found = stores_meant(pl.Series(delivered, dtype=pl.String), known, StoreMatching("name", least))

        assert found["delivered"].is_unique().all()
        assert set(found["delivered"]) <= set(delivered)
        of_store = dict(known.iter_rows())
        for name, store, similarity, equal in found.iter_rows():
            assert equal == (name == of_store[store])
            assert similarity >= least - 1e-9
            words = [" ".join(one.replace("-", " ").replace("é", "e").split()) for one in (name, of_store[store])]
            assert similarity == pytest.approx(OSA.normalized_similarity(*words))
            rivals = [
                OSA.normalized_similarity(words[0], " ".join(other.replace("-", " ").replace("é", "e").split()))
                for id_, other in of_store.items()
                if id_ != store and re.findall(r"\d+", other) == re.findall(r"\d+", name)
            ]
            assert equal or all(similarity - rival >= MARGIN - 1e-6 for rival in rivals)

    @given(names=st.lists(st.text(min_size=1), unique=True, max_size=8), least=st.floats(0.51, 1.0))
    def test_a_name_equal_to_one_stores_is_always_that_store(self, names: list[str], least: float) -> None:
        known = stores(**{f"id {number} of {len(names)} stores": name for number, name in enumerate(names)})

        found = stores_meant(known["name"], known, StoreMatching("name", least))

        assert dict(found.select("delivered", "store_id").rows()) == {name: id_ for id_, name in known.iter_rows()}
        assert found["equal"].all()

    @given(names=st.lists(NAMES, max_size=5))
    def test_order_and_number_do_not_matter(self, names: list[str]) -> None:
        known = stores(A="abc 1", B="abe", C="dd 2")

        once = stores_meant(pl.Series(sorted(set(names)), dtype=pl.String), known, BY_NAME)
        again = stores_meant(pl.Series([*reversed(names), *names], dtype=pl.String), known.reverse(), BY_NAME)

        assert once.equals(again)
