import itertools
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spurgen.baselines import eiil
from spurgen.baselines.eiil import calibrate, infer_environments, scale_gradients

NOT_EMPTY, APPEARED = "no inferred environment is empty", "every group appeared"


def draw(n, seed=0, classes=3):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, classes, generator=generator, dtype=torch.float64)
    return logits, torch.randint(0, classes, (n,), generator=generator)


def penalty(slopes, q):
    """Return the same in closed form."""
    return (q * slopes).mean().square() + ((1 - q) * slopes).mean().square()


@pytest.fixture
def fitted(fitted):
    return partial(fitted, eiil.submission, epochs=2)


@pytest.mark.parametrize("seed", range(2))
def test_no_assignment_has_a_larger_penalty(seed):
    slopes = scale_gradients(*draw(9, seed))
    best = penalty(slopes, infer_environments(slopes))
    every = [penalty(slopes, torch.tensor(q)) for q in itertools.product((0.0, 0.5, 1.0), repeat=9)]
    assert best.item() == pytest.approx(max(every).item())


def test_calibration_undoes_a_scale_and_leaves_no_gradient():
    logits, labels = draw(200)
    logits += 2 * F.one_hot(labels, 3)
    for factor in (0.05, 1.0, 10.0):
        calibrated = calibrate(factor * logits, labels)
        torch.testing.assert_close(calibrated, calibrate(logits, labels), rtol=1e-3, atol=0)
        assert scale_gradients(calibrated, labels).mean().abs() < 1e-3


def with_wrong_captions(data):
    """Put another class's noun into every eighth caption, so that every reference misclassifies it."""
    captions = list(data.captions)
    for i in range(3, 96, 8):
        captions[i] = data.captions[(i + 1) % 96]
    return replace(data, batch=replace(data.batch, captions=captions))


def test_group_dro_trains_on_classes_split_by_the_reference_models_errors(fitted, make_data, make_context, monkeypatch):
    seen, worst_group = [], eiil.train_worst_group
    monkeypatch.setattr(eiil, "train_worst_group", lambda *args: seen.append(args[3]) or worst_group(*args))
    data = with_wrong_captions(make_data(modality="text"))
    report = fitted(data, make_context("text"), first_epochs=8).report()
    assert report["checks"] == {NOT_EMPTY: True, APPEARED: True}
    assert [curve["stage"] for curve in report["curves"]] == ["reference"] * 8 + ["train"] * 2
    labels, environments = np.divmod(seen[0].groups.numpy(), 2)
    assert labels.tolist() == data.labels.tolist()
    assert seen[0].num_groups == 6
    assert np.flatnonzero(environments).tolist() == list(range(3, 96, 8))


def test_reference_that_fits_every_sample_fails_the_sanity_check(fitted, make_data, make_context):
    report = fitted(make_data(modality="text"), make_context("text"), first_epochs=30).report()
    assert report["checks"][NOT_EMPTY] is False


def test_rounding_puts_no_correct_sample_among_the_errors():
    logits, labels = draw(1000, classes=10)
    logits[torch.arange(1000), labels] = logits.amax(1) + 36
    assert infer_environments(scale_gradients(logits + 100, labels)).sum() == 0
