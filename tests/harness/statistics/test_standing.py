import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.harness.statistics.estimate import ALPHA, benjamini_hochberg
from spurgen.harness.statistics.standing import References, largest_distinct, rank_interval, tier_letters
from spurgen.harness.statistics.units import fit_spread, pair_p_values, paired


def drawn(means, deviation=0.02, seed=0):
    return np.array(means)[:, None] + deviation * np.random.default_rng(seed).normal(size=(len(means), 5))


def of_references(rows):
    return References.of(rows, fit_spread(rows))


def test_all_pairs_are_corrected_together():
    rows = drawn([0.9, 0.86, 0.5, 0.48, 0.1])
    known = of_references(rows)
    differ, adjusted = known.differ(), benjamini_hochberg(pair_p_values(rows, known.spread))
    assert differ[np.triu_indices(5, 1)].tolist() == [p < ALPHA for p in adjusted]
    assert (differ == differ.T).all()
    assert not differ.diagonal().any()
    assert differ[0, 2]
    assert differ[2, 4]
    assert not differ[2, 3]


def differ_from(known, row):
    """Return from which references one further row differs."""
    return known.differ_with([row])[-1, :-1].tolist()


def test_a_further_row_is_corrected_as_one_more_of_the_references():
    rows = drawn([0.9, 0.5, 0.5, 0.5, 0.5])
    known, new, alone_differs = of_references(rows), drawn([0.5], seed=1)[0], False
    for shift in np.linspace(0, 0.1, 41):
        own = [paired(new + shift, row, known.spread).p for row in rows]
        beside = [p < ALPHA for p in benjamini_hochberg(np.array([*known.p_values, *own]))[10:]]
        assert differ_from(known, new + shift) == beside
        alone_differs |= beside != [p < ALPHA for p in benjamini_hochberg(np.array(own))]
    assert alone_differs


def test_two_further_rows_are_corrected_as_if_they_alone_stood_beside_the_references():
    rows = drawn([0.9, 0.5, 0.5, 0.5, 0.5])
    known, alone_differs, verdicts = of_references(rows), False, set()
    first, base = drawn([0.6], seed=1)[0], drawn([0.5], seed=2)[0]  # tests of both matter
    for shift in np.linspace(0, 0.1, 41):
        second = base + shift
        tests = [[paired(row, other, known.spread).p for other in rows] for row in (first, second)]
        between = paired(first, second, known.spread).p
        beside = benjamini_hochberg(np.array([between, *tests[0], *tests[1], *known.p_values]))[0] < ALPHA
        differ = known.differ_with([first, second])
        assert differ[5, 6] == differ[6, 5] == beside
        alone_differs |= beside != (between < ALPHA)
        verdicts.add(bool(beside))
    assert alone_differs
    assert verdicts == {True, False}


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 8))
def test_the_order_of_references_changes_nothing(seed, count):
    rng = np.random.default_rng(seed)
    rows, order = drawn(rng.uniform(size=count), 0.05, seed), rng.permutation(count)
    assert (of_references(rows[order]).differ() == of_references(rows).differ()[np.ix_(order, order)]).all()


@pytest.mark.parametrize(
    ("differ", "expected"),
    [
        ([False] * 4, (1, 5)),
        ([True, True, False, True], (3, 4)),
        ([True] * 4, (3, 3)),
        ([False, False, True, True], (1, 3)),
    ],
)
def test_a_rank_interval_counts_who_is_significantly_better_and_worse(differ, expected):
    others = np.array([0.9, 0.8, 0.4, 0.2])
    assert rank_interval(0.6, others, np.array(differ)) == expected


def test_a_row_alone_is_first():
    assert rank_interval(0.5, np.empty(0), np.empty(0, bool)) == (1, 1)


def differing(count, *pairs):
    differ = np.zeros((count, count), bool)
    for a, b in pairs:
        differ[a, b] = differ[b, a] = True
    return differ


def random_pairs(seed, count):
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
    differ = random_pairs(seed, count)
    letters = tier_letters(differ)
    for a in range(count):
        for b in range(count):
            assert bool(set(letters[a]) & set(letters[b])) == (not differ[a, b])


@settings(max_examples=80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_the_largest_set_of_rows_that_all_differ_is_found(seed, count):
    differ = random_pairs(seed, count)
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
