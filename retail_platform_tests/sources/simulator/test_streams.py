"""Random bits are a function of key and counter, and look random."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retail_platform.sources.simulator.streams import bell, bits, field, key, lookup, share


def test_bits_are_those_of_splitmix64() -> None:
    """The published first values of the seed 1234567."""
    drawn = bits(np.uint64(1234567), np.arange(5))

    assert drawn.tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@given(seed=st.integers(0, 2**32 - 1), counters=st.lists(st.integers(0, 2**40), min_size=1, max_size=50))
def test_a_draw_depends_on_nothing_but_its_key_and_counter(seed: int, counters: list[int]) -> None:
    stream = key(seed, "purpose")

    together = bits(stream, np.array(counters))

    assert together.tolist() == [int(bits(stream, np.array([counter]))[0]) for counter in counters]


def test_fields_are_uniform_and_the_bell_has_unit_deviation() -> None:
    drawn = bits(key(1, "sample"), np.arange(200_000))

    for first in (0, 16, 32, 48):
        assert abs(share(drawn, first, 16).mean() - 0.5) < 0.005
        assert np.bincount(field(drawn, first, 4)).min() > 12_000
    assert abs(bell(drawn).mean()) < 0.01
    assert abs(bell(drawn).std() - 1) < 0.01


def test_a_lookup_table_holds_each_index_by_its_weight() -> None:
    table = lookup(np.array([[1.0, 2.0, 1.0], [0.0, 1.0, 0.0]]), 8)

    assert table.tolist() == [[0, 0, 1, 1, 1, 1, 2, 2], [1] * 8]
