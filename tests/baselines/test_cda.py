from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from spurgen.baselines import cda
from spurgen.baselines.training.step import Step


@pytest.fixture
def twinned(make_data, make_problem):
    """A problem on captions whose twins are the samples in another order."""
    return make_problem(twins=make_data(modality="text").batch.take(np.arange(95, -1, -1)))


def test_samples_and_twins_count_alike_under_the_samples_labels(twinned):
    problem, hyper = twinned, cda.submission.HYPERPARAMETERS
    network = problem.network(hyper).eval()
    step = Step(network, problem.train, torch.arange(8), 0.0)
    loss = cda.both(step)
    each = [cross_entropy(network(inputs), step.labels) for inputs in (step.inputs, step.twins)]
    torch.testing.assert_close(loss, sum(each) / 2)


def test_twins_equal_to_their_samples_fail_a_sanity_check(make_data, make_problem):
    problem = make_problem(twins=make_data(modality="text").batch)
    cda.fit(problem, replace(cda.submission.HYPERPARAMETERS, epochs=1))
    assert problem.journal.checks["most twins differ from their samples"] is False
