"""The frozen encoders: their features, and what is said where weights or packages are missing."""

import numpy as np
import pytest

from spurgen.baselines.training import encoders
from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.errors import FrozenDataError, SubmissionError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3)).astype(np.uint8)
CAPTIONS = ["A fox in front of a wall.", "A tram near the station.", "A taco."]


@pytest.mark.slow
@pytest.mark.minilm
@pytest.mark.parametrize(("half", "inputs"), [("image", IMAGES), ("caption", CAPTIONS)])
def test_features_have_the_width_and_do_not_depend_on_the_batch(half, inputs):
    encode = ENCODERS[half].load()
    together = encode(inputs)
    assert (together.shape, together.dtype) == ((len(inputs), ENCODERS[half].width), np.float32)
    assert together.std(axis=0).max() > 0.01
    apart = np.concatenate([encode(inputs[k : k + 1]) for k in range(len(inputs))])
    np.testing.assert_allclose(apart, together, atol=1e-4)


@pytest.mark.slow
@pytest.mark.minilm
def test_other_weights_of_minilm_are_refused(monkeypatch):
    monkeypatch.setattr(encoders, "MINILM_SHA256", "0" * 64)
    with pytest.raises(FrozenDataError, match=r"does not hold the weights recorded for it .*--force-reinstall"):
        encoders._minilm.__wrapped__()


def test_missing_packages_are_named_with_what_to_install():
    lacking = ENCODERS["caption"]._replace(packages=("numpy", "no_such_one", "nor_this"))
    with pytest.raises(SubmissionError, match=r"needs no_such_one and nor_this, not installed here; run .*models"):
        lacking.check_installed()
    ENCODERS["caption"]._replace(packages=("numpy",)).check_installed()
