"""Any classifier of torchvision: returns the input of its last layer; the harness fits the linear probe."""

import torch
import torchvision

from spurgen.submissions.adapters import _pixels

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, which all torchvision weights expect


class ImageEncoder:
    """The torchvision model `name` without its last layer.

    `weights` is the file of a state dict, or None for torchvision's default weights.
    """

    MODALITIES = frozenset({"image"})

    def __init__(self, name, weights=None, size=224):
        self.model = torchvision.models.get_model(name, weights="DEFAULT" if weights is None else None)
        if weights is not None:
            self.model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        linear = [path for path, layer in self.model.named_modules() if isinstance(layer, torch.nn.Linear)]
        if not linear:
            raise ValueError(f"{name} ends in no linear layer; choose a classifier that does, such as resnet18")
        owner, _, field = linear[-1].rpartition(".")
        setattr(self.model.get_submodule(owner), field, torch.nn.Identity())
        self.model.eval()
        self.size = size

    def encode(self, batch):
        """Return the input of the last layer, (n, d)."""
        return _pixels.encode(self.model, batch.images, self.size, MEAN, STD)
