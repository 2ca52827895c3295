import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.harness import metrics
from spurgen.harness.statistics.bootstrap import GroupWeights, bootstrap_mean, group_bootstrap_weights

GROUPS = np.repeat([0, 1, 2], [5, 1, 30])


def test_every_group_keeps_its_size_in_every_replicate():
    shuffled = np.random.default_rng(0).permutation(GROUPS)
    weights = group_bootstrap_weights(shuffled, 200, "task")
    assert weights.dtype == np.uint8
    assert weights.shape == (200, 36)
    for group, size in enumerate([5, 1, 30]):
        assert (weights[:, shuffled == group].sum(axis=1) == size).all()
    assert weights[:, shuffled == 2].mean(axis=0) == pytest.approx(1, abs=0.3)
    assert weights[:, shuffled == 2].var() == pytest.approx(29 / 30, rel=0.05)  # a multinomial count's variance


def test_draws_depend_on_names_alone():
    weights = group_bootstrap_weights(GROUPS, 20, "task")
    assert np.array_equal(weights, group_bootstrap_weights(GROUPS, 20, "task"))
    assert not np.array_equal(weights, group_bootstrap_weights(GROUPS, 20, "other"))
    more = group_bootstrap_weights(np.append(GROUPS, 3), 20, "task")  # a further group disturbs no other
    assert np.array_equal(more[:, :-1], weights)


def test_groups_of_one_size_are_resampled_apart():
    weights = group_bootstrap_weights(np.repeat([0, 1], 50), 50, "task").astype(float)
    within = np.corrcoef(weights[:, :50].ravel(), weights[:, 50:].ravel())[0, 1]
    assert abs(within) < 0.1


def test_wga_replicates_equal_a_plain_loop():
    rng = np.random.default_rng(1)
    correct = rng.random((4, 36)) < 0.6
    weights = group_bootstrap_weights(GROUPS, 30, "task")
    members = np.split(np.arange(36), [5, 6])
    expected = [
        np.mean([min(np.average(row[m], weights=weight[m]) for m in members) for row in correct]) for weight in weights
    ]
    assert GroupWeights(GROUPS, weights).wga_and_accuracy(correct)[0] == pytest.approx(np.array(expected))


def test_mean_replicates_equal_a_plain_loop():
    values = np.random.default_rng(2).normal(size=(4, 36))
    weights = group_bootstrap_weights(GROUPS, 30, "task")
    expected = [np.mean([np.average(row, weights=w) for row in values]) for w in weights]
    assert bootstrap_mean(values, weights) == pytest.approx(np.array(expected))


def test_accuracy_by_groups_is_the_mean_over_samples():
    correct = np.random.default_rng(1).random((4, 36)) < 0.6
    weights = group_bootstrap_weights(GROUPS, 30, "task")
    by_group = GroupWeights(GROUPS, weights)
    assert by_group.wga_and_accuracy(correct)[1] == pytest.approx(bootstrap_mean(correct.astype(float), weights))


def test_weights_of_one_give_the_point():
    rng = np.random.default_rng(3)
    labels, scores = rng.integers(3, size=36), rng.random((36, 3))
    replicates = GroupWeights(GROUPS, np.ones((2, 36), np.uint8)).wga_and_accuracy(
        metrics.correct(scores, labels)[None]
    )[0]
    assert replicates.tolist() == [metrics.worst_group_accuracy(scores, labels, GROUPS)] * 2


def test_rows_are_paired():
    # a row that is right wherever another is right, and more, is never below it, and equal rows differ by 0
    rng = np.random.default_rng(4)
    low = rng.random((3, 36)) < 0.5
    high = low | (rng.random((3, 36)) < 0.3)
    by_group = GroupWeights(GROUPS, group_bootstrap_weights(GROUPS, 100, "task"))
    assert (by_group.wga_and_accuracy(high)[0] >= by_group.wga_and_accuracy(low)[0]).all()
    assert (by_group.wga_and_accuracy(low)[0] == by_group.wga_and_accuracy(low.copy())[0]).all()


def test_interval_of_a_mean_covers():
    # truth 0, groups of unlike means, which stratification keeps out
    rng = np.random.default_rng(5)
    group_ids = np.repeat(np.arange(4), 20)
    means = np.array([-3.0, -1, 1, 3])[group_ids]
    weights = group_bootstrap_weights(group_ids, 300, "task")
    covered = []
    for _ in range(300):
        low, high = metrics.percentile_interval(bootstrap_mean(means + rng.normal(size=(1, 80)), weights))
        covered.append(low <= 0 <= high)
    assert np.mean(covered) == pytest.approx(0.94, abs=0.04)


def test_bias_correction_moves_the_minimum_towards_the_truth():
    # DESIGN, section 5: .9 everywhere, 50 per group, 64 groups; the plain minimum is .79 on average
    rng = np.random.default_rng(6)
    group_ids = np.repeat(np.arange(64), 50)
    by_group = GroupWeights(group_ids, group_bootstrap_weights(group_ids, 200, "task"))
    plain, corrected, covered, percentile = [], [], [], []
    for _ in range(20):
        correct = rng.random((1, len(group_ids))) < 0.9
        point = float((np.bincount(group_ids, correct[0]) / 50).min())
        replicates = by_group.wga_and_accuracy(correct)[0]
        plain.append(point)
        corrected.append(metrics.bias_corrected(point, replicates))
        low, high = metrics.basic_interval(point, replicates)
        covered.append(low <= 0.9 <= high)
        percentile.append(metrics.percentile_interval(replicates).high)
    assert np.mean(plain) == pytest.approx(0.79, abs=0.02)
    assert np.mean(plain) + 0.05 < np.mean(corrected) < 0.9
    assert max(percentile) < 0.9  # the replicates' own percentiles never cover
    assert np.mean(covered) >= 0.7  # mirrored, they mostly do (.88 over 300 such draws)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: group_bootstrap_weights(GROUPS * 2, 5, "t"), "group_ids: found no sample in groups 1, 3"),
        (lambda: group_bootstrap_weights(GROUPS, 0, "t"), "replicates: found 0, expected at least 1"),
        (
            lambda: bootstrap_mean(np.zeros((2, 35)), weights()),
            r"weights: found shape \(5, 36\), expected shape \(B, 35",
        ),
        (lambda: GroupWeights(GROUPS, weights() * 0.5), "weights: found dtype float64"),
        (lambda: bootstrap_mean(np.full((2, 36), np.nan), weights()), "values: found nan"),
        (
            lambda: GroupWeights(GROUPS, weights()).wga_and_accuracy(np.zeros((2, 36)))[0],
            "correct: found dtype float64",
        ),
        (lambda: GroupWeights(GROUPS[1:], weights()), r"weights: found shape \(5, 36\)"),
        (lambda: bootstrap_mean(np.zeros((2, 36)), weights() * 0.0), "weights: found a replicate of no samples"),
        (lambda: bootstrap_mean(np.zeros((2, 36)), weights() * np.nan), "weights: found a replicate of no samples"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(MetricError, match=message):
        call()


def weights():
    return group_bootstrap_weights(GROUPS, 5, "t")
