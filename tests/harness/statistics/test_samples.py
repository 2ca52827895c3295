import numpy as np
import pytest
from scipy.stats import binom, binomtest

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics.samples import (
    Added,
    better_than_chance,
    classes_better_than_chance,
    corrected_wga,
    count_cells,
    expected_minimum,
    of_a_difference,
    of_a_share,
    resample,
    shrunken,
)

GROUPS = np.array([1, 0, 1, 1, 0, 1])
RIGHT = np.array([[1, 0, 1, 0, 1, 1], [0, 0, 1, 0, 0, 1]], dtype=bool)


def test_samples_that_agree_in_every_run_are_counted_together():
    cells = count_cells(GROUPS, RIGHT)
    rows = zip(cells.groups.tolist(), cells.right.tolist(), cells.counts.tolist(), strict=True)
    assert sorted(map(str, rows)) == sorted(
        map(
            str,
            [
                (0, [False, False], 1),
                (0, [True, False], 1),
                (1, [False] * 2, 1),
                (1, [True, False], 1),
                (1, [True] * 2, 2),
            ],
        )
    )


@pytest.mark.parametrize("runs", [1, 9, 20])
def test_the_accuracies_of_all_samples_are_those_of_the_cells(runs):
    rng = np.random.default_rng(0)
    groups, right = rng.integers(0, 3, 200), rng.random((runs, 200)) < 0.7
    cells = count_cells(groups, right)
    for k in range(3):
        inside = cells.groups == k
        assert cells.counts[inside] @ cells.right[inside] == pytest.approx(right[:, groups == k].sum(axis=1))


def test_replicates_have_the_mean_and_the_covariance_of_drawing_samples():
    drawn = resample(count_cells(GROUPS, RIGHT), 20_000, 0, Added(RIGHT[:, :0].T, 0))
    assert drawn.shape == (20_000, 2, 2)
    np.testing.assert_allclose(drawn.mean(axis=0), [[0.5, 0.75], [0, 0.5]], atol=0.01)
    of_group = RIGHT[:, GROUPS == 1].astype(float)
    np.testing.assert_allclose(np.cov(drawn[:, :, 1].T), np.cov(of_group, bias=True) / 4, atol=0.002)


def test_the_same_seed_draws_the_same():
    cells = count_cells(GROUPS, RIGHT)
    assert (resample(cells, 50, 1, of_a_share(2)) == resample(cells, 50, 1, of_a_share(2))).all()
    assert (resample(cells, 50, 1, of_a_share(2)) != resample(cells, 50, 2, of_a_share(2))).any()


def test_a_group_without_errors_varies_all_the_same():
    drawn = resample(count_cells(np.zeros(20, np.int64), np.ones((1, 20), bool)), 1000, 0, of_a_share(1))
    assert 0.04 < drawn.std() < 0.08  # Agresti & Coull: 22 of 24, .056


def test_models_that_agree_on_every_sample_may_differ_all_the_same():
    right = np.tile(np.arange(100) < 90, (3, 1))
    drawn = resample(count_cells(np.arange(100) % 2, right), 1000, 0, of_a_difference(1, 2, 2))
    assert (drawn[:, 1] == drawn[:, 2]).all()  # runs of a model share its sample
    difference = (drawn[:, 0] - drawn[:, 1]).mean(axis=1)
    assert 0.011 < difference.std() < 0.017  # Bonett & Price: two samples of 102, .014


@pytest.mark.parametrize(
    ("correct", "count", "num_classes"),
    [(28, 200, 10), (20, 30, 2), (72, 300, 5), (114, 300, 3), (0, 5, 2), (5, 5, 2), (116, 1000, 10), (115, 1000, 10)],
)
def test_better_than_chance_is_the_exact_binomial(correct, count, num_classes):
    exact = binomtest(correct, count, 1 / num_classes, alternative="greater").pvalue
    assert better_than_chance(correct, count, num_classes) == (exact < 0.05)
    assert exact == 1 or better_than_chance(correct, count, num_classes, alpha=exact * (1 + 1e-9))
    assert not better_than_chance(correct, count, num_classes, alpha=exact * (1 - 1e-9))


