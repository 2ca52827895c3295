import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.harness.statistics.letters import largest_distinct, tier_letters


def differing(count, *pairs):
    differ = np.zeros((count, count), bool)
    for a, b in pairs:
        differ[a, b] = differ[b, a] = True
    return differ


def drawn(seed, count):
    upper = np.triu(np.random.default_rng(seed).random((count, count)) < 0.5, 1)
    return upper | upper.T


@pytest.mark.parametrize(
    ("differ", "letters"),
    [
        (differing(3), ["a", "a", "a"]),
        (differing(3, (0, 1), (0, 2), (1, 2)), ["a", "b", "c"]),
        (differing(3, (0, 2)), ["a", "ab", "b"]),
        (differing(4, (0, 2), (0, 3), (1, 3)), ["a", "ab", "bc", "c"]),
        (differing(0), []),
    ],
)
def test_letters_of_small_boards(differ, letters):
    assert tier_letters(differ) == letters


def test_there_are_more_letters_than_the_alphabet_has():
    count = 60
    letters = tier_letters(~np.eye(count, dtype=bool))
    assert len(set(letters)) == count
    assert all(len(letter) == 1 and letter.isalpha() for letter in letters)


@settings(max_examples=80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_two_rows_share_a_letter_exactly_if_they_do_not_differ(seed, count):
    differ = drawn(seed, count)
    letters = tier_letters(differ)
    for a in range(count):
        for b in range(count):
            assert bool(set(letters[a]) & set(letters[b])) == (not differ[a, b])


@settings(max_examples=80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_the_largest_set_of_rows_that_all_differ_is_found(seed, count):
    differ = drawn(seed, count)
    found = largest_distinct(differ)
    assert all(differ[a, b] for a in found for b in found if a != b)
    sets = ([k for k in range(count) if mask >> k & 1] for mask in range(2**count))
    assert len(found) == max(len(rows) for rows in sets if all(differ[a, b] for a in rows for b in rows if a != b))


def test_of_no_rows_none_differ():
    assert largest_distinct(differing(0)) == []


def test_rows_with_exponentially_many_maximal_sets_get_letters(record_property):
    """Forty rows in twenty pairs that differ from each other alone: 2 ** 20 maximal sets of rows of which no two do."""
    differ = np.zeros((40, 40), bool)
    for row in range(0, 40, 2):
        differ[row, row + 1] = differ[row + 1, row] = True
    letters = tier_letters(differ)
    record_property("letters", len({letter for of_row in letters for letter in of_row}))
    for first in range(40):
        for second in range(first):
            assert bool(set(letters[first]) & set(letters[second])) != differ[first, second]
