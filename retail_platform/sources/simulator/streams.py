"""Counter-based random numbers: a draw is a pure function of a key and a counter, in any order and process.

Only bits and what is read from them belong here, nothing of shops. The generator is SplitMix64 (Steele, Lea and
Flood, "Fast splittable pseudorandom number generators", 2014): the n-th value of the stream `key` is
`mix(key + n * GAMMA)`, so that any element of it costs the same, and whole arrays are drawn at once.
"""

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)


def key(seed: int, *names: str) -> np.uint64:
    """The key of the stream of a seed and a purpose; the same in every process."""
    digest = blake2b("\x1f".join([str(seed), *names]).encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def bits(keys: np.uint64 | Bits, counters: NDArray[Any]) -> Bits:
    """64 random bits for each key and counter, broadcast against each other; counters from 0."""
    with np.errstate(over="ignore"):
        state = counters.astype(np.uint64)
        state += np.uint64(1)
        state *= GAMMA
        state = state + keys
        state ^= state >> _SHIFTS[0]
        state *= _FIRST
        state ^= state >> _SHIFTS[1]
        state *= _SECOND
        state ^= state >> _SHIFTS[2]
    return state


def field(drawn: Bits, first: int, width: int) -> Ints:
    """An integer of `width` of the 64 bits, from bit `first` on."""
    return ((drawn >> np.uint64(first)) & np.uint64((1 << width) - 1)).view(np.int64)


def share(drawn: Bits, first: int, width: int) -> Floats:
    """The same bits as a number in [0, 1)."""
    numbers: Floats = field(drawn, first, width).astype(np.float64)
    numbers *= 2.0**-width
    return numbers


def below(drawn: Bits, first: int, width: int, count: int | Ints) -> Ints:
    """The same bits as an integer in [0, count)."""
    return (share(drawn, first, width) * count).astype(np.int64)


def bell(drawn: Bits) -> Floats:
    """A number of mean 0 and deviation 1 that is near to normal: the sum of four uniform ones."""
    total = field(drawn, 0, 16) + field(drawn, 16, 16) + field(drawn, 32, 16) + field(drawn, 48, 16)
    normal: Floats = (total * 2.0**-16 - 2.0) * 3.0**0.5
    return normal


def lookup(weights: Floats, size: int) -> Ints:
    """A table of `size` entries that holds each index of `weights` in proportion to its weight.

    Args:
        weights: one row a distribution; need not sum to 1.
        size: entries a row; an index drawn below it is an index drawn by weight.
    """
    shares = np.cumsum(weights, axis=-1) / np.sum(weights, axis=-1, keepdims=True)
    points = (np.arange(size) + 0.5) / size
    return np.stack([np.searchsorted(row, points, side="right") for row in np.atleast_2d(shares)])
