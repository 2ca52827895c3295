import pytest
from scipy.stats import binomtest

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics.chance import better_than_chance


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
