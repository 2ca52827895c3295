"""Samples that a method passes to the training loop: all of them, once an epoch, unless its name says otherwise."""

import pytest
import torch

from spurgen.baselines import (
    bsoftmax,
    cb_loss,
    cvar_dro,
    erm,
    focal,
    ldam,
    lff,
    mixup,
    reweight,
    sqrt_reweight,
)
from spurgen.baselines.training import weighting


@pytest.fixture
def epochs(captured, make_problem, monkeypatch):
    """Return a function that draws two epochs, int64 (2, batches, size), of 96 samples in batches of 16."""
    monkeypatch.setattr(lff.RelativeDifficulty, "weights", lambda *_: torch.zeros(1))  # read after training

    def draw(method, module=None):
        seen = captured(method, make_problem(96), module, batch_size=16)
        assert seen.data is None
        generator = torch.Generator().manual_seed(0)
        return torch.stack([seen.sampler(generator) for _ in range(2)])

    return draw


@pytest.mark.parametrize(
    ("method", "module"),
    [
        (erm, None), (focal, None), (cvar_dro, None), (ldam, None), (bsoftmax, None), (lff, None),
        (reweight, weighting), (sqrt_reweight, weighting), (cb_loss, weighting),
    ],
)  # fmt: skip
def test_every_sample_is_visited_once_an_epoch_in_a_new_order(method, module, epochs):
    drawn = epochs(method, module)
    assert drawn.shape == (2, 6, 16)
    assert [epoch.flatten().sort().values.tolist() for epoch in drawn] == [list(range(96))] * 2
    assert not torch.equal(*drawn)


def test_mixup_visits_every_sample_once_and_mixes_it_with_one_of_its_batch(epochs):
    drawn = epochs(mixup)
    assert drawn.shape == (2, 6, 32)
    own, partners = drawn.chunk(2, dim=2)
    assert [epoch.flatten().sort().values.tolist() for epoch in own] == [list(range(96))] * 2
    assert torch.equal(own.sort(dim=2).values, partners.sort(dim=2).values)
    assert (own != partners).float().mean() > 0.5
