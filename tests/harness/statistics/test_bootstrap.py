import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.harness import metrics
from spurgen.harness.statistics.bootstrap import GroupWeights, SampleWeights, group_bootstrap_weights

GROUPS = np.repeat([0, 1, 2], [5, 1, 30])


def weights(replicates=30):
    return group_bootstrap_weights(GROUPS, replicates, "task")


def test_every_group_keeps_its_size_in_every_replicate():
    shuffled = np.random.default_rng(0).permutation(GROUPS)
    weights = group_bootstrap_weights(shuffled, 200, "task")
    assert weights.dtype == np.uint8
    assert weights.shape == (200, 36)
    for group, size in enumerate([5, 1, 30]):
        assert (weights[:, shuffled == group].sum(axis=1) == size).all()
    assert weights[:, shuffled == 2].mean(axis=0) == pytest.approx(1, abs=0.3)
    assert weights[:, shuffled == 2].var() == pytest.approx(29 / 30, rel=0.05)  # a multinomial count's variance


def test_draws_depend_on_the_names_alone():
    before = weights(20)
    assert not np.array_equal(before, group_bootstrap_weights(GROUPS, 20, "other"))
    more = group_bootstrap_weights(np.append(GROUPS, 3), 20, "task")  # a further group changes no other
    assert np.array_equal(more[:, :-1], before)
    assert np.array_equal(weights(20), before)


def test_groups_of_equal_size_are_resampled_independently():
    drawn = group_bootstrap_weights(np.repeat([0, 1], 50), 50, "task").astype(float)
    assert abs(np.corrcoef(drawn[:, :50].ravel(), drawn[:, 50:].ravel())[0, 1]) < 0.1


def test_worst_group_accuracy_and_accuracy_equal_a_plain_loop():
    correct = np.random.default_rng(1).random((4, 36)) < 0.6
    members = np.split(np.arange(36), [5, 6])
    plain = np.array(
        [[min(np.average(row[m], weights=w[m]) for m in members) for w in weights()] for row in correct]
    )  # fmt: skip
    by_group = GroupWeights(GROUPS, weights())
    wga, _, accuracy = (part.mean(axis=0) for part in by_group.per_seed(correct, 1))
    assert wga == pytest.approx(plain.mean(axis=0))
    assert accuracy == pytest.approx(SampleWeights(weights()).mean(correct.astype(float)))
    wga_per_seed, _, accuracy_per_seed = by_group.per_seed(correct, 1)
    assert wga_per_seed == pytest.approx(plain)
    assert np.array_equal(accuracy_per_seed.mean(axis=0), accuracy)


def test_robust_accuracy_is_the_lowest_over_patterns_of_the_mean_over_classes():
    groups = np.repeat(np.arange(6), [5, 9, 30, 4, 12, 7])  # 2 classes x 3 patterns
    drawn = group_bootstrap_weights(groups, 30, "task")
    correct = np.random.default_rng(1).random((4, len(groups))) < 0.6
    of_groups = np.array(
        [[[np.average(row[groups == g], weights=w[groups == g]) for g in range(6)] for w in drawn] for row in correct]
    )
    by_group = GroupWeights(groups, drawn)
    assert by_group.per_seed(correct, 2)[1] == pytest.approx(of_groups.reshape(4, 30, 2, 3).mean(axis=2).min(axis=2))
    assert np.array_equal(by_group.per_seed(correct, 1)[1], by_group.per_seed(correct, 1)[0])


def test_many_rows_at_once_equal_each_alone_bit_for_bit():
    groups = np.repeat(np.arange(8), 100)
    by_group = GroupWeights(groups, group_bootstrap_weights(groups, 64, "task"))
    correct = np.random.default_rng(1).random((40, 800)) < 0.6
    together = by_group.per_seed(correct, 2)
    for row in range(0, 40, 5):
        alone = by_group.per_seed(correct[row : row + 5], 2)
        assert all(np.array_equal(a, t[row : row + 5]) for a, t in zip(alone, together, strict=True))


def test_mean_replicates_equal_a_plain_loop():
    values = np.random.default_rng(2).normal(size=(4, 36))
    plain = [np.mean([np.average(row, weights=w) for row in values]) for w in weights()]
    assert SampleWeights(weights()).mean(values) == pytest.approx(np.array(plain))


def test_interval_of_a_mean_covers():
    # the truth is 0; the groups' means differ, which stratification removes from the variance
    rng = np.random.default_rng(5)
    group_ids = np.repeat(np.arange(4), 20)
    means = np.array([-3.0, -1, 1, 3])[group_ids]
    drawn = SampleWeights(group_bootstrap_weights(group_ids, 300, "task"))
    covered = []
    for _ in range(300):
        low, high = metrics.percentile_interval(drawn.mean(means + rng.normal(size=(1, 80))))
        covered.append(low <= 0 <= high)
    assert np.mean(covered) == pytest.approx(0.94, abs=0.04)


def test_bias_correction_moves_the_minimum_towards_the_truth():
    # true accuracy .9 in each of 64 groups of 50: the plain minimum is .79 on average
    rng = np.random.default_rng(6)
    group_ids = np.repeat(np.arange(64), 50)
    by_group = GroupWeights(group_ids, group_bootstrap_weights(group_ids, 200, "task"))
    plain, corrected, covered, percentile = [], [], [], []
    for _ in range(20):
        correct = rng.random((1, len(group_ids))) < 0.9
        point = metrics.count_groups(correct[0], group_ids).worst
        replicates = by_group.per_seed(correct, 1)[0].mean(axis=0)
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
        (lambda: weights(0), "replicates: found 0, expected at least 1"),
        (lambda: SampleWeights(weights()[0]), r"weights: found shape \(36,\), expected shape \(B, m\)"),
        (lambda: SampleWeights(weights()).mean(np.zeros((2, 35))), r"values: found shape .*expected shape \(S, 36\)"),
        (lambda: SampleWeights(weights()).mean(np.full((2, 36), np.nan)), "values: found nan"),
        (lambda: SampleWeights(weights() * 0.0), "weights: found a replicate of no samples"),
        (lambda: SampleWeights(weights() * np.nan), "weights: found a replicate of no samples"),
        (lambda: GroupWeights(GROUPS, weights() * 0.5), "weights: found dtype float64"),
        (lambda: GroupWeights(GROUPS[1:], weights()), r"weights: found shape \(30, 36\)"),
        (lambda: GroupWeights(GROUPS, weights()).per_seed(np.zeros((2, 36), bool), 2), "group_ids: found 3 groups"),
        (lambda: GroupWeights(GROUPS, weights()).per_seed(np.zeros((2, 36)), 1), "correct: found dtype float64"),
    ],
)
def test_bad_arguments_are_errors(call, message):
    with pytest.raises(MetricError, match=message):
        call()
