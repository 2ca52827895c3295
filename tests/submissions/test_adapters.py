"""Every adapter in the sandbox, with a tiny, randomly initialised model of its library that is read from disk.

All are parts of one submission, since each process imports their libraries for many seconds. The adapter of
sentence-transformers runs in the example `minilm`, which tests/contracts/test_submissions.py scores.
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
ALL = """
from dataclasses import replace
from pathlib import Path
import numpy as np
import open_clip
from spurgen.submissions.adapters import open_clip as clips, timm, torchvision, transformers

HERE = Path(__file__).parent
open_clip.add_model_config(HERE / "clip.json")
clip = clips.Clip("clip", HERE / "clip.pt")
ENCODERS = [
    timm.ImageEncoder("test_resnet", HERE / "test_resnet.pt", size=64),
    torchvision.ImageEncoder("resnet18", HERE / "resnet18.pt", size=64),
    torchvision.ImageEncoder("mobilenet_v3_small", HERE / "mobilenet_v3_small.pt", size=64),
    transformers.ImageEncoder(HERE / "vit"),
    clip,
    transformers.TextEncoder(HERE / "bert"),
]
FILES = ["clip.json", "clip.pt", "test_resnet.pt", "resnet18.pt", "mobilenet_v3_small.pt", "vit", "bert"]
MODALITIES = {"multimodal"}

def fit(train, val, context):
    clip.fit(train, val, context)

def encode(batch):
    given = {"image": replace(batch, captions=None), "text": replace(batch, images=None)}
    return np.concatenate([each.encode(given[next(iter(each.MODALITIES))]) for each in ENCODERS], axis=1)

def predict(batch):
    return clip.predict(replace(batch, captions=None))
"""

pytestmark = pytest.mark.slow


def save_bert(folder):
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    BertModel(BertConfig(vocab_size=len(vocabulary), **TINY)).save_pretrained(folder)


def save_vit(folder):
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    ViTModel(ViTConfig(image_size=32, patch_size=8, **TINY)).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)


def save_clip(folder):
    import open_clip

    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
    (folder / "clip.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}))
    open_clip.add_model_config(folder / "clip.json")
    torch.save(open_clip.create_model("clip", pretrained=None).state_dict(), folder / "clip.pt")


def save_networks(folder):
    import timm
    import torchvision

    torch.manual_seed(0)
    networks = {name: torchvision.models.get_model(name, weights=None) for name in ("resnet18", "mobilenet_v3_small")}
    for name, network in (networks | {"test_resnet": timm.create_model("test_resnet", pretrained=False)}).items():
        torch.save(network.state_dict(), folder / f"{name}.pt")


def test_features_vary_and_do_not_depend_on_the_batch_and_clip_predicts_zero_shot(write_submission, tmp_path):
    save_networks(tmp_path)
    save_vit(tmp_path / "vit")
    save_bert(tmp_path / "bert")
    save_clip(tmp_path)
    batch = Batch(IMAGES, CAPTIONS)
    data = LabeledData(batch, np.arange(70) % 3, 6)
    with Worker(write_submission(ALL), {}, "a-task", Limits()) as worker:
        worker.fit(data, data, Context(("heart", "moon", "house"), "multimodal", 40, "cpu", 0, worker.scratch))
        worker.send("encode", batch)
        features = worker.answer(70, None, "test")
        worker.send("encode", batch.take(slice(60, 70)))  # in another batch
        np.testing.assert_allclose(worker.answer(10, None, "test"), features[60:], rtol=1e-3, atol=1e-4)
        worker.send("predict", batch)
        logits = worker.answer(70, 3, "test")

    widths = {"timm": 96, "resnet18": 512, "mobilenet_v3_small": 1024, "vit": 16, "clip": 16, "bert": 16}
    assert features.shape == (70, sum(widths.values()))
    parts = dict(zip(widths, np.split(features, np.cumsum([*widths.values()])[:-1], axis=1), strict=True))
    for name, part in parts.items():
        assert part.std(axis=0).max() > 0, name
    np.testing.assert_allclose(np.linalg.norm(parts["clip"], axis=1), 1, rtol=1e-4)
    assert len(np.unique(parts["bert"].round(4), axis=0)) == len(set(CAPTIONS))
    assert logits.std(axis=1).min() > 0


def test_torchvision_model_without_a_linear_layer_is_refused(tmp_path):
    import torchvision

    from spurgen.submissions.adapters.torchvision import ImageEncoder

    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="squeezenet1_1 ends in no linear layer; choose a classifier that does"):
        ImageEncoder("squeezenet1_1", tmp_path / "weights.pt")
