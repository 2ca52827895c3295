from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics.bootstrap import GroupWeights, group_bootstrap_weights
from spurgen.harness.statistics.seed_spread import add_noise, mean_deviation, pool
from spurgen.harness.statistics.separation import significantly_higher, tiers


def simulated(points, spread=0.01, count=400, seed=0):
    """Return points and replicates about them, each row with its own noise."""
    points = np.array(points, dtype=float)
    return points, points[:, None] + spread * np.random.default_rng(seed).normal(size=(len(points), count))


def test_well_separated_rows_are_as_many_tiers():
    points, replicates = simulated([0.5, 0.1, 0.9, 0.3, 0.7])
    assert tiers(points, replicates, list("abcde")) == {
        "count": 5, "members": [["c"], ["e"], ["a"], ["d"], ["b"]], "chain": ["c", "e", "a", "d", "b"],
    }  # fmt: skip


def test_similar_rows_are_one_tier():
    points, replicates = simulated([0.5, 0.501, 0.499])
    assert tiers(points, replicates, list("abc")) == {"count": 1, "members": [["b", "a", "c"]], "chain": ["b"]}


def test_a_row_between_two_tiers_makes_no_third():
    # neighbours are .02 apart (z = 1.4), the ends .04 (z = 2.8)
    points, replicates = simulated([0.52, 0.54, 0.5])
    found = tiers(points, replicates, ["middle", "top", "bottom"])
    assert found == {"count": 2, "members": [["top", "middle"], ["bottom"]], "chain": ["top", "bottom"]}


def test_the_chain_goes_through_rows_that_differ_significantly():
    # the best row is too uncertain to differ significantly from any
    points, replicates = simulated([0.9, 0.8, 0.5])
    replicates[0] += np.random.default_rng(1).normal(size=400)
    found = tiers(points, replicates, ["noisy", "high", "low"])
    assert found == {"count": 2, "members": [["noisy", "high"], ["low"]], "chain": ["high", "low"]}


def tiers_of(seed, chances, seeds=5, groups=4, size=60):
    """Draw methods with these chances to be correct, in part shared by seeds and methods; count their tiers."""
    random, ids = np.random.default_rng(seed), np.repeat(np.arange(groups), size)
    shared = random.random((1, groups * size)) * 0.5
    own = random.random((len(chances), seeds, groups * size)) * 0.5
    correct = shared + own < np.reshape(chances, (-1, 1, 1))
    by_group = GroupWeights(ids, group_bootstrap_weights(ids, 200, "t"))
    wga = [row.reshape(seeds, groups, size).mean(axis=2).min(axis=1) for row in correct]
    names, spread = [f"m{k}" for k in range(len(chances))], pool(wga)
    replicates = [
        add_noise(by_group.per_seed(row)[0].mean(axis=0), mean_deviation(values, spread), name)
        for row, values, name in zip(correct, wga, names, strict=True)
    ]
    return tiers(np.mean(wga, axis=1), np.stack(replicates), names)["count"]


def test_methods_of_equal_truth_are_one_tier_at_the_nominal_rate():
    counts = [tiers_of([3, k], [0.5] * 6) for k in range(40)]
    assert set(counts) <= {1, 2}
    assert np.mean(np.array(counts) > 1) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 40)


def test_methods_of_different_truth_are_as_many_tiers():
    assert tiers_of(4, [0.1, 0.4, 0.6, 0.9]) == 4


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_tiers_and_chain_of_any_rows_keep_their_contract(seed, count):
    random = np.random.default_rng(seed)
    points, replicates = simulated(random.integers(8, size=count) / 50, seed=seed)
    replicates *= random.uniform(0.5, 3)
    names = [f"m{k}" for k in range(count)]
    found, shuffle = tiers(points, replicates, names), random.permutation(count)
    assert tiers(points[shuffle], replicates[shuffle], [names[k] for k in shuffle]) == found
    higher = significantly_higher(points, replicates)
    rows = [[names.index(name) for name in members] for members in found["members"]]
    assert sorted(row for members in rows for row in members) == list(range(count))
    for above, below in pairwise(rows):
        assert all(higher[above, row].any() for row in below)
    assert not any(higher[np.ix_(members, members)].any() for members in rows)
    chain = [names.index(name) for name in found["chain"]]
    assert len(chain) == found["count"] == len(rows)
    assert all(higher[chain[i], chain[j]] for j in range(len(chain)) for i in range(j))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_significance_is_a_strict_partial_order(seed, count):
    random = np.random.default_rng(seed)
    points = random.integers(12, size=count) / 50
    noise = random.normal(size=(count, count)) @ random.normal(size=(count, 200))  # correlated, with different spreads
    higher = significantly_higher(points, points[:, None] + random.uniform(0.001, 0.02) * noise)
    assert not higher.diagonal().any()
    assert not (higher & higher.T).any()
    assert not (higher @ higher & ~higher).any()


def test_no_row_and_a_single_row():
    assert tiers(np.empty(0), np.empty((0, 5)), []) == {"count": 0, "members": [], "chain": []}
    assert tiers(*simulated([0.5]), ["a"]) == {"count": 1, "members": [["a"]], "chain": ["a"]}


def test_bad_arguments_are_errors():
    points, replicates = simulated([0.5, 0.6])
    for arguments, message in [
        ((points, replicates, ["a"]), "names: found 1 names, 1 of them distinct, expected 2 distinct ones"),
        ((points, replicates, ["a", "a"]), "names: found 2 names, 1 of them distinct"),
        ((points, replicates[:, :1], ["a", "b"]), "replicates: found 1 replicate, expected at least 2"),
        ((np.array([0.5, np.nan]), replicates, ["a", "b"]), "points: found nan at"),
    ]:
        with pytest.raises(MetricError, match=message):
            tiers(*arguments)
