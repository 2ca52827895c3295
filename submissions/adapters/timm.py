"""Any image model of timm: returns features; the harness fits the linear probe."""

import timm
from timm.data import resolve_model_data_config

from spurgen.submissions.adapters import _pixels


class ImageEncoder:
    """The timm model `name` without its head; `weights` is a checkpoint file, or None for timm's pretrained weights."""

    MODALITIES = frozenset({"image"})

    def __init__(self, name, weights=None, size=None):
        self.model = timm.create_model(name, pretrained=weights is None, checkpoint_path=str(weights or "")).eval()
        self.model.reset_classifier(0)
        config = resolve_model_data_config(self.model)
        self.prepared = size or config["input_size"][-1], config["mean"], config["std"]

    def encode(self, batch):
        """Return pooled features, (n, d)."""
        return _pixels.encode(self.model, batch.images, *self.prepared)
