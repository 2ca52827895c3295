import itertools

import numpy as np
import pytest
import torch

from spurgen.baselines import coral, irm, mmd, vrex
from spurgen.baselines.coral import coral_penalty
from spurgen.baselines.mmd import mmd_penalty
from spurgen.baselines.training.penalty import Environment
from spurgen.baselines.vrex import vrex_penalty
from spurgen.benchmark.errors import SubmissionError

METHODS = [irm.submission, vrex.submission, coral.submission, mmd.submission]


def environments(features=None, losses=None):
    features = torch.zeros(*losses.shape, 1) if features is None else features
    losses = torch.zeros(features.shape[:2]) if losses is None else losses
    return [Environment(*parts) for parts in zip(features, features, losses.long(), losses, strict=True)]


def draw(count, size, width):
    features = torch.randn(count, size, width, generator=torch.Generator().manual_seed(count), dtype=torch.float64)
    return features * torch.arange(1, count + 1)[:, None, None] + torch.arange(count)[:, None, None]


def over_pairs(count, distance):
    return np.mean([distance(i, j) for i, j in itertools.combinations(range(count), 2)])


def test_vrex_is_the_variance_of_the_risks():
    # risks 1, 2 and 6: mean 3, squared distances 4, 1 and 9, over three
    losses = torch.tensor([[0.0, 2.0], [2.0, 2.0], [5.0, 7.0]])
    assert vrex_penalty(environments(losses=losses)).item() == pytest.approx(14 / 3)


@pytest.mark.parametrize("count", [2, 4])
def test_coral_is_the_mean_over_pairs_of_mean_and_covariance_differences(count):
    features = draw(count, 6, 3)
    arrays = features.numpy()

    def distance(i, j):
        means = arrays[i].mean(0) - arrays[j].mean(0)
        covariances = np.cov(arrays[i], rowvar=False) - np.cov(arrays[j], rowvar=False)
        return (means**2).mean() + (covariances**2).mean()

    assert coral_penalty(environments(features)).item() == pytest.approx(over_pairs(count, distance))


@pytest.mark.parametrize("count", [2, 4])
def test_mmd_is_the_mean_over_pairs_of_the_kernel_discrepancy(count):
    features = draw(count, 6, 3)
    arrays = features.numpy()

    def mean_kernel(a, b):
        return np.mean([sum(np.exp(-(10.0**p) * ((x - y) ** 2).sum()) for p in range(-3, 4)) for x in a for y in b])

    def distance(i, j):
        a, b = arrays[i], arrays[j]
        return mean_kernel(a, a) + mean_kernel(b, b) - 2 * mean_kernel(a, b)

    assert mmd_penalty(environments(features)).item() == pytest.approx(over_pairs(count, distance))


def test_mmd_keeps_its_digits_far_from_the_origin():
    near = torch.tensor([[[0.0], [0.03]], [[0.06], [0.09]]])
    far = mmd_penalty(environments(near + 256)).item()
    assert far == pytest.approx(mmd_penalty(environments(near)).item(), rel=1e-2)


@pytest.mark.parametrize("penalty", [coral_penalty, mmd_penalty])
def test_equal_environments_have_zero_penalty_and_finite_gradient(penalty):
    features = draw(1, 2, 5).float().repeat(2, 1, 1).requires_grad_()
    actual = penalty(environments(features))
    actual.backward()
    assert actual.item() == pytest.approx(0, abs=1e-5)
    assert features.grad.isfinite().all()


@pytest.mark.parametrize("penalty", [coral_penalty, mmd_penalty])
def test_minimising_the_penalty_makes_environments_alike(penalty):
    features = draw(2, 8, 3).requires_grad_()
    before = penalty(environments(features))
    for _ in range(100):
        (slope,) = torch.autograd.grad(penalty(environments(features)), features)
        features = (features - 0.5 * slope).detach().requires_grad_()
    assert penalty(environments(features)) < 0.7 * before


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.NAME)
def test_the_penalty_is_active_and_changes_what_is_learned(method, make_data, make_context):
    data, logits = make_data(modality="text"), []
    for weight in (0.0, 10.0):
        trained = method.with_options(epochs=3, batch_size=16, penalty_weight=weight)
        trained.fit(data.restrict("envs", "train"), data.restrict("envs", "val"), make_context("text"))
        assert trained.report()["checks"] == ({"the penalty became active": True} if weight else {})
        logits.append(trained.predict(data.batch))
    assert not np.allclose(*logits)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.NAME)
def test_environment_of_one_sample_is_an_error(method, make_data, make_context):
    data = make_data(modality="text")
    data.env_ids[:] = np.arange(96) == 5
    with pytest.raises(SubmissionError, match=f"{method.NAME}: needs two or more environments with two samples each"):
        method.with_options(epochs=1).fit(data, data.restrict("envs", "val"), make_context("text"))
