import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics.ranking import Placement, better_than_chance, difference_p_values, holm, order, rank


def simulated(points, spread=0.01, count=400, seed=0):
    """Returns points and replicates about them with a spread of their own."""
    points = np.array(points, dtype=float)
    return points, points[:, None] + spread * np.random.default_rng(seed).normal(size=(len(points), count))


def test_rank_counts_significantly_higher_rows():
    # .60 and .61 cannot be told apart (z = .7), all other pairs can
    placements = rank(*simulated([0.3, 0.6, 0.9, 0.61]), [(0.1, 0.0), (0.2, 0.0), (0.3, 0.0), (0.1, 0.0)])
    assert placements == [
        Placement(4, False, 4),
        Placement(2, True, 3),
        Placement(1, False, 1),
        Placement(2, True, 2),
    ]
    assert order(placements) == [2, 3, 1, 0]


def test_equal_ranks_are_ordered_by_keys_not_points():
    keys = [(0.2, 0.5, "a"), (0.1, 0.9, "b"), (0.1, 0.2, "c")]
    placements = rank(*simulated([0.503, 0.501, 0.5], spread=0.05), keys)
    assert [place.rank for place in placements] == [1, 1, 1]
    assert all(place.tied for place in placements)
    assert order(placements) == [2, 1, 0]


def test_significance_is_not_transitive():
    # a and c differ, neither differs from b: c has one row above it, a and b none
    points, replicates = simulated([0.54, 0.52, 0.5])
    assert [place.rank for place in rank(points, replicates, [("a",), ("b",), ("c",)])] == [1, 1, 2]


def test_no_spread():
    points, replicates = np.array([0.5, 0.5, 0.25]), np.repeat([[0.5], [0.5], [0.25]], 10, axis=1)
    assert difference_p_values(points, replicates).tolist() == [1, 0, 0]
    assert [place.rank for place in rank(points, replicates, [(0,), (0,), (0,)])] == [1, 1, 3]
    assert [place.position for place in rank(points, replicates, [(0,), (0,), (0,)])] == [1, 1, 3]
    rounding = np.array([0.1 + 0.2, 0.3])  # differ by one rounding
    assert difference_p_values(rounding, np.repeat(rounding[:, None], 5, axis=1)).tolist() == [1]


def test_pairing_counts():
    # a shared spread of .1 hides nothing when the difference is steady to .001
    shared = 0.1 * np.random.default_rng(1).normal(size=400)
    points, replicates = simulated([0.5, 0.51], spread=0.001)
    assert [place.rank for place in rank(points, replicates + shared, [(0,), (0,)])] == [2, 1]
    unpaired = replicates + np.stack([shared, np.roll(shared, 1)])
    assert [place.rank for place in rank(points, unpaired, [(0,), (0,)])] == [1, 1]


def test_p_value_is_the_normal_tail_of_z():
    points, replicates = simulated([0.5, 0.52])
    z = 0.02 / (replicates[0] - replicates[1]).std(ddof=1)
    assert difference_p_values(points, replicates) == pytest.approx([2 * norm.sf(z)])


@pytest.mark.parametrize(("p_value", "ranks"), [(0.048, [2, 1]), (0.052, [1, 1])])
def test_significant_is_below_five_per_cent(p_value, ranks):
    points, replicates = simulated([0.5, 0.5])
    points[1] += norm.isf(p_value / 2) * (replicates[0] - replicates[1]).std(ddof=1)
    assert difference_p_values(points, replicates) == pytest.approx([p_value])
    assert [place.rank for place in rank(points, replicates, [(0,), (0,)])] == ranks


def test_wild_noise_costs_victories_and_saves_from_no_defeat():
    points, narrow = simulated([0.5, 0.6], spread=0.01)
    wide = narrow + 0.3 * np.random.default_rng(1).normal(size=narrow.shape)
    keys = [(0,), (0,)]
    for tame, wild, ranks in ((1, 0, [2, 1]), (0, 1, [1, 1])):  # the lower row is wild, then the higher one
        higher, lower = np.empty((2, *narrow.shape))
        higher[tame], lower[tame], higher[wild], lower[wild] = narrow[tame], narrow[tame], wide[wild], narrow[wild]
        assert [place.rank for place in rank(points, higher, keys, lower)] == ranks
        assert [place.rank for place in rank(points[::-1], higher[::-1], keys, lower[::-1])] == ranks[::-1]
        assert [place.rank for place in rank(points, higher, keys)] == [1, 1]