def test_impossible_counts_are_errors():
    with pytest.raises(MetricError, match="correct: found 6 of 5 with 2 classes"):
        better_than_chance(6, 5, 2)


@pytest.mark.parametrize(("correct", "better"), [((90, 0), False), ((0, 10), False), ((88, 9), True), ((45, 5), False)])
def test_a_constant_answer_is_at_chance_however_frequent_its_class(correct, better):
    assert classes_better_than_chance(np.array(correct), np.array([90, 10])) is better


@pytest.mark.parametrize("correct", [26, 27])
def test_with_classes_of_one_size_it_is_the_test_of_accuracy(correct):
    by_class = np.array([correct - 18, 9, 9])
    assert classes_better_than_chance(by_class, np.array([20, 20, 20])) is better_than_chance(correct, 60, 3)


EQUAL = np.full(64, 0.9), np.full(64, 50)
ONE_LOW = np.r_[0.3, np.full(79, 0.9)], np.full(80, 100)
UNEQUAL_SIZES = np.tile(np.linspace(0.75, 0.95, 8), 10), np.tile([50] * 7 + [400], 10)


def test_the_expected_minimum_is_that_of_many_draws():
    for accuracies, sizes in (EQUAL, ONE_LOW, UNEQUAL_SIZES):
        minima = (np.random.default_rng(0).binomial(sizes, accuracies, (20_000, len(sizes))) / sizes).min(axis=1)
        assert expected_minimum(accuracies, sizes) == pytest.approx(minima.mean(), abs=0.001)
    assert expected_minimum(np.ones(3), np.full(3, 10)) == 1
    assert expected_minimum(np.zeros(3), np.full(3, 10)) == 0


def test_the_expected_minimum_is_that_of_the_sum_over_all_levels():
    for accuracies, sizes in (EQUAL, ONE_LOW, UNEQUAL_SIZES, (np.array([0.2, 0.7]), np.array([7, 11]))):
        levels = np.unique(np.concatenate([np.arange(size + 1) / size for size in sizes]))
        above = binom.sf(np.floor(levels[:-1, None] * sizes + 1e-9), sizes, accuracies).prod(axis=1)
        assert expected_minimum(accuracies, sizes) == pytest.approx((above * np.diff(levels)).sum(), abs=1e-13)


@pytest.mark.parametrize(("accuracies", "sizes", "raw"), [(*EQUAL, -0.11), (*ONE_LOW, 0.0), (*UNEQUAL_SIZES, -0.115)])
def test_the_correction_removes_at_least_half_of_the_bias(accuracies, sizes, raw):
    rng = np.random.default_rng(0)
    draws = [rng.binomial(sizes, accuracies) for _ in range(200)]
    bias = [
        np.mean([f(k) for k in draws]) - accuracies.min()
        for f in (lambda k: (k / sizes).min(), lambda k: corrected_wga(k, sizes))
    ]
    assert bias[0] == pytest.approx(raw, abs=0.015)
    assert abs(bias[1]) <= abs(bias[0]) / 2 + 0.01


def test_accuracies_are_shrunk_to_their_mean_as_far_as_chance_explains_them():
    sizes = np.full(4, 100)
    assert shrunken(np.array([80, 80, 80, 80]), sizes).tolist() == [0.8] * 4
    low, *high = shrunken(np.array([20, 90, 90, 90]), sizes)
    assert 0.2 < low < 0.23
    assert high[0] < 0.9


def test_a_perfect_and_a_hopeless_row_stay_so():
    sizes = np.full(8, 50)
    assert corrected_wga(sizes, sizes) == 1
    assert corrected_wga(0 * sizes, sizes) == 0


def test_the_corrected_minimum_is_never_above_the_mean():
    correct, sizes = np.array([3, 4, 4, 4, 4, 4]), np.full(6, 5)  # a lucky draw of equal groups
    assert corrected_wga(correct, sizes) == pytest.approx(correct.sum() / sizes.sum())
