import numpy as np
import pytest

from spurgen.harness.statistics.resampling import Added, count_cells, of_a_difference, of_a_share, resample

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
