"""Every adapter in the sandbox, with a tiny, randomly initialised model of its library that is read from disk.

That of sentence-transformers runs in the example `minilm`, which tests/contracts/test_submissions.py scores.
"""

import json

import numpy as np
import pytest
import torch

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 40, 40, 3)).astype(np.uint8)
WORDS = ["a", "red", "photo", "of", "house", "moon", "heart"]
CAPTIONS = [" ".join(np.random.default_rng(k).choice(WORDS, 5)) for k in range(70)]
TINY = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}

pytestmark = pytest.mark.slow


@pytest.fixture
def encode(write_submission):
    """Return a function that runs a submission of one adapter; it returns features, and logits if there are any."""

    def run(adapter, model, files, setup=""):
        library, class_name = adapter.split(".")
        torch.manual_seed(0)
        code = f"""
from pathlib import Path
from spurgen.submissions.adapters.{library} import {class_name}
HERE = Path(__file__).parent
FILES = {files}
{setup}
submission = {class_name}({model})
"""
        with Worker(write_submission(code), {}, "a-task", Limits()) as worker:
            (modality,) = worker.about.modalities
            batch = Batch(IMAGES if modality == "image" else None, CAPTIONS if modality == "text" else None)
            if "fit" in worker.about.offers:
                data = LabeledData(batch, np.arange(70) % 3, 6)
                worker.fit(data, data, Context(("heart", "moon", "house"), modality, 40, "cpu", 0, worker.scratch))
            worker.send("encode", batch)
            features = worker.answer(70, None, "test")
            worker.send("encode", batch.take(slice(60, 70)))  # in another batch
            np.testing.assert_allclose(worker.answer(10, None, "test"), features[60:], rtol=1e-3, atol=1e-4)
            if "predict" not in worker.about.offers:
                return features
            worker.send("predict", batch)
            return features, worker.answer(70, 3, "test")

    return run


def assert_features_vary(features, width):
    assert features.shape == (70, width)
    assert features.std(axis=0).max() > 0


def assert_captions_differ(features, width):
    assert features.shape == (70, width)
    assert len(np.unique(features.round(4), axis=0)) == len(set(CAPTIONS))


def save_bert(folder):
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    BertModel(BertConfig(vocab_size=len(vocabulary), **TINY)).save_pretrained(folder)


def test_timm_images(encode, tmp_path):
    import timm

    torch.save(timm.create_model("test_resnet", pretrained=False).state_dict(), tmp_path / "weights.pt")
    features = encode("timm.ImageEncoder", "'test_resnet', HERE / 'weights.pt', size=64", ["weights.pt"])
    assert_features_vary(features, timm.create_model("test_resnet", num_classes=0).num_features)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small"])
def test_torchvision_images(encode, tmp_path, name):
    import torchvision

    model = torchvision.models.get_model(name, weights=None)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    features = encode("torchvision.ImageEncoder", f"{name!r}, HERE / 'weights.pt', size=64", ["weights.pt"])
    last = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear)][-1]
    assert_features_vary(features, last.in_features)


def test_torchvision_model_without_a_linear_layer_is_refused(tmp_path):
    import torchvision

    from spurgen.submissions.adapters.torchvision import ImageEncoder

    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="squeezenet1_1 ends in no linear layer; choose a classifier that does"):
        ImageEncoder("squeezenet1_1", tmp_path / "weights.pt")


def test_transformers_captions(encode, tmp_path):
    save_bert(tmp_path / "model")
    assert_captions_differ(encode("transformers.TextEncoder", "HERE / 'model'", ["model"]), 16)


def test_transformers_images(encode, tmp_path):
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    ViTModel(ViTConfig(image_size=32, patch_size=8, **TINY)).save_pretrained(tmp_path / "model")
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "model")
    assert_features_vary(encode("transformers.ImageEncoder", "HERE / 'model'", ["model"]), 16)


def test_open_clip_images_and_zero_shot_logits(encode, tmp_path):
    import open_clip

    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
    (tmp_path / "tiny.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}))
    open_clip.add_model_config(tmp_path / "tiny.json")
    torch.save(open_clip.create_model("tiny", pretrained=None).state_dict(), tmp_path / "weights.pt")
    setup = "import open_clip; open_clip.add_model_config(HERE / 'tiny.json')"
    files = ["tiny.json", "weights.pt"]
    features, logits = encode("open_clip.Clip", "'tiny', HERE / 'weights.pt'", files, setup)
    assert_features_vary(features, 16)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-4)
    assert logits.std(axis=1).min() > 0
