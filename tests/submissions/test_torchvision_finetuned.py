"""Fine-tuning from a checkpoint of another number of classes, as those that can be downloaded are."""

import importlib.util
from pathlib import Path

import numpy as np
import torch
import torchvision

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.harness.results.sources import HOME


def test_all_but_the_head_starts_from_the_weights_given(tmp_path, monkeypatch):
    path = tmp_path / "model.py"
    path.write_text((HOME / "submissions" / "torchvision_finetuned.py").read_text())
    given = torchvision.models.shufflenet_v2_x1_0(weights=None).state_dict()  # of 1000 classes
    torch.save(given, tmp_path / "weights.pt")
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in (("WEIGHTS", "weights.pt"), ("EPOCHS", 1), ("RATE", 0.0)):
        monkeypatch.setattr(module, name, value)
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3)).astype(np.uint8)
    data = LabeledData(Batch(images, None), np.arange(8) % 3, 6)
    module.fit(data, data, Context(("a", "b", "c"), "image", 32, "cpu", 0, Path(tmp_path)))
    kept = module.model.state_dict()
    assert kept["fc.weight"].shape == (3, 1024)
    weights = [name for name in kept if name.endswith("weight") and not name.startswith("fc.")]
    assert len(weights) > 100
    assert all(torch.equal(kept[name], given[name]) for name in weights)
    assert module.predict(Batch(images, None)).shape == (8, 3)
