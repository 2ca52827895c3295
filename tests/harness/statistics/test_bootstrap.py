import numpy as np
import pytest

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics.bootstrap import group_bootstrap_weights

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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: group_bootstrap_weights(GROUPS * 2, 5, "t"), "group_ids: found no sample in groups 1, 3"),
        (lambda: weights(0), "replicates: found 0, expected at least 1"),
    ],
)
def test_bad_arguments_are_errors(call, message):
    with pytest.raises(MetricError, match=message):
        call()
