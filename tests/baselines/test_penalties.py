import numpy as np
import pytest
import torch

from spurgen.baselines import coral, irm, mmd, vrex
from spurgen.baselines.coral import coral_penalty
from spurgen.baselines.mmd import mmd_penalty
from spurgen.baselines.training.penalty import Environment
from spurgen.benchmark.errors import SubmissionError

METHODS = [irm.submission, vrex.submission, coral.submission, mmd.submission]


def environments(features=None, losses=None):
    features = torch.zeros(*losses.shape, 1) if features is None else features
    losses = torch.zeros(features.shape[:2]) if losses is None else losses
    return [Environment(*parts) for parts in zip(features, features, losses.long(), losses, strict=True)]


def draw(count, size, width):
    features = torch.randn(count, size, width, generator=torch.Generator().manual_seed(count), dtype=torch.float64)
    return features * torch.arange(1, count + 1)[:, None, None] + torch.arange(count)[:, None, None]


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
