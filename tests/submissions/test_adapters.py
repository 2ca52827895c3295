"""Every adapter with a tiny model of its library, randomly initialised and kept on disk, run shut in."""

import json
import sys

import numpy as np
import pytest
import torch

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 40, 40, 3)).astype(np.uint8)
WORDS = ["a", "red", "photo", "of", "house", "moon", "heart"]
CAPTIONS = [" ".join(np.random.default_rng(k).choice(WORDS, 5)) for k in range(70)]
HEAD = "from pathlib import Path\nHERE = Path(__file__).parent\n"
LIMITS = Limits(isolation="bubblewrap" if sys.platform == "linux" else "process")

pytestmark = pytest.mark.slow


@pytest.fixture
def ask(write_submission):
    """Returns a function that runs a submission of three lines, and its features, and its logits if it gives any."""

    def answered(code):
        torch.manual_seed(0)
        with Worker(write_submission(HEAD + code), {}, "a-task", LIMITS) as worker:
            (modality,) = worker.about["modalities"]
            batch = Batch(IMAGES if modality == "image" else None, CAPTIONS if modality == "text" else None)
            if "fit" in worker.about["offers"]:
                data = LabeledData(batch, np.arange(70) % 3, 6)
                worker.fit(data, data, Context(("heart", "moon", "house"), modality, 40, "cpu", 0, worker.scratch))
            worker.send("encode", batch)
            features = worker.answer(70, None, "test")
            worker.send("encode", batch.take(slice(60, 70)))  # in another batch
            np.testing.assert_allclose(worker.answer(10, None, "test"), features[60:], rtol=1e-3, atol=1e-4)
            if "predict" not in worker.about["offers"]:
                return features
            worker.send("predict", batch)
            return features, worker.answer(70, 3, "test")

    return answered


def test_timm(ask, tmp_path):
    import timm

    torch.save(timm.create_model("test_resnet", pretrained=False).state_dict(), tmp_path / "weights.pt")
    features = ask(
        "from spurgen.submissions.adapters.timm import ImageEncoder\nFILES = ['weights.pt']\n"
        "submission = ImageEncoder('test_resnet', HERE / 'weights.pt', size=64)"
    )
    assert features.shape == (70, timm.create_model("test_resnet", num_classes=0).num_features)
    assert features.std(axis=0).max() > 0


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small"])
def test_torchvision(ask, tmp_path, name):
    import torchvision

    model = torchvision.models.get_model(name, weights=None)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    features = ask(
        "from spurgen.submissions.adapters.torchvision import ImageEncoder\nFILES = ['weights.pt']\n"
        f"submission = ImageEncoder({name!r}, HERE / 'weights.pt', size=64)"
    )
    last = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear)][-1]
    assert features.shape == (70, last.in_features)
    assert features.std(axis=0).max() > 0


def test_a_network_without_a_linear_layer_is_refused(ask, tmp_path):
    import torchvision

    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(SubmissionError, match="squeezenet1_1 ends in no linear layer; choose a classifier that does"):
        ask(
            "from spurgen.submissions.adapters.torchvision import ImageEncoder\nFILES = ['weights.pt']\n"
            "submission = ImageEncoder('squeezenet1_1', HERE / 'weights.pt')"
        )


def save_bert(folder):
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), **sizes)).save_pretrained(folder)


def test_transformers_reads_captions(ask, tmp_path):
    save_bert(tmp_path / "model")
    features = ask(
        "from spurgen.submissions.adapters.transformers import TextEncoder\nFILES = ['model']\n"
        "submission = TextEncoder(HERE / 'model')"
    )
    assert features.shape == (70, 16)
    assert len(np.unique(features.round(4), axis=0)) == len(set(CAPTIONS))


def test_transformers_sees_pictures(ask, tmp_path):
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    ViTModel(ViTConfig(image_size=32, patch_size=8, **sizes)).save_pretrained(tmp_path / "model")
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "model")
    features = ask(
        "from spurgen.submissions.adapters.transformers import ImageEncoder\nFILES = ['model']\n"
        "submission = ImageEncoder(HERE / 'model')"
    )
    assert features.shape == (70, 16)
    assert features.std(axis=0).max() > 0


def test_sentence_transformers(ask, tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    save_bert(tmp_path / "bert")
    words = Transformer(str(tmp_path / "bert"))
    SentenceTransformer(modules=[words, Pooling(16)], device="cpu").save(str(tmp_path / "model"))
    features = ask(
        "from spurgen.submissions.adapters.sentence_transformers import SentenceEncoder\nFILES = ['model']\n"
        "submission = SentenceEncoder(HERE / 'model')"
    )
    assert features.shape == (70, 16)
    assert len(np.unique(features.round(4), axis=0)) == len(set(CAPTIONS))


CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


def test_open_clip(ask, tmp_path):
    import open_clip

    (tmp_path / "tiny.json").write_text(json.dumps(CLIP))
    open_clip.add_model_config(tmp_path / "tiny.json")
    torch.save(open_clip.create_model("tiny", pretrained=None).state_dict(), tmp_path / "weights.pt")
    features, logits = ask(
        "import open_clip\nopen_clip.add_model_config(HERE / 'tiny.json')\n"
        "from spurgen.submissions.adapters.open_clip import Clip\nFILES = ['tiny.json', 'weights.pt']\n"
        "submission = Clip('tiny', HERE / 'weights.pt')"
    )
    assert features.shape == (70, 16)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-4)
    assert logits.std(axis=1).min() > 0
