"""Methods with the setting at which they say that they are ERM."""

import numpy as np
import pytest

from spurgen.baselines import cb_loss, cvar_dro, erm, focal

SETTINGS = [(focal, {"gamma": 0.0}), (cvar_dro, {"alpha": 1.0}), (cb_loss, {"beta": 0.0})]


@pytest.fixture
def answers(make_data, make_context):
    """Returns a function that trains a method for an epoch and returns its logits."""
    data = make_data(n=96, modality="text")

    def run(method, **options):
        trained = method.submission.with_options(epochs=1, batch_size=16, lr=4e-3, weight_decay=0.01, **options)
        shown = (data.restrict(trained.ACCESS, split) for split in ("train", "val"))
        trained.fit(*shown, make_context("text"))
        return trained.predict(data.batch)

    return run


@pytest.mark.parametrize(("method", "setting"), SETTINGS)
def test_at_one_end_of_its_range_a_method_trains_as_erm_does_and_by_default_not(method, setting, answers):
    plain = answers(erm)
    np.testing.assert_allclose(answers(method, **setting), plain, rtol=0, atol=1e-3)
    assert np.abs(answers(method) - plain).max() > 0.1
