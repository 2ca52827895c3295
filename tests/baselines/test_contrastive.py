import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from spurgen.baselines import contrastive
from spurgen.baselines.training.backbones import Network
from spurgen.benchmark.contract import Batch

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


def test_twins_equal_to_their_samples_fail_a_sanity_check(fitted, make_data, make_context):
    assert fitted(make_data(modality="text"), make_context("text"), epochs=1).report()["checks"][DIFFER] is False


def with_strangers(data):
    """Replace each sample's twin by a sample of another class."""
    return replace(data, twins=data.batch.take(np.roll(np.arange(96), 1)))


def test_contrastive_loss_at_chance_fails_a_sanity_check(fitted, make_data, make_context):
    assert fitted(with_strangers(make_data(modality="text")), make_context("text"), epochs=1, lr=1e-6).report()[
        "checks"
    ] == {DIFFER: True, FELL: False}


def test_samples_and_twins_share_a_pass_of_the_size_of_an_erm_batch(fitted, with_twins, make_context, monkeypatch):
    passes, encode = [], Network.encode_embedded

    def spy(network, embedded):
        if network.training:
            passes.append(len(embedded[0]))
        return encode(network, embedded)

    monkeypatch.setattr(Network, "encode_embedded", spy)
    fitted(with_twins("image"), make_context(), epochs=2)
    assert passes == [16] * (2 * 96 // 16)


def test_twin_has_the_label_of_its_sample(fitted, with_twins, make_context):
    data = with_twins("image")
    same, other = (
        fitted(d, make_context(), contrastive_weight=0.0).report()["curves"][-1] for d in (data, with_strangers(data))
    )
    assert same["risk"] < 0.2
    assert other["risk"] > math.log(2)  # every image occurs with two labels
