import numpy as np
import pytest

from spurgen.harness.statistics.recovery import gap_recovered, mean_over_tasks

ERM, UNCORRELATED = np.array([0.2, 0.4]), np.array([1.0, 0.9])


def test_erm_recovers_nothing_and_training_without_correlations_everything():
    assert gap_recovered(ERM, ERM, UNCORRELATED).tolist() == [0, 0]
    assert gap_recovered(UNCORRELATED, ERM, UNCORRELATED).tolist() == [1, 1]
    assert gap_recovered(np.array([0.6, 0.3, 0.9]), ERM, UNCORRELATED).tolist() == pytest.approx([0.5, -0.2])


def test_where_shortcuts_cost_nothing_there_is_no_gap():
    assert gap_recovered(ERM, ERM, np.array([0.22, 0.9])) is None
    assert gap_recovered(ERM, ERM, np.empty(0)) is None


def test_the_mean_over_tasks_is_by_unit():
    assert mean_over_tasks([np.array([0.0, 1.0, 5.0]), np.array([0.5, 0.0])]).tolist() == [0.25, 0.5]
