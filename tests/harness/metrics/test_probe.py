import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.harness import metrics

RNG = np.random.default_rng(0)
LABELS, TRUTH = np.arange(60) % 3, np.arange(40) % 3
CENTRES = np.array([[0.0, 0], [10, 0], [0, 10]])


def shown(labels, scale=1.0):
    """Features that tell the classes apart, each in units of its own."""
    return (CENTRES[labels] + RNG.normal(size=(len(labels), 2))) * [scale, 1]


@pytest.mark.parametrize("scale", [1, 1e6, 1e-3])
def test_what_the_features_contain_is_found(scale):
    assert metrics.probe_accuracy(shown(LABELS, scale), LABELS, shown(TRUTH, scale), TRUTH) == 1


def test_what_they_do_not_contain_is_not():
    noise, others = RNG.normal(size=(3000, 4)), RNG.normal(size=(3000, 4))
    truth = np.arange(3000) % 3
    assert metrics.probe_accuracy(noise, truth, others, truth) == pytest.approx(1 / 3, abs=0.04)


def test_the_probe_is_fitted_on_the_one_and_judged_by_the_other():
    # Where the meaning of the features has turned, what was learned is wrong, whichever side is which.
    assert metrics.probe_accuracy(shown(LABELS), (LABELS + 1) % 3, shown(TRUTH), TRUTH) == 0
    right = metrics.probed(shown(LABELS), LABELS, shown(TRUTH), np.where(np.arange(40) < 10, (TRUTH + 1) % 3, TRUTH))
    assert right.tolist() == [False] * 10 + [True] * 30


def test_a_feature_that_never_varies_and_a_single_target_are_no_trouble():
    flat = np.ones((60, 2)) * [1, 0]
    assert metrics.probe_accuracy(shown(LABELS) * [0, 1] + flat, LABELS, shown(TRUTH) * [0, 1], TRUTH) > 0.3
    assert metrics.probe_accuracy(flat, np.full(60, 2), flat[:40], TRUTH) == pytest.approx(13 / 40)


def test_the_worst_group_is_the_one_with_the_fewest_right():
    wrong = np.isin(np.arange(40), [0, 4, 8, 1])  # three of group 0, one of group 1
    truth = np.where(wrong, (TRUTH + 1) % 3, TRUTH)
    groups = np.arange(40) % 4
    found = metrics.probe_worst_group_accuracy(shown(LABELS), LABELS, shown(TRUTH), truth, groups, 4)
    assert found == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"group_ids": np.zeros(40, int)}, "group_ids: found no sample in groups 1, 2, 3 of 4"),
        ({"features": np.full((60, 2), np.nan)}, "features: found nan"),
        ({"others": np.zeros((40, 3))}, r"others: found shape \(40, 3\), expected shape \(m, 2\)"),
        ({"targets": LABELS[1:]}, r"targets: found shape \(59,\)"),
        ({"truth": TRUTH - 1}, "truth: found values from -1"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {
        "features": shown(LABELS), "targets": LABELS, "others": shown(TRUTH), "truth": TRUTH,
        "group_ids": np.arange(40) % 4, "num_groups": 4,
    }  # fmt: skip
    with pytest.raises(MetricError, match=message):
        metrics.probe_worst_group_accuracy(**(arguments | change))
