import io
import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.harness.running import encoder_sources
from spurgen.harness.running.encoder_sources import (
    ENCODERS,
    PLAIN,
    SOURCES,
    Source,
    check_half,
    encoder_of,
    halves_read,
)

LENGTHS = "return np.array([[len(c), c.count('a')] for c in batch.captions], np.float32)"


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file with this body of encode, for texts, and returns its path."""

    def save(body, name="mine", more="MODALITIES = {'text'}"):
        path = tmp_path / f"{name}.py"
        path.write_text(f"import numpy as np\n{more}\ncalls = []\ndef encode(batch):\n    {body}\n")
        return str(path)

    return save


def test_without_a_name_it_is_the_suites():
    assert encoder_of("image") is encoder_of("image", "efficientnet-lite0") is ENCODERS["image"]
    assert encoder_of("caption", "minilm") is ENCODERS["caption"]


def test_a_file_is_an_encoder_whose_source_is_its_identity(write):
    spec = write(LENGTHS)
    encoder = encoder_of("caption", spec)
    assert (halves_read(spec), encoder.width, len(encoder.weights)) == (("caption",), 2, 64)
    np.testing.assert_array_equal(encoder.load()(["a cat"]), [[5, 2]])
    assert encoder_of("caption", write(LENGTHS, "other", "MODALITIES = {'text'}\nX = 1")).weights != encoder.weights


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("calls.append(1); return np.ones((len(batch), 2)) * len(calls)", "inputs other features in another call"),
        ("x = np.arange(len(batch)) - len(batch) / 2; return x[:, None]", "inputs other features in another call"),
        ("calls.append(1); return np.zeros((len(batch), len(calls)))", "encode returned 1 features, then 2"),
        ("return np.zeros(len(batch))", r"returned shape \(4,\) on 4 inputs, expected \(4, d\); write \[:, None\]"),
        ("return np.zeros((2, 3))", r"returned shape \(2, 3\) on 4 inputs, expected \(4, d\)"),
        ("return np.full((len(batch), 2), np.nan)", "encode returned nan on 4 inputs, in row 0, column 0"),
        ("return [['a']] * len(batch)", "encode returned no array of numbers"),
    ],
)
def test_encoders_that_answer_badly_are_refused(write, body, message):
    with pytest.raises(SubmissionError, match=message):
        encoder_of("caption", write(body, f"bad{abs(hash(body))}"))


def test_features_of_a_later_batch_are_checked_too(write):
    spec = write("return np.array([[np.nan if c == 'later' else 1 / len(c)] for c in batch.captions])", "late")
    encode = encoder_of("caption", spec).load()
    with pytest.raises(SubmissionError, match="encode returned nan on 2 inputs, in row 1"):
        encode(["now", "later"])
    with pytest.raises(SubmissionError, match="encode failed: ZeroDivisionError: division by zero"):
        encode([""])


class Tiny:
    """An adapter with a linear network."""

    def __init__(self, seed):
        torch.manual_seed(seed)
        self.model = torch.nn.Linear(3, 5)

    def encode(self, batch):
        return self.model(torch.from_numpy(batch.images.mean(axis=(1, 2))).float())


def test_the_weights_of_a_librarys_model_are_its_identity(monkeypatch):
    monkeypatch.setitem(SOURCES, "lib", Source("numpy", {"image": "Tiny"}))
    monkeypatch.setattr(encoder_sources, "_adapter", lambda *_: lambda name: Tiny(int(name)))
    one, other = encoder_of("image", "lib:1"), encoder_of("image", "lib:2")
    assert (one.width, one.weights == other.weights) == (5, False)
    assert one.load()(np.zeros((2, 4, 4, 3), np.uint8)).shape == (2, 5)


def test_libraries_and_weights_that_cannot_be_had_are_a_sentence(monkeypatch):
    def fail(*_):
        raise OSError("no route to host\nand more")

    monkeypatch.setitem(SOURCES, "far", Source("numpy", {"image": "Far"}))
    monkeypatch.setitem(SOURCES, "none", Source("no_such_library", {"image": "None"}))
    monkeypatch.setattr(encoder_sources, "_adapter", lambda *_: fail)
    with pytest.raises(SubmissionError, match=r"far:x cannot be loaded: no route to host; check its name"):
        encoder_of("image", "far:x")
    with pytest.raises(SubmissionError, match="none:x: no_such_library is not installed here"):
        encoder_of("image", "none:x")
    with pytest.raises(SubmissionError, match="; the encoder minilm is that model, and comes with spurgen"):
        encoder_of("image", "far:all-MiniLM-L6-v2")
    with pytest.raises(
        SubmissionError, match=r"there is no encoder 'minlm', nor a path of a file; did you mean minilm"
    ):
        halves_read("minlm")


def test_adapters_have_what_sources_ask_for():
    pytest.importorskip("timm")
    name = "timm:no_such_model"
    with pytest.raises(SubmissionError, match=f"{name} cannot be loaded: Unknown model"):
        encoder_of("image", name)
    with pytest.raises(SubmissionError, match="torchvision:none cannot be loaded: Unknown model none"):
        encoder_of("image", "torchvision:none")


def test_an_efficientnet_lite_is_that_of_the_suite_or_says_what_to_install():
    pytest.importorskip("efficientnet_lite_pytorch")
    images = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    ours, theirs = (encoder_of("image", name).load()(images) for name in ("efficientnet-lite0", "efficientnet-lite:0"))
    np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=1e-4)
    with pytest.raises(SubmissionError, match="pip install efficientnet-lite4-pytorch-model"):
        encoder_of("image", "efficientnet-lite:4")
    with pytest.raises(SubmissionError, match="no EfficientNet-Lite9; choose from 0, 1, 2, 3, 4"):
        encoder_of("image", "efficientnet-lite:9")


def test_the_modality_chooses_the_half():
    assert [check_half("hf:x", modality) for modality in ("text", "image", None)] == ["caption", "image", "caption"]
    assert check_half("pixels", None) == "image"
    with pytest.raises(SpurgenError, match="minilm reads captions, not images; name another encoder"):
        check_half("minilm", "image")


@pytest.mark.parametrize(
    ("half", "spec", "message"),
    [
        ("caption", "efficientnet-lite0", "efficientnet-lite0 reads images, not captions; name another"),
        ("image", "bag-of-words", "bag-of-words reads captions, not images"),
        ("caption", "timm:resnet18", "timm:resnet18 reads images, not captions"),
    ],
)
def test_an_encoder_of_the_other_half_is_refused(half, spec, message):
    with pytest.raises(SubmissionError, match=message):
        encoder_of(half, spec)


@pytest.mark.parametrize("reached", [True, False])
def test_libraries_of_the_hub_do_not_retry_where_it_cannot_be_reached(monkeypatch, reached):
    def connect(address, seconds):
        assert (address, seconds) == (("hub.example", 443), 3.0)
        if not reached:
            raise OSError("no route to host")
        return io.BytesIO()

    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setattr(encoder_sources, "getproxies", dict)
    monkeypatch.setattr("socket.create_connection", connect)
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", constants := SimpleNamespace(HF_HUB_OFFLINE=False))
    monkeypatch.setattr(encoder_sources, "_adapter", lambda *_: lambda _: [][1])
    with pytest.raises(SubmissionError, match="hf:x cannot be loaded"):
        encoder_of("caption", "hf:x")
    assert constants.HF_HUB_OFFLINE is not reached
    assert os.environ["HF_HUB_OFFLINE"] == ("0" if reached else "1")


HALVES = np.zeros((1, 64, 64, 3), np.uint8)
HALVES[:, :, 32:] = 255


@pytest.mark.parametrize("name", ["pixels", "colour-histogram", "cnn-random"])
def test_images_have_features_of_the_width_that_is_told(name):
    features = PLAIN[name].encoder.load()(np.repeat(HALVES, 3, axis=0))
    assert (features.shape, features.dtype) == ((3, PLAIN[name].encoder.width), np.float32)


def test_pixels_are_means_of_cells_and_the_histogram_counts_colours():
    cells = PLAIN["pixels"].encoder.load()(HALVES).reshape(16, 16, 3)
    assert (cells[:, :8] == 0).all()
    assert (cells[:, 8:] == 255).all()
    counts = PLAIN["colour-histogram"].encoder.load()(HALVES)[0]
    assert counts[[0, 63]].tolist() == [0.5, 0.5]


def test_words_are_counted_without_their_order():
    count = PLAIN["bag-of-words"].encoder.load()
    assert (count(["A fox, a wall"]) == count(["wall a fox a"])).all()
    assert count(["a fox a"]).sum() == 3
    assert PLAIN["bag-of-words"].encoder.width == count(["x"]).shape[1]


def test_random_networks_have_the_shape_of_trained_ones_and_other_features():
    random, images = (
        PLAIN["efficientnet-lite0-random"].encoder,
        np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)),
    )
    pytest.importorskip("efficientnet_lite_pytorch")
    features = random.load()(images.astype(np.uint8))
    assert features.shape == (2, random.width)
    assert np.isfinite(features).all()
    assert features.std() > 1e-6
