import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.harness import metrics
from spurgen.harness.metrics.probe import without_outliers

LABELS, TRUTH = np.arange(60) % 3, np.arange(40) % 3
CENTRES = np.array([[0.0, 0], [10, 0], [0, 10]])


def features(labels, scale=1.0):
    """Draw features that separate the classes, the first in other units than the second."""
    noise = np.random.default_rng(len(labels)).normal(size=(len(labels), 2))
    return (CENTRES[labels] + noise) * [scale, 1]


@pytest.mark.parametrize("scale", [1, 1e6, 1e-3])
def test_separable_classes_are_read_off_in_any_units(scale):
    assert metrics.probe_accuracy(features(LABELS, scale), LABELS, features(TRUTH, scale), TRUTH) == 1


def test_noise_gives_chance_accuracy():
    noise, others = np.random.default_rng(0).normal(size=(2, 3000, 4))
    truth = np.arange(3000) % 3
    assert metrics.probe_accuracy(noise, truth, others, truth) == pytest.approx(1 / 3, abs=0.04)


def test_probe_is_fitted_on_features_and_judged_on_others():
    assert metrics.probe_accuracy(features(LABELS), (LABELS + 1) % 3, features(TRUTH), TRUTH) == 0
    right = metrics.probed(
        features(LABELS), LABELS, features(TRUTH), np.where(np.arange(40) < 10, (TRUTH + 1) % 3, TRUTH)
    )
    assert right.tolist() == [False] * 10 + [True] * 30


def test_constant_feature_and_single_target_are_allowed():
    flat = np.ones((60, 2)) * [1, 0]
    assert metrics.probe_accuracy(features(LABELS) * [0, 1] + flat, LABELS, features(TRUTH) * [0, 1], TRUTH) > 0.3
    assert metrics.probe_accuracy(flat, np.full(60, 2), flat[:40], TRUTH) == pytest.approx(13 / 40)


def test_worst_group_has_the_lowest_accuracy():
    wrong = np.isin(np.arange(40), [0, 4, 8, 1])  # three of group 0, one of group 1
    truth = np.where(wrong, (TRUTH + 1) % 3, TRUTH)
    groups = np.arange(40) % 4
    found = metrics.probe_worst_group_accuracy(features(LABELS), LABELS, features(TRUTH), truth, groups, 4)
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
def test_bad_arguments_are_errors(change, message):
    arguments = {
        "features": features(LABELS), "targets": LABELS, "others": features(TRUTH), "truth": TRUTH,
        "group_ids": np.arange(40) % 4, "num_groups": 4,
    }  # fmt: skip
    with pytest.raises(MetricError, match=message):
        metrics.probe_worst_group_accuracy(**(arguments | change))


def with_outliers(labels, share=0.005):
    """Draw features of which a few rows are absurd."""
    found = features(labels)
    rng = np.random.default_rng(1)
    rows = rng.choice(len(found), max(1, int(share * len(found))), replace=False)
    found[rows] = rng.choice([-1, 1], (len(rows), 2)) * 1e9
    return found


def test_a_few_absurd_rows_hide_nothing():
    labels, truth = np.arange(2000) % 3, np.arange(1000) % 3
    assert metrics.probe_accuracy(with_outliers(labels), labels, with_outliers(truth), truth) > 0.95


def test_features_without_outliers_stay_as_they_are():
    rng = np.random.default_rng(0)
    sparse = np.where(rng.random(2000) < 0.01, rng.exponential(size=2000), 0)  # as of a ReLU that is nearly dead
    once = np.eye(2000)[0]
    known = np.stack([rng.normal(size=2000), sparse, once, np.zeros(2000), rng.standard_t(3, size=2000)], axis=1)
    assert (without_outliers(known) == known).all()


def test_outliers_count_up_to_twenty_times_the_distance_of_nine_tenths():
    column = np.r_[np.arange(-50.0, 51), 1e9, -1e9]
    kept = without_outliers(column[:, None])[:, 0]
    assert kept[-2:].tolist() == pytest.approx([20 * 46.8, -20 * 46.8], rel=0.02)
    assert kept[:-2].tolist() == column[:-2].tolist()
    assert column[-1] == -1e9  # what was given is not changed
