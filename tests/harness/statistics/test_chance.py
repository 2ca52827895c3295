import numpy as np
import pytest
from scipy.stats import binomtest

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics.chance import better_than_chance, classes_better_than_chance


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
