"""Philox4x64-10 (Salmon et al. 2011), as in NumPy, for samples that do not follow one another.

NumPy's own generator is as fast for a run of samples, but has to be made anew for every other one.
"""

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.compiled import compiled

Words = NDArray[np.uint64]
ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157))
WEYL = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B))
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def scattered_words(key: int, indices: NDArray[np.int64], blocks: int) -> Words:
    """Return the words [4 blocks i, 4 blocks (i + 1)) of a stream for each index i: uint64 (n, 4 blocks)."""
    out = np.empty((len(indices), 4 * blocks), np.uint64)
    halves = np.array([key & (2**64 - 1), key >> 64], np.uint64)
    _fill(out, halves, indices.astype(np.uint64), np.uint64(blocks))
    return out


@compiled
def _product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the high and the low half of a 128-bit product."""
    low_a, high_a, low_b, high_b = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    low = low_a * low_b
    middle = high_a * low_b + (low >> _HALF)
    carry = low_a * high_b + (middle & _LOW)
    return high_a * high_b + (middle >> _HALF) + (carry >> _HALF), a * b


@compiled
def _fill(out: Words, key: Words, indices: Words, blocks: np.uint64) -> None:
    for row in range(len(indices)):
        for block in range(blocks):
            # NumPy counts up before it makes a block, so the first has counter 1.
            c0 = indices[row] * blocks + np.uint64(block) + np.uint64(1)
            c1 = c2 = c3 = np.uint64(0)
            k0, k1 = key[0], key[1]
            for _ in range(ROUNDS):
                high_0, low_0 = _product(MULTIPLIERS[0], c0)
                high_1, low_1 = _product(MULTIPLIERS[1], c2)
                c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
                k0, k1 = k0 + WEYL[0], k1 + WEYL[1]
            place = 4 * block
            out[row, place], out[row, place + 1], out[row, place + 2], out[row, place + 3] = c0, c1, c2, c3
