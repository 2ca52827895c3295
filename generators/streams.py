"""Random words: every sample owns a fixed range of a named Philox stream, found by its index.

Only raw words are used. NumPy freezes its bit streams but not the methods of `Generator`
(NEP 19), so every distribution is computed here, with integers.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import ScenarioError

Int64 = NDArray[np.int64]
Words = NDArray[np.uint64]
Stream = Callable[[str, int], Words]

WORDS_PER_BLOCK = 4  # Philox makes four words per counter step
SCATTERED = 8  # number of runs of indices from which our own Philox is faster than NumPy's
LAST_INDEX = 2**48  # beyond, the words of a stream would repeat: an index times its blocks is a uint64
_ONE = 1 << 32


@cache
def has_numba() -> bool:
    """Return whether numba is installed, of the extra `fast`; without it NumPy draws the same words and pictures."""
    return find_spec("numba") is not None


def stream_key(*names: str | int) -> int:
    """Derive a stream's 128-bit Philox key from a tuple of names by SHA-256."""
    text = "\x1f".join(map(str, names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def words(key: int, indices: Int64, blocks: int) -> Words:
    """Return the words that the samples own in a stream: uint64 (n, 4 * blocks).

    Sample i owns words [i W, (i + 1) W), W = 4 * blocks, so any sample can be made alone.
    """
    breaks = np.flatnonzero(indices[1:] - indices[:-1] != 1) + 1
    if len(breaks) >= SCATTERED and has_numba():
        from spurgen.generators.kernels import scattered_words  # imported late: numba takes a second to load

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


def checked_indices(indices: object) -> Int64:
    """Return sample indices as int64 (n,). Raises `ScenarioError` if they are negative or not whole numbers."""
    where = integers("sample indices", indices)
    if where.ndim != 1:
        message = f"sample indices have {where.ndim} dimensions, expected 1: give a list or range of whole numbers"
        raise ScenarioError(message)
    if len(where) and where.min() < 0:
        raise ScenarioError(f"negative sample index {where.min()}; indices start at 0")
    if len(where) and where.max() >= LAST_INDEX:
        raise ScenarioError(f"sample index {where.max()} is too large; give one below 2**48")
    return where


def integers(what: str, numbers: object) -> Int64:
    """Return whole numbers as int64; refuse booleans, which are a mask rather than indices."""
    try:
        array = np.asarray(numbers)
    except ValueError:  # lists of unequal lengths
        raise ScenarioError(f"{what} must be whole numbers in equal rows, not {numbers!r:.80}") from None
    if array.size and (array.dtype.kind not in "iu" or array.max() > np.iinfo(np.int64).max):
        example = f"{array.dtype} such as {array.ravel().tolist()[0]!r}"
        cure = "; np.flatnonzero turns a mask into indices" if array.dtype.kind == "b" else ""
        raise ScenarioError(f"{what} must be whole numbers below 2**63, not {example}{cure}")
    return array.astype(np.int64)
