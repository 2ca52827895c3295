"""The controls that know how captions and images are drawn, and fine-tuning from a checkpoint of other classes."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.harness.results.identity import HOME
from spurgen.submissions.controls import _once, border_painted, words_masked


@pytest.fixture
def seen(monkeypatch):
    """What ERM and the encoders are given, without either."""
    given = {"inputs": []}

    def load():
        return lambda inputs: given["inputs"].append(inputs) or np.zeros((len(inputs), 2), np.float32)

    monkeypatch.setattr(_once, "ENCODERS", {k: e._replace(load=load) for k, e in ENCODERS.items()})
    monkeypatch.setattr(_once, "_known", {})
    for module in (words_masked, border_painted):
        fit = lambda train, val, _: given.update(train=train, val=val)  # noqa: E731
        monkeypatch.setattr(module, "erm", type("Erm", (), {"fit": staticmethod(fit), "predict": staticmethod(id)}))
    return given


def data_of(**inputs):
    batch = Batch(inputs.get("images"), inputs.get("captions"))
    return LabeledData(batch=batch, labels=np.zeros(len(batch), np.int64), num_groups=2)


def test_words_in_more_than_four_percent_of_captions_are_left_out(seen):
    captions = [f"A thing{k}, before a {'red' if k < 5 else 'blue' if k < 9 else 'brick'} wall." for k in range(100)]
    train = data_of(captions=captions)  # red is in 5 %, blue in 4 %
    words_masked.fit(train, data_of(captions=["Red brick thing7!"]), None)
    assert seen["inputs"][0][0] == "thing0"
    assert seen["inputs"][0][6] == "thing6 blue"
    assert seen["inputs"][1] == ["thing7"]
    assert seen["train"].features.shape == (100, 2)
    assert seen["train"].captions is None
    words_masked.predict(Batch(None, ["a blue red wall", "A thing7!"]))
    assert seen["inputs"][-1] == ["blue"], "what was encoded is not encoded again"


def test_no_more_is_remembered_than_fits(seen, monkeypatch):
    monkeypatch.setattr(_once, "REMEMBERED", 3)
    for captions, new in ((["a", "b"], ["a", "b"]), (["b", "c"], ["b", "c"]), (["c"], [])):
        assert _once.encoded("caption", captions).features.shape == (len(captions), 2)
        assert (seen["inputs"].pop() if seen["inputs"] else []) == new


@pytest.mark.parametrize("wall", [(200, 40, 40), (60, 100, 196), (128, 128, 128), (30, 30, 30)])
def test_what_has_the_hue_of_the_border_is_painted_over_in_any_brightness(wall, seen):
    image = np.full((40, 40, 3), wall, np.uint8)
    image[::2] = image[::2] // 2  # a texture in two tones
    image[10:30, 10:30] = (40, 180, 60)
    border_painted.fit(data_of(images=image[None]), data_of(images=image[None]), None)
    (painted,) = seen["inputs"][0]
    assert (painted[10:30, 10:30] == (40, 180, 60)).all()
    outside = np.ones((40, 40), bool)
    outside[10:30, 10:30] = False
    assert (painted[outside] == border_painted.PAINT).all()


def test_all_layers_but_the_head_start_from_the_checkpoint(tmp_path, monkeypatch):
    import torchvision  # which takes seconds, as do others that only one test uses: not while tests are collected

    path = tmp_path / "model.py"
    path.write_text((HOME / "submissions" / "torchvision_finetuned.py").read_text())
    checkpoint = torchvision.models.shufflenet_v2_x1_0(weights=None).state_dict()  # of 1000 classes
    torch.save(checkpoint, tmp_path / "weights.pt")
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in (("WEIGHTS", "weights.pt"), ("EPOCHS", 1), ("RATE", 0.0)):
        monkeypatch.setattr(module, name, value)
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3)).astype(np.uint8)
    data = LabeledData(Batch(images, None), np.arange(8) % 3, 6)
    module.fit(data, data, Context(("a", "b", "c"), "image", 32, "cpu", 0, Path(tmp_path)))
    trained = module.model.state_dict()  # at learning rate 0
    assert trained["fc.weight"].shape == (3, 1024)
    weights = [name for name in trained if name.endswith("weight") and not name.startswith("fc.")]
    assert len(weights) > 100
    assert all(torch.equal(trained[name], checkpoint[name]) for name in weights)
    assert module.predict(Batch(images, None)).shape == (8, 3)
