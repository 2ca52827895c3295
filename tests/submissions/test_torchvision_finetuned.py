"""Fine-tuning from a checkpoint with another number of classes, as public checkpoints have."""

import importlib.util
from pathlib import Path

import numpy as np
import torch

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.harness.results.identity import HOME


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
