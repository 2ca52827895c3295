"""cda and contrastive: what samples and their twins teach."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from spurgen.baselines import cda, contrastive
from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.problem import Step
from spurgen.benchmark.contract import Batch


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


DIFFER, FELL = "most twins differ from their samples", "the contrastive loss ended below chance"


@pytest.fixture
def with_twins(make_data):
    """Return a function that makes data whose twins have another corner and another hour."""
    data = make_data()
    rng = np.random.default_rng(1)
    images = data.images.copy()
    images[:, :6, :6] = rng.integers(0, 60, (len(images), 6, 6, 3))
    images[np.arange(len(images)), :6, :6, rng.integers(0, 3, len(images))] += 190
    captions = [f"At {hour}{text[5:]}" for text, hour in zip(data.captions, rng.integers(20, 24, 96), strict=True)]

    def make(modality):
        seen = make_data(modality=modality)
        twins = Batch(images if seen.images is not None else None, captions if seen.captions is not None else None)
        return replace(seen, twins=twins)

    return make


@pytest.fixture
def fitted(fitted):
    return partial(fitted, contrastive.submission, epochs=6)


@pytest.mark.parametrize("modality", ["image", "text", "multimodal"])
def test_real_twins_pass_both_sanity_checks(fitted, modality, with_twins, make_context):
    report = fitted(with_twins(modality), make_context(modality)).report()
    assert report["checks"] == {DIFFER: True, FELL: True}
    assert report["curves"][-1]["contrastive"] < math.log(15)


@pytest.mark.parametrize(
    ("twins", "checks"),
    [
        (np.arange(96), {DIFFER: False, FELL: True}),
        (np.roll(np.arange(96), 1), {DIFFER: True, FELL: False}),  # samples of another class
    ],
)
def test_twins_that_teach_nothing_fail_a_sanity_check(twins, checks, fitted, make_data, make_context):
    data = make_data(modality="text")
    strange = replace(data, twins=data.batch.take(twins))
    assert fitted(strange, make_context("text"), epochs=1, lr=1e-6).report()["checks"] == checks


def test_samples_and_twins_share_a_pass_of_the_size_of_an_erm_batch(fitted, with_twins, make_context, monkeypatch):
    passes, encode = [], Network.encode_embedded

    def spy(network, embedded):
        if network.training:
            passes.append(len(embedded[0]))
        return encode(network, embedded)

    monkeypatch.setattr(Network, "encode_embedded", spy)
    fitted(with_twins("image"), make_context(), epochs=2)
    assert passes == [16] * (2 * 96 // 16)
