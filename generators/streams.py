"""Random words: every sample owns a fixed range of a named Philox stream.

Only raw words are used. NumPy freezes its bit streams but not the methods of `Generator`
(NEP 19), so every distribution is computed here, with integers.
"""

import hashlib
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Words = NDArray[np.uint64]
Stream = Callable[[str, int], Words]

WORDS_PER_BLOCK = 4  # Philox makes four words per counter step
SCATTERED = 8  # number of runs of indices from which our own Philox is faster than NumPy's
_ONE = 1 << 32


def stream_key(*names: str | int) -> int:
    """Derive a stream's 128-bit Philox key from a tuple of names by SHA-256."""
    text = "\x1f".join(map(str, names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def words(key: int, indices: Int64, blocks: int) -> Words:
    """Return the words that the samples own in a stream: uint64 (n, 4 * blocks).

    Sample i owns words [i W, (i + 1) W), W = 4 * blocks, so any sample can be made alone.
    """
    breaks = np.flatnonzero(indices[1:] - indices[:-1] != 1) + 1
    if len(breaks) >= SCATTERED:
        from spurgen.generators.philox import scattered_words  # imported late: numba takes a second to load

        return scattered_words(key, indices, blocks)
    out = np.empty((len(indices), WORDS_PER_BLOCK * blocks), np.uint64)
    for first, end in pairwise([0, *breaks.tolist(), len(indices)]):
        if first < end:
            source = np.random.Philox(key=key).advance(int(indices[first]) * blocks)
            out[first:end] = source.random_raw((end - first) * out.shape[1]).reshape(end - first, -1)
    return out


def fraction(word: Words) -> Int64:
    """Map words to fractions of one, in units of 2**-32: [0, 2**32)."""
    return (word >> np.uint64(32)).astype(np.int64)


def uniform_int(word: Words, size: int | Int64) -> Int64:
    """Map words to integers in [0, size), size <= 2**31, by multiply and shift; bias below size / 2**32."""
    scaled: Int64 = (fraction(word) * size) >> 32
    return scaled


def other_than(word: Words, values: Int64, size: int) -> Int64:
    """Draw a value in [0, size) other than each of `values`, uniformly: int64 (n,)."""
    other: Int64 = (values + 1 + uniform_int(word, size - 1)) % size
    return other


def signed(word: Words, reach: int) -> Int64:
    """Map words to integers in [-reach, reach]."""
    return uniform_int(word, 2 * reach + 1) - reach


def threshold(probability: float) -> int:
    """Return a probability in units of 2**-32, rounded down; the product is exact, so all machines agree."""
    return int(probability * _ONE)


def happens(word: Words, thresholds: int | Int64) -> NDArray[np.bool_]:
    """Return where an event occurs whose probability is `thresholds`, in units of 2**-32: bool (n,)."""
    return fraction(word) < thresholds


def permutation(key: int, size: int) -> Int64:
    """Draw a permutation of range(size) (Fisher-Yates) from a stream's first words."""
    order = [*range(size)]
    raw = words(key, np.zeros(1, np.int64), -(-size // WORDS_PER_BLOCK))[0]
    others = uniform_int(raw[:size], np.arange(1, size + 1)).tolist()
    for last in range(size - 1, 0, -1):
        other = others[last]
        order[last], order[other] = order[other], order[last]
    return np.array(order, np.int64)
