import numpy as np
import pytest
from sklearn.isotonic import isotonic_regression

from spurgen.benchmark.errors import MetricError
from spurgen.harness.metrics.ladder import counterexamples_needed, needed_by_curve

RUNGS = np.array([8, 32, 128])


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([0.1, 0.5, 0.9], 64.0),  # halfway between 32 and 128 in log m
        ([0.7, 0.8, 0.9], 8.0),
        ([0.1, 0.2, 0.3], np.inf),
        ([0.1, 0.7, 0.7], 32.0),
        ([0.9, 0.1, 0.9], 128.0),  # the monotone fit is .5, .5, .9, and crosses .7 between
    ],
)
def test_the_number_needed_is_linear_in_the_logarithm_between_rungs(curve, expected):
    fitted = isotonic_regression(curve)
    if curve == [0.9, 0.1, 0.9]:
        expected = 32 * 4 ** ((0.7 - fitted[1]) / (fitted[2] - fitted[1]))
    assert counterexamples_needed(RUNGS, np.array(curve), 0.7) == pytest.approx(expected)


def test_many_curves_at_once_are_as_each_alone():
    curves = np.random.default_rng(0).random((200, 3))
    alone = [counterexamples_needed(RUNGS, isotonic_regression(curve), 0.6) for curve in curves]
    assert needed_by_curve(RUNGS, curves, 0.6) == pytest.approx(alone)


def test_a_ladder_of_one_rung_suffices_or_does_not():
    assert needed_by_curve(RUNGS[:1], np.array([[0.8], [0.6]]), 0.7).tolist() == [8.0, np.inf]


@pytest.mark.parametrize("rungs", [[0, 8, 32], [8, 8, 32], [32, 8, 128]])
def test_rungs_are_positive_and_ascend(rungs):
    with pytest.raises(MetricError, match="positive, ascending numbers"):
        counterexamples_needed(np.array(rungs), np.array([0.1, 0.2, 0.3]), 0.7)