def test_many_rows_are_corrected_for():
    # the same pair is told apart alone, and not among 20 rows that are alike
    points, replicates = simulated([0.5, 0.535] + [0.5175] * 18)
    alone = rank(points[:2], replicates[:2], [(0,), (0,)])
    assert [place.rank for place in alone] == [2, 1]
    assert {place.rank for place in rank(points, replicates, [(0,)] * 20)} == {1}


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_row_order_does_not_matter(seed, count):
    rng = np.random.default_rng(seed)
    points, replicates = simulated(rng.integers(5, size=count) / 50, seed=seed)
    replicates[rng.integers(count)] = replicates[0]
    keys = [(float(rng.integers(2)), float(rng.integers(2)), str(row)) for row in range(count)]
    placements, shuffle = rank(points, replicates, keys), rng.permutation(count)
    shuffled = rank(points[shuffle], replicates[shuffle], [keys[row] for row in shuffle])
    assert shuffled == [placements[row] for row in shuffle]
    assert [keys[shuffle[row]] for row in order(shuffled)] == [keys[row] for row in order(placements)]
    assert sorted(place.position for place in placements) == list(range(1, count + 1))
    assert min(place.rank for place in placements) == 1


def test_few_or_no_rows():
    assert rank(np.empty(0), np.empty((0, 5)), []) == []
    assert rank(*simulated([0.5]), [(0.0,)]) == [Placement(1, False, 1)]


def test_holm_by_hand():
    # .01 x 4, .02 x 3, .03 x 2 raised to .06, .04 x 1 raised to .06
    assert holm(np.array([0.04, 0.01, 0.03, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm(np.array([])).tolist() == []


@given(st.lists(st.floats(0, 1), max_size=12).map(np.array))
def test_holm_keeps_order_and_lies_between_raw_and_bonferroni(p_values):
    adjusted = holm(p_values)
    assert (adjusted >= p_values).all()
    assert (adjusted <= np.minimum(p_values * len(p_values), 1)).all()
    assert (np.diff(adjusted[np.argsort(p_values)]) >= 0).all()


@pytest.mark.parametrize(
    ("correct", "count", "num_classes"),
    [(28, 200, 10), (20, 30, 2), (72, 300, 5), (114, 300, 3), (0, 5, 2), (116, 1000, 10), (115, 1000, 10)],
)
def test_better_than_chance_is_the_exact_binomial(correct, count, num_classes):
    exact = binomtest(correct, count, 1 / num_classes, alternative="greater").pvalue
    assert better_than_chance(correct, count, num_classes) == (exact < 0.05)


def test_constant_predictor_is_not_better_than_chance():
    assert not better_than_chance(800, 8000, 10)
    assert better_than_chance(5, 5, 2)


def test_what_does_not_fit_is_refused():
    points, replicates = simulated([0.5, 0.6])
    for arguments, message in [
        ((points, replicates, [(0,)]), "tie_keys: found 1 keys, expected 2"),
        ((points, replicates, [(0,), (np.nan,)]), "tie_keys: found NaN in row 1"),
        ((points, replicates[:1], [(0,), (0,)]), r"replicates: found shape \(1, 400\)"),
        ((points, replicates[:, :1], [(0,), (0,)]), "replicates: found 1 replicate, expected at least 2"),
        ((np.array([0.5, np.nan]), replicates, [(0,), (0,)]), "points: found nan at"),
    ]:
        with pytest.raises(MetricError, match=message):
            rank(*arguments)
    with pytest.raises(MetricError, match="correct: found 6 of 5 with 2 classes"):
        better_than_chance(6, 5, 2)
