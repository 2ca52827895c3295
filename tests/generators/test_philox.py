import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spurgen.generators.philox import scattered_words
from spurgen.generators.streams import SCATTERED, words

KEYS = st.integers(0, 2**128 - 1)
INDICES = st.lists(st.integers(0, 2**40), min_size=1, max_size=20)


def numpys(key, indices, blocks):
    """Return NumPy's words, made anew for every index."""
    rows = [np.random.Philox(key=key).advance(index * blocks).random_raw(4 * blocks) for index in indices]
    return np.stack(rows)


@given(KEYS, INDICES, st.integers(1, 5))
def test_our_words_are_numpys(key, indices, blocks):
    np.testing.assert_array_equal(scattered_words(key, np.array(indices), blocks), numpys(key, indices, blocks))


@given(KEYS, st.permutations(range(3 * SCATTERED)), st.integers(1, 3))
def test_scattered_samples_own_the_same_words_as_in_a_row(key, order, blocks):
    whole = words(key, np.arange(3 * SCATTERED), blocks)
    np.testing.assert_array_equal(words(key, np.array(order), blocks), whole[list(order)])
